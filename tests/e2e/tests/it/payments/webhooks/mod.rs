//! Deliveries: each event takes effect exactly once, and nothing forged does.

mod away;
mod bulk;
mod configuration;
mod cost;
mod dismissed;
mod flood;
mod forged;
mod identity;
mod life;
mod once;
mod operators;
mod pages;
mod proved;
mod review;
mod sequence;

use e2e::{App, Client};
use serde_json::Value;
use standin::{ActionEvents, Event, Payment, Provider, SignedDelivery, Standin};

/// The event that pays an order, for each provider.
const PAID: [&str; 2] = ["PAYMENT.CAPTURE.COMPLETED", "payment_intent.succeeded"];

/// A server that takes payments, with events that are sent only when a scenario sends them.
async fn shop() -> Option<App> {
    shop_like(App::private()).await
}

async fn shop_like(private: e2e::Private) -> Option<App> {
    let standin = Standin::start().await;
    let app = private.payments(&standin).spawn().await?;
    standin.automatic(false);
    Some(app)
}

/// An order with the values that a scenario needs.
struct PayableOrder {
    id: String,
    total: String,
}

async fn order(app: &App) -> PayableOrder {
    let order = app.new_order().await.json();
    let text = |name: &str| order[name].as_str().expect(name).to_owned();
    PayableOrder { id: text("id"), total: text("totalAmount") }
}

/// The payment status of an order as a reader sees it.
async fn payment_status(app: &App, order: &PayableOrder) -> String {
    let order: Value = app.client.order(&order.id).await.expect(200).json();
    order["paymentStatus"].as_str().expect("a payment status").to_owned()
}

/// Payment status, and each payment as status, amount and refunded sum.
async fn money(app: &App, order: &PayableOrder) -> String {
    let id = &order.id;
    app.psql_value(&format!(
        "SELECT concat_ws(' ', o.payment_status, (SELECT string_agg(p.status || '/' || p.amount::numeric(15, 2) || '/' ||
            p.refunded_amount::numeric(15, 2), ' ' ORDER BY p.captured_at, p.external_id) FROM payments p WHERE p.order_id = o.id))
         FROM orders o WHERE o.id = '{id}'"
    ))
    .await
}

/// Lets the shopper pay all of an order; gives the event that says so.
fn pay(app: &App, provider: Provider, order: &PayableOrder) -> Event {
    let payment = Payment::new(provider, &order.id, &order.total, &app.sample.currency);
    paid(app, &app.standin().pay_directly(&payment))
}

/// The event among these that reports the taken money.
fn paid(app: &App, happened: &ActionEvents) -> Event {
    let events = happened.events.iter().map(|id| app.standin().event(id));
    events.into_iter().find(|event| PAID.contains(&event.kind.as_str())).expect("an event of a payment")
}

/// Delivers once to one server. Gives the status and the outcome in the body; for a problem its
/// reason, else its title.
async fn deliver(client: &Client, signed: &SignedDelivery) -> (u16, String) {
    let headers = signed.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let answer = client.deliver(signed.provider.name(), headers, signed.body.clone()).await;
    let body = answer.json();
    let told = ["outcome", "reason"].iter().find_map(|name| body[name].as_str());
    let told = if answer.status == 200 { body["status"].as_str() } else { told.or_else(|| body["title"].as_str()) };
    (answer.status, told.unwrap_or_default().to_owned())
}

/// A 200 with this outcome.
fn ok(outcome: &str) -> (u16, String) {
    (200, outcome.to_owned())
}

/// How many events are stored, as `state:reason`, sorted.
async fn events(app: &App) -> String {
    app.psql_value(
        "SELECT coalesce(string_agg(concat_ws(':', state, reason), ' ' ORDER BY concat_ws(':', state, reason)), '') FROM webhook_events",
    )
    .await
}
