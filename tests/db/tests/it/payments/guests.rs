//! Guest tokens open one order's public view, for a time.

use uuid::Uuid;

use super::{database, place};
use crate::database::{CUSTOMER, Database, ORG, OTHER_CUSTOMER, OTHER_ORG};

const TOKEN: &[u8; 32] = b"an hmac of thirty-two bytes, ok!";

async fn create(db: &Database, org: Uuid, order: Uuid, customer: Option<Uuid>, hmac: &[u8]) -> bool {
    let sql = "SELECT created = 1 FROM guest_token_create($1, $2, $3, encode($4, 'hex'), 3600, 'somebody')";
    db.client.query_one(sql, &[&org, &order, &customer, &hmac]).await.unwrap().get(0)
}

async fn opened(db: &Database, hmac: &[u8]) -> Option<String> {
    let row = db.client.query_opt("SELECT body FROM guest_order(encode($1, 'hex'))", &[&hmac]).await.unwrap();
    row.map(|row| row.get(0))
}

#[tokio::test]
async fn a_token_opens_its_order_until_it_expires_or_is_revoked() {
    for end in [
        "UPDATE guest_tokens SET expires_at = now()".to_owned(),
        "UPDATE orders SET deleted_at = now()".to_owned(),
        format!("SELECT guest_token_revoke('{ORG}', (SELECT id FROM orders), NULL)"),
    ] {
        let db = database().await;
        let order = Uuid::now_v7();
        place(&db.client, order, "100.00").await;
        assert!(create(&db, ORG, order, Some(CUSTOMER), TOKEN).await);
        let body = opened(&db, TOKEN).await.expect("the order");
        assert!(body.contains("\"totalAmount\" : \"100.00\""), "{body}");
        for private in
            [order.to_string(), CUSTOMER.to_string(), ORG.to_string(), "ana@example.com".into(), "line1".into()]
        {
            assert!(!body.contains(&private), "{private} in {body}");
        }
        assert_eq!(opened(&db, b"another hmac of thirty-two bytes").await, None);
        db.run(&end).await;
        assert_eq!(opened(&db, TOKEN).await, None, "{end}");
    }
}

#[tokio::test]
async fn nobody_makes_a_token_for_anothers_order() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    assert!(!create(&db, ORG, order, Some(OTHER_CUSTOMER), TOKEN).await);
    assert!(!create(&db, OTHER_ORG, order, None, TOKEN).await);
    assert!(!create(&db, ORG, Uuid::now_v7(), None, TOKEN).await);
    assert_eq!(db.text("SELECT count(*) FROM guest_tokens").await, "0");
}
