//! The common parts of scenarios of payments: a shopper with orders, and a look into Redis.

use e2e::{Answer, App, Caller, Client};
use redis::aio::MultiplexedConnection;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::new_key;

/// The sample's customer.
pub fn shopper(app: &App) -> Client {
    app.as_caller(&Caller::customer(&app.sample.org, &app.sample.customer))
}

/// Another customer of the same organisation.
pub fn other_shopper(app: &App) -> Client {
    app.as_caller(&Caller::customer(&app.sample.org, &app.sample.other_customer))
}

/// The body that begins a session for an order.
pub fn session_request(order: &str, gateway: &str) -> Value {
    json!({"orderId": order, "paymentGateway": gateway, "returnUrl": format!("{}done", e2e::SHOP)})
}

/// `POST /payments/sessions` with a key.
pub fn session(client: &Client, order: &str, gateway: &str, key: &str) -> RequestBuilder {
    let request = client.request(Method::POST, "/payments/sessions").header("idempotency-key", key);
    request.json(&session_request(order, gateway))
}

/// Begins a session with a new key.
pub async fn begin(client: &Client, order: &str, gateway: &str) -> Answer {
    client.send(session(client, order, gateway, &new_key())).await
}

/// A text member of a JSON answer.
#[track_caller]
pub fn member(answer: &Answer, name: &str) -> String {
    let body = answer.json();
    body[name].as_str().unwrap_or_else(|| panic!("{}: no {name} in {body}", answer.request)).to_owned()
}

/// A connection to the server's Redis.
pub async fn redis(app: &App) -> MultiplexedConnection {
    let client = redis::Client::open(app.redis_url.as_str()).expect("an address");
    client.get_multiplexed_async_connection().await.expect("Redis answers")
}

/// The server's keys that match a pattern, its prefix included.
pub async fn keys(app: &App, pattern: &str) -> Vec<String> {
    let mut connection = redis(app).await;
    let pattern = format!("{}{pattern}", app.prefix());
    redis::cmd("KEYS").arg(pattern).query_async(&mut connection).await.expect("KEYS")
}
