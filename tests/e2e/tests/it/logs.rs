//! The log: one JSON object a line, as much as its level says, and by request.

use e2e::{App, Private, SOON, eventually};
use serde_json::{Value, json};

const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// The lines of components, which begin as their JSON does.
fn lines(app: &App) -> Vec<Value> {
    let objects = app.log().lines().filter_map(|line| Some(line[line.find('{')?..].to_owned())).collect::<Vec<_>>();
    objects.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"))).collect()
}

/// Waits for a line of this event that names this request.
async fn line(app: &App, event: &str, request: &str) -> Value {
    eventually(&format!("a line of {event} names {request}"), SOON, || async {
        lines(app).into_iter().find(|line| line["event"] == event && line["requestId"] == request)
    })
    .await
}

/// Changes and reads a new order by requests of these names.
async fn use_it(app: &App, names: [&str; 2]) -> String {
    let order = app.new_order_id().await;
    let path = format!("/orders/{order}");
    let named = |method, name: &str| {
        app.client.request(method, &path).header("x-request-id", name).header("traceparent", TRACE)
    };
    let change = named(reqwest::Method::PATCH, names[0]).json(&json!({"notes": "for Ada Lovelace"}));
    app.client.send(change).await.expect(200);
    app.client.send(named(reqwest::Method::GET, names[1])).await.expect(200);
    order
}

async fn app(private: Private, level: &str) -> Option<App> {
    private.variable("log_level", level).spawn().await
}

#[tokio::test]
async fn a_change_and_a_miss_are_told_with_the_request_and_its_trace() {
    let Some(app) = app(App::private(), "debug").await else { return };
    let order = use_it(&app, ["a-change", "a-read"]).await;
    let change = line(&app, "write", "a-change").await;
    let told = [&change["level"], &change["component"], &change["traceparent"], &change["function"]];
    assert_eq!(told, ["info", "order-lookup", TRACE, "order_patch"].map(Value::from).each_ref(), "{change}");
    let tag = format!("order:{}/{order}", app.sample.org);
    assert!(change["first"].as_array().is_some_and(|tags| tags.contains(&json!(tag))), "{change}");
    assert!(change["at"].as_u64() > Some(1_700_000_000_000), "{change}");
    let read = line(&app, "read", "a-read").await;
    let told = [&read["level"], &read["entity"], &read["tag"], &read["traceparent"]];
    assert_eq!(told, ["debug", "order", &tag, TRACE].map(Value::from).each_ref(), "{read}");
    assert!(!app.log().contains("Lovelace") && !app.log().contains(app.token()));
}

#[tokio::test]
async fn the_level_leaves_out_what_is_below_it() {
    let Some(app) = app(App::private(), "info").await else { return };
    use_it(&app, ["a-change", "a-read"]).await;
    line(&app, "write", "a-change").await;
    assert!(lines(&app).iter().all(|line| line["level"] != "debug"), "{}", app.log());
}

#[tokio::test]
async fn by_itself_the_log_tells_of_faults_alone_and_names_the_request() {
    let Some(app) = App::private().own_redis().spawn().await else { return };
    use_it(&app, ["a-change", "a-read"]).await;
    let quiet = |line: &Value| line["level"] == "warn" || line["level"] == "error";
    assert!(lines(&app).iter().all(quiet), "{}", app.log());
    let client = redis::Client::open(app.redis_url.as_str()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
    let spoil = redis::cmd("ACL").arg(&["SETUSER", "default", "-del"]).exec_async(&mut connection).await;
    spoil.expect("ACL SETUSER");
    use_it(&app, ["refused", "read-on"]).await;
    let told = eventually("the error of Redis is told", SOON, || async {
        lines(&app).into_iter().find(|line| line["event"] == "redis-answers")
    })
    .await;
    assert_eq!(told["level"], "warn");
    assert!(told["message"].as_str().is_some_and(|message| message.contains("NOPERM")), "{told}");
    assert!(lines(&app).iter().all(quiet), "{}", app.log());
}
