//! Redis hangs, and then is refused: reads go to Postgres.

use std::time::{Duration, Instant};

use e2e::{Wire, eventually};

use crate::once::timed;
use crate::report::Report;
use crate::series::Series;
use crate::stage::Stage;

const SECONDS: u64 = 3;

/// Runs it; Redis is empty afterwards.
pub async fn run(stage: &mut Stage, report: &mut Report) {
    let order = format!("/orders/{}", stage.app.sample.order);
    let request = stage.request("GET", &order, &[], "");
    stage.app.warm(&order).await;

    let mut wire = Wire::connect(&stage.app.base_url).await;
    timed(&mut wire, &request).await;
    stage.app.redis.as_ref().expect("a Redis of its own").hang();
    let first = timed(&mut wire, &request).await;
    report.fact("Redis hangs: the first read (its limit is 100 ms)", first, "ms");
    let mut hung = Series::new("lookup, Redis hangs");
    hung.samples.push(stage.load(&stage.app.base_url, std::slice::from_ref(&request), SECONDS));
    report.series(hung, None);
    stage.app.redis.as_ref().expect("a Redis of its own").resume();
    stage.app.warm(&order).await;

    stage.app.redis.as_mut().expect("a Redis of its own").kill();
    let mut refused = Series::new("lookup, Redis refused");
    refused.samples.push(stage.load(&stage.app.base_url, std::slice::from_ref(&request), SECONDS));
    report.series(refused, None);
    stage.app.redis.as_mut().expect("a Redis of its own").restart().await;
    let back = Instant::now();
    eventually("Redis is used again", Duration::from_secs(20), || async {
        stage.app.client.get(&order).await.is_hit().then_some(())
    })
    .await;
    report.fact("Redis is back: until the first hit", back.elapsed().as_secs_f64() * 1e3, "ms");
}
