//! The events of one payment, in every order of arrival, come to the same end.

use futures_util::future::join_all;
use standin::{ActionEvents, Outcome, Payment, Provider};

use super::shop::{Order, Shop};

/// The steps at the provider of a payment of 100.00, and the state that they come to. The state is
/// payment status, captured, refunded, then each payment as status, amount and refunded sum.
///
/// `denied-other` is another attempt to pay the same order, `reversed` takes back the rest.
const TABLE: &[(Provider, &[&str], &str)] = &[
    (Provider::PayPal, &["completed"], "paid paid/100.00/0.00"),
    (Provider::PayPal, &["denied-other"], "failed failed/100.00/0.00"),
    (Provider::PayPal, &["completed", "refund-30"], "partially_refunded partially_refunded/100.00/30.00"),
    (Provider::PayPal, &["completed", "refund-30", "refund-20"], "partially_refunded partially_refunded/100.00/50.00"),
    (Provider::PayPal, &["denied-other", "completed"], "paid failed/100.00/0.00 paid/100.00/0.00"),
    (Provider::PayPal, &["completed", "reversed"], "reversed reversed/100.00/100.00"),
    (Provider::PayPal, &["completed", "dispute-opened"], "disputed disputed/100.00/0.00"),
    (Provider::PayPal, &["completed", "dispute-opened", "dispute-won"], "paid paid/100.00/0.00"),
    (Provider::PayPal, &["completed", "dispute-opened", "dispute-lost"], "reversed reversed/100.00/100.00"),
    (
        Provider::PayPal,
        &["completed", "refund-30", "refund-20", "denied-other", "reversed", "dispute-opened", "dispute-won"],
        "reversed failed/100.00/0.00 reversed/100.00/100.00",
    ),
    (Provider::Stripe, &["completed"], "paid paid/100.00/0.00"),
    (Provider::Stripe, &["denied-other"], "failed failed/100.00/0.00"),
    (Provider::Stripe, &["completed", "refund-30", "refund-20"], "partially_refunded partially_refunded/100.00/50.00"),
    (Provider::Stripe, &["completed", "dispute-opened", "dispute-lost"], "reversed reversed/100.00/100.00"),
    (
        Provider::Stripe,
        &["completed", "refund-30", "refund-20", "denied-other", "dispute-opened", "dispute-won"],
        "partially_refunded failed/100.00/0.00 partially_refunded/100.00/50.00",
    ),
];

/// How many orders of arrival of each set are tried over HTTP. The tests of the database hold all
/// of them.
const SAMPLE: usize = 6;

/// The event of each step that the table means; the provider sends others along.
fn kind(provider: Provider, step: &str) -> &'static str {
    match (provider, step) {
        (Provider::PayPal, "completed") => "PAYMENT.CAPTURE.COMPLETED",
        (Provider::PayPal, "denied-other") => "PAYMENT.CAPTURE.DENIED",
        (Provider::PayPal, "refund-30" | "refund-20") => "PAYMENT.CAPTURE.REFUNDED",
        (Provider::PayPal, "reversed") => "PAYMENT.CAPTURE.REVERSED",
        (Provider::PayPal, "dispute-opened") => "CUSTOMER.DISPUTE.CREATED",
        (Provider::PayPal, _) => "CUSTOMER.DISPUTE.RESOLVED",
        (Provider::Stripe, "completed") => "payment_intent.succeeded",
        (Provider::Stripe, "denied-other") => "payment_intent.payment_failed",
        (Provider::Stripe, "refund-30" | "refund-20") => "charge.refunded",
        (Provider::Stripe, "dispute-opened") => "charge.dispute.created",
        (Provider::Stripe, _) => "charge.dispute.closed",
    }
}

/// Lets a set happen at the provider and gives its events, in the order of the set. None is sent.
fn happen(shop: &Shop, provider: Provider, order: &Order, set: &[&str]) -> Vec<String> {
    let payment = Payment::new(provider, &order.id, &order.total, &order.currency);
    let (mut taken, mut dispute) = (String::new(), String::new());
    let mut did = |step: &str| -> ActionEvents {
        match step {
            "completed" => {
                let paid = shop.standin.pay_directly(&payment);
                taken.clone_from(&paid.id);
                paid
            }
            "denied-other" => shop.standin.pay_directly(&Payment { outcome: Outcome::Declined, ..payment.clone() }),
            "refund-30" => shop.standin.refund(&taken, Some("30.00")),
            "refund-20" => shop.standin.refund(&taken, Some("20.00")),
            "reversed" => shop.standin.reverse(&taken, None),
            "dispute-opened" => {
                let opened = shop.standin.dispute(&taken);
                dispute.clone_from(&opened.id);
                opened
            }
            "dispute-won" => shop.standin.resolve(&dispute, true),
            "dispute-lost" => shop.standin.resolve(&dispute, false),
            other => panic!("{other}"),
        }
    };
    set.iter().map(|step| shop.standin.of_kind(&did(step), kind(provider, step)).id).collect()
}

/// An order over 100.00.
async fn order(shop: &Shop) -> Order {
    let mut request = shop.app.order_request();
    request["items"][0]["unitPrice"] = "50.00".into();
    let caller = shop.app.as_caller(&shop.app.service().scope("orders:price"));
    let order = caller.create(request, &crate::new_key()).await.expect(201).json();
    assert_eq!(order["totalAmount"], "100.00");
    let text = |name: &str| order[name].as_str().expect("text").to_owned();
    Order { id: text("id"), total: text("totalAmount"), currency: text("currency") }
}

async fn state(shop: &Shop, order: &Order) -> String {
    let money = shop.money(order).await;
    let text = |value: &serde_json::Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let mut payments: Vec<String> = money["payments"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|payment| [text(payment, "status"), text(payment, "amount"), text(payment, "refundedAmount")].join("/"))
        .collect();
    payments.sort();
    payments.insert(0, text(&money, "paymentStatus"));
    payments.join(" ")
}

/// Some orders of `count` things, the same in every run: the given one, its reverse, and others in
/// between.
fn arrivals(count: usize) -> Vec<Vec<usize>> {
    let all = (1..=count).product::<usize>();
    let step = (all / SAMPLE).max(1);
    (0..all).step_by(step).chain([all - 1]).map(|n| permutation(count, n)).collect()
}

/// The permutation of this number.
fn permutation(count: usize, mut number: usize) -> Vec<usize> {
    let mut left: Vec<usize> = (0..count).collect();
    (1..=count)
        .rev()
        .map(|size| {
            let at = number % size;
            number /= size;
            left.remove(at)
        })
        .collect()
}

async fn every_set_comes_to_its_state(shop: &Shop) {
    shop.standin.automatic(false);
    for (provider, set, expected) in TABLE {
        for arrival in arrivals(set.len()) {
            let order = order(shop).await;
            let events = happen(shop, *provider, &order, set);
            for at in &arrival {
                // An event that comes before its payment is told to come again. The others go on
                // meanwhile.
                shop.standin.send(&shop.standin.signed(&events[*at])).await;
            }
            for at in &arrival {
                let attempts = shop.standin.deliver(&events[*at]).await;
                assert!(attempts.iter().any(|attempt| attempt.accepted()), "{set:?} {arrival:?}: {attempts:?}");
            }
            let names: Vec<_> = arrival.iter().map(|at| set[*at]).collect();
            assert_eq!(state(shop, &order).await, *expected, "{} {names:?}", provider.name());
        }
        // And all of them at the same moment, twice.
        let order = order(shop).await;
        let events = happen(shop, *provider, &order, set);
        join_all(events.iter().chain(&events).map(|event| shop.standin.deliver(event))).await;
        assert_eq!(state(shop, &order).await, *expected, "{} {set:?} at the same moment", provider.name());
    }
    assert_eq!(shop.events("received").await, 0, "none waits");
    assert_eq!(shop.events("needs_review").await, 0, "none is doubtful");
}

#[tokio::test]
async fn every_set_of_events_comes_to_its_state_in_any_order_of_arrival() {
    let Some(shop) = Shop::open().await else { return };
    every_set_comes_to_its_state(&shop).await;
}

/// If PayPal's API isn't asked, every event tells the state of its own time.
#[tokio::test]
async fn every_set_of_events_comes_to_its_state_without_paypals_api() {
    let Some(shop) = Shop::like(e2e::App::private().variable("paypal_mode", "signature-only")).await else { return };
    every_set_comes_to_its_state(&shop).await;
}
