//! The constraints of the order caching decision (`docs/decisions/order-caching.md`) and the
//! direction of dependencies, as checks over the text of the workspace. `tests/broken.rs` breaks
//! each of them on purpose.
//!
//! | file | holds |
//! | --- | --- |
//! | `tree` | [`Tree`]: the files and the packages, in memory |
//! | `code` | the names, calls and values of a Rust file, without its tests |
//! | `rules/` | one decision per file |

mod code;
mod rules;
mod tree;

pub use rules::{Finding, check};
pub use tree::Tree;
