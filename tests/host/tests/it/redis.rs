use crate::support::*;

/// The answer that a guest gets of a Lua script.
async fn eval(script: &str) -> String {
    let host = start(&manifest("", "allowed_outbound_hosts = ['redis://*:*']")).await;
    get(host.addr, "/redis-eval", &[("argument", &redis_url()), ("script", script)]).await.1
}

#[tokio::test]
async fn nested_arrays_lose_their_structure() {
    let answer = eval("return {1, {'a', {2}}, false, redis.status_reply('fine')}").await;
    let results = ["Int64(1)", "Binary([97])", "Int64(2)", "Nil", "Status(\"fine\")"];
    assert_eq!(answer, format!("Ok([{}])", results.map(|result| format!("RedisResult::{result}")).join(", ")));
}

#[tokio::test]
async fn an_error_of_the_server_is_passed_on_as_text() {
    let answer = eval("return redis.error_reply('BUSYKEY as asked')").await;
    assert!(answer.starts_with("Err(Error::Other(") && answer.contains("as asked"), "{answer}");
    let nested = eval("return {1, redis.error_reply('ERR inside')}").await;
    assert!(nested.starts_with("Err(Error::Other(") && nested.contains("inside"), "{nested}");
}

#[tokio::test]
async fn a_script_that_the_server_does_not_know_is_recognisable() {
    let host = start(&manifest("", "allowed_outbound_hosts = ['redis://*:*']")).await;
    let answer = ask(&host, "/redis-eval", &redis_url()).await;
    assert!(answer.contains("NoScriptError"), "{answer}");
}
