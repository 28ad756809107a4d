//! A delivery costs a known number of round trips.

use e2e::{App, Command};
use standin::Provider;

use super::{deliver, ok, order, pay, shop_like};

/// The commands of deliveries to Redis. A read before them may still be at work behind its answer,
/// and a renewal of the certificate comes when it is due: neither is a delivery's.
struct RedisCost {
    /// Commands of the delivery's claim.
    claims: usize,
    /// Invalidations of this order: the delivery's own, and repetitions by a renewal in between.
    invalidations: usize,
    renewals: usize,
    /// Commands for the certificate, which an instance asks for once.
    certificates: usize,
    /// All other commands, except the one that clears the count of the customer's attempts behind
    /// the answer.
    others: Vec<Command>,
}

fn redis_cost(app: &App, order: &str, commands: Vec<Command>) -> RedisCost {
    let mut cost = RedisCost { claims: 0, invalidations: 0, renewals: 0, certificates: 0, others: Vec::new() };
    for command in commands {
        match &command {
            command if command.is_renewal() => cost.renewals += 1,
            command if command.text.contains("order-payment:webhook:") => cost.claims += 1,
            command if command.text.contains("order-payment:certificate:") => cost.certificates += 1,
            command if command.name == "DEL" && command.text.contains(order) => cost.invalidations += 1,
            command if command.text.contains("payment:rate:") || command.text.contains(&app.sample.order) => {}
            _ => cost.others.push(command),
        }
    }
    cost
}

/// The statements that are neither a read's nor part of the cache protocol, which runs behind the
/// answer.
fn own(statements: Vec<String>) -> Vec<String> {
    let cache = |text: &str| text.contains("cache_") && !text.contains("cache_written");
    statements.into_iter().filter(|text| !cache(text) && !text.contains("order_get")).collect()
}

#[tokio::test]
async fn a_first_delivery_costs_one_statement_or_two_if_its_body_proves_nothing() {
    let Some(app) = shop_like(App::private().own_redis()).await else { return };
    for provider in Provider::ALL {
        // Scripts are sent and certificates fetched once.
        let before = order(&app).await;
        assert_eq!(
            deliver(&app.client, &app.standin().signed(&pay(&app, provider, &before).id)).await,
            ok("processed")
        );
        let mut behind = 0;
        for delivered in 2..=11 {
            let order = order(&app).await;
            let signed = app.standin().signed(&pay(&app, provider, &order).id);
            app.apply_announced(&app.sample.order).await;
            let (mut log, earlier) = (app.redis_log().await, app.statements().await);
            log.take().await;
            assert_eq!(deliver(&app.client, &signed).await, ok("processed"));
            let sql = own(app.statements().await.since(&earlier));
            // Behind the answer the customer's attempts of the hour are forgotten, perhaps late.
            let (forgotten, sql): (Vec<_>, Vec<_>) = sql.into_iter().partition(|text| text.contains("attempt_forget"));
            behind += forgotten.len();
            let statements = match provider {
                Provider::PayPal => 2,
                Provider::Stripe => 1,
            };
            assert_eq!((sql.len(), behind <= delivered), (statements, true), "{provider:?}: {sql:#?} {behind}");
            // A claim, an invalidation, the claim's end.
            let redis = redis_cost(&app, &order.id, log.take().await);
            assert_eq!((redis.claims, redis.others.len()), (2, 0), "{provider:?}: {:#?}", redis.others);
            assert!(redis.certificates <= 1, "{provider:?}: {}", redis.certificates);
            let invalidations = redis.invalidations;
            assert!((1..=1 + redis.renewals).contains(&invalidations), "{provider:?}: {invalidations}");
        }
    }
}

#[tokio::test]
async fn a_duplicate_costs_one_redis_command_and_no_statement() {
    let Some(app) = shop_like(App::private().own_redis()).await else { return };
    for provider in Provider::ALL {
        let order = order(&app).await;
        let signed = app.standin().signed(&pay(&app, provider, &order).id);
        assert_eq!(deliver(&app.client, &signed).await, ok("processed"));
        assert_eq!(deliver(&app.client, &signed).await, ok("already_processed"));
        app.apply_announced(&app.sample.order).await;
        let (mut log, earlier) = (app.redis_log().await, app.statements().await);
        let calls = app.standin().seen().len();
        for _ in 0..20 {
            log.take().await;
            assert_eq!(deliver(&app.client, &signed).await, ok("already_processed"));
            let redis = redis_cost(&app, &order.id, log.take().await);
            let told = (redis.claims, redis.others.len());
            assert!(redis.certificates <= 1, "{provider:?}: {}", redis.certificates);
            assert_eq!(told, (1, 0), "{provider:?}: {:#?}", redis.others);
        }
        let sql = own(app.statements().await.since(&earlier));
        assert!(sql.is_empty(), "{provider:?}: {sql:#?}");
        assert_eq!(app.standin().seen().len(), calls, "{provider:?}: the provider wasn't asked");
    }
}
