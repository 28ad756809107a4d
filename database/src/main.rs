//! `database migrate [--dir DIR] [DATABASE_URL]` brings a database up to date; `database retire`
//! takes its release for the only one in service. Both say what they do.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use database::Options;
use tokio_postgres::Config;

const USAGE: &str = "usage: database migrate|retire [--dir DIR] [DATABASE_URL]
  migrate       brings the database up to date
  retire        after the last component of every release before has ended: what they called may go
  DATABASE_URL  postgres://user:password@host:port/name; default: the variable of this name
  --dir DIR     the folder with schema/, code/ and code.sql; default: the one that this program was built in";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let mut options = Options::default();
    let mut url = std::env::var("DATABASE_URL").ok().filter(|url| !url.is_empty());
    let command = arguments.next();
    let retires = match command.as_deref() {
        Some("migrate") => false,
        Some("retire") => true,
        _ => return usage(),
    };
    while let Some(argument) = arguments.next() {
        if argument == "--dir" {
            let Some(dir) = arguments.next() else { return usage() };
            options.dir = PathBuf::from(dir);
        } else if argument.starts_with('-') {
            return usage();
        } else {
            url = Some(argument);
        }
    }
    let Some(url) = url else { return usage() };
    match run(&url, &options, retires).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

async fn run(url: &str, options: &Options, retires: bool) -> Result<()> {
    // libpq's names for what require means here: the certificate is always verified.
    let url = url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require");
    let config: Config = url.parse().context("DATABASE_URL")?;
    let say = |line: &str| println!("{line}");
    if retires {
        return database::retire(&config, options, &say).await.map(drop);
    }
    database::migrate(&config, options, &say).await.map(drop)
}
