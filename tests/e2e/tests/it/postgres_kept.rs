//! An instance that asks Postgres again and again keeps its connection for a while, and nobody is
//! the worse for it.

use e2e::{App, SOON, eventually};
use uuid::Uuid;

/// So many reads one after the other.
const READS: usize = 30;

/// A read that asks Postgres each time, since what isn't there is never cached.
async fn ask(app: &App) {
    app.client.order(&Uuid::new_v4().to_string()).await.expect(404);
}

/// The loans and the statements of some reads.
async fn read_again_and_again(app: &App) -> (i64, usize) {
    let before = app.statements().await;
    for _ in 0..READS {
        ask(app).await;
    }
    let after = app.statements().await;
    (after.loans_since(&before), after.since(&before).len())
}

async fn keeping(millis: &str) -> Option<App> {
    App::private().own_redis().variable("postgres_keep_ms", millis).spawn().await
}

#[tokio::test]
async fn an_instance_that_asks_again_and_again_keeps_its_connection() {
    let Some(app) = keeping("1000").await else { return };
    eventually("most statements have no loan of their own", SOON, || async {
        let (loans, statements) = read_again_and_again(&app).await;
        (statements >= READS && loans < READS as i64 / 2).then_some(())
    })
    .await;
}

#[tokio::test]
async fn no_connection_is_kept_if_none_is_wanted() {
    let Some(app) = keeping("0").await else { return };
    read_again_and_again(&app).await;
    let (loans, statements) = read_again_and_again(&app).await;
    assert!(loans >= statements as i64 && statements >= READS, "{loans} loans for {statements} statements");
}

#[tokio::test]
async fn a_read_is_answered_although_the_kept_connection_broke() {
    let Some(app) = keeping("1000").await else { return };
    for _ in 0..READS {
        for _ in 0..3 {
            ask(&app).await;
        }
        app.psql(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
             WHERE datname = current_database() AND state = 'idle' AND pid <> pg_backend_pid()",
        )
        .await;
        ask(&app).await;
    }
}

#[tokio::test]
async fn what_is_kept_goes_back_when_others_wait() {
    let settings = App::private().own_redis().max_connections("pg", 1).variable("postgres_keep_ms", "1000");
    let Some(app) = settings.spawn().await else { return };
    // Two components share the one connection, and both ask again and again.
    for _ in 0..10 {
        for _ in 0..3 {
            ask(&app).await;
        }
        for limit in 1..4 {
            app.client.get(&format!("/orders/search?q=nobody{limit}")).await.expect(200);
        }
    }
}
