//! Deliveries: each event takes effect exactly once, and nothing forged does.

use e2e::App;
use serde_json::Value;
use standin::{Attempt, Payment, Provider, Standin};

/// A server that takes payments, with events that are sent only when a scenario sends them.
async fn shop() -> Option<App> {
    let standin = Standin::start().await;
    let app = App::private().payments(&standin).spawn().await?;
    standin.automatic(false);
    Some(app)
}

/// A new order, and its total.
async fn order(app: &App) -> (String, String) {
    let order = app.new_order().await.json();
    let text = |name: &str| order[name].as_str().expect(name).to_owned();
    (text("id"), text("totalAmount"))
}

/// Payment status, captured and refunded sum of an order, read through the API.
async fn paid(app: &App, order: &str) -> String {
    let order: Value = app.client.order(order).await.expect(200).json();
    order["paymentStatus"].as_str().expect("a payment status").to_owned()
}

/// The stand-in's `Payment` of a whole order.
fn whole(app: &App, provider: Provider, order: &(String, String)) -> Payment {
    Payment::new(provider, &order.0, &order.1, &app.sample.currency)
}

#[track_caller]
fn outcomes(attempts: &[Attempt]) -> Vec<String> {
    attempts.iter().map(|attempt| format!("{} {}", attempt.status.unwrap_or_default(), attempt.outcome())).collect()
}

#[tokio::test]
async fn a_payment_is_told_by_an_event_and_a_duplicate_changes_nothing() {
    let Some(app) = shop().await else { return };
    for provider in Provider::ALL {
        let order = order(&app).await;
        assert_eq!(paid(&app, &order.0).await, "unpaid");
        let happened = app.standin().pay_directly(&whole(&app, provider, &order));
        let event = happened.events.first().expect("an event");
        let signed = app.standin().signed(event);
        let first = app.standin().send(&signed).await;
        assert_eq!((first.status, first.outcome().as_str()), (Some(200), "processed"), "{first:?}");
        assert_eq!(paid(&app, &order.0).await, "paid");
        let second = app.standin().send(&signed).await;
        assert_eq!((second.status, second.outcome().as_str()), (Some(200), "already_processed"), "{second:?}");
        println!("{:?}", outcomes(&[first, second]));
    }
}
