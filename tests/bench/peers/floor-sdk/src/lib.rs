//! The floor behind `#[http_service]`: the best that a component written by the SDK's documentation
//! can reach. The same GET on the same kept connection, and the response by the same rules. But the
//! request comes as the SDK hands it to its handlers, with its address and all headers read.

#![cfg(target_family = "wasm")]

use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;
use spin_sdk::redis::Connection;
use spin_sdk::wasip3::http::types::{ErrorCode, Fields, Response, Trailers};
use spin_sdk::wasip3::wit_bindgen::yield_async;
use spin_sdk::wasip3::{spawn, wit_future, wit_stream};
use std::cell::RefCell;
use std::rc::Rc;

thread_local! {
    static CONNECTION: RefCell<Option<Rc<Connection>>> = const { RefCell::new(None) };
}

#[http_service]
async fn handle(request: Request) -> anyhow::Result<impl IntoResponse> {
    let key = request.uri().path().strip_prefix("/floor-sdk/").unwrap_or_default();
    let body = connection().await?.get(key).await?.unwrap_or_default();
    Ok(send(body).await)
}

async fn connection() -> anyhow::Result<Rc<Connection>> {
    if let Some(open) = CONNECTION.with_borrow(Clone::clone) {
        return Ok(open);
    }
    let url = spin_sdk::variables::get("redis_url").await?;
    let opened = Rc::new(Connection::open(url).await?);
    CONNECTION.replace(Some(opened.clone()));
    Ok(opened)
}

async fn send(body: Vec<u8>) -> Response {
    let headers = [
        ("content-type".to_owned(), b"application/json".to_vec()),
        ("content-length".to_owned(), body.len().to_string().into_bytes()),
    ];
    let fields = Fields::from_list(&headers).unwrap_or_else(|_| Fields::new());
    let (trailers_writer, trailers) = wit_future::new::<Result<Option<Trailers>, ErrorCode>>(|| Ok(None));
    let (mut writer, reader) = wit_stream::new();
    spawn(async move {
        drop(writer.write_all(body).await);
        drop(writer);
        let _ = trailers_writer.write(Ok(None)).await;
    });
    let (response, _sent) = Response::new(fields, Some(reader), trailers);
    yield_async().await;
    yield_async().await;
    response
}
