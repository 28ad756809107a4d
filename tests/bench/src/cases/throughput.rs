//! Requests a second and their latencies: ours and the peers in turn, round after round.

use crate::load::CONNECTIONS;
use crate::once::each_once;
use crate::report::Report;
use crate::series::Series;
use crate::stage::Stage;

const ROUNDS: usize = 7;
const SECONDS: u64 = 2;
/// Orders that a run of misses asks for, each once.
const MISSES: usize = 1000;

/// The app as it is if its variables stand in the environment.
const ENVIRONMENT: &str = "cached lookup, variables in the environment";
/// The floor behind `#[http_service]`.
const SDK_FLOOR: &str = "floor, the SDK's handler";

struct Case {
    series: Series,
    base: String,
    requests: Vec<Vec<u8>>,
    /// All cached entries are dropped before each run.
    cold: bool,
    peer: Option<&'static str>,
}

fn case(name: &str, base: &str, requests: Vec<Vec<u8>>, peer: Option<&'static str>) -> Case {
    Case { series: Series::new(name), base: base.to_owned(), requests, cold: false, peer }
}

/// Runs all of them.
pub async fn run(stage: &Stage, report: &mut Report) {
    let (app, components, native) = (&stage.app.base_url, &stage.components.base_url, &stage.native.base_url);
    let sample = &stage.app.sample;
    let order = format!("/orders/{}", sample.order);
    let history = format!("/customers/{}/orders?page=1&size=20", sample.customer);
    let etag = stage.app.warm(&order).await.header("etag").to_owned();
    let get = |path: &str| vec![stage.request("GET", path, &[], "")];
    let gzip = vec![stage.request("GET", "/orders?limit=20", &[("Accept-Encoding", "gzip")], "")];
    let orders = || stage.orders.iter().take(MISSES);
    let each: Vec<Vec<u8>> = orders().map(|id| stage.request("GET", &format!("/orders/{id}"), &[], "")).collect();
    let each_native: Vec<Vec<u8>> = orders().map(|id| stage.plain(&format!("/api/v1/orders/{id}"))).collect();
    let changes: Vec<Vec<u8>> = stage
        .orders
        .iter()
        .enumerate()
        .map(|(n, id)| stage.request("PATCH", &format!("/orders/{id}"), &[], &format!("{{\"notes\":\"bench {n}\"}}")))
        .collect();
    let (by_environment, _) = stage.app.another_server().await;
    let mut cases = vec![
        case("floor", components, vec![stage.plain(&stage.floor_path("floor"))], None),
        case("cached lookup", app, get(&order), Some("floor")),
        case(ENVIRONMENT, by_environment.base_url(), get(&order), Some("cached lookup")),
        case(SDK_FLOOR, components, vec![stage.plain(&stage.floor_path("floor-sdk"))], Some("floor")),
        case("hello", components, vec![stage.plain("/hello")], Some("floor")),
        case("native cached lookup", native, vec![stage.plain(&format!("/api/v1{order}"))], Some("floor")),
        case("304", app, vec![stage.request("GET", &order, &[("If-None-Match", &etag)], "")], Some("floor")),
        case("list hit (20 orders)", app, get("/orders?limit=20"), Some("floor")),
        case("list hit, gzip taken", app, gzip, Some("floor")),
        case("history page, cached", app, get(&history), Some("floor")),
        Case { cold: true, ..case("miss", app, each, Some("native miss")) },
        Case { cold: true, ..case("native miss", native, each_native, None) },
        case("PATCH", app, changes, None),
    ];
    for round in 1..=ROUNDS {
        eprintln!("    round {round} of {ROUNDS}");
        for case in &mut cases {
            if case.cold {
                stage.flush().await;
            } else {
                stage.fill_floor().await;
                for path in [&order, "/orders?limit=20", &history] {
                    stage.app.warm(path).await;
                }
            }
            let sample = if case.cold {
                each_once(&case.base, &case.requests, CONNECTIONS).await
            } else {
                stage.load(&case.base, &case.requests, SECONDS)
            };
            case.series.samples.push(sample);
        }
    }
    let all: Vec<Series> = cases.iter().map(|case| case.series.clone()).collect();
    let named = |name: &str| all.iter().find(|series| series.name == name);
    if let (Some(lookup), Some(floor)) = (named("cached lookup"), named(SDK_FLOOR)) {
        report.fact("cached lookup beside the floor behind the SDK's handler", lookup.ratio_to(floor).0, "times");
    }
    for case in cases {
        report.series(case.series, case.peer.and_then(|peer| all.iter().find(|series| series.name == peer)));
    }
}
