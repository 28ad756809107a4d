//! `database migrate [--dir DIR] [DATABASE_URL]`: brings a database up to date, and says what it
//! does.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use database::Options;
use tokio_postgres::Config;

const USAGE: &str = "usage: database migrate [--dir DIR] [DATABASE_URL]
  DATABASE_URL  postgres://user:password@host:port/name; default: the variable of this name
  --dir DIR     the folder with schema/, code/ and code.sql; default: the one that this program was built in";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let mut options = Options::default();
    let mut url = std::env::var("DATABASE_URL").ok().filter(|url| !url.is_empty());
    if arguments.next().as_deref() != Some("migrate") {
        return usage();
    }
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
    match migrate(&url, &options).await {
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

async fn migrate(url: &str, options: &Options) -> Result<()> {
    // libpq's names for what require means here: the certificate is always verified.
    let url = url.replace("sslmode=verify-full", "sslmode=require").replace("sslmode=verify-ca", "sslmode=require");
    let config: Config = url.parse().context("DATABASE_URL")?;
    database::migrate(&config, options, &|line| println!("{line}")).await.map(drop)
}
