use crate::support::*;
use edge_host::instance::Reuse;
use std::time::Duration;

/// Spin's limits, but no instance ends because the machine is slow.
pub const PATIENT: Reuse =
    Reuse { max_requests: 128, max_concurrent: 16, idle_timeout: Duration::from_secs(60), request_timeout: None };

#[tokio::test]
async fn statics_survive_until_the_limit_of_requests_and_then_begin_anew() {
    let reuse = Reuse { max_requests: 3, ..PATIENT };
    let host = try_start(&manifest("", ""), |options| options.reuse = reuse).await.expect("the host starts");
    let mut seen = Vec::new();
    for _ in 0..7 {
        seen.push(ask(&host, "/seen", "").await);
    }
    assert_eq!(seen, ["1", "2", "3", "1", "2", "3", "1"]);
}

#[tokio::test]
async fn an_instance_takes_no_more_requests_at_the_same_time_than_it_may() {
    let reuse = Reuse { max_concurrent: 2, ..PATIENT };
    let host = try_start(&manifest("", ""), |options| options.reuse = reuse).await.expect("the host starts");
    for _ in 0..3 {
        let waits = (0..8).map(|_| ask(&host, "/wait", "50"));
        for waiting in futures::future::join_all(waits).await {
            assert!(["1", "2"].contains(&waiting.as_str()), "{waiting} in one instance");
        }
    }
}

#[tokio::test]
async fn a_response_that_takes_too_long_is_an_empty_500() {
    let reuse = Reuse { request_timeout: Some(Duration::from_millis(50)), ..PATIENT };
    let host = try_start(&manifest("", ""), |options| options.reuse = reuse).await.expect("the host starts");
    assert_eq!(get(host.addr, "/wait", &[("argument", "60000")]).await, (500, String::new()));
    assert_eq!(ask(&host, "/wait", "0").await, "1");
}
