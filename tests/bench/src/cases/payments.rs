//! Webhooks, delivered for the first time and again, and a payment from the session to the paid
//! order, at the stand-in's.

use std::time::{Duration, Instant};

use e2e::{SHOP, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use standin::{Payment, Provider};

use crate::load;
use crate::once::each_once;
use crate::report::Report;
use crate::series::{Series, median};
use crate::stage::Stage;

const ROUNDS: usize = 3;
const EVENTS: usize = 150;
const SESSIONS: usize = 20;
/// Providers deliver by a few connections.
const DELIVERERS: usize = 8;

async fn new_order(stage: &Stage) -> (String, String, String) {
    let order = stage.app.new_order().await.json();
    let text = |name: &str| order[name].as_str().unwrap_or_else(|| panic!("{name} in {order}")).to_owned();
    (text("id"), text("totalAmount"), text("currency"))
}

/// Runs it.
pub async fn run(stage: &Stage, report: &mut Report) {
    webhooks(stage, report).await;
    for provider in [Provider::Stripe, Provider::PayPal] {
        sessions(stage, report, provider).await;
    }
}

async fn webhooks(stage: &Stage, report: &mut Report) {
    let (mut first, mut again) =
        (Series::new("webhook, first delivery (Stripe)"), Series::new("webhook, the same again"));
    for _ in 0..ROUNDS {
        let mut deliveries = Vec::new();
        for _ in 0..EVENTS {
            let (order, total, currency) = new_order(stage).await;
            let paid = stage.standin.pay_directly(&Payment::new(Provider::Stripe, &order, &total, &currency));
            let signed = stage.standin.signed(paid.events.first().expect("an event"));
            let headers: Vec<(&str, &str)> =
                signed.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            deliveries.push(load::request("POST", "/api/v1/webhooks/stripe", &headers, &signed.body));
        }
        first.samples.push(each_once(&stage.app.base_url, &deliveries, DELIVERERS).await);
        again.samples.push(each_once(&stage.app.base_url, &deliveries, DELIVERERS).await);
    }
    report.series(again, Some(&first));
    report.series(first, None);
}

/// From the request for a session to the paid order; the shopper pays at once.
async fn sessions(stage: &Stage, report: &mut Report, provider: Provider) {
    stage.standin.automatic(true);
    let (mut asked, mut paid) = (Vec::new(), Vec::new());
    let client = &stage.app.client;
    for _ in 0..SESSIONS {
        let (order, _, _) = new_order(stage).await;
        let body = json!({"orderId": order, "paymentGateway": provider.name(), "returnUrl": format!("{SHOP}done")});
        let key = uuid::Uuid::new_v4().to_string();
        let began = Instant::now();
        let request = client.request(Method::POST, "/payments/sessions").header("idempotency-key", key).json(&body);
        let session = client.send(request).await.expect(201).json();
        asked.push(began.elapsed().as_secs_f64() * 1e3);
        let external = session["externalTransactionId"].as_str().expect("the provider's id").to_owned();
        match provider {
            Provider::Stripe => stage.standin.pay(&external),
            Provider::PayPal => stage.standin.approve(&external),
        };
        let id = session["id"].as_str().expect("an id");
        eventually("the session is completed", Duration::from_secs(20), || async {
            let shown: Value = client.session(id).await.expect(200).json();
            (shown["status"] == "completed").then_some(())
        })
        .await;
        paid.push(began.elapsed().as_secs_f64() * 1e3);
    }
    stage.standin.automatic(false);
    let most = paid.iter().copied().fold(0.0, f64::max);
    report.fact(
        &format!("payment session ({}): asked for and made at the provider", provider.name()),
        median(asked),
        "ms",
    );
    report.fact(&format!("payment session ({}): from there to completed", provider.name()), median(paid), "ms");
    report.fact(&format!("payment session ({}): the slowest of {SESSIONS}", provider.name()), most, "ms");
}
