//! Changes of many rows are announced by their organisations, and many waiting rows are replaced by
//! these, so that one organisation's job empties nobody else's cache.

use crate::database::{CUSTOMER, Database, ORG, OTHER_ORG, STRANGER, call, tags, tenant};
use crate::renewing::Cache;

/// Orders for one customer.
fn orders(count: usize) -> String {
    format!(
        "INSERT INTO orders (organization_id, customer_id, currency, total_amount)
         SELECT '{ORG}', '{CUSTOMER}', 'EUR', 0 FROM generate_series(1, {count})"
    )
}

/// Organisations with a customer and two orders each.
async fn add_organizations(db: &Database, count: usize) {
    db.run(&format!(
        "WITH made AS (INSERT INTO organizations (name, legal_name, cui, address)
            SELECT 'o' || n, 'o', 'DE' || 100000000 + n, '{{\"line1\": \"a\", \"city\": \"b\", \"country\": \"DE\"}}'
            FROM generate_series(1, {count}) AS n RETURNING id),
        served AS (INSERT INTO customers (organization_id, name, email, address)
            SELECT id, 'c', 'c@example.com', '{{\"line1\": \"a\", \"city\": \"b\", \"country\": \"DE\"}}' FROM made
            RETURNING id, organization_id)
        INSERT INTO orders (organization_id, customer_id, currency, total_amount)
            SELECT organization_id, id, 'EUR', 0 FROM served, generate_series(1, 2)"
    ))
    .await;
    db.announced().await;
}

/// Outbox rows of so many transactions, each with a tag of the organisation.
async fn wait_in_outbox(db: &Database, organization: uuid::Uuid, count: usize) {
    db.run(&format!(
        "DO $$ BEGIN FOR n IN 1 .. {count} LOOP
            INSERT INTO cache_invalidations (tags) VALUES (ARRAY['order:{organization}/' || gen_random_uuid(), 'all']);
            COMMIT;
        END LOOP; END $$"
    ))
    .await;
}

#[tokio::test]
async fn the_organisation_of_a_row_is_read_off_its_tags() {
    let db = Database::new().await;
    let table = [
        (format!("{{order:{ORG}/{CUSTOMER},org:{ORG},status:{ORG}/shipped,all}}"), ORG.to_string()),
        (format!("{{tenant:{ORG}}}"), ORG.to_string()),
        (format!("{{session:{ORG}/{CUSTOMER}}}"), ORG.to_string()),
        (format!("{{org:{ORG},org:{OTHER_ORG}}}"), "*".into()),
        (format!("{{org:{ORG},*}}"), "*".into()),
        (format!("{{org:{ORG}x}}"), "*".into()),
        (format!("{{{ORG}}}"), "*".into()),
        ("{*}".into(), "*".into()),
        ("{all}".into(), "*".into()),
        ("{rates}".into(), "*".into()),
    ];
    for (row, organization) in table {
        assert_eq!(db.text(&format!("SELECT cache_tenant('{row}')")).await, organization, "{row}");
    }
}

#[tokio::test]
async fn up_to_200_organisations_are_named_and_more_are_everything() {
    let db = Database::new().await;
    add_organizations(&db, 200).await;
    db.run("UPDATE orders SET notes = 'x'").await;
    let announced = db.announced().await;
    assert_eq!(announced.len(), 200);
    assert!(announced.iter().all(|tags| tags.len() == 2 && tags[0] == "all" && tags[1].starts_with("tenant:")));
    db.run(&orders(1)).await;
    db.announced().await;
    db.run("UPDATE orders SET notes = 'y'").await;
    assert_eq!(db.announced().await, [["*"]]);
    db.run("TRUNCATE orders CASCADE").await;
    assert!(db.announced().await.iter().all(|tags| tags == &["*"]));
}

#[tokio::test]
async fn orders_that_move_in_bulk_announce_both_organisations() {
    let db = Database::new().await;
    db.run(&orders(201)).await;
    db.announced().await;
    db.run(&format!("UPDATE orders SET organization_id = '{OTHER_ORG}', customer_id = '{STRANGER}'")).await;
    let mut announced = db.announced().await;
    announced.sort();
    assert_eq!(announced, [tenant(ORG), tenant(OTHER_ORG)]);
}

#[tokio::test]
async fn customers_that_go_in_bulk_announce_their_organisation() {
    let db = Database::new().await;
    db.run(&format!(
        "INSERT INTO customers (organization_id, name, email, address)
         SELECT '{ORG}', 'c', 'c' || n || '@example.com', '{{\"line1\": \"a\", \"city\": \"b\", \"country\": \"RO\"}}'
         FROM generate_series(1, 201) AS n"
    ))
    .await;
    db.run("DELETE FROM customers WHERE name = 'c'").await;
    assert_eq!(db.announced().await, [tenant(ORG), tenant(ORG)], "their histories, and they themselves");
}

#[tokio::test]
async fn many_waiting_rows_are_replaced_by_their_tenants() {
    let db = Database::new().await;
    let mut cache = Cache::certified(&db.client).await;
    let before = cache.renew(&db.client).await.epoch;
    wait_in_outbox(&db, ORG, 1000).await;
    let all = cache.ask(&db.client).await.0;
    assert_eq!((all.ids.len(), all.tags.len()), (1000, 1001), "a thousand are applied one by one");
    wait_in_outbox(&db, ORG, 1).await;
    let (died, _) = cache.ask(&db.client).await;
    let replaced = cache.renew(&db.client).await;
    for renewal in [died, replaced] {
        assert_eq!((renewal.reason, &renewal.epoch), (None, &before));
        assert_eq!((renewal.ids, renewal.tags), (vec![], tenant(ORG)), "no other organisation is touched");
    }
    assert_eq!(
        db.text("SELECT count(*) FROM cache_invalidations").await,
        "1001",
        "kept until a certificate covers them"
    );
    let next = cache.renew(&db.client).await;
    assert_eq!((next.ids, next.tags, &next.epoch), (vec![], vec![], &before), "covered");
    assert_eq!(db.text("SELECT count(*) FROM cache_invalidations").await, "0", "and deleted");
}

#[tokio::test]
async fn more_than_200_tenants_of_waiting_rows_move_the_epoch() {
    let db = Database::new().await;
    let mut cache = Cache::certified(&db.client).await;
    let before = cache.renew(&db.client).await.epoch;
    let rows = |tenants: usize| {
        format!(
            "INSERT INTO cache_invalidations (tags)
             SELECT ARRAY['org:' || lpad(to_hex(n % {tenants}), 32, '0')::uuid, 'all'] FROM generate_series(1, 1500) AS n"
        )
    };
    db.run(&rows(200)).await;
    let named = cache.renew(&db.client).await;
    assert_eq!((named.tags.len(), &named.epoch), (201, &before), "all of them, and what is drawn from all");
    cache.renew(&db.client).await;
    db.run(&rows(201)).await;
    let moved = cache.renew(&db.client).await;
    assert_eq!((moved.reason.as_deref(), moved.tags.len()), (Some("more than 1,000 changes"), 0));
    assert_ne!(moved.epoch, before);
}

#[tokio::test]
async fn a_waiting_row_of_no_organisation_moves_the_epoch() {
    for odd in ["{rates}".to_owned(), "{*}".to_owned(), format!("{{org:{ORG},org:{OTHER_ORG}}}")] {
        let db = Database::new().await;
        let mut cache = Cache::certified(&db.client).await;
        wait_in_outbox(&db, ORG, 1200).await;
        db.run(&format!("INSERT INTO cache_invalidations (tags) VALUES ('{odd}')")).await;
        assert!(cache.renew(&db.client).await.reason.is_some(), "{odd}");
    }
}

#[tokio::test]
async fn tenants_of_a_transaction_that_was_under_way_are_named_when_it_commits() {
    let db = Database::new().await;
    let mut cache = Cache::certified(&db.client).await;
    let slow = db.connect().await;
    let row = format!("INSERT INTO cache_invalidations (tags) VALUES ('{{org:{OTHER_ORG}}}')");
    slow.batch_execute(&format!("BEGIN; {row}")).await.unwrap();
    wait_in_outbox(&db, ORG, 1200).await;
    assert_eq!(cache.renew(&db.client).await.tags, tenant(ORG));
    slow.batch_execute("COMMIT").await.unwrap();
    wait_in_outbox(&db, ORG, 1200).await;
    let both = cache.renew(&db.client).await;
    assert_eq!(both.tags, ["all".to_owned(), format!("tenant:{ORG}"), format!("tenant:{OTHER_ORG}")]);
}

#[tokio::test]
async fn the_tenants_of_any_number_of_rows_are_found_at_the_same_cost() {
    let db = Database::new().await;
    let mut cache = Cache::certified(&db.client).await;
    let touched = async || -> i64 {
        let pages = "SELECT coalesce(sum(idx_blks_read + idx_blks_hit + heap_blks_read + heap_blks_hit), 0)::bigint
            FROM pg_statio_user_tables WHERE relname = 'cache_invalidations'";
        db.client.batch_execute("SELECT pg_stat_force_next_flush()").await.unwrap();
        db.client.query_one(pages, &[]).await.unwrap().get(0)
    };
    let mut costs = Vec::new();
    for count in [2_000, 200_000] {
        db.run(&format!(
            "INSERT INTO cache_invalidations (tags)
             SELECT ARRAY['order:{ORG}/' || gen_random_uuid(), 'all'] FROM generate_series(1, {count})"
        ))
        .await;
        let before = touched().await;
        let (renewal, _) = cache.ask(&db.client).await;
        costs.push(touched().await - before);
        assert_eq!((renewal.reason, renewal.tags), (None, tenant(ORG)));
        cache.renew(&db.client).await;
        db.run("DELETE FROM cache_invalidations").await;
    }
    println!("pages for 2,000 and for 200,000 rows: {costs:?}");
    assert!(costs[1] < costs[0] * 2 + 100, "{costs:?}");
}

#[tokio::test]
async fn while_the_last_release_may_serve_many_rows_are_everything() {
    let db = Database::new().await;
    let mut cache = Cache::certified(&db.client).await;
    assert_eq!(db.text("SELECT coalesce(cache_name_tenants(false)::text, 'never')").await, "never");
    assert_eq!(cache.renew(&db.client).await.reason.as_deref(), Some("everything has changed"));
    db.run(&orders(201)).await;
    assert_eq!(db.announced().await, [["*"]]);
    wait_in_outbox(&db, ORG, 1001).await;
    assert_eq!(cache.renew(&db.client).await.reason.as_deref(), Some("more than 1,000 changes"));
    // As a transaction may name it whose snapshot is older than the decision.
    db.run(&format!("INSERT INTO cache_invalidations (tags) VALUES ('{{tenant:{ORG},all}}')")).await;
    assert_eq!(cache.renew(&db.client).await.reason.as_deref(), Some("everything has changed"));
    let renewed = db.client.query_one(&call("cache_renew", 4), &[&cache.name, &cache.run, &"", &""]).await.unwrap();
    assert_eq!((renewed.get("outcome"), renewed.get("coverage")), ("ok", 1), "and it is given certificates");
}

#[tokio::test]
async fn the_last_release_gets_no_certificate_once_tenants_are_named() {
    let db = Database::new().await;
    let cache = Cache::certified(&db.client).await;
    for parameters in [2, 4] {
        let params: [&(dyn tokio_postgres::types::ToSql + Sync); 4] = [&cache.name, &cache.run, &cache.record, &"data"];
        let row = db.client.query_one(&call("cache_renew", parameters), &params[..parameters]).await.unwrap();
        assert_eq!((row.get("outcome"), row.get::<_, Option<&str>>("epoch")), ("off", None));
    }
    let renewed = cache.ask(&db.client).await.0;
    assert_eq!((renewed.outcome.as_str(), renewed.coverage), ("ok", 2));
}

#[tokio::test]
async fn tenants_are_named_when_every_certificate_of_before_has_run_out() {
    let db = Database::new().await;
    db.run("SELECT cache_name_tenants(false)").await;
    db.run("SELECT cache_name_tenants(true); DELETE FROM cache_invalidations").await;
    let since = db.text("SELECT tenants_since FROM cache_state").await;
    db.run(&orders(201)).await;
    assert_eq!(db.announced().await, [["*"]], "not yet");
    assert_eq!(db.text("SELECT cache_name_tenants(true)").await, since, "a second time changes nothing");
    db.run("UPDATE cache_state SET tenants_since = tenants_since - interval '1100 milliseconds'").await;
    db.run("UPDATE orders SET notes = 'x'").await;
    assert_eq!(db.announced().await, [tenant(ORG)]);
}

#[tokio::test]
async fn tenants_are_named_no_more_when_no_change_that_named_them_is_under_way() {
    let db = Database::new().await;
    db.run(&orders(201)).await;
    let (job, operator) = (db.connect().await, db.connect().await);
    job.batch_execute("BEGIN; UPDATE orders SET notes = 'x'").await.unwrap();
    let decided = tokio::spawn(async move { operator.batch_execute("SELECT cache_name_tenants(false)").await });
    db.wait_for_a_lock().await;
    assert!(!decided.is_finished());
    job.batch_execute("COMMIT").await.unwrap();
    decided.await.unwrap().unwrap();
    assert_eq!(db.announced().await.last().unwrap(), &["*"], "it announces everything, after the change");
}

#[tokio::test]
async fn an_operators_invalidation_is_announced_and_written_down() {
    let db = Database::new().await;
    let id = db.order().await;
    let invalidate = async |organization: Option<uuid::Uuid>, tags: &[String], note: Option<&str>| {
        let row =
            db.client.query_one(&call("cache_invalidate", 4), &[&organization, &tags, &"op", &note]).await.unwrap();
        let mut tags: Vec<String> = row.get("tags");
        tags.sort();
        (row.get::<_, String>("outcome"), row.get::<_, Option<String>>("xid").is_some(), tags)
    };
    let one = [format!("order:{ORG}/{id}")];
    assert_eq!(invalidate(None, &one, Some("why")).await, ("invalidated".into(), true, one.to_vec()));
    assert_eq!(invalidate(Some(ORG), &[], None).await, ("invalidated".into(), true, tenant(ORG)));
    assert_eq!(invalidate(Some(CUSTOMER), &[], None).await, ("not_found".into(), false, vec![]));
    assert_eq!(db.announced().await, [one.to_vec(), tenant(ORG)]);
    let audit =
        "SELECT string_agg(concat_ws(' ', actor, organization_id, after ->> 'note', after -> 'tags' ->> 0), ', '
        ORDER BY id) FROM payment_audit WHERE relation = 'cache_invalidations'";
    assert_eq!(db.text(audit).await, format!("op why {}, op {ORG} tenant:{ORG}", one[0]));
    assert!(!tags(id, &[CUSTOMER], &["pending"]).contains(&"*".to_owned()));
}
