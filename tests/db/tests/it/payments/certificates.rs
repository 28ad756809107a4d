//! Certificates of providers: the limit of fetches, and what is kept.

use std::sync::Arc;

use super::database;
use crate::database::Database;

async fn granted(db: &Database, url: &str, limit: i32) -> bool {
    db.client.query_one("SELECT certificate_fetch($1, $2)", &[&url, &limit]).await.unwrap().get(0)
}

#[tokio::test]
async fn ten_fetches_a_minute_however_many_ask_at_the_same_moment() {
    let db = Arc::new(database().await);
    let mut tasks = Vec::new();
    for n in 0..30 {
        let client = db.connect().await;
        tasks.push(tokio::spawn(async move {
            let url = format!("https://forged.test/{n}");
            let row = client.query_one("SELECT certificate_fetch($1, 10)", &[&url]).await.unwrap();
            usize::from(row.get::<_, bool>(0))
        }));
    }
    let mut begun = 0;
    for task in tasks {
        begun += task.await.unwrap();
    }
    assert_eq!(begun, 10);
    assert!(!granted(&db, "https://new.test/", 10).await);
    db.run("UPDATE provider_certificate_fetches SET began_at = began_at - interval '61 seconds' WHERE ctid IN (SELECT ctid FROM provider_certificate_fetches LIMIT 3)").await;
    let again = [
        granted(&db, "a", 10).await,
        granted(&db, "b", 10).await,
        granted(&db, "c", 10).await,
        granted(&db, "d", 10).await,
    ];
    assert_eq!(again, [true, true, true, false], "the window slides");
}

#[tokio::test]
async fn one_url_is_fetched_by_one_at_a_time_and_some_fetches_are_left_to_others() {
    let db = database().await;
    assert!(granted(&db, "a", 7).await);
    assert!(!granted(&db, "a", 7).await, "somebody is at it");
    db.run("UPDATE provider_certificate_fetches SET began_at = began_at - interval '3 seconds'").await;
    assert!(granted(&db, "a", 7).await, "who began it has died");
    for n in 0..5 {
        assert!(granted(&db, &n.to_string(), 7).await);
    }
    assert!(!granted(&db, "new", 7).await, "without Redis seven");
    assert!(granted(&db, "new", 10).await, "with it ten");
}

#[tokio::test]
async fn the_sixteen_certificates_that_passed_last_are_kept() {
    let db = database().await;
    for n in 0..20 {
        db.run(&format!("SELECT certificate_keep('https://host.test/{n:02}', 'PEM {n}')")).await;
    }
    db.run("SELECT certificate_keep('https://host.test/05', 'PEM anew')").await;
    assert_eq!(db.text("SELECT count(*) || ' ' || min(url) FROM certificate_list()").await, "16 https://host.test/04");
    assert_eq!(db.text("SELECT pem FROM certificate_list() LIMIT 1").await, "PEM anew");
}
