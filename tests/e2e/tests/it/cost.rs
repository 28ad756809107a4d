//! The cost of a request is a known number of round trips.

use std::time::Duration;

use e2e::{Answer, App, Command, RedisLog, SOON, Statements, eventually};
use serde_json::json;

/// Bytes that a hit sends to Redis at most: the names of its keys, and its share of renewals and
/// statistics.
const ASKED: usize = 480;
/// Bytes that a hit gets from Redis beside its body at most: the entry's trailer, generations, the
/// certificate, and its share of renewals and statistics.
const BESIDE: usize = 500;

/// The commands and statements that some requests cost; renewals of the certificate are counted
/// apart. A look for the list of revoked tokens isn't counted: each new instance makes one, and
/// when one is new isn't the scenario's to say.
#[derive(Debug)]
struct Cost {
    redis: Vec<Command>,
    sql: Vec<String>,
    renewals: usize,
}

/// Counts from its beginning or its last reading.
struct Meter<'a> {
    app: &'a App,
    log: RedisLog,
    before: Statements,
}

impl<'a> Meter<'a> {
    async fn start(app: &'a App) -> Meter<'a> {
        let mut meter = Meter { app, log: app.redis_log().await, before: app.statements().await };
        meter.log.take().await;
        meter
    }

    /// The cost since the last reading.
    async fn read(&mut self) -> Cost {
        let after = self.app.statements().await;
        let mut sql = after.since(&self.before);
        // Without a certificate Postgres tells them.
        sql.retain(|statement| !statement.contains("access_revoked"));
        self.before = after;
        let is_list = |command: &Command| command.text.replace("gen:access:", "").contains("access:");
        let commands = self.log.take().await.into_iter().filter(|command| !is_list(command));
        let (renewals, redis): (Vec<_>, Vec<_>) = commands.partition(Command::is_renewal);
        Cost { redis, sql, renewals: renewals.len() }
    }
}

/// Waits until writers have finished their work behind the answers.
async fn outbox_is_empty(app: &App) {
    eventually("the outbox is emptied behind the answer", SOON, || async { app.outbox_is_empty().await.then_some(()) })
        .await;
}

/// Waits until events have their positions.
async fn feed_is_sequenced(app: &App) {
    eventually("the feed is sequenced behind the answer", SOON, || async {
        let rows = app.psql_value("SELECT count(*)::text FROM events_waiting").await;
        (rows == "0").then_some(())
    })
    .await;
}

/// The cost of each of 20 hits. If the machine stalls for longer than a certificate lives, a reader
/// looks once more after the renewal. A hit without that has exactly one command.
async fn hits_cost_one_redis_command(path: &str, app: &App) {
    app.warm(path).await;
    let mut meter = Meter::start(app).await;
    let mut exact = 0;
    for _ in 0..20 {
        let hit = app.client.get(path).await.expect(200);
        let cost = meter.read().await;
        if !hit.is_hit() {
            // The machine stalled for so long that nobody could renew in time.
            assert!(!hit.header("cache-status").contains("fwd=miss"), "{path}: {}", hit.header("cache-status"));
            continue;
        }
        assert!(cost.redis.iter().all(|command| command.name == "MGET"), "{path}: {:#?}", cost.redis);
        let tags = |command: &Command| command.text.matches("gen:").count();
        assert!(
            cost.redis.iter().all(|command| tags(command) == 3),
            "its own tag, its tenant's, and that of revoked tokens: {:#?}",
            cost.redis
        );
        assert!(cost.sql.is_empty(), "{path}: {:#?}", cost.sql);
        exact += usize::from(cost.redis.len() == 1);
    }
    assert!(exact > 0, "{path}: no hit had exactly one command");
}

#[tokio::test]
async fn a_hit_costs_one_redis_command_and_no_query() {
    let app = App::spawn_alone().await;
    for path in crate::cached_reads(&app.sample) {
        hits_cost_one_redis_command(&path, &app).await;
    }
}

#[tokio::test]
async fn a_miss_costs_at_most_three_redis_commands_and_one_query() {
    let app = App::spawn_alone().await;
    let (warm, first) = (app.new_order_id().await, app.new_order_id().await);
    // The first miss also loads the scripts.
    app.client.order(&first).await.expect(200);
    let mut paths = crate::views(&app.sample.order);
    paths.extend(["/orders?limit=7".to_owned(), "/orders/stats".to_owned()]);
    paths.extend(crate::catalogue::reads(&app.sample));
    for path in paths {
        // One that met the end of a certificate cost more, and is tried again.
        let mut costs: Vec<Cost> = Vec::new();
        let is_least = |cost: &Cost| cost.redis.len() <= 3 && cost.sql.len() == 1;
        for round in 0..3 {
            if costs.iter().any(is_least) {
                break;
            }
            // Every entry that shows the order, the product or a schema is outdated from here on.
            let change = format!("{path} {round}");
            app.client.patch(&app.sample.order, json!({"notes": change})).await.expect(200);
            app.client.patch_product(&app.sample.product, &json!({"description": change})).await.expect(200);
            app.psql("UPDATE product_schemas SET name = name").await;
            // No note moves a number of orders.
            app.new_order_id().await;
            app.apply_announced(&warm).await;
            app.warm(&format!("/orders/{warm}")).await;
            costs.push(cost_of_a_miss(&app, &path).await);
        }
        assert!(costs.iter().any(is_least), "{path}: {costs:#?}");
    }
}

/// What the next read of this path costs, which finds nothing, with the fill behind its answer.
async fn cost_of_a_miss(app: &App, path: &str) -> Cost {
    let mut meter = Meter::start(app).await;
    let answer = app.client.get(path).await.expect(200);
    let mut cost = meter.read().await;
    let filled = app.warm(path).await;
    assert!(!answer.is_hit() && filled.body == answer.body, "{path}: {}", answer.header("cache-status"));
    cost.redis.extend(meter.read().await.redis.into_iter().filter(|command| command.name != "MGET"));
    cost
}

/// Writes of what `path` shows, five times: each costs one statement and two commands, and one
/// statement behind its answer.
async fn a_write_costs_two_commands_and_two_statements(app: &App, path: &str, write: impl AsyncFn(&str)) {
    let mut clean = 0;
    for round in 0..5 {
        app.warm(path).await;
        let mut meter = Meter::start(app).await;
        write(&format!("round {round}")).await;
        let mut cost = meter.read().await;
        outbox_is_empty(app).await;
        let behind = meter.read().await;
        cost.redis.extend(behind.redis);
        cost.sql.extend(behind.sql);
        assert!(cost.sql.len() <= 2, "{:#?}", cost.sql);
        // A renewal at the same moment applies the same invalidation, and may be the one that
        // clears the outbox.
        assert!(cost.redis.len() <= 2 + cost.renewals, "{:#?}", cost.redis);
        // The look shows whether the token was revoked.
        let known = |command: &Command| ["MGET", "DEL"].contains(&&*command.name);
        assert!(cost.redis.iter().all(known), "{:#?}", cost.redis);
        clean += usize::from(cost.redis.len() == 2 && cost.sql.len() == 2);
    }
    assert!(clean > 0, "no write had exactly one MGET, one DEL and two statements");
}

#[tokio::test]
async fn a_patch_costs_one_query_and_two_redis_commands_and_one_query_behind_its_answer() {
    let app = App::spawn_alone().await;
    let order = app.new_order_id().await;
    app.client.patch(&order, json!({"notes": "first"})).await.expect(200);
    let write = async |notes: &str| drop(app.client.patch(&order, json!({"notes": notes})).await.expect(200));
    a_write_costs_two_commands_and_two_statements(&app, &format!("/orders/{order}"), write).await;
}

/// The look before the change sees the generations, and one script stores what the change gave.
#[tokio::test]
async fn a_patch_that_makes_its_entry_costs_a_look_more_and_no_query_more() {
    let Some(app) = App::private().own_redis().variable("fill_after_write", "on").spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    let mut costs = Vec::new();
    for round in 0..6 {
        app.warm(&path).await;
        let mut meter = Meter::start(&app).await;
        app.client.patch(&app.sample.order, json!({"notes": format!("round {round}")})).await.expect(200);
        let read = app.client.get(&path).await.expect(200);
        outbox_is_empty(&app).await;
        let Cost { redis, sql, .. } = meter.read().await;
        costs.push((redis.into_iter().map(|command| command.name).collect::<Vec<_>>(), sql.len(), read.is_hit()));
    }
    // The looks of the token, of the change and of the read. A round may meet a new instance, a
    // renewal, or what the feed and the statistics send behind answers.
    let known = |(redis, sql, hit): &(Vec<String>, usize, bool)| {
        redis.iter().eq(["MGET", "MGET", "EVALSHA", "MGET"]) && *sql == 2 && *hit
    };
    assert!(costs.iter().any(known), "{costs:#?}");
}

#[tokio::test]
async fn a_user_session_costs_as_an_order_does_and_one_query_more_a_minute() {
    let app = App::spawn_alone().await;
    let id =
        app.client.create_user_session(&json!({"n": 0})).await.expect(201).json()["id"].as_str().unwrap().to_owned();
    let path = format!("/sessions/{id}");
    let write = async |text: &str| drop(app.client.put_user_session(&id, &json!({"n": text})).await.expect(200));
    a_write_costs_two_commands_and_two_statements(&app, &path, write).await;
    hits_cost_one_redis_command(&path, &app).await;
    // A minute has passed for the session: the read that meets it also puts its end off.
    app.psql("UPDATE user_sessions SET expires_at = expires_at - interval '10 minutes'").await;
    app.apply_announced(&app.sample.order).await;
    let cost = cost_of_a_miss(&app, &path).await;
    let of_sessions: Vec<_> = cost.sql.iter().filter(|statement| statement.contains("user_session")).collect();
    assert_eq!(of_sessions.len(), 1, "{:#?}", cost.sql);
    let left = "SELECT round(extract(epoch FROM expires_at - now()))::text FROM user_sessions";
    assert!(app.psql_value(left).await.parse::<i64>().expect("a number") > 3_500, "put off");
    hits_cost_one_redis_command(&path, &app).await;
}

#[tokio::test]
async fn a_cart_costs_as_an_order_does_and_one_query_to_become_one() {
    let app = App::spawn_alone().await;
    let (id, cart) = (uuid::Uuid::new_v4().to_string(), app.order_request());
    let path = format!("/checkout/sessions/{id}");
    app.client.put_cart(&id, &cart).await.expect(201);
    let write = async |notes: &str| {
        let mut changed = cart.clone();
        changed["notes"] = json!(notes);
        app.client.put_cart(&id, &changed).await.expect(200);
    };
    a_write_costs_two_commands_and_two_statements(&app, &path, write).await;
    hits_cost_one_redis_command(&path, &app).await;
    let mut meter = Meter::start(&app).await;
    app.client.order_cart(&id).await.expect(201);
    let cost = meter.read().await;
    let of_carts = cost.sql.iter().filter(|statement| statement.contains("checkout_")).count();
    assert_eq!(of_carts, 1, "{:#?}", cost.sql);
}

#[tokio::test]
async fn renewals_are_at_most_three_a_second() {
    let app = App::spawn_alone().await;
    let path = format!("/orders/{}", app.sample.order);
    app.warm(&path).await;
    let before = app.statements().await;
    let started = std::time::Instant::now();
    let mut hits = 0;
    while started.elapsed() < Duration::from_secs(3) {
        hits += usize::from(app.client.get(&path).await.expect(200).is_hit());
    }
    let renewals = app.statements().await.renewals_since(&before);
    assert!(hits > 0 && (1..=10).contains(&renewals), "{renewals} renewals in 3 s beside {hits} hits");
}

#[tokio::test]
async fn a_bulk_read_costs_one_redis_command_when_cached_and_one_query_when_not() {
    let app = App::spawn_alone().await;
    let listed = app.client.orders("limit=50").await.expect(200).items();
    let ids: Vec<&str> = listed.iter().filter_map(|item| item["id"].as_str()).collect();
    for read in ["statuses", "summaries", "tracking"] {
        let ask = async || {
            let request = app.client.request(reqwest::Method::POST, &format!("/orders/{read}"));
            app.client.send(request.json(&json!({"ids": ids}))).await.expect(200)
        };
        app.warm(&format!("/orders/{}", ids[0])).await;
        let mut meter = Meter::start(&app).await;
        let first = ask().await;
        let cost = meter.read().await;
        assert_eq!(cost.sql.len(), 1, "{read}: {:#?}", cost.sql);
        // The fill may go on behind the answer.
        eventually("all of them are hits", SOON, || async {
            (ask().await.header("cache-status") == "edge-orders; hit").then_some(())
        })
        .await;
        meter.read().await;
        let hit = ask().await;
        let cost = meter.read().await;
        assert_eq!(hit.body, first.body, "{read}");
        assert!(cost.redis.len() <= 1 + cost.renewals, "{read}: {:#?}", cost.redis);
        assert!(cost.sql.is_empty(), "{read}: {:#?}", cost.sql);
    }
}

/// The bytes that Redis has received from its clients and sent to them so far.
async fn bytes_with_redis(connection: &mut redis::aio::MultiplexedConnection) -> (usize, usize) {
    let info: String = redis::cmd("INFO").arg("stats").query_async(connection).await.expect("INFO");
    let field = |name: &str| {
        let line = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|number| number.trim().parse().ok()).unwrap_or_else(|| panic!("no {name} in {info}"))
    };
    (field("total_net_input_bytes"), field("total_net_output_bytes"))
}

#[tokio::test]
async fn a_hit_carries_its_body_and_less_than_a_kilobyte_beside_it() {
    const HITS: usize = 200;
    let app = App::spawn_alone().await;
    let client = redis::Client::open(app.redis_url.as_str()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
    for path in crate::cached_reads(&app.sample) {
        let body = app.warm(&path).await.body.len();
        let (received, sent) = bytes_with_redis(&mut connection).await;
        for _ in 0..HITS {
            assert!(app.client.get(&path).await.expect(200).is_hit(), "{path}");
        }
        let (received_after, sent_after) = bytes_with_redis(&mut connection).await;
        let (asked, given) = ((received_after - received) / HITS, (sent_after - sent) / HITS);
        println!("{path}: asks with {asked} bytes, is given {given} for a body of {body}");
        assert!(asked <= ASKED, "{path}: a hit asks with {asked} bytes");
        assert!((body..=body + BESIDE).contains(&given), "{path}: a hit of {body} bytes is given {given}");
    }
}

/// The host calls of a component so far, when it has come to rest.
async fn host_calls(app: &App, component: &str) -> u64 {
    let mut before = None;
    loop {
        let calls = app.client.root("/.well-known/spin/calls").await.expect(200).json()[component].as_u64();
        if let Some(calls) = calls.filter(|_| calls == before) {
            return calls;
        }
        before = calls;
    }
}

/// The fewest host calls of some requests of a kind. One that also renewed the certificate, or met
/// a new instance, called more often.
struct Fewest<'a> {
    app: &'a App,
    component: &'a str,
    calls: Vec<u64>,
}

impl<'a> Fewest<'a> {
    fn of(app: &'a App, component: &'a str) -> Self {
        Self { app, component, calls: Vec::new() }
    }

    /// Counts a request, if its answer is of the kind: on a machine that stalls a certificate may
    /// have run out.
    async fn request(&mut self, request: impl Future<Output = Answer>, is_of_kind: impl Fn(&Answer) -> bool) {
        let before = host_calls(self.app, self.component).await;
        let answer = request.await;
        let calls = host_calls(self.app, self.component).await - before;
        if is_of_kind(&answer) {
            self.calls.push(calls);
        }
    }

    fn calls(&self) -> u64 {
        self.calls.iter().copied().min().expect("a request of this kind")
    }
}

/// On Spin each of them is about one and a half per cent of the least that a cached read can cost.
/// The host counts how often it took hold of an instance's state: once for a plain call of an
/// import, once or more for an asynchronous one.
#[tokio::test]
async fn a_requests_calls_of_the_host_are_a_known_number() {
    if std::env::var("E2E_RUNTIME").as_deref() == Ok("spin") {
        eprintln!("not run: Spin doesn't say what components ask of it");
        return;
    }
    // Without the work between requests: counts that are sent, and a time limit's ticks.
    let quiet = App::private().own_redis().variable("statistics_flush_ms", "0").variable("redis_timeout_ms", "60000");
    let Some(app) = quiet.spawn().await else { return };
    let (order, page) = (format!("/orders/{}", app.sample.order), "/orders?limit=20");
    app.warm(page).await;
    let etag = app.warm(&order).await.header("etag").to_owned();
    let [mut hit, mut same, mut miss, mut patch] = [(); 4].map(|()| Fewest::of(&app, "order-lookup"));
    let mut list = Fewest::of(&app, "order-list");
    for _ in 0..10 {
        hit.request(app.client.get(&order), Answer::is_hit).await;
        same.request(app.client.get_if_none_match(&order, &etag), |answer| answer.status == 304).await;
        list.request(app.client.get(page), Answer::is_hit).await;
    }
    for round in 0..10 {
        let change = async {
            let answer = app.client.patch(&app.sample.order, json!({"notes": format!("round {round}")})).await;
            outbox_is_empty(&app).await;
            feed_is_sequenced(&app).await;
            answer
        };
        // So long after the last one, the sequencer of the feed runs at once, behind each.
        tokio::time::sleep(Duration::from_millis(260)).await;
        // A renewal that is due is this read's, not the PATCH's.
        app.warm(&order).await;
        patch.request(change, |answer| answer.status == 200).await;
        app.warm(page).await;
        let is_miss = |answer: &Answer| answer.header("cache-status").contains("fwd=miss");
        miss.request(app.client.get(&order), is_miss).await;
    }
    let counted = [&hit, &same, &list, &miss, &patch].map(Fewest::calls);
    println!("calls of the host: hit, 304, list hit, miss, PATCH {counted:?}");
    // A PATCH asks Postgres twice, so its connection is kept: a timer, and the clock that says for
    // how long.
    let most = [18, 19, 19, 34, 43];
    assert!(
        counted.iter().zip(most).all(|(calls, most)| *calls <= most),
        "hit, 304, list hit, miss, PATCH: {counted:?}"
    );
}
