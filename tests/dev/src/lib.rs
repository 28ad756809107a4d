//! The parts of the `dev` program.
//!
//! | file | holds |
//! | --- | --- |
//! | `generate` | the list of generated files, how they are written and compared |
//! | `openapi` | `openapi.yaml`, joined from `openapi/` |
//! | `routes` | the rows of every component's table |
//! | `settings` | the rows of settings, and README's tables
//! | `manifest` | `spin.toml`, from both |
//! | `token` | tokens for a running `make up` |
//!
//! Services are `kit`'s.

pub mod generate;
pub mod manifest;
pub mod openapi;
pub mod routes;
pub mod settings;
pub mod token;
