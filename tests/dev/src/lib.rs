//! The parts of the `dev` program.
//!
//! | file | holds |
//! | --- | --- |
//! | `generate` | the list of generated files, how they are written and compared |
//! | `openapi` | `openapi.yaml`, joined from `openapi/` |
//! | `token` | tokens for a running `make up` |
//!
//! Services are `kit`'s.

pub mod generate;
pub mod openapi;
pub mod token;
