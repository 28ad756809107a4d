//! `make bench`: the cost of requests, beside peers on the same machine in the same minutes. Reads
//! `BENCH_ONLY`, a list of cases.
//!
//! | file | holds |
//! | --- | --- |
//! | `stage` | the servers: the app, the peers, the providers; requests to send |
//! | `load`, `once` | the load: wrk, and requests that may be sent once only |
//! | `series`, `report`, `machine` | medians and ratios; the table and the file; the machine |
//! | `zipf` | which order each look is for |
//! | `peers` | servers beside the app |
//! | `cases` | one question each |

mod cases;
mod load;
mod machine;
mod once;
mod peers;
mod report;
mod series;
mod stage;
mod zipf;

use std::time::Instant;

use report::Report;
use stage::Stage;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let began = Instant::now();
    let only = std::env::var("BENCH_ONLY").unwrap_or_default();
    let wanted = |name: &str| {
        let wanted = only.is_empty() || only.split([',', ' ']).any(|one| one == name);
        if wanted {
            eprintln!("==> {name} ({:.0} s)", began.elapsed().as_secs_f64());
        }
        wanted
    };
    let machine = machine::describe(&std::env::var("BENCH_RUNTIME").unwrap_or_default());
    let mut stage = Stage::set().await;
    let mut report = Report::default();
    // Written after each case, so that its figures stay if a later one fails.
    let file = stage.scratch.join("results.json");
    if wanted("throughput") {
        cases::throughput::run(&stage, &mut report).await;
        report.write(&machine, &file);
    }
    if wanted("bulk") {
        cases::bulk::run(&stage, &mut report).await;
        report.write(&machine, &file);
    }
    if wanted("polling") {
        cases::polling::run(&stage, &mut report).await;
        report.write(&machine, &file);
    }
    if wanted("stampede") {
        cases::stampede::run(&stage, &mut report).await;
        report.write(&machine, &file);
    }
    if wanted("payments") {
        cases::payments::run(&stage, &mut report).await;
        report.write(&machine, &file);
    }
    if wanted("cold") {
        cases::cold::run(&stage, &mut report).await;
        report.write(&machine, &file);
    }
    if wanted("invalidation") {
        cases::invalidation::run(&stage, &mut report).await;
        report.write(&machine, &file);
    }
    if wanted("callers") {
        cases::callers::run(&stage, &mut report).await;
        report.write(&machine, &file);
    }
    if wanted("warming") {
        cases::warming::run(&stage, &mut report).await;
        report.write(&machine, &file);
    }
    if wanted("away") {
        cases::away::run(&mut stage, &mut report).await;
        report.write(&machine, &file);
    }
    report.print(&machine);
    println!("\n{:.0} s; all figures in {}", began.elapsed().as_secs_f64(), file.display());
}
