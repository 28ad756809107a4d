//! The cache's counts by time, as JSON: an hour by the minute, a day by the quarter of an hour.

use commerce::time::Moment;
use edge::App;
use edge::statistics::{MEASURES, Point, Stretch};
use serde_json::{Map, Value, json};

/// The measure that is counted in microseconds and told in milliseconds.
const MICROS: (&str, &str) = ("loadMicros", "loadMs");

/// What was counted in each bucket: in all, and by entity where there is anything. `null` if Redis
/// gives no answer.
pub async fn read(app: &App, stretch: Stretch) -> Value {
    app.cache.series(stretch).await.map_or(Value::Null, |(names, buckets)| describe(stretch, names, &buckets))
}

fn describe(stretch: Stretch, names: &[&str], buckets: &[Vec<Point>]) -> Value {
    let column = |entity: usize| buckets.iter().map(move |bucket| bucket.get(entity).copied().unwrap_or_default());
    let total = buckets.iter().map(|bucket| {
        bucket.iter().fold(Point::default(), |sums, point| {
            std::array::from_fn(|measure| sums[measure].saturating_add(point[measure]))
        })
    });
    let counted = names.iter().enumerate().filter(|(entity, _)| column(*entity).any(|point| point != Point::default()));
    let entities: Map<String, Value> =
        counted.map(|(entity, name)| ((*name).to_owned(), measures(column(entity)))).collect();
    json!({
        "from": Moment::of_millis(stretch.first * stretch.length).to_rfc3339(),
        "stepSeconds": stretch.length / 1000,
        "total": measures(total),
        "entities": entities,
    })
}

/// Each measure with its value in each bucket.
fn measures(points: impl Iterator<Item = Point> + Clone) -> Value {
    let all = MEASURES.iter().enumerate().map(|(index, measure)| {
        let values = points.clone().map(|point| point[index]);
        if measure.name == MICROS.0 {
            return (MICROS.1.to_owned(), values.map(|micros| json!(micros as f64 / 1e3)).collect());
        }
        (measure.name.to_owned(), values.map(Value::from).collect::<Value>())
    });
    all.collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-31T12:00:00Z.
    const NOW: u64 = 1_769_860_800_000;

    #[test]
    fn every_measure_has_a_value_for_each_bucket_and_entities_without_any_are_left_out() {
        let stretch = Stretch { length: 60_000, first: NOW / 60_000, last: NOW / 60_000 + 1 };
        let read = [1, 2, 0, 0, 0, 0, 2, 0, 1500];
        let buckets = vec![vec![read, Point::default(), read], vec![Point::default(); 3]];
        let told = describe(stretch, &["order", "list", "invoice"], &buckets);
        assert_eq!((&told["from"], &told["stepSeconds"]), (&json!("2026-01-31T12:00:00.000000Z"), &json!(60)));
        assert_eq!(told["total"]["misses"], json!([4, 0]));
        assert_eq!(told["total"]["loadMs"], json!([3.0, 0.0]));
        assert_eq!(told["entities"]["order"]["hits"], json!([1, 0]));
        assert_eq!(told["entities"]["list"], Value::Null);
        assert_eq!(told["entities"].as_object().map(Map::len), Some(2));
    }
}
