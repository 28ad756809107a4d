//! Schemas: which fields a kind of product has.

pub mod create;
pub mod list;
pub mod patch;
pub mod products;
