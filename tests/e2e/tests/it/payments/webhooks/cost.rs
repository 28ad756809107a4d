//! A delivery costs a known number of round trips.

use std::time::Duration;

use e2e::{App, eventually};
use standin::Provider;

use super::{deliver, ok, order, pay, shop_like};

/// Waits until what writers do behind their answers is done. A read renews the certificate: before the first one nobody's rows go.
async fn outbox_is_empty(app: &App) {
    eventually("the outbox is emptied behind the answer", Duration::from_secs(20), || async {
        app.client.order(&app.sample.order).await;
        (app.psql_value("SELECT count(*)::text FROM cache_invalidations").await == "0").then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_first_delivery_costs_two_statements_and_a_duplicate_one_redis_command() {
    let Some(app) = shop_like(App::private().own_redis()).await else { return };
    for provider in Provider::ALL {
        // Scripts are sent and certificates fetched once.
        let before = order(&app).await;
        assert_eq!(
            deliver(&app.client, &app.standin().signed(&pay(&app, provider, &before).id)).await,
            ok("processed")
        );
        let mut exact = 0;
        for _ in 0..10 {
            let order = order(&app).await;
            let signed = app.standin().signed(&pay(&app, provider, &order).id);
            outbox_is_empty(&app).await;
            let (mut log, earlier) = (app.redis_log().await, app.statements().await);
            log.take().await;
            assert_eq!(deliver(&app.client, &signed).await, ok("processed"));
            let sql = app.statements().await.since(&earlier);
            let (own, behind): (Vec<_>, Vec<_>) = sql.into_iter().partition(|text| !text.contains("cache_"));
            assert_eq!(own.len(), 2, "{provider:?}: {own:#?}");
            assert!(behind.len() <= 1, "{provider:?}: {behind:#?}");
            // A claim, an invalidation, the claim's end; behind the answer the customer's attempts. An instance that has just begun asks
            // for the certificate, too.
            let redis: Vec<_> = log.take().await.into_iter().filter(|command| !command.is_renewal()).collect();
            assert!(redis.len() <= 5, "{provider:?}: {redis:#?}");
            exact += usize::from(redis.len() <= 4);
        }
        assert!(exact >= 5, "{provider:?}: only {exact} of 10 deliveries cost no more than they have to");
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
        outbox_is_empty(&app).await;
        let (mut log, earlier) = (app.redis_log().await, app.statements().await);
        let calls = app.standin().seen().len();
        let mut exact = 0;
        for _ in 0..20 {
            log.take().await;
            assert_eq!(deliver(&app.client, &signed).await, ok("already_processed"));
            let redis: Vec<_> = log.take().await.into_iter().filter(|command| !command.is_renewal()).collect();
            assert!(redis.len() <= 2, "{provider:?}: {redis:#?}");
            exact += usize::from(redis.len() == 1);
        }
        assert!(exact >= 18, "{provider:?}: only {exact} of 20 duplicates cost one command");
        let sql = app.statements().await.since(&earlier);
        assert!(sql.is_empty(), "{provider:?}: {sql:#?}");
        assert_eq!(app.standin().seen().len(), calls, "{provider:?}: the provider wasn't asked");
    }
}
