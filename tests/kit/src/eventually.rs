use std::time::{Duration, Instant};

/// The bound of work that comes by itself, behind an answer or after a fault. It is far beyond what
/// a loaded machine takes, for its claim is that the work comes, not that it is quick.
pub const SOON: Duration = Duration::from_secs(60);

/// Polls `attempt` until it gives a value. Panics with `what` if an attempt that began after
/// `limit` gives none, so a machine that stalls during an attempt breaks no claim.
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
        let begun = Instant::now();
        if let Some(value) = attempt().await {
            return value;
        }
        assert!(begun < deadline, "not within {limit:?}: {what}");
        tokio::time::sleep(pause).await;
    }
}
