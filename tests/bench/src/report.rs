//! The printed table and the written file.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::series::Series;

/// Everything that was measured.
#[derive(Debug, Default)]
pub struct Report {
    series: Vec<(Series, Option<Ratio>)>,
    facts: Vec<(String, f64, String)>,
}

/// Requests a second beside a peer's: the median of the rounds, the least, the most.
#[derive(Debug)]
struct Ratio {
    peer: String,
    median: f64,
    least: f64,
    most: f64,
}

impl Report {
    /// Adds a series of runs; `peer` is the series that it is compared with.
    pub fn series(&mut self, series: Series, peer: Option<&Series>) {
        let ratio = peer.map(|peer| {
            let (median, least, most) = series.ratio_to(peer);
            Ratio { peer: peer.name.clone(), median, least, most }
        });
        self.series.push((series, ratio));
    }

    /// Adds a single figure with its unit.
    pub fn fact(&mut self, name: &str, value: f64, unit: &str) {
        self.facts.push((name.to_owned(), value, unit.to_owned()));
    }

    /// The table.
    pub fn print(&self, machine: &Value) {
        println!();
        for (name, value) in machine.as_object().into_iter().flatten() {
            println!("{name:>12}  {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        }
        println!(
            "\n{:<34} {:>8} {:>15} {:>7} {:>7} {:>7} {:>7} {:>6}  ratio (least to most)",
            "case", "req/s", "(min-max)", "p50", "p90", "p95", "p99", "errors"
        );
        for (series, ratio) in &self.series {
            let rates = || series.samples.iter().map(|sample| sample.rate);
            let range = format!("({:.0}-{:.0})", rates().fold(f64::INFINITY, f64::min), rates().fold(0.0, f64::max));
            let errors: f64 = series.samples.iter().map(|sample| sample.errors).sum();
            let ratio = ratio.as_ref().map_or(String::new(), |Ratio { peer, median, least, most }| {
                format!("{median:.2} of {peer} ({least:.2} to {most:.2})")
            });
            println!(
                "{:<34} {:>8.0} {range:>15} {:>7.2} {:>7.2} {:>7.2} {:>7.2} {errors:>6.0}  {ratio}",
                series.name,
                series.median(|sample| sample.rate),
                series.median(|sample| sample.p50),
                series.median(|sample| sample.p90),
                series.median(|sample| sample.p95),
                series.median(|sample| sample.p99),
            );
        }
        println!("\nTimes in milliseconds, medians over the rounds.\n");
        for (name, value, unit) in &self.facts {
            println!("{name:<62} {value:>10.3} {unit}");
        }
    }

    /// The file.
    pub fn write(&self, machine: &Value, path: &Path) {
        let series: Vec<Value> = self
            .series
            .iter()
            .map(|(series, ratio)| {
                let mut one = series.json();
                if let Some(Ratio { peer, median, least, most }) = ratio {
                    one["ratio"] = json!({"to": peer, "median": median, "min": least, "max": most});
                }
                one
            })
            .collect();
        let facts: Map<String, Value> = self
            .facts
            .iter()
            .map(|(name, value, unit)| (name.clone(), json!({"value": value, "unit": unit})))
            .collect();
        let all = json!({"machine": machine, "series": series, "facts": facts});
        std::fs::write(path, format!("{all:#}\n")).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    }
}
