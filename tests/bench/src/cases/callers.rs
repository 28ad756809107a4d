//! What it costs a hit to know whether its token was revoked, and to keep limits: servers of each
//! kind in turn.

use e2e::{App, Caller, Private};
use serde_json::json;

use crate::load;
use crate::report::Report;
use crate::series::{Series, median};
use crate::stage::Stage;

const ROUNDS: usize = 9;
const SECONDS: u64 = 3;
/// Revoked tokens of the organisation.
const REVOKED: usize = 100;
/// More than a run can make, so that none is refused.
const LIMIT: &str = "100000000";

/// A server, and the read that it is sent.
struct Case {
    app: App,
    request: Vec<u8>,
    series: Series,
    /// The microseconds of a processor that each read took in a round, of the server and its Redis.
    busy: Vec<f64>,
}

impl Case {
    async fn of(name: &str, private: Private) -> Self {
        let app = private.own_redis().in_table().spawn().await.expect("a server of its own");
        let path = format!("/orders/{}", app.sample.order);
        app.warm(&path).await;
        let token = app.token_of(&Caller::service(&app.sample.org).claim("jti", json!("bench")));
        let authorization = format!("Bearer {token}");
        let request = load::request("GET", &format!("/api/v1{path}"), &[("Authorization", &authorization)], b"");
        Self { app, request, series: Series::new(name), busy: Vec::new() }
    }
}

/// Runs it.
pub async fn run(stage: &Stage, report: &mut Report) {
    let limited = [("limit_org_minute", LIMIT), ("limit_caller_minute", LIMIT)];
    let limited = limited.iter().fold(App::private(), |app, (name, limit)| app.variable(name, limit));
    let mut cases = [
        Case::of("callers: no token is looked at", App::private().variable("auth_mode", "off")).await,
        Case::of("callers: tokens, none revoked", App::private()).await,
        Case::of("callers: tokens, a hundred revoked", App::private()).await,
        Case::of("callers: tokens, both limits", limited).await,
    ];
    let revoking = cases[2].app.operator();
    for number in 0..REVOKED {
        revoking.revoke(&json!({"tokenId": format!("revoked-{number}")})).await.expect(201);
    }
    // The order of a round turns, so that none always follows the same one.
    for round in 0..ROUNDS {
        for place in 0..cases.len() {
            let number = (place + round) % cases.len();
            let case = &mut cases[number];
            case.app.warm(&format!("/orders/{}", case.app.sample.order)).await;
            let requests = std::slice::from_ref(&case.request);
            let before = case.app.processor_ticks();
            let sample = stage.load(&case.app.base_url, requests, SECONDS);
            case.busy.push((case.app.processor_ticks() - before) as f64 * 1e4 / sample.requests);
            case.series.samples.push(sample);
        }
    }
    for case in &cases {
        report.fact(&format!("{}: processor's time a read", case.series.name), median(case.busy.clone()), "us");
    }
    for (dearer, plain) in [(2, 0), (2, 1), (3, 1)] {
        let ratios = cases[plain].busy.iter().zip(&cases[dearer].busy).map(|(plain, dearer)| plain / dearer);
        let names = [&cases[dearer].series.name, &cases[plain].series.name];
        report.fact(
            &format!("{} beside {}", names[0], names[1]),
            median(ratios),
            "times as many a second of processor",
        );
    }
    let [none, plain, revoked, limited] = cases.map(|case| case.series);
    report.series(none.clone(), None);
    report.series(plain.clone(), Some(&none));
    report.series(revoked.clone(), Some(&none));
    report.series(limited.clone(), Some(&plain));
}
