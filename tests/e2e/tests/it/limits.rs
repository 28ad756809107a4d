//! Limits on requests: so many of an organisation and of each caller within a minute, and at most
//! what arrives in one second more.

use std::time::{Duration, UNIX_EPOCH};

use e2e::{Answer, App, Caller, Client, Private, eventually};
use redis::aio::MultiplexedConnection;
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{new_key, requests_of_all_kinds};

const MINUTE: u64 = 60_000;
/// A scenario that looks at one minute of the clock takes less than this.
const ENOUGH: u64 = 20_000;

fn now() -> u64 {
    UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis() as u64)
}

/// Waits for the next minute if too little is left of this one. Its number.
async fn early_in_a_minute() -> u64 {
    let left = MINUTE - now() % MINUTE;
    if left < ENOUGH {
        tokio::time::sleep(Duration::from_millis(left + 50)).await;
    }
    now() / MINUTE
}

fn limited(organization: u32, caller: u32) -> Private {
    let limits = [("limit_org_minute", organization), ("limit_caller_minute", caller)];
    limits.iter().fold(App::private().own_redis(), |app, (name, limit)| app.variable(name, &limit.to_string()))
}

/// A caller of this subject.
fn caller(app: &App, subject: &str) -> Caller {
    app.service().claim("sub", json!(subject))
}

/// A caller that nobody has been before.
fn stranger(app: &App) -> Caller {
    caller(app, &new_key())
}

/// The counters in Redis.
struct Counters(MultiplexedConnection);

impl Counters {
    async fn of(app: &App) -> Self {
        let client = redis::Client::open(app.redis_url.as_str()).expect("an address");
        Self(client.get_multiplexed_async_connection().await.expect("Redis answers"))
    }

    async fn get(&mut self, name: &str) -> u64 {
        let value: Option<u64> = redis::cmd("GET").arg(name).query_async(&mut self.0).await.expect("GET");
        value.unwrap_or_default()
    }

    async fn set(&mut self, name: &str, value: u64) {
        redis::cmd("SET").arg(name).arg(value).arg("PX").arg(180_000).exec_async(&mut self.0).await.expect("SET");
    }
}

/// The counter of a subject of the sample's organisation.
fn counter_of(app: &App, subject: &str, minute: u64) -> String {
    let digest = Sha256::digest(format!("{}/{subject}", app.sample.org));
    let digits: String = digest[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}limit:caller:{}/{digits}:{minute}", app.prefix(), app.sample.org)
}

/// Reads and writes in many ways.
fn requests(app: &App, client: &Client) -> Vec<RequestBuilder> {
    let order = format!("/orders/{}", app.sample.order);
    let mut requests = requests_of_all_kinds(app, client);
    requests.extend([
        client.request(Method::GET, &format!("{order}/live?wait=1")),
        client.request(Method::PATCH, &order).json(&json!({"notes": "beyond the limit"})),
        client.request(Method::POST, "/auth/logout"),
    ]);
    requests
}

/// An instance goes by what it has seen for a fifth of a second. After this each looks again.
async fn all_look_again() {
    tokio::time::sleep(Duration::from_millis(400)).await;
}

fn refused(answer: &Answer) -> bool {
    answer.status == 429
}

/// How many of some requests of a new caller are admitted within one minute, and counted by its
/// end. `None` if the minute was over before.
async fn admitted_and_counted(app: &App, path: &str, limit: u64) -> Option<(u64, u64)> {
    let (mut counters, minute, subject) = (Counters::of(app).await, early_in_a_minute().await, new_key());
    let (client, counter) = (app.as_caller(&caller(app, &subject)), counter_of(app, &subject, minute));
    let mut answers = Vec::new();
    // Another instance may not know yet what this one has admitted.
    for _ in 0..limit + 10 {
        answers.push(client.get(path).await);
    }
    let admitted = answers.iter().filter(|answer| !refused(answer)).count() as u64;
    let mut counted = 0;
    while counted < admitted {
        counted = counters.get(&counter).await;
        if now() / MINUTE != minute {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    all_look_again().await;
    for _ in 0..10 {
        answers.push(client.get(path).await);
    }
    counted = counters.get(&counter).await;
    if now() / MINUTE != minute {
        return None;
    }
    let policy = format!("\"caller-minute\";q={limit};w=60");
    assert!(answers.iter().all(|answer| answer.header("ratelimit-policy") == policy));
    for answer in answers.split_off(answers.len() - 10) {
        let wait: u64 = answer.header("retry-after").parse().expect("seconds");
        assert!((1..=121).contains(&wait), "{wait}");
        assert!(answer.header("ratelimit").starts_with("\"caller-minute\";r=0;t="), "{}", answer.header("ratelimit"));
        assert_eq!(answer.expect_problem(429)["type"], "https://edge-orders.dev/problems/too-many-requests");
    }
    Some((admitted, counted))
}

#[tokio::test]
async fn a_caller_gets_its_limit_in_a_minute_and_each_admitted_request_counts_once() {
    const LIMIT: u64 = 40;
    let Some(app) = limited(0, LIMIT as u32).spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    app.warm(&path).await;
    for _ in 0..10 {
        if let Some((admitted, counted)) = admitted_and_counted(&app, &path, LIMIT).await {
            assert!((LIMIT..=LIMIT + 10).contains(&admitted), "{admitted} were admitted");
            assert_eq!(counted, admitted, "each admitted one counts once, and refused ones don't");
            app.as_caller(&stranger(&app)).get(&path).await.expect(200);
            return;
        }
    }
    panic!("ten minutes were too short");
}

#[tokio::test]
async fn requests_of_the_last_minute_count_by_what_is_left_of_the_window() {
    const LIMIT: u64 = 1_000;
    let Some(app) = limited(0, LIMIT as u32).spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    app.warm(&path).await;
    let mut counters = Counters::of(&app).await;
    for (last, refuses) in [(500, false), (60_000_000, true)] {
        let (begun, answer, ended) = loop {
            let (minute, subject) = (early_in_a_minute().await, new_key());
            counters.set(&counter_of(&app, &subject, minute - 1), last).await;
            let begun = now();
            let answer = app.as_caller(&caller(&app, &subject)).get(&path).await;
            let ended = now();
            if [begun, ended].iter().all(|at| at / MINUTE == minute) {
                break (begun, answer, ended);
            }
        };
        assert_eq!(refused(&answer), refuses, "{last}: {}", answer.text());
        let share = |at: u64| last * (MINUTE - at % MINUTE) / MINUTE;
        let left = answer.header("ratelimit").trim_start_matches("\"caller-minute\";r=");
        let left: u64 = left.split(';').next().and_then(|left| left.parse().ok()).expect("what remains");
        // Itself counts, too.
        let (most, least) = (LIMIT.saturating_sub(share(ended)), LIMIT.saturating_sub(share(begun) + 1));
        assert!((least..=most).contains(&left), "{last}: {left} is not {least} to {most}");
    }
}

#[tokio::test]
async fn every_route_with_a_token_is_limited_and_a_refused_request_changes_nothing() {
    let Some(app) = limited(0, 100).spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    let version = app.warm(&path).await.version();
    let mut counters = Counters::of(&app).await;
    let minute = early_in_a_minute().await;
    let subject = new_key();
    let caller = caller(&app, &subject);
    let client = app.as_caller(&caller);
    for request in requests(&app, &app.as_caller(&stranger(&app).claim("jti", json!(new_key())))) {
        let answer = client.send(request).await;
        assert!(!refused(&answer), "{}", answer.request);
    }
    let version = version + 1;
    counters.set(&counter_of(&app, &subject, minute), 1_000_000).await;
    all_look_again().await;
    for request in requests(&app, &client) {
        let answer = client.send(request).await;
        assert_eq!(answer.status, 429, "{}", answer.request);
        assert!(answer.header("ratelimit-policy").contains("\"caller-minute\";q=100;w=60"), "{}", answer.request);
    }
    assert_eq!(app.client.get(&path).await.expect(200).version(), version);
    // Another token of the same caller is the same caller, and its subject elsewhere is another
    // one.
    app.as_caller(&caller.clone().claim("jti", json!(new_key()))).get(&path).await.expect(429);
    let elsewhere = app.as_caller(&Caller::service(&app.sample.other_org).claim("sub", json!(subject)));
    elsewhere.get(&format!("/orders/{}", app.sample.foreign_order)).await.expect(200);
}

#[tokio::test]
async fn all_callers_of_an_organisation_share_its_limit_and_what_has_no_token_has_none() {
    let Some(app) = limited(1_000, 0).spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    app.warm(&path).await;
    let mut counters = Counters::of(&app).await;
    let minute = early_in_a_minute().await;
    app.client.get(&path).await.expect(200);
    let counter = format!("{}limit:organization:{}:{minute}", app.prefix(), app.sample.org);
    eventually("the request is added", Duration::from_secs(10), || {
        let (mut counters, counter) = (Counters(counters.0.clone()), counter.clone());
        async move { (counters.get(&counter).await > 0).then_some(()) }
    })
    .await;
    counters.set(&counter, 1_000_000).await;
    all_look_again().await;
    for caller in [app.service(), stranger(&app), Caller::operator(&app.sample.org)] {
        let answer = app.as_caller(&caller).get(&path).await.expect(429);
        assert_eq!(answer.header("ratelimit-policy"), "\"organization-minute\";q=1000;w=60");
    }
    let foreign = app.as_caller(&Caller::service(&app.sample.other_org));
    foreign.get(&format!("/orders/{}", app.sample.foreign_order)).await.expect(200);
    let anonymous = app.client.anonymous();
    assert_eq!(anonymous.get("/health").await.expect(200).json()["limits"], "on");
    app.client.get("/metrics").await.expect(200);
    anonymous.send(anonymous.request(Method::OPTIONS, &path)).await.expect(204);
    let delivery = anonymous.send(anonymous.request(Method::POST, "/webhooks/stripe").body("{}")).await;
    assert!(!refused(&delivery) && !delivery.headers.contains_key("ratelimit"), "{}", delivery.status);
}

#[tokio::test]
async fn nobody_is_refused_while_redis_is_away_and_health_says_so() {
    let Some(mut app) = limited(1, 1).spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    app.redis.as_mut().expect("an own Redis").kill();
    for _ in 0..20 {
        let answer = app.client.get(&path).await.expect(200);
        assert!(!answer.headers.contains_key("ratelimit"), "{}", answer.header("ratelimit"));
    }
    app.client.patch(&app.sample.order, json!({"notes": "without Redis"})).await.expect(200);
    assert_eq!(app.client.get("/health").await.expect(200).json()["limits"], "open");
    app.redis.as_mut().expect("an own Redis").restart().await;
    eventually("the limit holds again", Duration::from_secs(30), || async {
        refused(&app.client.get(&path).await).then_some(())
    })
    .await;
}

/// The names of the keys of each `MGET` that some hits ask for. Before half of them an instance has
/// just seen the counters, and before one of the others it hasn't.
async fn keys_of_hits(app: &App, path: &str) -> Vec<Vec<String>> {
    app.warm(path).await;
    let mut log = app.redis_log().await;
    log.take().await;
    for hit in 0..20 {
        if hit == 10 {
            all_look_again().await;
        }
        assert!(app.client.get(path).await.expect(200).is_hit());
    }
    let looks: Vec<_> = log.take().await.into_iter().filter(|command| !command.is_renewal()).collect();
    // A machine that stands still for longer than a certificate lives makes a hit look again.
    assert!((20..=22).contains(&looks.len()), "{looks:#?}");
    let names = |text: &str| text.split('"').skip(3).step_by(2).map(str::to_owned).collect();
    looks.iter().map(|look| names(&look.text)).collect()
}

#[tokio::test]
async fn a_hit_is_one_redis_command_with_limits_and_asks_for_counters_now_and_then() {
    let Some(off) = App::private().own_redis().spawn().await else { return };
    let Some(on) = limited(100_000, 100_000).spawn().await else { return };
    for (app, counters) in [(&off, 0), (&on, 4)] {
        let path = format!("/orders/{}", app.sample.order);
        let looks = keys_of_hits(app, &path).await;
        let counted = |keys: &[String]| keys.iter().filter(|key| key.contains("limit:")).count();
        for keys in &looks {
            // The entry, three generations, the certificate; now and then two keys about renewals.
            let others = keys.len() - counted(keys);
            assert!([0, counters].contains(&counted(keys)) && (others == 5 || others == 7), "{keys:#?}");
        }
        assert_eq!(looks.iter().map(|keys| counted(keys)).max(), Some(counters));
    }
}
