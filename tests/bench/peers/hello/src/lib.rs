//! "hello": the cost of a request on this runtime without any work of its own.

#![cfg(target_family = "wasm")]

use spin_sdk::wasip3::http::types::{ErrorCode, Fields, Request, Response, Trailers};
use spin_sdk::wasip3::wit_bindgen::yield_async;
use spin_sdk::wasip3::{spawn, wit_future, wit_stream};

struct Component;
spin_sdk::wasip3::http::service::export!(Component with_types_in spin_sdk::wasip3);

impl spin_sdk::wasip3::exports::http::handler::Guest for Component {
    async fn handle(_: Request) -> Result<Response, ErrorCode> {
        let headers =
            [("content-type".to_owned(), b"text/plain".to_vec()), ("content-length".to_owned(), b"5".to_vec())];
        let fields = Fields::from_list(&headers).unwrap_or_else(|_| Fields::new());
        let (trailers_writer, trailers) = wit_future::new::<Result<Option<Trailers>, ErrorCode>>(|| Ok(None));
        let (mut writer, reader) = wit_stream::new();
        spawn(async move {
            drop(writer.write_all(b"hello".to_vec()).await);
            drop(writer);
            let _ = trailers_writer.write(Ok(None)).await;
        });
        let (response, _sent) = Response::new(fields, Some(reader), trailers);
        yield_async().await;
        yield_async().await;
        Ok(response)
    }
}
