use crate::support::*;
use edge_host::allow_list::AllowList;

/// Starts a guest that may connect to `hosts`, and returns its answer about connecting to `address`
/// by `way`.
async fn connect(way: &str, address: &str, hosts: &str) -> String {
    let variables = format!("place = {{ default = {:?} }}", authority(address));
    let host = start(&manifest(&variables, &format!("allowed_outbound_hosts = [{hosts:?}]"))).await;
    ask(&host, way, address).await
}

#[tokio::test]
async fn a_listed_redis_is_reached() {
    let url = redis_url();
    let listed = format!("redis://{}", authority(&url));
    assert_eq!(connect("/redis", &url, &listed).await, r#"Ok([RedisResult::Status("PONG")])"#);
}

#[tokio::test]
async fn redis_listed_by_a_variable_is_reached() {
    let answer = connect("/redis", &redis_url(), "redis://{{ place }}").await;
    assert_eq!(answer, r#"Ok([RedisResult::Status("PONG")])"#);
}

#[tokio::test]
async fn redis_elsewhere_is_an_invalid_address() {
    for hosts in ["redis://127.0.0.1:1", "postgres://*:*", "redis://example.com:*"] {
        assert_eq!(connect("/redis", &redis_url(), hosts).await, "Err(Error::InvalidAddress)", "{hosts}");
    }
}

#[tokio::test]
async fn a_listed_postgres_is_reached() {
    let url = database_url();
    let listed = format!("postgres://{}", authority(&url));
    assert_eq!(connect("/postgres", &url, &listed).await, r#"Ok("connected")"#);
}

#[tokio::test]
async fn postgres_listed_by_a_variable_is_reached() {
    assert_eq!(connect("/postgres", &database_url(), "postgres://{{ place }}").await, r#"Ok("connected")"#);
}

#[tokio::test]
async fn postgres_elsewhere_is_not_permitted() {
    let url = database_url();
    let answer = connect("/postgres", &url, "postgres://127.0.0.1:1").await;
    let expected = format!("ConnectionFailed(\"address postgres://{} is not permitted\")", authority(&url));
    assert!(answer.contains(&expected), "{answer}");
}

#[tokio::test]
async fn a_listed_http_host_is_reached() {
    let other = start(&manifest("", "")).await;
    let url = format!("http://{}/seen", other.addr);
    for hosts in [&format!("http://{}", other.addr), "http://{{ place }}", "http://*:*"] {
        assert_eq!(connect("/http", &url, hosts).await, "Ok(200)", "{hosts}");
    }
}

#[tokio::test]
async fn http_elsewhere_is_denied() {
    let other = start(&manifest("", "")).await;
    let url = format!("http://{}/seen", other.addr);
    for hosts in ["http://127.0.0.1:1", "https://*:*", "http://127.0.0.2:*"] {
        assert_eq!(connect("/http", &url, hosts).await, "Err(ErrorCode::HttpRequestDenied)", "{hosts}");
    }
}

#[test]
fn an_entry_allows_the_same_addresses_as_in_spin() {
    let check = |entry: &str, address: &str, expected: bool| {
        let list = AllowList::parse([entry]).expect("a valid entry");
        assert_eq!(list.allows(address, "redis"), expected, "{entry} for {address}");
    };
    check("redis://localhost", "redis://localhost:6379", true);
    check("redis://localhost", "redis://localhost", true);
    check("redis://localhost", "localhost:6379", true);
    check("redis://localhost", "redis://localhost:6380", false);
    check("redis://localhost:*", "redis://localhost:6380", true);
    check("redis://localhost", "rediss://localhost:6379", false);
    check("*://localhost:6379", "rediss://localhost:6379", true);
    check("redis://*:6379", "redis://10.0.0.1:6379/3", true);
    check("redis://*.example.com:6379", "redis://a.b.example.com", true);
    check("redis://*.example.com:6379", "redis://example.com", false);
    check("redis://h:6000..6010", "redis://h:6009", true);
    check("redis://h:6000..6010", "redis://h:6010", false);
    check("redis://[::1]:6379", "redis://[::1]:6379", true);
    check("redis://h", "redis://user:p%40ss@h:6379", true);
    check("redis://h", "redis://h@evil:6379", false);
    check("redis://h", "redis://evil:6379/@h", false);
    check("https://h", "http://h", false);
    check("", "redis://h", false);
}

#[test]
fn an_entry_that_cannot_be_understood_is_an_error() {
    let bad = [
        "*",
        "localhost:6379",
        "redis://h:port",
        "redis://h/path",
        "rediss://h",
        "http://a.*.com",
        "http://self",
        "http://x.spin.internal",
        "redis://10.0.0.0/8:6379",
    ];
    for entry in bad {
        assert!(AllowList::parse([entry]).is_err(), "{entry}");
    }
}
