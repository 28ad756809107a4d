//! `cargo run -q -p dev -- COMMAND`: the commands that a developer needs beside cargo's own.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use dev::generate;

const USAGE: &str = "usage: dev COMMAND

  generate           writes every generated file
  generate --check   fails if a generated file isn't what its sources give, and names the first line that differs";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["generate"] => generate::write(root()),
        ["generate", "--check"] => generate::check(root()),
        _ => Err(anyhow::anyhow!(USAGE)),
    };
    ended(done)
}

fn ended(done: Result<()>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The workspace's root.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap_or(Path::new("."))
}
