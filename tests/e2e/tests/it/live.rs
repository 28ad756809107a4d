//! The live status of an order: streams and long polls.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use e2e::{App, Caller, Client, SOON, eventually};
use reqwest::{Method, Response};
use serde_json::{Value, json};

/// A stream that is being read.
struct Stream {
    response: Response,
    text: String,
}

/// An event of a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Event {
    name: String,
    id: Option<i64>,
    data: Value,
}

impl Stream {
    /// Opens a stream below `/api/v1`; it must be one.
    async fn open(client: &Client, path: &str, last: Option<i64>) -> Stream {
        let response = Self::ask(client, path, last).await;
        assert_eq!(response.status(), 200, "{path}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Stream { response, text: String::new() }
    }

    async fn ask(client: &Client, path: &str, last: Option<i64>) -> Response {
        let request = client.request(Method::GET, path);
        let request = match last {
            Some(last) => request.header("last-event-id", last.to_string()),
            None => request,
        };
        request.send().await.expect("an answer")
    }

    /// The next event; `None` at the end of the stream, and `Err` if it breaks.
    async fn next(&mut self) -> Result<Option<Event>, reqwest::Error> {
        loop {
            while let Some((block, rest)) = self.text.split_once("\n\n") {
                let event = parse(block);
                self.text = rest.to_owned();
                if event.is_some() {
                    return Ok(event);
                }
            }
            match self.response.chunk().await? {
                Some(chunk) => self.text.push_str(std::str::from_utf8(&chunk).expect("text")),
                None => return Ok(None),
            }
        }
    }

    /// The next event, which has to come.
    async fn event(&mut self) -> Event {
        let next = tokio::time::timeout(SOON, self.next()).await.expect("an event in time");
        next.expect("a whole stream").expect("an event before the end")
    }

    /// Reads until this version; gives the versions on the way.
    async fn until(&mut self, version: i64) -> Vec<i64> {
        let mut seen = Vec::new();
        while seen.last() != Some(&version) {
            seen.push(self.event().await.id.expect("a version"));
        }
        seen
    }
}

/// An event, or `None` if the block has none: comments and `retry`.
fn parse(block: &str) -> Option<Event> {
    let field = |name: &str| {
        let lines = block.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        lines.map(str::to_owned).next()
    };
    let data = serde_json::from_str(&field("data")?).expect("JSON");
    Some(Event { name: field("event")?, id: field("id").map(|id| id.parse().expect("a version")), data })
}

fn live(order: &str) -> String {
    format!("/orders/{order}/live")
}

#[tokio::test]
async fn a_stream_tells_the_state_and_each_change_of_any_writer() {
    let app = App::spawn().await;
    let order = app.new_order_id().await;
    let mut stream = Stream::open(&app.client, &live(&order), None).await;
    let first = stream.event().await;
    assert_eq!((first.name.as_str(), first.id), ("order", Some(1)));
    assert_eq!((&first.data["id"], &first.data["status"]), (&json!(order), &json!("pending")));
    app.client.patch(&order, json!({"status": "confirmed"})).await.expect(200);
    let second = stream.event().await;
    assert_eq!((second.id, &second.data["status"], &second.data["version"]), (Some(2), &json!("confirmed"), &json!(2)));
    app.psql(&format!("UPDATE orders SET status = 'processing' WHERE id = '{order}'")).await;
    let third = stream.event().await;
    assert_eq!((third.id, &third.data["status"]), (Some(3), &json!("processing")));
    // What changes something else is no event of this order.
    app.client.patch(&app.sample.order, json!({"notes": "x"})).await.expect(200);
    app.client.delete(&order).await.expect(204);
    assert_eq!(stream.event().await.name, "gone");
    assert_eq!(stream.next().await.expect("a whole stream"), None, "and that is its end");
}

#[tokio::test]
async fn who_comes_again_with_the_last_id_misses_nothing() {
    let app = App::private().spawn().await.expect("a server of its own");
    let (mut second, client) = app.another_server().await;
    let order = app.new_order_id().await;
    let mut stream = Stream::open(&client, &live(&order), None).await;
    assert_eq!(stream.until(1).await, [1]);
    second.kill();
    assert!(!matches!(stream.next().await, Ok(Some(_))), "its server is gone");
    app.psql(&format!("UPDATE orders SET notes = 'meanwhile' WHERE id = '{order}'")).await;
    let mut stream = Stream::open(&app.client, &live(&order), Some(1)).await;
    assert_eq!(stream.until(2).await, [2]);
    let mut third = Stream::open(&app.client, &live(&order), Some(2)).await;
    app.client.patch(&order, json!({"notes": "later"})).await.expect(200);
    assert_eq!(third.event().await.id, Some(3), "not again what it has seen");
    assert_eq!(stream.event().await.id, Some(3));
}

#[tokio::test]
async fn many_streams_of_an_instance_hear_of_their_own_orders_alone() {
    let app = App::spawn().await;
    let mut orders = Vec::new();
    for _ in 0..3 {
        orders.push(app.new_order_id().await);
    }
    let mut streams = Vec::new();
    for at in 0..30 {
        let mut stream = Stream::open(&app.client, &live(&orders[at % 3]), None).await;
        assert_eq!(stream.until(1).await, [1]);
        streams.push((at % 3, stream));
    }
    for (at, order) in orders.iter().enumerate() {
        for version in 2..=(2 + at as i64) {
            app.client.patch(order, json!({"notes": format!("{version}")})).await.expect(200);
        }
    }
    for (at, stream) in &mut streams {
        let seen = stream.until(2 + *at as i64).await;
        assert!(seen.is_sorted(), "{seen:?}");
    }
}

#[tokio::test]
async fn a_long_poll_answers_with_the_next_version_or_with_none() {
    let app = App::spawn().await;
    let order = app.new_order_id().await;
    let path = format!("{}?wait=20", live(&order));
    let changed = async {
        // Only once somebody waits.
        tokio::time::sleep(Duration::from_millis(300)).await;
        app.client.patch(&order, json!({"status": "confirmed"})).await.expect(200);
    };
    let (answer, ()) = tokio::join!(app.client.get(&path), changed);
    let answer = answer.expect(200);
    assert_eq!((answer.header("etag"), &answer.json()["status"]), ("\"2\"", &json!("confirmed")));
    // A client that knows an older version is told at once.
    let begun = Instant::now();
    assert_eq!(app.client.get_if_none_match(&path, "\"1\"").await.expect(200).json()["version"], 2);
    let last = app.client.request(Method::GET, &path).header("last-event-id", "1");
    app.client.send(last).await.expect(200);
    assert!(begun.elapsed() < Duration::from_secs(20), "it has waited");
    let short = format!("{}?wait=1", live(&order));
    app.client.get(&short).await.expect(204);
    app.client.get_if_none_match(&short, "\"2\"").await.expect(304);
    for (query, field) in [("wait=0", "wait"), ("wait=x", "wait"), ("wait=301", "wait"), ("after=1", "after")] {
        app.client.get(&format!("{}?{query}", live(&order))).await.expect_problem_naming(400, field);
    }
}

#[tokio::test]
async fn only_who_may_see_an_order_may_watch_it() {
    let Some(app) = App::private().variable("live_ticket_seconds", "2").spawn().await else { return };
    let (org, order) = (&app.sample.org, &app.sample.order);
    let short = |order: &str| format!("{}?wait=1", live(order));
    let owner = app.as_caller(&Caller::customer(org, &app.sample.customer));
    for client in [&app.client, &owner, &app.operator()] {
        client.get(&short(order)).await.expect(204);
    }
    app.as_caller(&Caller::customer(org, &app.sample.other_customer)).get(&short(order)).await.expect_problem(404);
    app.client.get(&short(&app.sample.foreign_order)).await.expect_problem(404);
    app.client.get(&short("0190a000-0000-7000-8000-00000000dead")).await.expect_problem(404);
    let nobody = app.client.anonymous();
    nobody.get(&short(order)).await.expect_problem(401);
    app.as_caller(&app.service().expired()).get(&short(order)).await.expect_problem(401);
    app.client.send(app.client.request(Method::HEAD, &live(order))).await.expect(405);

    let other = app.new_order_id().await;
    let token = app.client.guest_token(order).await.expect(201).json()["token"].as_str().expect("a token").to_owned();
    let guest = async |order: &str| {
        let request = nobody.request(Method::GET, &short(order)).header("authorization", format!("Guest {token}"));
        nobody.send(request).await
    };
    guest(order).await.expect(204);
    guest(&other).await.expect_problem(404);
    app.client.revoke_guest_tokens(order).await.expect(204);
    guest(order).await.expect_problem(401);

    let ticket = owner.live_ticket(order).await.expect(201).json();
    let text = ticket["ticket"].as_str().expect("a ticket").to_owned();
    let mut stream = Stream::open(&nobody, &format!("{}?ticket={text}", live(order)), None).await;
    assert_eq!(stream.event().await.name, "order");
    nobody.get(&format!("{}&ticket={text}", short(&other))).await.expect_problem(401);
    nobody.get(&format!("{}&ticket={}", short(order), &text[1..])).await.expect_problem(401);
    owner.live_ticket(&other).await.expect(201);
    app.as_caller(&Caller::customer(org, &app.sample.other_customer)).live_ticket(order).await.expect_problem(404);
    nobody.live_ticket(order).await.expect_problem(401);
    assert_eq!(stream.next().await.expect("a whole stream"), None, "it ends with its ticket");
    nobody.get(&format!("{}&ticket={text}", short(order))).await.expect_problem(401);
    assert!(!app.log().contains(&text), "a ticket is never logged");
}

#[tokio::test]
async fn a_stream_ends_by_itself_and_with_its_token() {
    let Some(app) = App::private().variable("live_seconds", "30").spawn().await else { return };
    let order = app.new_order_id().await;
    let until_end = async |client: &Client| {
        let begun = Instant::now();
        let mut stream = Stream::open(client, &live(&order), None).await;
        assert_eq!(stream.event().await.id, Some(1));
        let end = tokio::time::timeout(SOON, stream.next()).await.expect("an end");
        assert_eq!(end.expect("a whole stream"), None);
        begun.elapsed()
    };
    let in_time = async { assert!(until_end(&app.client).await > Duration::from_secs(25), "not before its time") };
    let with_token = async {
        let soon = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() + 20;
        let brief = app.as_caller(&app.service().claim("exp", json!(soon)));
        until_end(&brief).await;
        // A stream counts its time by another clock than a token, and the two may differ a little.
        eventually("the token has ended", SOON, || async {
            let response = Stream::ask(&brief, &live(&order), None).await;
            (response.status() == 401).then_some(())
        })
        .await;
        brief.get(&live(&order)).await.expect_problem(401);
    };
    tokio::join!(in_time, with_token);
}

#[tokio::test]
async fn no_more_may_watch_than_there_are_places() {
    for setting in ["live_streams_instance", "live_streams_organization", "live_streams_total"] {
        let private = App::private().variable(setting, "2").variable("live_seconds", "5");
        let Some(app) = private.spawn().await else { return };
        let order = app.new_order_id().await;
        let _both = (
            Stream::open(&app.client, &live(&order), None).await,
            Stream::open(&app.client, &live(&order), None).await,
        );
        let refused = app.client.get(&live(&order)).await;
        assert_eq!((refused.status, refused.header("retry-after")), (503, "5"), "{setting}");
        eventually("their places are free again", SOON, || async {
            let response = Stream::ask(&app.client, &live(&order), None).await;
            (response.status() == 200).then_some(())
        })
        .await;
    }
}

/// The instances share a poller, so one stream and thirty cost the same.
#[tokio::test]
async fn an_instance_looks_four_times_a_second_and_asks_postgres_nothing() {
    let app = App::spawn_alone().await;
    let order = app.new_order_id().await;
    let mut streams = Vec::new();
    for _ in 0..10 {
        let mut stream = Stream::open(&app.client, &live(&order), None).await;
        stream.until(1).await;
        streams.push(stream);
    }
    // What the opening has left to do behind.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let mut log = app.redis_log().await;
    let before = app.statements().await;
    log.take().await;
    let begun = Instant::now();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let commands = log.take().await;
    let seconds = begun.elapsed().as_secs_f64();
    let (renewals, looks): (Vec<_>, Vec<_>) = commands.into_iter().partition(e2e::Command::is_renewal);
    assert!(looks.iter().all(|command| command.name == "MGET"), "{looks:#?}");
    assert!(!looks.is_empty() && !renewals.is_empty(), "they poll, and renew the certificate");
    // The last renewals may each have looked once more.
    assert!(looks.len() as f64 <= 4.0 * seconds + 1.0 + renewals.len() as f64, "{} looks in {seconds} s", looks.len());
    assert_eq!(app.statements().await.since(&before), Vec::<String>::new());
    app.client.patch(&order, json!({"notes": "x"})).await.expect(200);
    for stream in &mut streams {
        assert_eq!(stream.event().await.id, Some(2));
    }
}

#[tokio::test]
async fn changes_are_seen_while_redis_is_away() {
    let Some(mut app) = App::private().own_redis().spawn().await else { return };
    let order = app.new_order_id().await;
    let mut stream = Stream::open(&app.client, &live(&order), None).await;
    assert_eq!(stream.until(1).await, [1]);
    app.redis.as_mut().expect("an own Redis").kill();
    app.psql(&format!("UPDATE orders SET notes = 'x' WHERE id = '{order}'")).await;
    assert_eq!(stream.until(2).await, [2]);
    // One that comes meanwhile, too.
    let mut other = Stream::open(&app.client, &live(&order), Some(1)).await;
    assert_eq!(other.until(2).await, [2]);
    app.redis.as_mut().expect("an own Redis").restart().await;
    app.psql(&format!("UPDATE orders SET notes = 'y' WHERE id = '{order}'")).await;
    assert_eq!(stream.until(3).await, [3]);
    assert_eq!(other.until(3).await, [3]);
}
