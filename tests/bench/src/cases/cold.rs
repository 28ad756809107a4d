//! Cold starts: of the process, and of an instance.

use std::time::{Duration, Instant};

use e2e::{Wire, free_port};

use crate::once::timed;
use crate::peers::{Peer, runtime};
use crate::report::Report;
use crate::series::median;
use crate::stage::Stage;

const STARTS: usize = 3;
const INSTANCES: usize = 8;
/// An instance without requests for a second is gone.
const IDLE: Duration = Duration::from_millis(1500);

/// Runs it.
pub async fn run(stage: &Stage, report: &mut Report) {
    let order = format!("/orders/{}", stage.app.sample.order);
    let request = stage.request("GET", &order, &[], "");
    stage.app.warm(&order).await;
    let (mut fresh, mut next) = (Vec::new(), Vec::new());
    for _ in 0..INSTANCES {
        tokio::time::sleep(IDLE).await;
        let mut wire = Wire::connect(&stage.app.base_url).await;
        fresh.push(timed(&mut wire, &request).await);
        next.push(timed(&mut wire, &request).await);
    }
    report.fact("first request of an instance (it opens its connection, renews)", median(fresh), "ms");
    report.fact("the request after it", median(next), "ms");

    let hello = stage.plain("/hello");
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let (port, began) = (free_port(), Instant::now());
        let mut command = runtime(stage.root());
        command.args(["up", "--from", "tests/bench/peers/spin.toml", "--listen", &format!("127.0.0.1:{port}")]);
        let peer = Peer::start(&mut command, port, &stage.scratch.join("start.log"));
        timed(&mut Wire::connect(&peer.base_url).await, &hello).await;
        starts.push(began.elapsed().as_secs_f64() * 1e3);
    }
    report.fact("the runtime, from its start to the first answer (hello)", median(starts), "ms");
}
