//! The cost of invalidating a tag on which many entries depend.

use std::time::{Duration, Instant};

use e2e::App;
use serde_json::json;

const MANY: usize = 1_000_000;
const WRITES: usize = 30;

/// The names of the commands that one write costs, and the median of its time.
async fn cost_of_a_write(app: &App, order: &str) -> (Vec<String>, Duration) {
    let path = format!("/orders/{order}");
    app.warm(&path).await;
    let mut times = Vec::new();
    for round in 0..WRITES {
        let begun = Instant::now();
        app.client.patch(order, json!({ "notes": format!("{round}") })).await.expect(200);
        times.push(begun.elapsed());
    }
    times.sort();
    // A renewal beside it applies the same again, so the cheapest of some is a write's own cost.
    let mut commands: Option<Vec<String>> = None;
    for round in 0..5 {
        app.warm(&path).await;
        let mut log = app.redis_log().await;
        log.take().await;
        app.client.patch(order, json!({ "notes": format!("watched {round}") })).await.expect(200);
        let seen: Vec<String> =
            log.take().await.into_iter().filter(|command| !command.is_renewal()).map(|command| command.name).collect();
        if commands.as_ref().is_none_or(|known| seen.len() < known.len()) {
            commands = Some(seen);
        }
    }
    (commands.unwrap_or_default(), times[WRITES / 2])
}

#[tokio::test]
async fn a_tag_with_a_million_entries_costs_as_much_as_one_with_one_entry() {
    let app = App::spawn_alone().await;
    let order = app.new_order_id().await;
    app.warm("/orders?limit=5").await;
    let (few, took_few) = cost_of_a_write(&app, &order).await;

    // Entries that look like pages of the same organisation's list to Redis.
    let client = redis::Client::open(app.redis_url.as_str()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
    let page = format!("{}orders:list:{}:page", app.prefix(), app.sample.org);
    let fill = "for i = ARGV[1], ARGV[2] do redis.call('SET', KEYS[1] .. i, ARGV[3], 'PX', 600000 + i % 1000) end";
    for from in (0..MANY).step_by(500) {
        let mut call = redis::cmd("EVAL");
        call.arg(fill).arg(1).arg(&page).arg(from).arg(from + 499).arg("x".repeat(100));
        call.exec_async(&mut connection).await.expect("the entries are stored");
    }
    let keys: usize = redis::cmd("DBSIZE").query_async(&mut connection).await.expect("DBSIZE");
    assert!(keys >= MANY, "{keys} keys");

    let (many, took_many) = cost_of_a_write(&app, &order).await;
    println!("a write with one entry: {took_few:?} and {few:?}; with a million: {took_many:?} and {many:?}");
    assert_eq!(few, many);
    // A cost that grew with the entries would take a thousand times as long.
    assert!(took_many < took_few * 5 + Duration::from_millis(20), "{took_few:?} and {took_many:?}");
}
