//! The parts that a hit depends on: none may be left out. They import nothing from the kit.

pub mod certificate;
pub mod entry;
pub mod event;
pub mod freshness;
pub mod key;
pub mod origin;
pub mod policy;
pub mod ports;
pub mod read;
pub mod read_many;
pub mod renew;
pub mod write;
pub mod write_through;
