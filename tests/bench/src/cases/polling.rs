//! Shoppers that look again and again, while 5 % of the requests change something: how often
//! Postgres is asked.

use std::collections::HashSet;

use crate::report::Report;
use crate::series::Series;
use crate::stage::Stage;
use crate::zipf;

const ROUNDS: usize = 3;
const SECONDS: u64 = 5;
/// Orders that are looked at.
const KEYS: usize = 1000;
/// One of so many requests is a change.
const CHANGE_EVERY: usize = 20;
/// Long enough not to come round within a run.
const SEQUENCE: usize = 200_000;

/// Runs it.
pub async fn run(stage: &Stage, report: &mut Report) {
    let orders: Vec<&String> = stage.orders.iter().take(KEYS).collect();
    let sequence = zipf::sequence(orders.len(), SEQUENCE, 0);
    let changes = |at: usize| at % CHANGE_EVERY == CHANGE_EVERY - 1;
    let requests: Vec<Vec<u8>> = sequence
        .iter()
        .enumerate()
        .map(|(at, &key)| match changes(at) {
            true => stage.request(
                "PATCH",
                &format!("/orders/{}", orders[key]),
                &[],
                &format!("{{\"notes\":\"poll {at}\"}}"),
            ),
            false => stage.request("GET", &format!("/orders/{}", orders[key]), &[], ""),
        })
        .collect();
    let mut series = Series::new("polling mix (Zipf, 5 % changes)");
    let (mut reads, mut loads, mut bound) = (0, 0, 0);
    for _ in 0..ROUNDS {
        stage.flush().await;
        let before = stage.app.statements().await;
        let sample = stage.load(&stage.app.base_url, &requests, SECONDS);
        let after = stage.app.statements().await;
        let sent = (sample.requests as usize).min(SEQUENCE);
        let writes = (0..sent).filter(|&at| changes(at)).count();
        let distinct = (0..sent).filter(|&at| !changes(at)).map(|at| sequence[at]).collect::<HashSet<_>>().len();
        let renewals = after.renewals_since(&before) as usize;
        reads += sent - writes;
        loads += after.since(&before).iter().filter(|text| text.contains("order_get")).count() + renewals;
        bound += writes + distinct + renewals;
        series.samples.push(sample);
    }
    report.series(series, None);
    report.fact("polling mix: queries for reads, renewals included, per read", loads as f64 / reads as f64, "");
    report.fact(
        "polling mix: those queries, beside writes + distinct keys + renewals",
        loads as f64 / bound as f64,
        "of the bound",
    );
}
