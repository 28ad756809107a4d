//! The floor: the least that a cached read can cost on this runtime. One bare GET on a connection
//! that lives as long as the instance, and the value as the body. It is sent by the same rules as
//! ours: Content-Length, and the body's write begun before the handler returns. No token, no
//! certificate, no time limit, no reopening.

#![cfg(target_family = "wasm")]

use spin_sdk::redis::Connection;
use spin_sdk::wasip3::http::types::{ErrorCode, Fields, Request, Response, Trailers};
use spin_sdk::wasip3::wit_bindgen::yield_async;
use spin_sdk::wasip3::{spawn, wit_future, wit_stream};
use std::cell::RefCell;
use std::rc::Rc;

struct Component;
spin_sdk::wasip3::http::service::export!(Component with_types_in spin_sdk::wasip3);

thread_local! {
    static CONNECTION: RefCell<Option<Rc<Connection>>> = const { RefCell::new(None) };
}

impl spin_sdk::wasip3::exports::http::handler::Guest for Component {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let path = request.get_path_with_query().unwrap_or_default();
        let key = path.strip_prefix("/floor/").unwrap_or_default();
        match value(key).await {
            Some(body) => Ok(send(200, body).await),
            None => Ok(send(404, b"{}".to_vec()).await),
        }
    }
}

async fn value(key: &str) -> Option<Vec<u8>> {
    let open = CONNECTION.with_borrow(Clone::clone);
    let connection = match open {
        Some(connection) => connection,
        None => {
            let url = spin_sdk::variables::get("redis_url").await.ok()?;
            let opened = Rc::new(Connection::open(url).await.ok()?);
            CONNECTION.replace(Some(opened.clone()));
            opened
        }
    };
    connection.get(key).await.ok()?
}

async fn send(status: u16, body: Vec<u8>) -> Response {
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
    let _ = response.set_status_code(status);
    yield_async().await;
    yield_async().await;
    response
}
