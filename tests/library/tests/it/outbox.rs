//! `sql/outbox.sql`: every change of an attached table is in the outbox, whichever program makes
//! it.

use crate::database::{Database, OUTBOX, with_outbox};

const TABLES: &str = "
    CREATE SCHEMA shop;
    CREATE TABLE shop.lists (id bigint PRIMARY KEY, name text);
    CREATE TABLE shop.items (id bigint PRIMARY KEY, list_id bigint REFERENCES shop.lists ON DELETE CASCADE, label text);
    INSERT INTO shop.lists VALUES (1, 'a'), (2, 'b');
    SELECT cache_attach('shop.items', ARRAY[$$'list:' || list_id$$, $$'label:' || label$$]);
    DELETE FROM cache_invalidations";

async fn shop() -> Database {
    let db = with_outbox().await;
    db.run(TABLES).await;
    db
}

fn everything() -> Vec<Vec<String>> {
    vec![vec!["*".to_owned()]]
}

#[tokio::test]
async fn each_statement_announces_the_tags_of_the_rows_that_it_touched() {
    let db = shop().await;
    for (statement, tags) in [
        ("INSERT INTO shop.items VALUES (1, 1, 'red')", vec!["label:red", "list:1"]),
        ("INSERT INTO shop.items VALUES (2, 1), (3, 2), (4, NULL)", vec!["list:1", "list:2"]),
        ("UPDATE shop.items SET id = id + 100 WHERE id = 1", vec!["label:red", "list:1"]),
        (
            "UPDATE shop.items SET list_id = 2, label = 'blue' WHERE id = 101",
            vec!["label:blue", "label:red", "list:1", "list:2"],
        ),
        (
            "INSERT INTO shop.items VALUES (101, 1, 'new') ON CONFLICT (id) DO UPDATE SET list_id = 1",
            vec!["label:blue", "list:1", "list:2"],
        ),
        ("DELETE FROM shop.items WHERE id = 3", vec!["list:2"]),
        ("TRUNCATE shop.items", vec!["*"]),
    ] {
        db.run(statement).await;
        assert_eq!(db.announced().await, [tags], "{statement}");
    }
}

#[tokio::test]
async fn a_statement_that_touches_no_row_or_no_tag_announces_nothing() {
    let db = shop().await;
    db.run("UPDATE shop.items SET label = 'x'; DELETE FROM shop.items").await;
    db.run("INSERT INTO shop.items SELECT 1, 1 WHERE false").await;
    db.run("INSERT INTO shop.items VALUES (1, NULL, NULL)").await;
    assert_eq!(db.announced().await, Vec::<Vec<String>>::new());
}

#[tokio::test]
async fn a_copy_announces_and_a_cascade_does_too() {
    let db = shop().await;
    db.run(r#"COPY shop.items (id, list_id) FROM PROGRAM 'printf "1\t1\n2\t2\n"'"#).await;
    assert_eq!(db.announced().await, [["list:1", "list:2"]]);
    db.run("DELETE FROM shop.lists WHERE id = 2").await;
    assert_eq!(db.announced().await, [["list:2"]], "the row that went with its list");
}

#[tokio::test]
async fn what_replays_changes_announces_them_too() {
    let db = shop().await;
    db.run("SET session_replication_role = replica; INSERT INTO shop.items VALUES (1, 1)").await;
    assert_eq!(db.announced().await, [["list:1"]]);
}

#[tokio::test]
async fn a_rollback_announces_nothing() {
    let db = shop().await;
    db.run("BEGIN; INSERT INTO shop.items VALUES (1, 1); ROLLBACK").await;
    assert_eq!(db.announced().await, Vec::<Vec<String>>::new());
}

#[tokio::test]
async fn up_to_200_rows_are_named_and_more_are_everything() {
    let db = shop().await;
    let insert =
        |from: u32, to: u32| format!("INSERT INTO shop.items SELECT n, NULL, n FROM generate_series({from}, {to}) n");
    db.run(&insert(1, 200)).await;
    assert_eq!(db.announced().await[0].len(), 200);
    db.run("UPDATE shop.items SET list_id = 1").await;
    assert_eq!(db.announced().await[0].len(), 201);
    db.run(&insert(201, 401)).await;
    assert_eq!(db.announced().await, everything());
    for statement in ["UPDATE shop.items SET label = 'x'", "DELETE FROM shop.items"] {
        db.run(statement).await;
        assert_eq!(db.announced().await, everything(), "{statement}");
    }
}

#[tokio::test]
async fn a_column_may_have_any_name() {
    let db = with_outbox().await;
    db.run(r#"CREATE TABLE odd (tag text, changed text, announced text, "said" text, new_rows text, "a b" text)"#)
        .await;
    db.run(r#"SELECT cache_attach('odd', ARRAY['tag', 'changed', 'announced', 'said', 'new_rows', '"a b"'])"#).await;
    db.announced().await;
    db.run("INSERT INTO odd VALUES ('a', 'b', 'c', 'd', 'e', 'f')").await;
    assert_eq!(db.announced().await, [["a", "b", "c", "d", "e", "f"]]);
    let long = "t".repeat(63);
    db.run(&format!("CREATE TABLE {long} (n int); SELECT cache_attach('{long}', ARRAY['n'])")).await;
    db.announced().await;
    db.run(&format!("INSERT INTO {long} VALUES (7)")).await;
    assert_eq!(db.announced().await, [["7"]], "a tag needn't be a text");
}

#[tokio::test]
async fn an_attachment_with_the_same_tags_changes_nothing_and_another_replaces_it() {
    let db = shop().await;
    db.run("SELECT cache_attach('shop.items', ARRAY[$$'list:' || list_id$$, $$'label:' || label$$])").await;
    assert_eq!(db.announced().await, Vec::<Vec<String>>::new());
    db.run("SELECT cache_attach('shop.items', ARRAY[$$'items'$$])").await;
    assert_eq!(db.announced().await, everything(), "entries from before depend on other tags");
    db.run("INSERT INTO shop.items VALUES (1, 1)").await;
    assert_eq!(db.announced().await, [["items"]]);
    db.run("ALTER TABLE shop.items DISABLE TRIGGER cache_announce_update").await;
    db.run("SELECT cache_attach('shop.items', ARRAY[$$'items'$$])").await;
    db.announced().await;
    db.run("UPDATE shop.items SET label = 'x'").await;
    assert_eq!(db.announced().await, [["items"]], "a trigger that was switched off is on again");
}

#[tokio::test]
async fn a_detached_table_announces_once_more_and_then_nothing() {
    let db = shop().await;
    db.run("SELECT cache_detach('shop.items')").await;
    assert_eq!(db.announced().await, everything());
    db.run("INSERT INTO shop.items VALUES (1, 1); SELECT cache_detach('shop.items')").await;
    assert_eq!(db.announced().await, Vec::<Vec<String>>::new());
}

#[tokio::test]
async fn what_would_be_missed_is_refused() {
    let db = shop().await;
    db.run(
        "CREATE VIEW v AS SELECT 1 AS n; CREATE TABLE parts (n int) PARTITION BY LIST (n);
        CREATE TABLE part PARTITION OF parts FOR VALUES IN (1); CREATE TABLE parent (n int);
        CREATE TABLE child () INHERITS (parent)",
    )
    .await;
    for table in ["v", "parts", "part", "parent", "child"] {
        assert_eq!(db.refusal(&format!("SELECT cache_attach('{table}', ARRAY['n'])")).await, "42809", "{table}");
    }
    for (tags, why) in [("'{}'", "22023"), ("NULL", "22023"), ("ARRAY[NULL]", "22023"), ("ARRAY['nope']", "42703")] {
        assert_eq!(db.refusal(&format!("SELECT cache_attach('shop.items', {tags})")).await, why, "{tags}");
    }
    assert_eq!(db.announced().await, Vec::<Vec<String>>::new());
}

#[tokio::test]
async fn a_role_without_rights_on_the_outbox_announces_and_shadows_nothing() {
    let db = shop().await;
    db.run(
        "DROP ROLE IF EXISTS library_clerk; CREATE ROLE library_clerk; GRANT USAGE ON SCHEMA shop TO library_clerk;
        GRANT ALL ON shop.items TO library_clerk; SET ROLE library_clerk;
        CREATE TEMP TABLE cache_invalidations (tags text[]); SET search_path = pg_temp;
        INSERT INTO shop.items VALUES (1, 1); DROP TABLE pg_temp.cache_invalidations; RESET search_path",
    )
    .await;
    assert_eq!(db.refusal("SELECT cache_write('SELECT 1', '{}')").await, "42501", "it may run no text");
    db.run("RESET ROLE").await;
    assert_eq!(db.announced().await, [["list:1"]]);
    db.run("DROP OWNED BY library_clerk; DROP ROLE library_clerk").await;
}

/// Rows of `cache_write`: body, transaction, tags (sorted).
async fn write(
    db: &Database,
    statement: &str,
    params: &[Option<&str>],
) -> Vec<(Option<String>, Option<String>, Vec<String>)> {
    let rows = db.client.query("SELECT * FROM cache_write($1, $2)", &[&statement, &params]).await.expect("a write");
    let tags = |mut tags: Vec<String>| {
        tags.sort();
        tags
    };
    rows.iter().map(|row| (row.get(0), row.get(1), tags(row.get(2)))).collect()
}

#[tokio::test]
async fn a_written_statement_says_what_it_changed_and_announced() {
    let db = shop().await;
    let insert = "INSERT INTO shop.items VALUES ($1::bigint, $2::bigint, $3), (2, 2, $3) RETURNING id, label";
    let rows = write(&db, insert, &[Some("1"), Some("1"), Some("it's")]).await;
    let bodies: Vec<&str> = rows.iter().filter_map(|(body, ..)| body.as_deref()).collect();
    assert_eq!(bodies, [r#"{"id": 1, "label": "it's"}"#, r#"{"id": 2, "label": "it's"}"#]);
    let xid: String = db.client.query_one("SELECT xid::text FROM cache_invalidations", &[]).await.expect("one").get(0);
    for (_, transaction, tags) in &rows {
        assert_eq!(
            (transaction, tags),
            (&Some(xid.clone()), &["label:it's", "list:1", "list:2"].map(String::from).into())
        );
    }
    db.announced().await;
    let moved =
        write(&db, "UPDATE shop.items SET list_id = $1::bigint, label = $2 RETURNING id", &[Some("1"), None]).await;
    assert_eq!(moved[0].2, ["label:it's", "list:1", "list:2"]);
}

#[tokio::test]
async fn a_written_statement_that_changes_nothing_names_no_transaction() {
    let db = shop().await;
    let rows = write(&db, "DELETE FROM shop.items WHERE id = $1::bigint RETURNING id", &[Some("9")]).await;
    assert_eq!(rows, [(None, None, vec![])]);
}

#[tokio::test]
async fn a_written_statement_has_up_to_16_parameters_and_returns_rows() {
    let db = shop().await;
    let many = |count: usize| format!("SELECT * FROM cache_write('SELECT 1', array_fill('1'::text, ARRAY[{count}]))");
    assert_eq!(db.refusal(&many(17)).await, "P0001");
    db.run(&many(16)).await;
    let silent = "SELECT cache_write('INSERT INTO shop.items VALUES (1)', '{}')";
    assert_eq!(db.refusal(silent).await, "0A000", "without RETURNING");
    assert_eq!(db.announced().await, Vec::<Vec<String>>::new());
}

#[tokio::test]
async fn the_script_runs_again_and_keeps_what_is_there() {
    let db = shop().await;
    db.run("INSERT INTO shop.items VALUES (1, 1); UPDATE cache_state SET cache = 'mine'").await;
    db.run(OUTBOX).await;
    assert_eq!(db.announced().await, [["list:1"]]);
    let cache: String = db.client.query_one("SELECT cache FROM cache_state", &[]).await.expect("one row").get(0);
    assert_eq!(cache, "mine");
}

#[tokio::test]
async fn the_outbox_may_live_in_a_schema_of_its_own() {
    let db = Database::empty().await;
    db.run("CREATE SCHEMA cache; SET search_path = cache, public").await;
    db.run(OUTBOX).await;
    db.run("CREATE TABLE public.notes (id int); SELECT cache_attach('public.notes', ARRAY[$$'note:' || id$$])").await;
    db.announced().await;
    db.run("SET search_path = public; INSERT INTO notes VALUES (1); SET search_path = cache, public").await;
    assert_eq!(db.announced().await, [["note:1"]]);
    let anywhere: i64 = db
        .client
        .query_one("SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace", &[])
        .await
        .expect("a count")
        .get(0);
    assert_eq!(anywhere, 1, "nothing but the announcer of the table");
}

/// Text without comments and line breaks, which make no difference.
fn essence(definition: &str) -> String {
    let lines = definition.lines().map(|line| line.split("--").next().unwrap_or(line));
    lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn a_table_whose_triggers_are_missing_is_named() {
    let db = shop().await;
    let missing = async || db.text("SELECT coalesce((SELECT missing FROM cache_signs()), 'none')").await;
    assert_eq!(missing().await, "none");
    db.run("ALTER TABLE shop.items ENABLE TRIGGER cache_announce_update").await;
    assert_eq!(missing().await, "shop.items.cache_announce_update");
    db.run("DROP TABLE shop.items").await;
    let names = ["delete", "insert", "truncate", "update"]
        .map(|name| format!("shop.cache_announce_items.cache_announce_{name}"));
    assert_eq!(missing().await, names.join(", "));
    db.run("DROP FUNCTION shop.cache_announce_items").await;
    assert_eq!(missing().await, "none");
}

#[tokio::test]
async fn the_product_has_the_same_outbox() {
    let (product, ours) = (Database::empty().await, with_outbox().await);
    ::database::migrate(product.config(), &::database::Options::default(), &|_| {}).await.expect("the schema");
    let functions = "SELECT proname::text, pg_get_functiondef(oid) FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND proname <> ALL (ARRAY['cache_attach', 'cache_detach', 'cache_write', 'cache_announcers', 'cache_may_certify', 'announced_tags', 'cache_waiting_tenants'])
        ORDER BY 1";
    let columns = "SELECT table_name || '.' || column_name, concat_ws(' ', data_type, is_nullable, column_default)
        FROM information_schema.columns WHERE table_name IN ('cache_invalidations', 'cache_state') ORDER BY 1";
    for catalogue in [functions, columns] {
        let theirs = product.client.query(catalogue, &[]).await.expect("the catalogue");
        for row in ours.client.query(catalogue, &[]).await.expect("the catalogue") {
            let (name, definition): (String, String) = (row.get(0), row.get(1));
            let theirs = theirs.iter().find(|theirs| theirs.get::<_, String>(0) == name);
            let theirs = theirs.unwrap_or_else(|| panic!("the product has no {name}"));
            assert_eq!(essence(&definition), essence(theirs.get(1)), "{name}");
        }
    }
}
