//! `edge-host up`: the command line of the host, with the flags of `spin up` that it knows.

use anyhow::{Context as _, Result, bail};
use edge_host::instance::Reuse;
use edge_host::manifest::App;
use edge_host::permits::Permits;
use edge_host::variables::Sources;
use edge_host::{Host, Options};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

const USAGE: &str = "\
edge-host up [flags]      runs a spin.toml

  --from PATH                                 the manifest or its directory (spin.toml)
  --listen ADDRESS                            where to serve (127.0.0.1:3000); port 0 is a free one
  --variable NAME=VALUE                       sets a variable; may be repeated; NAME=@FILE for a file's text
  --variable @FILE                            sets those of a table, a file that ends in .toml or .json
  --runtime-config-file FILE                  its [outbound_redis] and [outbound_pg] max_connections
  --max-instance-reuse-count N                requests per instance (128)
  --max-instance-concurrent-reuse-count N     requests at the same time per instance (16)
  --idle-instance-timeout TIME                how long an idle instance is kept (1s); TIME is 5, 5s or 500ms
  --request-timeout TIME                      how long a response may take (for ever)
  --tcp-nodelay                               what Spin doesn't do

A variable's value comes from --variable, else from SPIN_VARIABLE_<NAME>, else from .env, else from the manifest.";

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("edge-host: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some("up") => {}
        Some("help" | "--help" | "-h") => {
            println!("{USAGE}");
            return Ok(());
        }
        _ => bail!("the one command is `up`\n\n{USAGE}"),
    }
    let options = parse(arguments)?;

    let mut terminate = signal(SignalKind::terminate())?;
    if !App::read(&options.manifest)?.subscriptions.is_empty() {
        return tokio::select! {
            ended = subscribe(options) => ended,
            _ = terminate.recv() => Ok(()),
            interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
        };
    }
    let running = tokio::select! {
        running = Host::start(options) => running?,
        _ = terminate.recv() => return Ok(()),
    };
    println!("Serving http://{}", running.addr);
    println!("Available Routes:");
    for (route, component) in &running.routes {
        println!("  {component}: http://{}{route}", running.addr);
    }
    tokio::select! {
        _ = terminate.recv() => {}
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    // A guest in a busy loop would keep the runtime from shutting down.
    std::process::exit(0)
}

/// Takes messages until the connection to Redis ends.
async fn subscribe(options: Options) -> Result<()> {
    let subscribed = Host::subscribe(options).await?;
    println!("Active Channels:");
    for channel in subscribed.channels() {
        println!("  {channel}");
    }
    subscribed.run().await
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options> {
    let mut options = Options::new("spin.toml");
    options.listen.set_port(3000);
    let mut variables = HashMap::new();
    while let Some(argument) = arguments.next() {
        let (flag, mut inline) = match argument.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag.to_owned(), Some(value.to_owned())),
            _ => (argument, None),
        };
        let mut value = || {
            let value = inline.take().or_else(|| arguments.next());
            value.with_context(|| format!("{flag} needs a value"))
        };
        let reuse: &mut Reuse = &mut options.reuse;
        match flag.as_str() {
            "--from" | "-f" => options.manifest = PathBuf::from(value()?),
            "--listen" => {
                options.listen = value()?.parse().context("--listen takes an address such as 127.0.0.1:3000")?
            }
            "--variable" => variables.extend(edge_host::variables::parse_argument(&value()?)?),
            "--runtime-config-file" => options.permits = Permits::read(Path::new(&value()?))?,
            "--max-instance-reuse-count" => reuse.max_requests = count(&value()?)?,
            "--max-instance-concurrent-reuse-count" => reuse.max_concurrent = count(&value()?)?,
            "--idle-instance-timeout" => reuse.idle_timeout = duration(&value()?)?,
            "--request-timeout" => reuse.request_timeout = Some(duration(&value()?)?),
            "--tcp-nodelay" => options.tcp_nodelay = true,
            _ => bail!("unknown argument {flag:?}\n\n{USAGE}"),
        }
    }
    options.sources = Sources::of_process(Path::new("."), variables)?;
    Ok(options)
}

fn count(text: &str) -> Result<usize> {
    match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => bail!("{text:?} is not a number of requests; ranges are not supported by this host"),
    }
}

fn duration(text: &str) -> Result<Duration> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, Duration::from_millis(1)),
        None => (text.strip_suffix('s').unwrap_or(text), Duration::from_secs(1)),
    };
    let number: u32 = number.parse().ok().with_context(|| format!("{text:?} is not a time such as 5, 5s or 500ms"))?;
    Ok(unit * number)
}
