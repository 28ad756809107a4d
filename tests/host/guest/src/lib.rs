//! The component that the host's tests run. The first segment of the path is the action, the header
//! `argument` its object. The answer's text is the outcome, errors included.

#![cfg(target_family = "wasm")]

use spin_sdk::http::{Request, StatusCode};
use spin_sdk::{pg, redis, variables};
use std::fmt::{Debug, Write as _};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

/// Requests that this instance has seen.
static SEEN: AtomicU32 = AtomicU32::new(0);
/// Requests that wait in this instance at the moment.
static WAITING: AtomicU32 = AtomicU32::new(0);

#[spin_sdk::http_service]
async fn handle(request: Request) -> Result<(StatusCode, String), &'static str> {
    let seen = SEEN.fetch_add(1, Relaxed) + 1;
    let path = request.uri().path().to_owned();
    let argument =
        request.headers().get("argument").and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let answer = match path.split('/').nth(1).unwrap_or_default() {
        "headers" => headers(&request),
        "seen" => seen.to_string(),
        "wait" => {
            let waiting = WAITING.fetch_add(1, Relaxed) + 1;
            spin_sdk::time::sleep(Duration::from_millis(argument.parse().unwrap_or_default())).await;
            WAITING.fetch_sub(1, Relaxed);
            waiting.to_string()
        }
        "panic" => panic!("as asked"),
        "error" => return Err("as asked"),
        "variable" => show(variables::get(argument).await),
        "environment" => show(std::env::var(argument)),
        "redis" => show(ping(&argument).await),
        "redis-eval" => show(eval(&argument, request.headers().get("script").and_then(|v| v.to_str().ok())).await),
        "postgres" => show(pg::Connection::open(argument).await.map(|_| "connected")),
        "query" => show(query(&argument, request.headers().get("statement").and_then(|v| v.to_str().ok())).await),
        "parameters" => show(parameters(&argument).await),
        "http" => show(spin_sdk::http::get(argument).await.map(|response| response.status().as_u16())),
        _ => return Ok((StatusCode::NOT_FOUND, format!("no such thing: {path}"))),
    };
    Ok((StatusCode::OK, answer))
}

/// The side of Redis triggers.
#[allow(unsafe_code, reason = "the SDK's macro exports a function")]
mod messages {
    use super::{Relaxed, SEEN, redis};

    /// A message is `ADDRESS KEY WORD`: the word, and how many messages this instance has seen, are
    /// put onto a list of Redis. The words `panic` and `error` do that.
    #[spin_sdk::redis_subscriber]
    async fn take(message: Vec<u8>) -> Result<(), String> {
        let seen = SEEN.fetch_add(1, Relaxed) + 1;
        let message = String::from_utf8_lossy(&message).into_owned();
        let [address, key, word] = message.split(' ').collect::<Vec<_>>()[..] else { return Err("three parts".into()) };
        match word {
            "panic" => panic!("as asked"),
            "error" => return Err("as asked".into()),
            _ => {}
        }
        let connection = redis::Connection::open(address).await.map_err(|error| error.to_string())?;
        let text = |text: &str| redis::RedisParameter::Binary(text.as_bytes().to_vec());
        let pushed = connection.execute("RPUSH", [text(key), text(&format!("{word} {seen}"))]).await;
        pushed.map(drop).map_err(|error| error.to_string())
    }
}

fn show<T: Debug, E: Debug>(result: Result<T, E>) -> String {
    format!("{result:?}")
}

/// One line per value, in the order they came.
fn headers(request: &Request) -> String {
    let mut lines = String::new();
    for (name, value) in request.headers() {
        // Writing to a String cannot fail.
        let _ = writeln!(lines, "{name}: {}", value.to_str().unwrap_or("?"));
    }
    lines
}

async fn ping(address: &str) -> Result<Vec<redis::RedisResult>, redis::Error> {
    redis::Connection::open(address).await?.execute("PING", []).await
}

/// Runs a Lua script, or calls one that the server cannot know.
async fn eval(address: &str, script: Option<&str>) -> Result<Vec<redis::RedisResult>, redis::Error> {
    let connection = redis::Connection::open(address).await?;
    let text = |text: &str| redis::RedisParameter::Binary(text.as_bytes().to_vec());
    match script {
        Some(script) => connection.execute("EVAL", [text(script), text("0")]).await,
        None => connection.execute("EVALSHA", [text(&"0".repeat(40)), text("0")]).await,
    }
}

async fn query(address: &str, statement: Option<&str>) -> Result<Vec<Vec<pg::DbValue>>, pg::Error> {
    let connection = pg::Connection::open(address).await?;
    rows(connection.query(statement.unwrap_or("SELECT 1"), []).await?).await
}

/// Sends one parameter of each type that the product uses and reads it back.
async fn parameters(address: &str) -> Result<Vec<Vec<pg::DbValue>>, pg::Error> {
    let connection = pg::Connection::open(address).await?;
    let parameters = [
        pg::ParameterValue::Uuid("018f4e6a-7c1d-7b1e-9c33-0242ac120002".into()),
        pg::ParameterValue::Jsonb(br#"{"a": [1, null]}"#.to_vec()),
        pg::ParameterValue::ArrayStr(vec![Some("x".into()), None]),
        pg::ParameterValue::ArrayInt64(vec![Some(1 << 40), None]),
        pg::ParameterValue::Decimal("12.50".into()),
        pg::ParameterValue::DbNull,
    ];
    let statement = "SELECT $1::uuid, $2::jsonb, $3::text[], $4::bigint[], $5::numeric, $6::text";
    rows(connection.query(statement, parameters).await?).await
}

async fn rows(result: pg::QueryResult) -> Result<Vec<Vec<pg::DbValue>>, pg::Error> {
    let (_, mut stream, end) = result.into_inner();
    let mut rows = Vec::new();
    while let Some(row) = stream.next().await {
        rows.push(row);
    }
    end.await?;
    Ok(rows)
}
