//! Products.

pub mod view;
