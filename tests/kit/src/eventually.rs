use std::time::{Duration, Instant};

/// Polls `attempt` until it gives a value; panics with `what` when `limit` has passed.
pub async fn eventually<T, F, Fut>(what: &str, limit: Duration, attempt: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    eventually_every(Duration::from_millis(5), what, limit, attempt).await
}

/// Like [`eventually`], with another pause between two attempts, for attempts that are work for the
/// server.
pub async fn eventually_every<T, F, Fut>(pause: Duration, what: &str, limit: Duration, mut attempt: F) -> T
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Option<T>>,
{
    let deadline = Instant::now() + limit;
    loop {
        if let Some(value) = attempt().await {
            return value;
        }
        assert!(Instant::now() < deadline, "not within {limit:?}: {what}");
        tokio::time::sleep(pause).await;
    }
}
