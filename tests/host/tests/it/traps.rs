use crate::reuse::PATIENT;
use crate::support::*;
use edge_host::instance::Reuse;

#[tokio::test]
async fn a_trap_ends_its_own_instance_only() {
    // One request per instance at a time: the panic gets an instance of its own.
    let reuse = Reuse { max_concurrent: 1, ..PATIENT };
    let host = try_start(&manifest("", ""), |options| options.reuse = reuse).await.expect("the host starts");
    let (waited, panicked) = tokio::join!(ask(&host, "/wait", "300"), get(host.addr, "/panic", &[]));
    assert_eq!(panicked, (500, String::new()));
    assert_eq!(waited, "1");
    assert_eq!(ask(&host, "/seen", "").await, "2", "the other instance lives on");
}

#[tokio::test]
async fn a_trap_takes_the_other_requests_of_its_instance_along() {
    let host = start(&manifest("", "")).await;
    let panicking = async {
        // A panic may meet an instance of its own, so it is repeated until one doesn't.
        loop {
            assert_eq!(get(host.addr, "/panic", &[]).await, (500, String::new()));
        }
    };
    let waited = tokio::select! {
        waited = get(host.addr, "/wait", &[("argument", "60000")]) => waited,
        () = panicking => return,
    };
    assert_eq!(waited, (500, String::new()));
    assert_eq!(ask(&host, "/seen", "").await, "1", "the next request has a fresh instance");
}

#[tokio::test]
async fn a_handlers_error_is_an_empty_500_and_its_instance_lives_on() {
    let host = try_start(&manifest("", ""), |options| options.reuse = PATIENT).await.expect("the host starts");
    assert_eq!(ask(&host, "/seen", "").await, "1");
    assert_eq!(get(host.addr, "/error", &[]).await, (500, String::new()));
    assert_eq!(ask(&host, "/seen", "").await, "3");
}
