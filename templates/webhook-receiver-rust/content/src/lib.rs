//! POST takes in signed webhooks (Standard Webhooks). Each event takes effect exactly once: one
//! function of the database (schema.sql) records and applies it, and it is answered 2xx only when
//! that is committed.

mod verify;

use std::time::{SystemTime, UNIX_EPOCH};

use cache_spin::cache::Cache;
use cache_spin::cache_logic::origin::OriginFault;
use cache_spin::params;
use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::http::{BoxBody, FullBody, HeaderMap, Method, Request, Response, box_body};
use spin_sdk::{http_service, variables};

#[http_service]
async fn handle(request: Request) -> Response<BoxBody> {
    let (head, body) = request.into_parts();
    if head.method != Method::POST {
        return answer(405, "POST");
    }
    let Ok(body) = body.bytes().await else { return answer(400, "the body can't be read") };
    let header = |name: &str| single(&head.headers, name);
    let (Some(id), Some(time), Some(signatures)) =
        (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"))
    else {
        return answer(400, "a header is missing, or stands twice");
    };
    let Ok(secrets) = variables::get("webhook_secrets").await else { return answer(503, "no secret is set") };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
    if !verify::is_genuine(&secrets, id, time, signatures, &body, now) {
        return answer(401, "the signature doesn't fit");
    }
    let Ok(text) = std::str::from_utf8(&body) else { return answer(400, "the body is no text") };
    if serde_json::from_str::<serde_json::Value>(text).is_err() {
        return answer(400, "the body is no JSON");
    }
    match take_in(id, text).await {
        Ok(true) => answer(200, "processed"),
        Ok(false) => answer(200, "already processed"),
        // Not recorded, so it isn't acknowledged: the sender sends it again.
        Err(fault) => {
            eprintln!("error: {fault}");
            answer(503, "not now")
        }
    }
}

/// Whether the event was new.
async fn take_in(id: &str, body: &str) -> Result<bool, OriginFault> {
    let rows = Cache::get().await?.write("webhook_take_in", params![id, body]).await?;
    Ok(rows.first().and_then(|row| row.bool("is_new").ok().flatten()).unwrap_or(false))
}

/// A header that stands there once.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}

fn answer(status: u16, body: impl Into<Vec<u8>>) -> Response<BoxBody> {
    let mut response = Response::new(box_body(FullBody::new(body.into().into())));
    *response.status_mut() = status.try_into().unwrap_or_default();
    response
}
