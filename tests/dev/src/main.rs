//! `cargo run -q -p dev -- COMMAND`: the commands that a developer needs beside cargo's own.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use dev::{coverage, generate, root, token};
use kit::{Service, Services};

const USAGE: &str = "usage: dev COMMAND

  generate                                  writes every generated file
  generate --check                          fails if a generated file isn't what its sources give
  services start DIR [redis] [postgres]     private servers, both unless named; DIR/services.env names their addresses
  services stop DIR
  services remove DIR                       stops them and deletes DIR
  services find redis|postgres              prints where it is installed; fails if it is missing
  coverage FILE                             fails if native tests run too few lines, by a report of llvm-cov (lcov)
  token [DIR]                               a token for a running make up (ROLE= ORG= CUSTOMER= SCOPE= TTL=)";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["generate"] => generate::write(root()),
        ["generate", "--check"] => generate::check(root()),
        ["services", "start", dir] => Services::of(Path::new(dir))?.start(&Service::ALL),
        ["services", "start", dir, wanted @ ..] => {
            let wanted = wanted.iter().map(|name| service(name)).collect::<Result<Vec<_>>>()?;
            Services::of(Path::new(dir))?.start(&wanted)
        }
        // A directory that isn't there runs no servers.
        ["services", "stop" | "remove", dir] if !Path::new(dir).exists() => Ok(()),
        ["services", "stop", dir] => Services::of(Path::new(dir))?.stop(),
        ["services", "remove", dir] => Services::of(Path::new(dir))?.remove(),
        ["services", "find", name] => {
            let found = service(name)?.installed().with_context(|| format!("{name} is not installed"))?;
            println!("{}", found.display());
            Ok(())
        }
        ["coverage", report] => coverage::judge(root(), Path::new(report)),
        ["token"] => print_token(".run"),
        ["token", dir] => print_token(dir),
        _ => bail!(USAGE),
    }
}

fn service(name: &str) -> Result<Service> {
    Service::parse(name).with_context(|| format!("there is no service {name:?}, only redis and postgres"))
}

fn print_token(dir: &str) -> Result<()> {
    println!("{}", token::of(Path::new(dir), |name| std::env::var(name).ok())?);
    Ok(())
}
