//! Money, pieces or jobs that wait for somebody.

use e2e::App;
use standin::{Certificate, Fault, FaultKind, Payment, Provider, Standin};

use super::{Watch, nothing, wanted, watched};
use crate::catalogue::stock_service;
use crate::jobs;
use crate::new_key;
use crate::payments::refunds_in_doubt::{LONG_AGO, paid};
use crate::payments::shop::Shop;

/// A shop whose breakers rest for no time that counts, with those that watch it.
async fn shop(standin: Standin) -> Option<(Shop, Watch)> {
    if !wanted() {
        return None;
    }
    let mut private = App::private().own_redis().variable("payment_breaker_ms", "1");
    for (name, value) in standin.fraud_variables() {
        private = private.variable(name, &value);
    }
    let shop = Shop::at(standin, private).await?;
    let watch = Watch::begin(&shop.app).await;
    Some((shop, watch))
}

#[tokio::test]
async fn an_event_that_waits_pages() {
    let Some((shop, watch)) = shop(Standin::start().await).await else { return };
    shop.standin.automatic(false);
    let (_, event) = jobs::paid_at_paypal(&shop).await;
    jobs::waits(&shop, &event).await;
    shop.app.psql("UPDATE webhook_events SET received_at = received_at - interval '1 hour'").await;
    watch.fire(&["EdgeOrdersEventsWaiting"], nothing).await;
    watch.pages_once("EdgeOrdersEventsWaiting", nothing).await;
}

#[tokio::test]
async fn an_event_that_nobody_reviews_is_told() {
    let Some((shop, watch)) = shop(Standin::start().await).await else { return };
    let order = shop.order().await;
    let foreign = if order.currency == "RON" { "EUR" } else { "RON" };
    shop.standin.pay_directly(&Payment::new(Provider::Stripe, &order.id, &order.total, foreign));
    watch
        .fire(&["EdgeOrdersEventsInReview"], async || {
            let older = "UPDATE webhook_events SET received_at = now() - interval '2 days'
                WHERE state = 'needs_review'";
            shop.app.psql(older).await;
        })
        .await;
}

#[tokio::test]
async fn a_payment_that_is_held_is_told() {
    let Some((shop, watch)) = shop(Standin::start().await).await else { return };
    shop.standin.judge(r#"{"decision":"review","score":12,"reason":"Two cards in a minute"}"#);
    let order = shop.order().await;
    shop.ask(&order, Provider::Stripe, &new_key()).await.expect(202);
    shop.app.psql("UPDATE payment_sessions SET created_at = created_at - interval '1 hour'").await;
    watch.fire(&["EdgeOrdersPaymentsHeld"], nothing).await;
}

#[tokio::test]
async fn a_refund_that_waits_or_has_no_known_fate_is_told() {
    let Some((shop, watch)) = shop(Standin::start().await).await else { return };
    let (_, payment) = paid(&shop, Provider::PayPal).await;
    shop.standin.fail(Fault::new(FaultKind::DoneThenStatus(503)).on("/refund"));
    shop.refund(&payment, Some("0.01"), "key-1").await.expect(202);
    shop.app.psql("UPDATE refund_requests SET created_at = created_at - interval '1 hour'").await;
    watch.fire(&["EdgeOrdersRefundsWaiting"], nothing).await;
    shop.app.psql(LONG_AGO).await;
    shop.app.operator().send_refunds().await.expect(200);
    watch.fire(&["EdgeOrdersRefundFateUnknown"], nothing).await;
}

#[tokio::test]
async fn an_order_without_its_pieces_is_told() {
    if !wanted() {
        return;
    }
    let standin = Standin::start().await;
    let Some(app) = stock_service::at_service(&standin).own_redis().spawn().await else { return };
    let watch = Watch::begin(&app).await;
    standin.set_pieces(&app.sample.sku, 1);
    standin.fail(Fault::new(FaultKind::Status(500)));
    let order = stock_service::placed(&app, 2).await;
    standin.heal();
    stock_service::becomes(&app, &order, "stock_missing").await;
    watch.fire(&["EdgeOrdersStockMissing"], nothing).await;
}

#[tokio::test]
async fn a_job_that_nobody_calls_is_told() {
    let Some((app, watch)) = watched(App::private().own_redis()).await else { return };
    // A shop that uses none is told nothing.
    jobs::ticked(&app, "order-list").await;
    app.psql("UPDATE jobs SET next_run = now() - interval '1 hour'").await;
    watch.fire(&["EdgeOrdersJobOverdue"], nothing).await;
}

#[tokio::test]
async fn a_certificate_that_ends_is_told() {
    let standin = Standin::start().await;
    let Some((app, watch)) = watched(App::private().own_redis()).await else { return };
    let name = Certificate::Expired.file_name();
    let url = format!("{}/v1/notifications/certs/{name}", standin.base_url());
    let pem = reqwest::get(&url).await.expect("the stand-in").text().await.expect("PEM");
    app.psql(&format!("INSERT INTO provider_certificates (url, pem) VALUES ('{url}', '{pem}')")).await;
    watch.fire(&["EdgeOrdersCertificateExpires"], nothing).await;
}
