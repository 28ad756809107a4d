//! The HTTP side: accepts connections, finds the component of a request, and gives the host's own
//! answers.

use crate::headers;
use crate::instance::Instances;
use crate::routes::{Routes, WELL_KNOWN};
use anyhow::Result;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use wasmtime_wasi_http::handler::ProxyHandler;
use wasmtime_wasi_http::{Error, WasiBody};

/// An application that is ready to serve.
pub struct Server {
    /// For `/.well-known/spin/info`
    pub name: String,
    /// For `/.well-known/spin/info`
    pub version: Option<String>,
    /// The component that a path belongs to
    pub routes: Routes,
    /// By component id
    pub handlers: HashMap<String, ProxyHandler<Instances>>,
    /// Whether accepted connections get TCP_NODELAY; Spin doesn't set it
    pub tcp_nodelay: bool,
}

impl Server {
    /// Serves until it is dropped, which also ends the connections.
    pub async fn serve(self: Arc<Self>, listener: TcpListener) {
        let mut connections = JoinSet::new();
        loop {
            match listener.accept().await {
                Ok((stream, client)) => drop(connections.spawn(self.clone().connection(stream, client))),
                Err(error) => {
                    // Mostly out of file descriptors; some will be free soon.
                    eprintln!("cannot accept a connection: {error}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
            while connections.try_join_next().is_some() {}
        }
    }

    async fn connection(self: Arc<Self>, stream: TcpStream, client: SocketAddr) {
        if self.tcp_nodelay {
            // If it can't be set, only speed is lost.
            drop(stream.set_nodelay(true));
        }
        let service = service_fn(move |request| {
            let server = self.clone();
            async move { server.answer(request, client).await }
        });
        // A connection that ends early is the client's doing, or was reported already.
        drop(Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await);
    }

    /// # Errors
    /// A request without a clear host: the connection is closed, as Spin does it.
    async fn answer(&self, request: Request<Incoming>, client: SocketAddr) -> Result<Response<WasiBody>> {
        let path = request.uri().path().to_owned();
        if let Some(name) = path.strip_prefix(WELL_KNOWN) {
            return Ok(self.well_known(name));
        }
        let Some(found) = self.routes.find(&path) else {
            return Ok(status(StatusCode::NOT_FOUND));
        };
        let component = &found.route.component;
        let Some(handler) = self.handlers.get(component) else {
            return Ok(status(StatusCode::NOT_FOUND));
        };

        let (mut head, body) = request.into_parts();
        headers::complete_uri(&mut head).inspect_err(|why| eprintln!("[{component}] refused a request: {why}"))?;
        if let Err(why) = headers::append(&mut head, &found, client) {
            // Spin answers 500 here. It is the client's mistake, so a search for server errors must
            // not find it.
            return Ok(refusal(why.to_string()));
        }
        let request = Request::from_parts(head, body.map_err(Error::Hyper).boxed_unsync());
        let answer = handler.handle((), request).await.map_err(anyhow::Error::from);
        Ok(answer.unwrap_or_else(|why| {
            eprintln!("[{component}] answered {path} with 500: {why}");
            status(StatusCode::INTERNAL_SERVER_ERROR)
        }))
    }

    fn well_known(&self, name: &str) -> Response<WasiBody> {
        match name {
            "health" => Response::new(full("OK".to_owned())),
            "info" => {
                let mut info = serde_json::json!({ "name": self.name });
                if let Some(version) = &self.version {
                    info["version"] = version.as_str().into();
                }
                json(&info)
            }
            // Spin has no such route.
            "calls" => {
                let calls = self.handlers.iter().map(|(id, handler)| (id.clone(), handler.state().calls().into()));
                json(&serde_json::Value::Object(calls.collect()))
            }
            _ => status(StatusCode::NOT_FOUND),
        }
    }
}

fn full(body: String) -> WasiBody {
    Full::new(Bytes::from(body)).map_err(Error::from).boxed_unsync()
}

fn json(value: &serde_json::Value) -> Response<WasiBody> {
    let mut response = Response::new(full(format!("{value:#}")));
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    response
}

/// 400, with the reason.
fn refusal(why: String) -> Response<WasiBody> {
    let mut response = Response::new(full(why));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// An empty response.
fn status(status: StatusCode) -> Response<WasiBody> {
    let mut response = Response::new(full(String::new()));
    *response.status_mut() = status;
    response
}
