//! The parts of the `dev` program.
//!
//! | file | holds |
//! | --- | --- |
//! | `generate` | the list of generated files, how they are written and compared |
//! | `calls` | `database/calls.txt`, from `database/code` and the components' code |
//! | `openapi` | `openapi.yaml`, joined from `openapi/` |
//! | `routes` | the rows of every component's table |
//! | `settings` | the rows of settings, and the tables in docs/ |
//! | `console` | the console's built files and their sources |
//! | `deploy` | the components and paths in `deploy/spinkube` |
//! | `coverage` | the lines that native tests run, and how many must |
//! | `part` | a generated part of a file |
//! | `manifest` | `spin.toml`, from both |
//! | `token` | tokens for a running `make up` |
//!
//! Services are `kit`'s.

pub mod calls;
pub mod console;
pub mod coverage;
pub mod deploy;
pub mod generate;
pub mod manifest;
pub mod openapi;
pub mod part;
pub mod routes;
pub mod settings;
pub mod token;

use std::path::Path;

/// The workspace's root.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("tests/dev lies two below the root")
}
