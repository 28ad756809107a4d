//! One organisation's change of many rows empties nobody else's cache.

use std::time::{Duration, Instant};

use e2e::{App, Caller, Client, SOON};

/// A client of an organisation that isn't the sample's, and reads of it that are cached.
async fn neighbour(app: &App) -> (Client, Vec<String>) {
    let of_others = format!("FROM orders WHERE organization_id <> '{}' AND deleted_at IS NULL", app.sample.org);
    let organization = app.psql_value(&format!("SELECT min(organization_id::text) {of_others}")).await;
    let order = format!("SELECT min(id::text) {of_others} AND organization_id = '{organization}'");
    let order = app.psql_value(&order).await;
    let client = app.as_caller(&Caller::service(&organization));
    (client, vec![format!("/orders/{order}"), "/orders?limit=5".into(), "/orders/stats".into()])
}

/// Asks until each of these is a hit.
async fn warm(client: &Client, paths: &[String]) {
    for path in paths {
        let begun = Instant::now();
        while !client.get(path).await.is_hit() {
            assert!(begun.elapsed() < SOON, "{path} becomes no hit");
        }
    }
}

/// Reads for a while; nothing of it may be asked of the database anew.
async fn stays_cached(client: &Client, paths: &[String]) {
    let begun = Instant::now();
    let mut hits = 0;
    while begun.elapsed() < Duration::from_secs(2) {
        for path in paths {
            let answer = client.get(path).await.expect(200);
            let how = answer.header("cache-status");
            assert!(!how.contains("fwd=miss"), "{path}: {how}, {:?} after the change", begun.elapsed());
            hits += usize::from(answer.is_hit());
        }
    }
    assert!(hits > 20, "{hits} hits");
}

#[tokio::test]
async fn one_organisations_nightly_job_leaves_anothers_cached_reads_hits() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let (other, paths) = neighbour(&app).await;
    let (org, own) = (&app.sample.org, format!("/orders/{}", app.sample.order));
    let epoch = async || app.psql_value("SELECT epoch::text FROM cache_state").await;
    let jobs = [
        ("in one statement", format!("UPDATE orders SET notes = 'in one statement' WHERE organization_id = '{org}'")),
        (
            "one by one",
            // Nobody reads meanwhile, so all of it waits for one renewal.
            format!(
                "DO $$ DECLARE o record; BEGIN
                    FOR o IN (SELECT id FROM orders WHERE organization_id = '{org}' ORDER BY id = '{}' DESC LIMIT 1500) LOOP
                        UPDATE orders SET notes = 'one by one' WHERE id = o.id;
                        COMMIT;
                    END LOOP;
                END $$",
                app.sample.order
            ),
        ),
    ];
    for (note, job) in jobs {
        warm(&other, &paths).await;
        app.warm(&own).await;
        let before = epoch().await;
        app.psql(&job).await;
        let committed = Instant::now();
        loop {
            let began = committed.elapsed();
            let seen = app.client.get(&own).await.expect(200).json()["notes"].clone();
            if seen == note {
                break;
            }
            assert!(began < Duration::from_secs(1), "{note}: its own read shows {seen} after {began:?}");
        }
        stays_cached(&other, &paths).await;
        assert_eq!(epoch().await, before, "{note}: nobody's entries were given up");
    }
}

#[tokio::test]
async fn a_job_over_all_organisations_shows_in_all_of_them() {
    let Some(app) = App::spawn_with_callers().await else { return };
    let (other, paths) = neighbour(&app).await;
    let all = "/orders/stats";
    warm(&other, &paths).await;
    let operator = app.operator();
    warm(&operator, &[all.to_owned()]).await;
    let before = operator.get(all).await.expect(200).body;
    app.psql("UPDATE orders SET deleted_at = now() WHERE status = 'delivered'").await;
    let committed = Instant::now();
    loop {
        let began = committed.elapsed();
        let shown = operator.get(all).await.expect(200).body != before;
        let delivered = other.get(all).await.expect(200).json()["ordersByStatus"]["delivered"].clone();
        if shown && delivered == 0 {
            break;
        }
        assert!(began < Duration::from_secs(1), "after {began:?}: {delivered} delivered, all: {shown}");
    }
}
