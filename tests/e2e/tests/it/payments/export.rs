//! The export of the ledger: whole or visibly broken, without gap or overlap, in bounded memory.

use std::cell::RefCell;

use e2e::{App, Caller, SOON, eventually};
use kit::database::connect;
use reqwest::Method;
use serde_json::Value;

/// Rows of the ledger, past the server.
async fn book(app: &App, rows: u32) {
    app.psql(&format!(
        "INSERT INTO payment_transactions (organization_id, order_id, payment_id, provider, account, external_id, type,
            amount, currency)
        SELECT '{}', gen_random_uuid(), gen_random_uuid(), 'paypal', 'M', 'C-' || n, 'capture', 10, 'EUR'
        FROM generate_series(1, {rows}) AS n",
        app.sample.org
    ))
    .await;
}

/// The ids of an export's rows, and the place where the next one begins.
fn read(text: &str) -> (Vec<String>, String) {
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let end = lines.pop().expect("an end");
    let ids: Vec<String> = lines.iter().map(|row| row["id"].as_str().expect("an id").to_owned()).collect();
    assert_eq!(end["end"]["rows"], ids.len(), "{end}");
    (ids, end["end"]["next"].as_str().expect("a place").to_owned())
}

#[tokio::test]
async fn exports_meet_without_gap_or_overlap_whatever_commits_when() {
    let Some(app) = App::private().spawn().await else { return };
    let all = async || {
        let rows = connect(app.database_url()).await;
        let sql = format!("SELECT id::text FROM payment_transactions WHERE organization_id = '{}'", app.sample.org);
        let mut ids: Vec<String> = rows.query(&sql, &[]).await.expect("ids").iter().map(|row| row.get(0)).collect();
        ids.sort();
        ids
    };
    // A writer that is at work while others commit, and commits after an export.
    let slow = connect(app.database_url()).await;
    let row = format!(
        "INSERT INTO payment_transactions (organization_id, order_id, provider, account, external_id, type, amount, currency)
        VALUES ('{}', gen_random_uuid(), 'paypal', 'M', 'slow', 'capture', 1, 'EUR')",
        app.sample.org
    );
    slow.batch_execute(&format!("BEGIN; {row}")).await.expect("a row");
    book(&app, 25_000).await;
    let (exported, next) = read(&app.client.export("").await.expect(200).text());
    assert!(exported.len() < 25_000, "what committed beside the slow writer comes after it: {}", exported.len());
    slow.batch_execute("COMMIT").await.expect("a commit");
    book(&app, 10).await;
    let expected = all().await;
    // Transactions of other scenarios hold the end back, too: numbers are the whole server's.
    let (so_far, place) = (RefCell::new(exported), RefCell::new(next));
    let mut exported = eventually("all is exported", SOON, || async {
        let after = format!("after={}", place.borrow());
        let (more, next) = read(&app.client.export(&after).await.expect(200).text());
        place.replace(next);
        so_far.borrow_mut().extend(more);
        (so_far.borrow().len() >= expected.len()).then(|| so_far.borrow().clone())
    })
    .await;
    exported.sort();
    assert_eq!(exported, expected);

    app.client.export(&format!("after={}_000000000000", 1)).await.expect_problem(409);
    app.client.export("after=x").await.expect_problem_naming(400, "after");
    app.client.export("format=xml").await.expect_problem_naming(400, "format");
    app.client.send(app.client.request(Method::HEAD, "/transactions/export")).await.expect(405);
    app.as_caller(&Caller::customer(&app.sample.org, &app.sample.customer)).export("").await.expect_problem(403);
    let (others, _) = read(&app.as_caller(&Caller::service(&app.sample.other_org)).export("").await.expect(200).text());
    assert!(others.iter().all(|id| !exported.contains(id)));
}

#[tokio::test]
async fn a_cell_of_csv_is_never_a_formula_and_every_line_has_as_many_cells() {
    let Some(app) = App::private().spawn().await else { return };
    app.psql(&format!(
        "INSERT INTO payment_transactions (organization_id, order_id, provider, account, external_id, type, amount, currency)
        SELECT '{}', gen_random_uuid(), 'paypal', 'M', id, 'refund', -1.5, 'EUR'
        FROM unnest(ARRAY['=1+1', '+1', '-1', '@SUM(A1)', E'\\t=1', E'a\"b', 'a,b', ' =1', 'plain']) AS id",
        app.sample.other_org
    ))
    .await;
    let answer = app.as_caller(&Caller::service(&app.sample.other_org)).export("format=csv").await.expect(200);
    assert!(answer.header("content-type").starts_with("text/csv"), "{}", answer.header("content-type"));
    let text = answer.text();
    for cell in [
        "\"'=1+1\"",
        "\"'+1\"",
        "\"'-1\"",
        "\"'@SUM(A1)\"",
        "\"'\t=1\"",
        "\"a\"\"b\"",
        "\"a,b\"",
        "\"' =1\"",
        ",plain,",
    ] {
        assert!(text.contains(cell), "{cell} in {text}");
    }
    assert!(text.contains(",refund,-1.50,EUR,"), "amounts stay numbers: {text}");
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains("a,b")).collect();
    assert!(lines.iter().all(|line| line.matches(',').count() == 9), "{text}");
    assert!(lines.last().expect("an end").starts_with("#end,"), "{text}");
}

#[tokio::test]
async fn an_export_whose_postgres_dies_breaks_and_has_no_last_line() {
    let Some(app) = App::private().own_postgres().spawn().await else { return };
    book(&app, 200_000).await;
    let mut response = app.client.request(Method::GET, "/transactions/export").send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    let mut text = response.chunk().await.expect("a part").expect("a part").to_vec();
    app.postgres.as_ref().expect("an own Postgres").kill();
    let broken = loop {
        match response.chunk().await {
            Ok(Some(part)) => text.extend_from_slice(&part),
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken, "the client is told");
    assert!(!String::from_utf8_lossy(&text).contains("\"end\""), "no last line");
    eventually("the log says so", SOON, || async { app.log().contains("/transactions/export").then_some(()) }).await;
}

#[tokio::test]
async fn an_export_of_hundreds_of_thousands_of_rows_takes_bounded_memory() {
    let Some(app) = App::private().spawn().await else { return };
    book(&app, 1_000).await;
    app.client.export("").await.expect(200);
    let peak = || app.server.as_ref().expect("a server").peak_memory_kib();
    let before = peak();
    book(&app, 300_000).await;
    let mut response = app.client.request(Method::GET, "/transactions/export").send().await.expect("an answer");
    let (mut bytes, mut tail) = (0, Vec::new());
    while let Some(part) = response.chunk().await.expect("a part") {
        bytes += part.len();
        tail = [tail, part.to_vec()].concat();
        tail = tail.split_off(tail.len().saturating_sub(200));
    }
    assert!(String::from_utf8_lossy(&tail).contains("\"end\""), "it is whole");
    assert!(bytes > 60 << 20, "{bytes} bytes");
    let grown = peak() - before;
    assert!(grown < 64 << 10, "{grown} KiB more for {bytes} bytes");
}
