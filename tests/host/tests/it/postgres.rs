use crate::support::*;
use edge_host::ServingHost;

async fn host() -> ServingHost {
    start(&manifest("", "allowed_outbound_hosts = ['postgres://*:*']")).await
}

async fn query(host: &ServingHost, statement: &str) -> String {
    get(host.addr, "/query", &[("argument", &database_url()), ("statement", statement)]).await.1
}

#[tokio::test]
async fn parameters_keep_their_types() {
    let answer = ask(&host().await, "/parameters", &database_url()).await;
    let expected = [
        "Uuid(\"018f4e6a-7c1d-7b1e-9c33-0242ac120002\")",
        &format!("Jsonb({:?})", br#"{"a":[1,null]}"#),
        "ArrayStr([Some(\"x\"), None])",
        &format!("ArrayInt64([Some({}), None])", 1_i64 << 40),
        "Decimal(\"12.50\")",
        "DbNull",
    ];
    assert_eq!(answer, format!("Ok([[{}]])", expected.map(|value| format!("DbValue::{value}")).join(", ")));
}

#[tokio::test]
async fn values_keep_their_types() {
    let host = host().await;
    let check = async |expression: &str, expected: &str| {
        let answer = query(&host, &format!("SELECT {expression}")).await;
        assert_eq!(answer, format!("Ok([[DbValue::{expected}]])"), "{expression}");
    };
    check("true", "Boolean(true)").await;
    check("7::int2", "Int16(7)").await;
    check("7::int4", "Int32(7)").await;
    check("7::int8", "Int64(7)").await;
    check("1.5::float8", "Floating64(1.5)").await;
    check("'x'::text", "Str(\"x\")").await;
    check("'\\x00ff'::bytea", "Binary([0, 255])").await;
    check("date '2026-11-21'", "Date((2026, 11, 21))").await;
    check("timestamp '2026-11-21 10:50:00.5'", "Datetime((2026, 11, 21, 10, 50, 0, 500000000))").await;
    check("1234.50::numeric", "Decimal(\"1234.50\")").await;
    check("'{1,null}'::int4[]", "ArrayInt32([Some(1), None])").await;
    check("'{1.5}'::numeric[]", "ArrayDecimal([Some(\"1.5\")])").await;
    check("null::text", "DbNull").await;
    check("'1.2.3.4'::inet", "Unsupported([2, 32, 0, 4, 1, 2, 3, 4])").await;
    assert_eq!(query(&host, "SELECT 1 WHERE false").await, "Ok([])");
}

#[tokio::test]
async fn a_timestamp_with_time_zone_cannot_be_read() {
    let answer = query(&host().await, "SELECT now()").await;
    assert!(answer.contains("QueryFailed(QueryError::Text("), "{answer}");
}

#[tokio::test]
async fn an_error_of_the_server_has_its_fields() {
    let host = host().await;
    let syntax = query(&host, "SELEKT").await;
    assert!(syntax.contains("DbError") && syntax.contains("code: \"42601\""), "{syntax}");
    let later = query(&host, "SELECT 1 / (n - 3) FROM generate_series(1, 5) n").await;
    assert!(later.contains("DbError") && later.contains("code: \"22012\""), "{later}");
}

#[tokio::test]
async fn many_rows_arrive_in_order() {
    let answer = query(&host().await, "SELECT n FROM generate_series(1, 1000) n").await;
    let expected: Vec<_> = (1..=1000).map(|n| format!("[DbValue::Int32({n})]")).collect();
    assert_eq!(answer, format!("Ok([{}])", expected.join(", ")));
}

#[tokio::test]
async fn an_open_transaction_is_inherited_by_the_next_borrower() {
    let host = host().await;
    assert_eq!(query(&host, "BEGIN").await, "Ok([])");
    let first = query(&host, "SELECT pg_current_xact_id()::text").await;
    let second = query(&host, "SELECT pg_current_xact_id()::text").await;
    assert_eq!(first, second, "both in the transaction that the first request left open");
}
