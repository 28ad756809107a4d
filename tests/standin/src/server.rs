//! HTTP: one port for both providers, the shopper's pages and the control routes.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::exchange::{Reply, Request, pairs};
use crate::faults::FaultKind;
use crate::idempotency::KeyState;
use crate::world::{ReceivedCall, World};
use crate::{carts, control, fraud, page, paypal, stock, stripe};

/// Serves for ever.
pub(crate) async fn serve(world: Arc<World>, listener: TcpListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let _ = stream.set_nodelay(true);
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let service = service_fn(move |request| respond(Arc::clone(&world), request));
            // A client that goes away is no error of ours.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn respond(
    world: Arc<World>,
    request: hyper::Request<Incoming>,
) -> Result<hyper::Response<Full<Bytes>>, io::Error> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let request = Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: pairs(head.uri.query().unwrap_or("").as_bytes()),
        headers: head.headers,
        body,
    };
    // An error ends the connection.
    let reply = answer(&world, &request).await.ok_or(io::ErrorKind::ConnectionAborted)?;
    let mut response = hyper::Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    Ok(response.body(Full::new(Bytes::from(reply.body))).unwrap_or_default())
}

/// `None`: no answer, and the end of the connection.
async fn answer(world: &Arc<World>, request: &Request) -> Option<Reply> {
    let parts = request.parts();
    if parts.first() == Some(&"standin") {
        return Some(control::answer(world, request).await);
    }
    if let Some(reply) = page::answer(world, request) {
        world.flush();
        return Some(reply);
    }
    let all = [paypal::serves, stripe::serves, fraud::serves, carts::serves, stock::serves];
    if !all.iter().any(|serves| serves(&parts)) {
        return Some(Reply::text(404, "text/plain", "neither PayPal nor Stripe has this path\n"));
    }
    let at = {
        let mut state = world.state();
        let keys = ["paypal-request-id", "idempotency-key", "webhook-id"].map(|name| request.header(name));
        let key = keys.into_iter().find(|key| !key.is_empty()).map(str::to_owned);
        state.seen.push(ReceivedCall { call: format!("{} {}", request.method, request.path), key, status: None });
        state.seen.len() - 1
    };
    let (world, request) = (Arc::clone(world), request.clone());
    // A call that has begun is completed, even if the caller doesn't wait for it.
    let call = tokio::spawn(async move {
        let reply = called(&world, &request).await;
        if let Some(seen) = world.state().seen.get_mut(at) {
            seen.status = reply.as_ref().map(|reply| reply.status);
        }
        world.flush();
        reply
    });
    call.await.ok().flatten()
}

/// A call of a provider's API, with the faults on purpose.
async fn called(world: &Arc<World>, request: &Request) -> Option<Reply> {
    let provider = ProviderApi::of(request);
    let fault = world.state().faults.take(&request.path);
    let kind = fault.as_ref().map(|fault| fault.kind.clone());
    let failed = |status: u16| {
        let reply = Reply::text(status, "text/html", "<html><body>Something went wrong</body></html>");
        match fault.as_ref().and_then(|fault| fault.retry_after) {
            Some(seconds) => reply.with("retry-after", seconds.to_string()),
            None => reply,
        }
    };
    match kind {
        Some(FaultKind::Status(status)) => return Some(failed(status)),
        Some(FaultKind::Refused(status, word)) => return Some((provider.refusal)(status, word)),
        Some(FaultKind::Kept(status)) => {
            let reply = failed(status).with("stripe-should-retry", "false");
            if let Some((key, same)) = (provider.key)(request) {
                let keys = &mut world.state().keys;
                keys.begin(&key, &same);
                keys.finish(&key, Some(&reply));
            }
            return Some(reply);
        }
        Some(FaultKind::Hang) => return std::future::pending().await,
        Some(FaultKind::Disconnect) => return None,
        _ => {}
    }
    let delay = if let Some(FaultKind::Delay(time)) = kind { Some(time) } else { None };
    let reply = once(world, request, &provider, delay).await;
    match kind {
        Some(FaultKind::DoneThenStatus(status)) => {
            world.flush();
            Some(failed(status))
        }
        Some(FaultKind::DoneThenHang) => {
            world.flush();
            std::future::pending().await
        }
        _ => Some(reply),
    }
}

/// Works on a request, unless a request with its idempotency key has.
async fn once(world: &World, request: &Request, provider: &ProviderApi, delay: Option<Duration>) -> Reply {
    let key = (provider.key)(request);
    if let Some((key, same)) = &key {
        let begun = world.state().keys.begin(key, same);
        match begun {
            KeyState::New => {}
            KeyState::Replay(reply) => return (provider.replay)(world, reply),
            KeyState::Mismatch => return (provider.mismatch)(),
            KeyState::InFlight => return (provider.in_flight)(),
        }
    }
    if let Some(time) = delay {
        tokio::time::sleep(time).await;
    }
    let reply = (provider.answer)(world, request);
    if let Some((key, _)) = &key {
        world.state().keys.finish(key, (provider.keeps)(&reply).then_some(&reply));
    }
    reply
}

/// An idempotency key, and the parts that must be the same in a repetition.
type IdempotencyKey = (String, Vec<u8>);

/// A provider's treatment of requests.
struct ProviderApi {
    key: fn(&Request) -> Option<IdempotencyKey>,
    keeps: fn(&Reply) -> bool,
    replay: fn(&World, Reply) -> Reply,
    mismatch: fn() -> Reply,
    in_flight: fn() -> Reply,
    refusal: fn(u16, &str) -> Reply,
    answer: fn(&World, &Request) -> Reply,
}

impl ProviderApi {
    fn of(request: &Request) -> ProviderApi {
        if fraud::serves(&request.parts()) {
            ProviderApi { key: |_| None, answer: fraud::answer, ..ProviderApi::stripes() }
        } else if carts::serves(&request.parts()) {
            ProviderApi { key: |_| None, answer: carts::answer, ..ProviderApi::stripes() }
        } else if stock::serves(&request.parts()) {
            ProviderApi { key: |_| None, answer: stock::answer, ..ProviderApi::stripes() }
        } else if paypal::serves(&request.parts()) {
            let (key, keeps, replay) = (paypal::key, paypal::keeps, paypal::replay);
            ProviderApi {
                key,
                keeps,
                replay,
                mismatch: paypal::mismatch,
                in_flight: paypal::in_flight,
                refusal: paypal::refusal,
                answer: paypal::answer,
            }
        } else {
            ProviderApi::stripes()
        }
    }

    fn stripes() -> ProviderApi {
        let (key, keeps, replay) = (stripe::key, stripe::keeps, stripe::replay);
        ProviderApi {
            key,
            keeps,
            replay,
            mismatch: stripe::mismatch,
            in_flight: stripe::in_flight,
            refusal: stripe::refusal,
            answer: stripe::answer,
        }
    }
}
