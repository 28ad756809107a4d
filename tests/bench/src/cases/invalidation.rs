//! A change, with one entry that depends on the organisation's tag, and with a million.

use e2e::Wire;

use crate::once::timed;
use crate::report::Report;
use crate::series::median;
use crate::stage::Stage;

const ENTRIES: usize = 1_000_000;
const CHANGES: usize = 100;
/// Few enough that the app, which asks the same Redis, doesn't take it for hung.
const COPIED_AT_ONCE: usize = 1_000;

/// Copies an entry of a list, tags and all, to so many keys that look like it.
const COPY: &str = "local entry = redis.call('GET', KEYS[1])
for i = tonumber(ARGV[1]), tonumber(ARGV[2]) do redis.call('SET', KEYS[1] .. ':' .. i, entry, 'PX', 600000) end
return entry and 1 or 0";

/// Runs it.
pub async fn run(stage: &Stage, report: &mut Report) {
    stage.flush().await;
    let few = changes(stage, "few").await;
    // A page of one order, copied.
    stage.app.warm("/orders?limit=1").await;
    let mut redis = stage.redis().await;
    let keys: Vec<String> = redis::cmd("KEYS")
        .arg(format!("{}orders:list:*", stage.app.prefix()))
        .query_async(&mut redis)
        .await
        .expect("Redis answers");
    let key = keys.first().expect("a page of the list is cached");
    for first in (1..=ENTRIES).step_by(COPIED_AT_ONCE) {
        let copied: i64 = redis::cmd("EVAL")
            .arg(COPY)
            .arg(1)
            .arg(key)
            .arg(first)
            .arg(first + COPIED_AT_ONCE - 1)
            .query_async(&mut redis)
            .await
            .expect("Redis answers");
        assert_eq!(copied, 1, "the page is there");
    }
    let held: usize = redis::cmd("DBSIZE").query_async(&mut redis).await.expect("Redis answers");
    assert!(held > ENTRIES, "{held} keys");
    let many = changes(stage, "many").await;
    report.fact("a PATCH with 1 entry that it outdates", few, "ms (median of 100)");
    report.fact("a PATCH with 1,000,000 entries that it outdates", many, "ms (median of 100)");
    report.fact("a PATCH: a million beside one", many / few, "times");
    redis::cmd("FLUSHDB").arg("ASYNC").exec_async(&mut redis).await.expect("Redis answers");
}

async fn changes(stage: &Stage, word: &str) -> f64 {
    let mut wire = Wire::connect(&stage.app.base_url).await;
    let mut latencies = Vec::new();
    for (n, order) in stage.orders.iter().take(CHANGES).enumerate() {
        let body = format!("{{\"notes\":\"{word} {n}\"}}");
        latencies.push(timed(&mut wire, &stage.request("PATCH", &format!("/orders/{order}"), &[], &body)).await);
    }
    median(latencies)
}
