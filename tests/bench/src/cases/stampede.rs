//! 1,000 requests at the same moment for one order that isn't cached.

use std::time::Instant;

use e2e::Wire;

use crate::load::Sample;
use crate::report::Report;
use crate::series::{Series, median};
use crate::stage::Stage;

const READERS: usize = 1000;
const ROUNDS: usize = 3;

/// Runs it.
pub async fn run(stage: &Stage, report: &mut Report) {
    let mut series = Series::new("stampede: 1,000 for one cold order");
    let mut queries = Vec::new();
    for round in 0..ROUNDS {
        let order = &stage.orders[stage.orders.len() - 1 - round];
        let request = stage.request("GET", &format!("/orders/{order}"), &[], "");
        let mut wires = Vec::new();
        for _ in 0..READERS {
            wires.push(Wire::connect(&stage.app.base_url).await);
        }
        // A certificate lives; the order alone is cold.
        stage.app.warm(&format!("/orders/{}", stage.app.sample.order)).await;
        let before = stage.app.statements().await;
        let began = Instant::now();
        let readers: Vec<_> = wires
            .into_iter()
            .map(|mut wire| {
                let request = request.clone();
                tokio::spawn(async move {
                    let status = wire.send(&request).await.map(|reply| reply.status);
                    (status, began.elapsed().as_secs_f64() * 1e3)
                })
            })
            .collect();
        let (mut latencies, mut errors) = (Vec::new(), 0);
        for reader in readers {
            let (status, took) = reader.await.expect("a reader");
            latencies.push(took);
            errors += usize::from(status != Some(200));
        }
        series.samples.push(Sample::of(latencies, began.elapsed().as_secs_f64(), errors));
        let ran = stage.app.statements().await.since(&before);
        queries.push(ran.iter().filter(|text| text.contains("order_get")).count() as f64);
    }
    report.series(series, None);
    report.fact(
        "stampede: queries for the order (the most of the rounds)",
        queries.iter().copied().fold(0.0, f64::max),
        "",
    );
    report.fact("stampede: queries for the order (median)", median(queries), "");
}
