//! `cargo run -p drift-check`: prints every broken constraint and fails.

use std::path::Path;
use std::process::ExitCode;

use drift_check::{Tree, check};

fn main() -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."));
    let tree = match Tree::load(root) {
        Ok(tree) => tree,
        Err(reason) => {
            eprintln!("drift-check: {reason}");
            return ExitCode::FAILURE;
        }
    };
    let findings = check(&tree);
    for finding in &findings {
        eprintln!("{finding}");
    }
    if findings.is_empty() {
        println!("drift-check: every constraint holds");
        return ExitCode::SUCCESS;
    }
    eprintln!("drift-check: {} broken, see docs/decisions/order-caching.md", findings.len());
    ExitCode::FAILURE
}
