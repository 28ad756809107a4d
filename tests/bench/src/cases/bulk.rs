//! The states of 100 orders by one request, and by 100.

use std::time::Instant;

use e2e::Wire;

use crate::once::timed;
use crate::report::Report;
use crate::series::{Series, median};
use crate::stage::Stage;

const IDS: usize = 100;
const ROUNDS: usize = 5;
const SECONDS: u64 = 2;
/// Repetitions on one connection.
const TURNS: usize = 15;

/// Runs it.
pub async fn run(stage: &Stage, report: &mut Report) {
    let ids: Vec<&String> = stage.orders.iter().take(IDS).collect();
    let listed: Vec<String> = ids.iter().map(|id| format!("\"{id}\"")).collect();
    let bulk = stage.request("POST", "/orders/statuses", &[], &format!("{{\"ids\":[{}]}}", listed.join(",")));
    let singles: Vec<Vec<u8>> =
        ids.iter().map(|id| stage.request("GET", &format!("/orders/{id}/payment-status"), &[], "")).collect();

    let (mut one, mut many) = (Series::new("bulk of 100"), Series::new("payment status, one by one"));
    for _ in 0..ROUNDS {
        many.samples.push(stage.load(&stage.app.base_url, &singles, SECONDS));
        one.samples.push(stage.load(&stage.app.base_url, std::slice::from_ref(&bulk), SECONDS));
    }
    let (ratio, _, _) = one.ratio_to(&many);
    report.series(many, None);
    report.series(one, None);
    report.fact("32 connections: orders a second in bulk, beside one by one", ratio * IDS as f64, "times");

    let mut wire = Wire::connect(&stage.app.base_url).await;
    let (mut together, mut apart) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        together.push(timed(&mut wire, &bulk).await);
        let began = Instant::now();
        for single in &singles {
            timed(&mut wire, single).await;
        }
        apart.push(began.elapsed().as_secs_f64() * 1e3);
    }
    let (together, apart) = (median(together), median(apart));
    report.fact("one connection: 100 orders in bulk", together, "ms");
    report.fact("one connection: 100 orders one after another", apart, "ms");
    report.fact("one connection: bulk is faster", apart / together, "times");
}
