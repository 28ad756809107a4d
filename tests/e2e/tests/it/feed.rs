//! `GET /events`: what has changed, for readers that poll.

use e2e::{App, Caller, Client, SOON, eventually};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// The last position that was given.
async fn last(client: &Client) -> i64 {
    client.feed("limit=1").await.expect(200).json()["last"].as_i64().expect("a position")
}

/// Reads the feed behind `after` until it shows an event of this subject and version.
async fn event(client: &Client, after: i64, subject: &str, version: i64) -> Value {
    eventually("the feed shows the change", SOON, || async {
        let mut after = after;
        loop {
            let page = client.feed(&format!("after={after}&limit=20")).await.expect(200).json();
            let items = page["items"].as_array().expect("items");
            let found = items.iter().find(|event| event["subjectId"] == subject && event["version"] == version);
            if found.is_some() || items.is_empty() {
                return found.cloned();
            }
            after = page["next"].as_i64().expect("a position");
        }
    })
    .await
}

#[tokio::test]
async fn changes_by_the_api_and_by_any_other_program_are_events() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let order = app.new_order_id().await;
    let after = last(&app.client).await;
    app.client.patch(&order, json!({"notes": "by the API"})).await.expect(200);
    let first = event(&app.client, after, &order, 2).await;
    assert_eq!(first["type"], "order.changed");
    assert_eq!(first["organizationId"], app.sample.org);
    app.psql(&format!("UPDATE orders SET notes = 'by psql' WHERE id = '{order}'")).await;
    let second = event(&app.client, after, &order, 3).await;
    assert!(second["position"].as_i64() > first["position"].as_i64(), "{second}");
    assert!(!second.to_string().contains("psql"), "nothing of what has changed: {second}");
    let product = app.client.patch_product(&app.sample.product, &json!({"description": "new"})).await.expect(200);
    let third = event(&app.client, after, &app.sample.product, product.version()).await;
    assert_eq!(third["type"], "product.changed");
}

#[tokio::test]
async fn services_see_their_own_events_operators_all_and_customers_none() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let (org, other) = (&app.sample.org, &app.sample.other_org);
    let after = last(&app.client).await;
    for (order, notes) in [(&app.sample.order, "mine"), (&app.sample.foreign_order, "theirs")] {
        app.psql(&format!("UPDATE orders SET notes = '{notes}' WHERE id = '{order}'")).await;
    }
    let version = async |order: &str| -> i64 {
        app.psql_value(&format!("SELECT version::text FROM orders WHERE id = '{order}'"))
            .await
            .parse()
            .expect("a version")
    };
    let (mine, theirs) = (version(&app.sample.order).await, version(&app.sample.foreign_order).await);
    let operator = app.operator();
    event(&operator, after, &app.sample.order, mine).await;
    event(&operator, after, &app.sample.foreign_order, theirs).await;
    let neighbour = app.as_caller(&Caller::service(other));
    event(&neighbour, after, &app.sample.foreign_order, theirs).await;
    for (client, query, organization) in [
        (&app.client, String::new(), org),
        (&app.client, format!("&organizationId={org}"), org),
        (&neighbour, String::new(), other),
        (&operator, format!("&organizationId={other}"), other),
    ] {
        let page = client.feed(&format!("after={after}{query}")).await.expect(200).json();
        let items = page["items"].as_array().expect("items");
        assert!(
            !items.is_empty() && items.iter().all(|event| event["organizationId"] == **organization),
            "{query}: {page}"
        );
    }
    app.client.feed(&format!("organizationId={other}")).await.expect_problem(404);
    app.as_caller(&Caller::customer(org, &app.sample.customer)).feed("").await.expect_problem(403);
    app.client.anonymous().feed("").await.expect_problem(401);
}

#[tokio::test]
async fn a_reader_goes_on_page_by_page_and_is_told_if_it_has_missed_some() {
    let app = App::spawn().await;
    let before = last(&app.client).await;
    let order = app.new_order_id().await;
    let after = event(&app.client, before, &order, 1).await["position"].as_i64().expect("a position");
    for round in 0..5 {
        app.client.patch(&order, json!({"notes": format!("{round}")})).await.expect(200);
    }
    event(&app.client, after, &order, 6).await;
    let (mut at, mut versions) = (after, Vec::new());
    while versions.last() != Some(&6) {
        let page = app.client.feed(&format!("after={at}&limit=2")).await.expect(200).json();
        let items = page["items"].as_array().expect("items");
        assert!((1..=2).contains(&items.len()), "{page}");
        versions.extend(items.iter().filter(|event| event["subjectId"] == order).filter_map(|e| e["version"].as_i64()));
        at = page["next"].as_i64().expect("a position");
    }
    assert_eq!(versions, [2, 3, 4, 5, 6]);

    app.client.feed("after=9000000000000000").await.expect_problem(410);
    for (query, field) in
        [("after=-1", "after"), ("after=x", "after"), ("limit=0", "limit"), ("limit=1001", "limit"), ("from=1", "from")]
    {
        app.client.feed(query).await.expect_problem_naming(400, field);
    }
    app.psql(&format!("UPDATE events SET sequenced_at = now() - interval '1 year' WHERE position <= {}", after + 1))
        .await;
    let oldest = eventually("old events are forgotten", SOON, || async {
        app.client.patch(&order, json!({"notes": "again"})).await.expect(200);
        let page = app.client.feed("limit=1").await.expect(200).json();
        page["oldest"].as_i64().filter(|oldest| *oldest > after)
    })
    .await;
    let problem = app.client.feed(&format!("after={}", oldest - 2)).await.expect_problem(410);
    assert_eq!(problem["oldestPosition"], oldest);
    app.client.feed(&format!("after={}", oldest - 1)).await.expect(200);
}

#[tokio::test]
async fn events_are_published_on_a_channel_of_redis_behind_the_answer() {
    let app = App::spawn().await;
    let order = app.new_order_id().await;
    let address = app.redis_url.trim_start_matches("redis://").split('/').next().expect("an address").to_owned();
    let mut stream = BufReader::new(TcpStream::connect(address).await.expect("Redis answers"));
    stream.write_all(format!("SUBSCRIBE {}changes\r\n", app.prefix()).as_bytes()).await.expect("a command");
    app.client.patch(&order, json!({"notes": "published"})).await.expect(200);
    let heard = tokio::time::timeout(SOON, async {
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.expect("a line");
            let message: Value = serde_json::from_str(&line).unwrap_or_default();
            if message["subjectId"] == order && message["version"] == 2 {
                return message;
            }
        }
    });
    let heard = heard.await.expect("a message");
    assert_eq!(event(&app.client, heard["position"].as_i64().expect("a position") - 1, &order, 2).await, heard);
}

#[tokio::test]
async fn the_feed_is_read_while_redis_is_away() {
    let Some(mut app) = App::private().own_redis().spawn().await else { return };
    let order = app.new_order_id().await;
    let after = last(&app.client).await;
    app.redis.as_mut().expect("an own Redis").kill();
    app.psql(&format!("UPDATE orders SET notes = 'x' WHERE id = '{order}'")).await;
    event(&app.client, after, &order, 2).await;
}
