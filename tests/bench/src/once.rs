//! Requests that may be sent once only, and single requests: wrk, which repeats, can't send them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use e2e::Wire;

use crate::load::Sample;

/// Sends each request once, by as many connections at the same time.
pub async fn each_once(base: &str, requests: &[Vec<u8>], connections: usize) -> Sample {
    let (requests, next) = (Arc::new(requests.to_vec()), Arc::new(AtomicUsize::new(0)));
    let outcome = Arc::new(Mutex::new((Vec::new(), 0)));
    let mut wires = Vec::new();
    for _ in 0..connections {
        wires.push(Wire::connect(base).await);
    }
    let began = Instant::now();
    let senders: Vec<_> = wires
        .into_iter()
        .map(|mut wire| {
            let (requests, next, outcome, base) = (requests.clone(), next.clone(), outcome.clone(), base.to_owned());
            tokio::spawn(async move {
                while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let sent = Instant::now();
                    let reply = wire.send(request).await;
                    let took = sent.elapsed().as_secs_f64() * 1e3;
                    let failed = reply.as_ref().is_none_or(|reply| reply.status >= 400);
                    if reply.is_none() {
                        wire = Wire::connect(&base).await;
                    }
                    let mut outcome = outcome.lock().expect("no sender panicked");
                    outcome.0.push(took);
                    outcome.1 += usize::from(failed);
                }
            })
        })
        .collect();
    for sender in senders {
        sender.await.expect("a sender");
    }
    let (latencies, errors) = outcome.lock().expect("no sender panicked").clone();
    Sample::of(latencies, began.elapsed().as_secs_f64(), errors)
}

/// One request on an open connection: milliseconds.
pub async fn timed(wire: &mut Wire, request: &[u8]) -> f64 {
    let sent = Instant::now();
    let reply = wire.send(request).await.expect("an answer");
    assert!(reply.status < 400, "{}", reply.head);
    sent.elapsed().as_secs_f64() * 1e3
}
