//! A Redis in memory and the suite for adapters. It imports protocol and kit; neither imports it.

pub mod contract;
pub mod memory;
