//! Which of several accounts a new payment goes to.

use uuid::Uuid;

use super::{ACCOUNT, OTHER_ACCOUNT, database};
use crate::database::{Database, ORG, OTHER_ORG, call};

async fn chosen(db: &Database, organization: Uuid, accounts: &[&str]) -> Option<String> {
    let row = db.client.query_opt(&call("provider_account_of", 3), &[&organization, &"paypal", &accounts]).await;
    row.unwrap().map(|row| row.get("account"))
}

#[tokio::test]
async fn a_payment_goes_to_the_newest_open_account_with_credentials() {
    let db = database().await;
    let known = [ACCOUNT, OTHER_ACCOUNT, "NEWER", "NEWEST"];
    assert_eq!(chosen(&db, ORG, &known).await.as_deref(), Some(ACCOUNT));
    assert_eq!(chosen(&db, OTHER_ORG, &known).await.as_deref(), Some(OTHER_ACCOUNT));
    for (account, days) in [("NEWER", 1), ("NEWEST", 2)] {
        db.run(&format!(
            "INSERT INTO provider_accounts (provider, account, organization_id, created_at)
             VALUES ('paypal', '{account}', '{ORG}', now() + interval '{days} days')"
        ))
        .await;
    }
    assert_eq!(chosen(&db, ORG, &known).await.as_deref(), Some("NEWEST"));
    assert_eq!(chosen(&db, ORG, &known[..3]).await.as_deref(), Some("NEWER"), "the newest has no credentials");
    db.run("UPDATE provider_accounts SET active = false WHERE account = 'NEWER'").await;
    assert_eq!(chosen(&db, ORG, &known[..3]).await.as_deref(), Some(ACCOUNT), "the newer one is closed");
    assert_eq!(chosen(&db, ORG, &[OTHER_ACCOUNT]).await, None);
    assert_eq!(chosen(&db, Uuid::now_v7(), &known).await, None);
}
