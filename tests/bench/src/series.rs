//! Several runs of the same case: medians, and how far they lie apart.

use serde_json::{Value, json};

use crate::load::Sample;

/// The runs of a case, in the order of the rounds.
#[derive(Clone, Debug)]
pub struct Series {
    /// The name in the table.
    pub name: String,
    /// One for each round.
    pub samples: Vec<Sample>,
}

/// The middle one.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[n / 2],
        n => (values[n / 2 - 1] + values[n / 2]) / 2.0,
    }
}

impl Series {
    /// A series without runs.
    pub fn new(name: &str) -> Series {
        Series { name: name.to_owned(), samples: Vec::new() }
    }

    /// The median of one figure.
    pub fn median(&self, figure: impl Fn(&Sample) -> f64) -> f64 {
        median(self.samples.iter().map(figure))
    }

    /// Requests a second beside another series': the median of the rounds' ratios, and the smallest
    /// and largest of them. A disturbance of a whole round hits both sides, so it counts for
    /// nothing.
    pub fn ratio_to(&self, other: &Series) -> (f64, f64, f64) {
        let ratios: Vec<f64> =
            self.samples.iter().zip(&other.samples).map(|(ours, theirs)| ours.rate / theirs.rate).collect();
        let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
        let most = ratios.iter().copied().fold(0.0, f64::max);
        (median(ratios), least, most)
    }

    /// For the file.
    pub fn json(&self) -> Value {
        let spread = |figure: fn(&Sample) -> f64| {
            let values: Vec<f64> = self.samples.iter().map(figure).collect();
            json!({
                "median": median(values.iter().copied()),
                "min": values.iter().copied().fold(f64::INFINITY, f64::min),
                "max": values.iter().copied().fold(0.0, f64::max),
            })
        };
        json!({
            "name": self.name, "rounds": self.samples.len(), "perSecond": spread(|s| s.rate), "p50": spread(|s| s.p50),
            "p90": spread(|s| s.p90), "p95": spread(|s| s.p95), "p99": spread(|s| s.p99),
            "errors": self.samples.iter().map(|s| s.errors).sum::<f64>(),
        })
    }
}
