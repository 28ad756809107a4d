//! The load: wrk, which reads its requests from a file and gives its figures as JSON.
//!
//! wrk keeps connections and takes less of the machine than any managed language: one thread does
//! 100,000 requests a second. It records every latency instead of sampling. It is scripted in Lua,
//! so it can send mixed traffic and report any percentile, and it is in every package manager.
//!
//! It is a closed loop: a request is sent when the one before it was answered, so a stall hides the
//! requests that would have come meanwhile. So only ratios of two servers under the same loop are
//! read from it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Connections, unless a case says otherwise: the number in the targets.
pub const CONNECTIONS: usize = 32;

/// The figures of one run of the load. Times in milliseconds.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// Answers.
    pub requests: f64,
    /// Answers a second.
    pub rate: f64,
    /// Percentiles of the latency.
    pub p50: f64,
    /// See `p50`.
    pub p90: f64,
    /// See `p50`.
    pub p95: f64,
    /// See `p50`.
    pub p99: f64,
    /// Connections refused or cut, answers of 400 and above, time-outs.
    pub errors: f64,
}

impl Sample {
    /// The figures of latencies that were taken one by one.
    pub fn of(mut latencies: Vec<f64>, seconds: f64, errors: usize) -> Sample {
        latencies.sort_by(f64::total_cmp);
        let at = |part: f64| {
            let last = latencies.len().saturating_sub(1);
            latencies.get(((latencies.len() as f64 * part) as usize).min(last)).copied().unwrap_or(f64::NAN)
        };
        Sample {
            requests: latencies.len() as f64,
            rate: latencies.len() as f64 / seconds,
            p50: at(0.5),
            p90: at(0.9),
            p95: at(0.95),
            p99: at(0.99),
            errors: errors as f64,
        }
    }
}

/// One request as bytes.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if !body.is_empty() {
        let _ = write!(head, "Content-Length: {}\r\n", body.len());
    }
    head.push_str("\r\n");
    [head.as_bytes(), body].concat()
}

/// Sends these requests in turn to a server for some seconds.
pub fn run(base: &str, requests: &[Vec<u8>], seconds: u64, connections: usize, scratch: &Path) -> Sample {
    let file = scratch.join("requests");
    let mut bytes = Vec::new();
    for request in requests {
        bytes.extend_from_slice(format!("{}\n", request.len()).as_bytes());
        bytes.extend_from_slice(request);
    }
    std::fs::write(&file, bytes).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/src/wrk.lua");
    let output = Command::new("wrk")
        .args(["-t1", &format!("-c{connections}"), &format!("-d{seconds}s"), "-s", script, base])
        .env("BENCH_REQUESTS", &file)
        .stdin(Stdio::null())
        .output()
        .expect("wrk runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|line| line.starts_with('{'));
    let line = line.unwrap_or_else(|| panic!("wrk gave no figures: {text}{}", String::from_utf8_lossy(&output.stderr)));
    let figures: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
    let number = |name: &str| figures[name].as_f64().unwrap_or(f64::NAN);
    Sample {
        requests: number("requests"),
        rate: number("requests") / number("seconds"),
        p50: number("p50"),
        p90: number("p90"),
        p95: number("p95"),
        p99: number("p99"),
        errors: number("errors"),
    }
}
