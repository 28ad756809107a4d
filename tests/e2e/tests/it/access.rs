//! A revoked token opens nothing any more, from the moment when its revocation was answered.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use e2e::{App, Caller, Client, SOON, eventually};
use reqwest::{Method, RequestBuilder};
use serde_json::json;

use crate::{new_key, requests_of_all_kinds};

/// A caller whose token has a name, and the name.
fn named(caller: Caller) -> (Caller, String) {
    let id = new_key();
    (caller.claim("jti", json!(id)), id)
}

fn now() -> i64 {
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a clock behind 1970");
    since.as_secs() as i64
}

/// Reads and writes of a service, in many ways.
fn requests(app: &App, client: &Client) -> Vec<RequestBuilder> {
    let mut requests = requests_of_all_kinds(app, client);
    requests.extend([
        client.request(Method::PATCH, &format!("/orders/{}", app.sample.order)).json(&json!({"notes": "mine"})),
        client.request(Method::POST, "/auth/logout").json(&json!({"no": "body"})),
    ]);
    requests
}

async fn refused(app: &App, client: &Client, why: &str) {
    for request in requests(app, client) {
        let answer = client.send(request).await;
        assert_eq!(answer.status, 401, "{why}: {} {}", answer.request, answer.text());
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{why}: {}", answer.request);
    }
}

async fn served(app: &App, client: &Client, why: &str) {
    for request in requests(app, client) {
        let answer = client.send(request).await;
        assert_ne!(answer.status, 401, "{why}: {}", answer.request);
    }
    let order = client.order(&app.sample.order).await;
    assert_eq!(order.status, 200, "{why}");
}

#[tokio::test]
async fn a_revoked_token_is_401_on_every_route_and_no_other_is() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let (operator, (caller, id)) = (app.operator(), named(app.service()));
    let (client, other) = (app.as_caller(&caller), app.as_caller(&named(app.service()).0));
    let foreign = app.as_caller(&Caller::service(&app.sample.other_org).claim("jti", json!(id)));
    served(&app, &client, "before").await;
    let revocation = operator.revoke(&json!({"tokenId": id, "note": "lost"})).await.expect(201).json();
    refused(&app, &client, "by its id").await;
    served(&app, &other, "another token").await;
    foreign.order(&app.sample.foreign_order).await.expect(200);

    let listed = operator.revocations("?limit=1").await.expect(200).items();
    assert_eq!(listed, std::slice::from_ref(&revocation));
    let of = revocation["id"].as_str().expect("an id");
    let foreign_operator = app.as_caller(&Caller::operator(&app.sample.other_org));
    foreign_operator.restore_tokens(of).await.expect_problem(404);
    assert_eq!(foreign_operator.revocations("").await.expect(200).items(), [] as [serde_json::Value; 0]);
    operator.restore_tokens(of).await.expect(204);
    served(&app, &client, "taken back").await;
    operator.restore_tokens(of).await.expect_problem(404);
}

#[tokio::test]
async fn all_tokens_of_a_subject_from_before_a_time_are_401_and_newer_ones_are_not() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let subject = format!("shop-{}", new_key());
    let issued = |at: i64| app.as_caller(&app.service().claim("sub", json!(subject)).claim("iat", json!(at)));
    let undated = app.as_caller(&app.service().claim("sub", json!(subject)));
    let (old, new) = (issued(now() - 3600), issued(now() - 60));
    served(&app, &old, "before").await;
    let an_hour_ago = "SELECT time_text(now() - interval '30 minutes')";
    let before = app.psql_value(an_hour_ago).await;
    app.operator().revoke(&json!({"subject": subject, "issuedBefore": before})).await.expect(201);
    refused(&app, &old, "issued before").await;
    refused(&app, &undated, "issued who knows when").await;
    served(&app, &new, "issued later").await;
    app.operator().revoke(&json!({"subject": subject})).await.expect(201);
    refused(&app, &new, "issued before now").await;
    served(&app, &app.client, "another subject").await;
}

#[tokio::test]
async fn a_log_out_revokes_the_callers_own_token() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let sample = &app.sample;
    let shopper = Caller::customer(&sample.org, &sample.customer).claim("sub", json!(new_key()));
    let phone = app.as_caller(&named(shopper.clone()).0);
    let laptop = app.as_caller(&shopper.clone().claim("iat", json!(now() - 60)));
    let tablet = app.as_caller(&shopper.clone().claim("iat", json!(now() - 30)));
    for (leaves, name) in [(&phone, "with a jti"), (&laptop, "without")] {
        served(&app, leaves, name).await;
        leaves.log_out().await.expect(204);
        refused(&app, leaves, name).await;
        served(&app, &tablet, "another one of the same shopper").await;
    }
    let ends: i64 = app
        .psql_value(
            "SELECT count(*)::text FROM access_revocations \
             WHERE expires_at BETWEEN now() + interval '59 minutes' AND now() + interval '60 minutes'",
        )
        .await
        .parse()
        .expect("a number");
    assert!(ends >= 2, "they end with their tokens");
}

#[tokio::test]
async fn only_operators_and_services_with_the_scope_revoke_tokens() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let sample = &app.sample;
    let customer = app.as_caller(&Caller::customer(&sample.org, &sample.customer).scope("access:revoke"));
    let granted = app.as_caller(&app.service().scope("orders:price access:revoke"));
    let body = json!({"tokenId": new_key()});
    for client in [&app.client, &customer] {
        client.revoke(&body).await.expect_problem(403);
        client.revocations("").await.expect_problem(403);
        client.restore_tokens(&new_key()).await.expect_problem(403);
    }
    let made = granted.revoke(&body).await.expect(201).json();
    granted.restore_tokens(made["id"].as_str().expect("an id")).await.expect(204);
    app.operator().revoke(&json!({"tokenId": "a", "subject": "b"})).await.expect_problem(400);
    app.operator().revoke(&json!({})).await.expect_problem(400);
}

#[tokio::test]
async fn a_token_is_looked_up_by_itself_above_a_thousand_revocations() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    let (caller, id) = named(app.service());
    let (client, other) = (app.as_caller(&caller), app.as_caller(&named(app.service()).0));
    app.psql(&format!(
        "INSERT INTO access_revocations (id, organization_id, kind, token_id, revoked_by) \
         SELECT gen_random_uuid(), '{}', 'token', gen_random_uuid(), 'me' FROM generate_series(1, 1001)",
        app.sample.org
    ))
    .await;
    served(&app, &client, "before").await;
    app.operator().revoke(&json!({"tokenId": id})).await.expect(201);
    refused(&app, &client, "by its id").await;
    served(&app, &other, "another token").await;
}

/// Clients that read and write with one token, on several servers.
struct Storm {
    revoked: Arc<AtomicBool>,
    over: Arc<AtomicBool>,
    /// Requests that were answered before the revocation began to be, and those that began after it
    /// was.
    before: Arc<AtomicUsize>,
    after: Arc<AtomicUsize>,
    clients: Vec<tokio::task::JoinHandle<()>>,
}

impl Storm {
    fn start(app: &App, clients: Vec<Client>, what: &'static str) -> Self {
        let storm = Self {
            revoked: Arc::default(),
            over: Arc::default(),
            before: Arc::default(),
            after: Arc::default(),
            clients: Vec::new(),
        };
        let order = format!("/orders/{}", app.sample.order);
        let id = app.sample.order.clone();
        let run = |(number, client): (usize, Client)| {
            let (revoked, over) = (storm.revoked.clone(), storm.over.clone());
            let (before, after) = (storm.before.clone(), storm.after.clone());
            let (order, id) = (order.clone(), id.clone());
            tokio::spawn(async move {
                let mut turn = number;
                while !over.load(SeqCst) {
                    turn += 1;
                    let request = match turn % 8 {
                        0 => client.request(Method::GET, "/orders?limit=5"),
                        1 => client.request(Method::POST, "/orders/statuses").json(&json!({"ids": [id]})),
                        2 if turn % 64 == 2 => client.request(Method::PATCH, &order).json(&json!({"notes": "mine"})),
                        _ => client.request(Method::GET, &order),
                    };
                    let gone = revoked.load(SeqCst);
                    let answer = client.send(request).await;
                    if gone {
                        // 503: Redis is away, and Postgres has no connection to spare.
                        assert!(matches!(answer.status, 401 | 503), "{what}: {} after it was revoked", answer.status);
                        after.fetch_add(usize::from(answer.status == 401), SeqCst);
                    } else {
                        before.fetch_add(usize::from(answer.status == 200), SeqCst);
                    }
                }
            })
        };
        let clients = clients.into_iter().enumerate().map(run).collect();
        Self { clients, ..storm }
    }

    async fn reaches(&self, counter: &AtomicUsize, count: usize) {
        eventually("the clients go on", Duration::from_secs(90), || async {
            assert!(!self.clients.iter().any(tokio::task::JoinHandle::is_finished), "one has failed");
            (counter.load(SeqCst) >= count).then_some(())
        })
        .await;
    }

    async fn end(self) {
        self.over.store(true, SeqCst);
        for client in self.clients {
            client.await.expect("no answer to a revoked token");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_that_begins_after_a_revocation_was_answered_gets_anything() {
    let Some(mut app) = App::private().own_redis().spawn().await else { return };
    let (_second, second) = app.another_server().await;
    for what in ["nothing happens to Redis", "Redis is emptied", "Redis hangs", "Redis is killed"] {
        let (caller, id) = named(app.service());
        let token = app.token_of(&caller);
        app.warm(&format!("/orders/{}", app.sample.order)).await;
        let clients = (0..30).map(|n| if n % 2 == 0 { &app.client } else { &second }.with_token(&token)).collect();
        let storm = Storm::start(&app, clients, what);
        storm.reaches(&storm.before, 300).await;
        let redis = app.redis.as_mut().expect("an own Redis");
        match what {
            "Redis is emptied" => redis.flush().await,
            "Redis hangs" => redis.hang(),
            "Redis is killed" => redis.kill(),
            _ => {}
        }
        app.operator().revoke(&json!({"tokenId": id})).await.expect(201);
        storm.revoked.store(true, SeqCst);
        storm.reaches(&storm.after, 700).await;
        storm.end().await;
        app.client.order(&app.sample.order).await.expect(200);
        if what == "Redis hangs" {
            app.redis.as_ref().expect("an own Redis").resume();
        }
    }
}

async fn without_postgres(unknown: &str, status: u16) {
    let server = App::private().own_redis().own_postgres().variable("revocation_unknown", unknown);
    let Some(app) = server.spawn().await else { return };
    let path = format!("/orders/{}", app.sample.order);
    let (caller, id) = named(app.service());
    let client = app.as_caller(&caller);
    app.operator().revoke(&json!({"tokenId": id})).await.expect(201);
    client.get(&path).await.expect_problem(401);
    app.warm(&path).await;
    app.postgres.as_ref().expect("an own Postgres").stop();
    eventually("the certificate ends", SOON, || async {
        let answer = app.client.get(&path).await;
        let stale = answer.header("cache-status").contains("stale-if-error");
        (answer.status == status && stale == (status == 200)).then_some(())
    })
    .await;
    for _ in 0..5 {
        client.get(&path).await.expect_problem(401);
    }
}

#[tokio::test]
async fn while_postgres_is_away_the_last_known_list_counts() {
    without_postgres("serve", 200).await;
}

#[tokio::test]
async fn while_postgres_is_away_a_last_known_list_may_not_be_enough() {
    without_postgres("refuse", 503).await;
}
