//! Revoked tokens: which count no longer, and that every change of that is announced.

use serde_json::{Value, json};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::database::{Database, ORG, OTHER_ORG, call};

/// Calls access_revoke for an organisation, without a note.
async fn revoke(db: &Database, org: Uuid, kind: &str, name: &str, issued: Option<&str>, end: Option<&str>) -> Row {
    let (token, subject) = if kind == "token" { (Some(name), None) } else { (None, Some(name)) };
    let at: Option<i64> = if kind == "session" { issued.and_then(|issued| issued.parse().ok()) } else { None };
    let before = issued.filter(|_| kind == "subject");
    let none: Option<&str> = None;
    let id = Uuid::now_v7();
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 10] =
        [&org, &id, &kind, &token, &subject, &before, &at, &end, &none, &"operator::me"];
    db.client.query_one(&call("access_revoke", 10), &params).await.unwrap()
}

fn document(row: &Row) -> Value {
    serde_json::from_str(row.get("body")).unwrap()
}

async fn list(db: &Database, org: Uuid) -> Value {
    let row = db.client.query_one(&call("access_revoked", 1), &[&org]).await.unwrap();
    serde_json::from_str(row.get("body")).unwrap()
}

/// What access_token says of a token of ORG.
async fn is_revoked(db: &Database, id: Option<&str>, subject: &str, issued: i64) -> bool {
    let row = db.client.query_one(&call("access_token", 4), &[&ORG, &id, &subject, &issued]).await.unwrap();
    let body: Value = serde_json::from_str(row.get("body")).unwrap();
    body["revoked"].as_bool().unwrap()
}

#[tokio::test]
async fn a_list_and_a_look_at_one_token_tell_the_same() {
    let db = Database::new().await;
    revoke(&db, ORG, "token", "t1", None, None).await;
    revoke(&db, ORG, "subject", "ana", Some("1970-01-01T00:01:39.5Z"), None).await;
    revoke(&db, ORG, "session", "ion", Some("7"), None).await;
    revoke(&db, OTHER_ORG, "token", "t2", None, None).await;
    let wanted = json!({"complete": true, "tokens": ["t1"], "subjects": [["ana", 100]], "sessions": [["ion", 7]]});
    assert_eq!(list(&db, ORG).await, wanted);
    for (id, subject, issued, revoked) in [
        (Some("t1"), "shop", 500, true),
        (Some("t2"), "shop", 500, false),
        (None, "ana", 99, true),
        (Some("t3"), "ana", 0, true),
        (Some("t3"), "ana", 100, false),
        (None, "ion", 7, true),
        (Some("t3"), "ion", 7, false),
        (None, "ion", 8, false),
    ] {
        assert_eq!(is_revoked(&db, id, subject, issued).await, revoked, "{id:?} {subject} {issued}");
    }
}

#[tokio::test]
async fn a_repetition_keeps_the_row_and_the_later_end_and_says_so_again() {
    let db = Database::new().await;
    let first = document(&revoke(&db, ORG, "token", "t1", None, Some("2100-01-01T00:00:00Z")).await);
    db.announced().await;
    let row = revoke(&db, ORG, "token", "t1", None, Some("2099-01-01T00:00:00Z")).await;
    assert_eq!(document(&row), first);
    assert_eq!(row.get::<_, Vec<String>>("tags"), [format!("access:{ORG}")], "the first may never have told Redis");
    assert_eq!(document(&revoke(&db, ORG, "token", "t1", None, None).await)["expiresAt"], Value::Null);
    let first = document(&revoke(&db, ORG, "subject", "ana", Some("2026-01-02"), None).await);
    let second = document(&revoke(&db, ORG, "subject", "ana", Some("2026-01-01"), None).await);
    assert_eq!(first, second, "the later time stands");
    let now = document(&revoke(&db, ORG, "subject", "ana", None, None).await);
    assert_eq!(now["id"], first["id"]);
    assert!(now["issuedBefore"].as_str() > first["issuedBefore"].as_str(), "{now}");
}

#[tokio::test]
async fn a_revocation_ends_an_hour_after_its_tokens_and_is_cleared_by_the_next() {
    let db = Database::new().await;
    let age = "UPDATE access_revocations SET expires_at = now() - interval";
    revoke(&db, ORG, "token", "t1", None, Some("2100-01-01T00:00:00Z")).await;
    db.run(&format!("{age} '59 minutes'")).await;
    assert_eq!(list(&db, ORG).await["tokens"], json!(["t1"]), "a component's clock may be behind");
    assert!(is_revoked(&db, Some("t1"), "shop", 1).await);
    db.run(&format!("{age} '61 minutes'")).await;
    assert_eq!(list(&db, ORG).await["tokens"], json!([]));
    assert!(!is_revoked(&db, Some("t1"), "shop", 1).await);
    revoke(&db, ORG, "token", "t2", None, None).await;
    assert_eq!(db.text("SELECT string_agg(token_id, ',') FROM access_revocations").await, "t2");
}

#[tokio::test]
async fn any_programs_change_of_revocations_announces_their_organisation() {
    let db = Database::new().await;
    let mine = [vec![format!("access:{ORG}")]];
    let row = revoke(&db, ORG, "token", "t1", None, None).await;
    let id: Uuid = document(&row)["id"].as_str().unwrap().parse().unwrap();
    assert_eq!(db.announced().await, mine);
    let others: Vec<Row> = db.client.query(&call("access_restore", 2), &[&OTHER_ORG, &id]).await.unwrap();
    assert_eq!(others[0].get::<_, i32>("found"), 0);
    assert_eq!(db.announced().await, [] as [Vec<String>; 0]);
    db.run("UPDATE access_revocations SET note = 'x'").await;
    assert_eq!(db.announced().await, mine);
    let row = db.client.query_one(&call("access_restore", 2), &[&ORG, &id]).await.unwrap();
    assert_eq!(
        (row.get::<_, i32>("found"), row.get::<_, Vec<String>>("tags")[0].clone()),
        (1, format!("access:{ORG}"))
    );
    assert_eq!(db.announced().await, mine);
    let many = "INSERT INTO access_revocations (id, organization_id, kind, token_id, revoked_by)
        SELECT gen_random_uuid(), gen_random_uuid(), 'token', 't', 'me' FROM generate_series(1, ";
    db.run(&format!("{many} 200)")).await;
    assert_eq!(db.announced().await.len(), 200, "a row for each organisation");
    db.run(&format!("{many} 201)")).await;
    assert_eq!(db.announced().await, [["*"]]);
}

#[tokio::test]
async fn above_a_thousand_revocations_each_token_is_asked_for() {
    let db = Database::new().await;
    let add = |from: i32, to: i32| {
        format!(
            "INSERT INTO access_revocations (id, organization_id, kind, token_id, revoked_by)
             SELECT gen_random_uuid(), '{ORG}', 'token', 't' || n, 'me' FROM generate_series({from}, {to}) AS n"
        )
    };
    db.run(&add(1, 1000)).await;
    let full = list(&db, ORG).await;
    assert_eq!((full["complete"].clone(), full["tokens"].as_array().unwrap().len()), (json!(true), 1000));
    db.run(&add(1001, 1001)).await;
    let empty = json!({"complete": false, "tokens": [], "subjects": [], "sessions": []});
    assert_eq!(list(&db, ORG).await, empty);
    assert!(is_revoked(&db, Some("t1001"), "shop", 1).await && !is_revoked(&db, Some("t0"), "shop", 1).await);
}

#[tokio::test]
async fn a_page_shows_what_still_stops_tokens_newest_first() {
    let db = Database::new().await;
    for name in ["t1", "t2", "t3"] {
        revoke(&db, ORG, "token", name, None, Some("2100-01-01T00:00:00Z")).await;
    }
    db.run("UPDATE access_revocations SET expires_at = now() WHERE token_id = 't2'").await;
    let page = async |after: Option<Uuid>| {
        let row = db.client.query_one(&call("access_list", 3), &[&ORG, &1, &after]).await.unwrap();
        serde_json::from_str::<Value>(row.get("body")).unwrap()
    };
    let first = page(None).await;
    assert_eq!(first["items"][0]["tokenId"], "t3");
    let second = page(first["next"].as_str().map(|next| next.parse().unwrap())).await;
    assert_eq!((second["items"][0]["tokenId"].clone(), second["next"].clone()), (json!("t1"), Value::Null));
}

#[tokio::test]
async fn revocations_are_found_by_index_among_those_of_many_organisations() {
    let db = Database::new().await;
    db.run(
        "INSERT INTO access_revocations (id, organization_id, kind, token_id, expires_at, revoked_by)
         SELECT gen_random_uuid(), md5((n % 500)::text)::uuid, 'token', 't' || n, now() + n * interval '1 minute', 'me'
         FROM generate_series(1, 20000) AS n;
         INSERT INTO access_revocations (id, organization_id, kind, subject, issued, revoked_by)
         SELECT gen_random_uuid(), md5((n % 500)::text)::uuid, kind, 's' || n, n, 'me'
         FROM generate_series(1, 20000) AS n, unnest(ARRAY['subject', 'session']) AS kind;
         ANALYZE access_revocations",
    )
    .await;
    let org = "md5('7')::uuid";
    for question in [
        format!("access_revoked({org})"),
        format!("access_token({org}, 't7', 's7', 7)"),
        format!("access_token({org}, NULL, 's7', 7)"),
        format!("access_list({org}, 20, NULL)"),
    ] {
        let plan = db.client.query(&format!("EXPLAIN SELECT * FROM {question}"), &[]).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.get(0)).collect();
        assert!(plan.iter().any(|line| line.contains("access_revocations_")), "{question}: {plan:#?}");
        assert!(!plan.iter().any(|line| line.contains("Seq Scan on access")), "{question}: {plan:#?}");
    }
}
