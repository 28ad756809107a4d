//! Outbound HTTP: wasmtime's own client behind the allow-list. Every request has a connection of
//! its own.

use crate::guest::Grant;
use http_body_util::BodyExt as _;
use std::sync::Arc;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks, default_send_request};

/// The outbound HTTP of one instance.
pub struct OutboundHttp(pub Arc<Grant>);

type BoxFuture<T> = Box<dyn Future<Output = T> + Send>;

impl WasiHttpHooks for OutboundHttp {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _read: BoxFuture<Result<(), Error>>,
    ) -> BoxFuture<Result<(http::Response<WasiBody>, BoxFuture<Result<(), Error>>), Error>> {
        let allowed = self.0.allow_list.check(&self.0.id, &request.uri().to_string(), "https");
        Box::new(async move {
            if !allowed {
                return Err(Error::HttpRequestDenied);
            }
            let (response, transfer) = default_send_request(request, options).await?;
            Ok((response.map(|body| body.boxed_unsync()), Box::new(transfer) as BoxFuture<_>))
        })
    }
}
