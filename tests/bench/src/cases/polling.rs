//! Shoppers that look again and again, while 5 % of the requests change something: how often
//! Postgres is asked.

use std::collections::HashSet;

use crate::report::Report;
use crate::series::Series;
use crate::stage::Stage;

const ROUNDS: usize = 3;
const SECONDS: u64 = 5;
/// Orders that are looked at.
const KEYS: usize = 1000;
/// One of so many requests is a change.
const CHANGE_EVERY: usize = 20;
/// Long enough not to come round within a run.
const SEQUENCE: usize = 200_000;

/// The same numbers in every run: xorshift64*.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// The order of each look: Zipf with exponent 1, by its cumulated weights.
fn sequence(keys: usize) -> Vec<usize> {
    let mut sum = 0.0;
    let cumulated: Vec<f64> = (1..=keys)
        .map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        })
        .collect();
    let mut numbers = Numbers(0x9E37_79B9_7F4A_7C15);
    (0..SEQUENCE).map(|_| cumulated.partition_point(|&weight| weight < numbers.next() * sum).min(keys - 1)).collect()
}

/// Runs it.
pub async fn run(stage: &Stage, report: &mut Report) {
    let orders: Vec<&String> = stage.orders.iter().take(KEYS).collect();
    let sequence = sequence(orders.len());
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
