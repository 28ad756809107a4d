//! The runner of `database/`: what it takes over, what it refuses, and that nothing comes of half a
//! run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Result;
use database::{Options, Report};

use crate::database::Database;

/// A copy of the files that a test may change.
struct Files(PathBuf);

impl Files {
    fn copy() -> Files {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("db-tests-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let files = Files(std::env::temp_dir().join(name));
        for folder in ["schema", "code"] {
            copy(&database::default_dir().join(folder), &files.0.join(folder));
        }
        for file in ["code.sql", "calls.txt"] {
            std::fs::copy(database::default_dir().join(file), files.0.join(file)).unwrap();
        }
        files
    }

    fn write(&self, path: &str, text: &str) {
        std::fs::write(self.0.join(path), text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.0.join(path)).unwrap()
    }

    fn edit(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert!(text.contains(from), "{path} has no {from}: adapt this test");
        self.write(path, &text.replacen(from, to, 1));
    }

    /// Adds a code file, and its line behind that of `after`.
    fn add(&self, path: &str, after: &str, text: &str) {
        self.write(path, text);
        self.edit("code.sql", &format!("\\i {after}\n"), &format!("\\i {after}\n\\i {path}\n"));
    }

    fn remove(&self, path: &str) {
        std::fs::remove_file(self.0.join(path)).unwrap();
        self.edit("code.sql", &format!("\\i {path}\n"), "");
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() { copy(&entry.path(), &target) } else { drop(std::fs::copy(entry.path(), target)) }
    }
}

/// Short waits, so that a test which is held up ends.
fn options(dir: &Path) -> Options {
    Options {
        dir: dir.to_owned(),
        lock_timeout: Duration::from_millis(200),
        attempts: 3,
        pause: Duration::from_millis(50),
        patience: Duration::from_secs(60),
    }
}

async fn migrate(db: &Database, dir: &Path) -> Result<Report> {
    database::migrate(db.config(), &options(dir), &|_| {}).await
}

async fn refusal(db: &Database, dir: &Path) -> String {
    format!("{:#}", migrate(db, dir).await.expect_err("the runner refuses"))
}

/// A database that is up to date with a copy of the files, and the copy.
async fn current() -> (Database, Files) {
    (Database::new().await, Files::copy())
}

/// The statements of a schema-only dump, sorted, without those of the bookkeeping tables.
fn dump(db: &Database) -> Vec<String> {
    let output = Command::new("pg_dump").args(["--schema-only", "--no-owner", "-d", &db.url()]).output();
    let output = output.expect("pg_dump must be on the PATH");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with("--") && !line.starts_with('\\'));
    // Two empty lines end an object: a function's body has at most one at a time.
    let text = lines.collect::<Vec<_>>().join("\n");
    let mut statements: Vec<String> = text.split(";\n\n\n").map(|one| one.trim().to_owned()).collect();
    statements.retain(|one| !one.is_empty() && !one.contains("public.schema_"));
    statements.sort();
    statements
}

/// Every function and view, by Postgres' own text of it.
async fn definitions(db: &Database) -> BTreeSet<String> {
    let rows = "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prokind = 'f'
        UNION ALL SELECT relname || pg_get_viewdef(oid) FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace";
    db.client.query(rows, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

/// The first difference between two lists, for a message.
fn same<T: Ord + Clone + std::fmt::Debug>(left: &[T], right: &[T]) {
    let (left, right): (BTreeSet<T>, BTreeSet<T>) = (left.iter().cloned().collect(), right.iter().cloned().collect());
    let only = |a: &BTreeSet<T>, b: &BTreeSet<T>| a.difference(b).take(2).cloned().collect::<Vec<_>>();
    assert!(left == right, "only left: {:#?}\nonly right: {:#?}", only(&left, &right), only(&right, &left));
}

async fn new() -> Database {
    let db = Database::empty().await;
    migrate(&db, database::default_dir()).await.unwrap();
    db
}

/// The baseline is recorded and not run when a database is taken over, so this says as well that it
/// makes what the last release's 51 files made.
#[tokio::test]
async fn a_database_taken_over_and_a_new_one_are_equal() {
    let (old, new) = (Database::release_0().await, new().await);
    let report = migrate(&old, database::default_dir()).await.unwrap();
    assert!(report.taken_over);
    same(&dump(&old), &dump(&new));
    assert_eq!(definitions(&old).await, definitions(&new).await);
    assert!(migrate(&old, database::default_dir()).await.unwrap().is_empty(), "nothing is left to do");
}

#[tokio::test]
async fn a_new_database_has_every_file_recorded_with_its_object() {
    let db = new().await;
    let files = database::Files::read(database::default_dir()).unwrap();
    assert_eq!(db.text("SELECT count(*) FROM schema_code").await, files.code.len().to_string());
    let lost = "SELECT count(*) FROM schema_code WHERE
        (object LIKE 'function %' AND to_regprocedure(substr(object, 10)) IS NULL) OR (object LIKE 'view %' AND to_regclass(substr(object, 6)) IS NULL)";
    assert_eq!(db.text(lost).await, "0");
    let unmade = "SELECT coalesce(string_agg(p.oid::regprocedure::text, ', '), '') FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM schema_code c WHERE c.object = 'function ' || p.oid::regprocedure)";
    assert_eq!(db.text(unmade).await, "", "each function has a file");
}

#[tokio::test]
async fn an_unknown_file_is_refused_by_name() {
    let db = Database::release_0().await;
    db.run("INSERT INTO schema_migrations (name) VALUES ('0200_of_somebody_else')").await;
    let refusal = refusal(&db, database::default_dir()).await;
    assert!(refusal.contains("0200_of_somebody_else"), "{refusal}");
    assert_eq!(db.text("SELECT to_regclass('schema_code') IS NULL").await, "true", "nothing was changed");
}

#[tokio::test]
async fn an_incomplete_list_is_refused_and_says_what_is_missing() {
    let db = Database::release_0().await;
    db.run(
        "DELETE FROM schema_migrations WHERE name IN ('0009_order_announcements', '0148_held_sessions_of_paid_orders')",
    )
    .await;
    let refusal = refusal(&db, database::default_dir()).await;
    assert!(refusal.contains("0009_order_announcements, 0148_held_sessions_of_paid_orders"), "{refusal}");
    assert!(refusal.contains("scripts/migrate.sh first"), "{refusal}");
    assert_eq!(db.text("SELECT count(*) FROM schema_migrations").await, "49");
}

#[tokio::test]
async fn of_two_runs_at_once_the_second_waits_and_finds_nothing_to_do() {
    let db = Database::release_0().await;
    let lines = Mutex::new(Vec::new());
    let say = |line: &str| lines.lock().unwrap().push(line.to_owned());
    let options = options(database::default_dir());
    let run = || database::migrate(db.config(), &options, &say);
    let (one, two) = tokio::join!(run(), run());
    let reports = [one.unwrap(), two.unwrap()];
    assert_eq!(reports.iter().filter(|report| report.is_empty()).count(), 1, "{reports:?}");
    assert_eq!(lines.lock().unwrap().iter().filter(|line| line.starts_with("another run")).count(), 1);
}

/// The connection is lost at a line of the progress: the server sees what it sees when the process
/// is killed there.
async fn lose_at(db: &Database, dir: &Path, line: usize) -> bool {
    let (tell, told) = tokio::sync::oneshot::channel();
    let (count, tell) = (AtomicU32::new(0), Mutex::new(Some(tell)));
    let say = move |_: &str| {
        if count.fetch_add(1, Ordering::Relaxed) as usize == line
            && let Some(tell) = tell.lock().unwrap().take()
        {
            tell.send(()).ok();
        }
    };
    let options = options(dir);
    // Biased, and `say` comes before the step: the step isn't awaited to its end.
    tokio::select! {
        biased;
        Ok(()) = told => true,
        done = database::migrate(db.config(), &options, &say) => { done.unwrap(); false }
    }
}

/// Waits until a lost connection's transaction is rolled back.
async fn settle(db: &Database) {
    let others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    while db.text(others).await != "0" {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_run_that_ends_anywhere_leaves_the_old_or_the_new_and_the_next_completes_it() {
    let new = new().await;
    let expected = definitions(&new).await;
    let before = definitions(&Database::release_0().await).await;
    let mut line = 1;
    loop {
        let db = Database::release_0().await;
        let lost = lose_at(&db, database::default_dir(), line).await;
        settle(&db).await;
        let found = definitions(&db).await;
        if lost && found != expected {
            // The numbered file has its functions with it; they are as they were, or new ones of
            // the same meaning.
            let recorded = db.text("SELECT CASE WHEN to_regclass('schema_code') IS NULL THEN 0 ELSE (SELECT count(*) FROM schema_code WHERE sha256 <> '') END").await;
            let files = database::Files::read(database::default_dir()).unwrap().code.len();
            assert!(recorded.parse::<usize>().unwrap() < files, "line {line}: recorded and not made");
            assert!(before.difference(&found).count() < before.len() / 4, "line {line}: half of the code");
        }
        migrate(&db, database::default_dir()).await.unwrap_or_else(|error| panic!("line {line}: {error:#}"));
        assert_eq!(definitions(&db).await, expected, "line {line}");
        if !lost {
            break;
        }
        line += if line < 4 { 1 } else { 23 };
    }
    assert!(line > 20, "{line} lines");
}

#[tokio::test]
async fn a_connection_that_the_server_ends_leaves_the_old_or_the_new() {
    let expected = definitions(&new().await).await;
    for statements in [1, 5, 25, 125, 250, 400] {
        let db = Database::release_0().await;
        // Ends the runner's connection at some statement, whichever it is then at.
        let killer = db.connect().await;
        let end = async {
            for _ in 0..statements {
                let kill = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'database migrate'";
                killer.query_one(kill, &[]).await.unwrap();
            }
            let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'database migrate'";
            killer.query_one(kill, &[]).await.unwrap().get::<_, i64>(0)
        };
        let (ended, _) = tokio::join!(end, migrate(&db, database::default_dir()));
        drop(killer);
        settle(&db).await;
        migrate(&db, database::default_dir()).await.unwrap_or_else(|error| panic!("{statements} ({ended}): {error:#}"));
        assert_eq!(definitions(&db).await, expected, "after {statements} statements");
    }
}

#[tokio::test]
async fn a_changed_function_is_replaced_in_place() {
    let (db, files) = current().await;
    files.edit("code/cache/announced_rows.sql", "200", "300");
    let report = migrate(&db, &files.0).await.unwrap();
    assert_eq!((report.code, report.dropped), (vec!["cache/announced_rows".to_owned()], vec![]));
    assert_eq!(db.text("SELECT announced_rows()").await, "300");
}

#[tokio::test]
async fn a_function_under_a_view_and_a_body_in_sql_is_rebuilt_with_them() {
    let (db, files) = current().await;
    db.run("GRANT SELECT ON order_documents TO pg_monitor; REVOKE ALL ON FUNCTION time_text(timestamptz) FROM PUBLIC")
        .await;
    // Another parameter's name: CREATE OR REPLACE can't do that.
    let text = files.read("code/values/time_text.sql").replace("moment", "instant");
    files.write("code/values/time_text.sql", &text);
    let report = migrate(&db, &files.0).await.unwrap();
    assert!(report.dropped.is_empty(), "all were made again: {report:?}");
    for rebuilt in ["values/time_text", "orders/documents", "guests/", "sessions/"] {
        assert!(report.code.iter().any(|name| name.starts_with(rebuilt)), "{rebuilt}: {report:?}");
    }
    assert_eq!(db.text("SELECT proargnames[1] FROM pg_proc WHERE proname = 'time_text'").await, "instant");
    let order = db.order().await;
    assert_eq!(db.text(&format!("SELECT count(*) FROM order_documents WHERE id = '{order}'")).await, "1");
    assert_eq!(db.text("SELECT has_table_privilege('pg_monitor', 'order_documents', 'SELECT')").await, "true");
    assert_eq!(db.text("SELECT proacl::text ~ '(^|[{,])=X' FROM pg_proc WHERE proname = 'time_text'").await, "false");
    assert!(migrate(&db, &files.0).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_function_with_other_types_takes_the_place_of_the_old_one() {
    let (db, files) = current().await;
    files.edit("code/cache/announced_rows.sql", "announced_rows()", "announced_rows(factor integer DEFAULT 1)");
    let report = migrate(&db, &files.0).await.unwrap();
    assert_eq!(report.dropped, ["function announced_rows()"]);
    assert_eq!(db.text("SELECT announced_rows()").await, "200");
}

#[tokio::test]
async fn what_the_release_in_service_calls_is_dropped_only_when_it_has_ended() {
    let (db, files) = current().await;
    let call = "function transaction_get(uuid,uuid)";
    assert_eq!(db.text(&format!("SELECT count(*) FROM schema_calls WHERE object = '{call}'")).await, "1");
    // The next release: its components call it no more, and it is kept for those of this one.
    files.edit("calls.txt", "transaction_get\n", "");
    assert!(migrate(&db, &files.0).await.unwrap().is_empty());
    // The one after that.
    let after = Files::copy();
    after.edit("calls.txt", "transaction_get\n", "");
    after.remove("code/transactions/get.sql");
    let refusal = refusal(&db, &after.0).await;
    assert!(refusal.contains(&format!("  - {call}")) && refusal.contains("database retire"), "{refusal}");
    assert_eq!(db.text("SELECT count(*) FROM pg_proc WHERE proname = 'transaction_get'").await, "1");
    let early = database::retire(db.config(), &options(&after.0), &|_| {}).await;
    let early = format!("{:#}", early.expect_err("these files aren't the database's"));
    assert!(early.contains("left over: transactions/get"), "{early}");
    // The last component of this release has ended.
    assert_eq!(database::retire(db.config(), &options(&files.0), &|_| {}).await.unwrap(), [call]);
    assert_eq!(migrate(&db, &after.0).await.unwrap().dropped, [call]);
}

#[tokio::test]
async fn a_call_of_the_release_in_service_finds_a_function_with_more_parameters() {
    let (db, files) = current().await;
    let (path, was) = ("code/cache/forget.sql", "cache_forget(p_ids bigint[]");
    files.edit(path, was, &format!("{was}, p_more integer"));
    let refusal = refusal(&db, &files.0).await;
    assert!(refusal.contains("  - function cache_forget(bigint[])"), "{refusal}");
    files.edit(path, "p_more integer", "p_more integer DEFAULT 0");
    assert_eq!(migrate(&db, &files.0).await.unwrap().dropped, ["function cache_forget(bigint[])"]);
    db.run("SELECT cache_forget('{}')").await;
}

#[tokio::test]
async fn the_last_release_of_a_database_that_was_taken_over_may_serve_until_it_is_retired() {
    let (db, files) = (Database::release_0().await, Files::copy());
    migrate(&db, &files.0).await.unwrap();
    db.run("UPDATE cache_state SET run_id = 'run', tenants_since = NULL").await;
    files.remove("code/retired/webhook_events_page.sql");
    let refusal = refusal(&db, &files.0).await;
    assert!(refusal.contains("  - function webhook_events_page("), "{refusal}");
    let forgotten = database::retire(db.config(), &options(database::default_dir()), &|_| {}).await.unwrap();
    assert!(forgotten.iter().any(|object| object.starts_with("function webhook_events_page(")), "{forgotten:?}");
    assert_eq!(db.text("SELECT tenants_since IS NOT NULL FROM cache_state").await, "true", "and tenants are named");
    assert_eq!(migrate(&db, &files.0).await.unwrap().dropped.len(), 1);
}

#[tokio::test]
async fn what_no_file_makes_is_never_dropped() {
    let (db, files) = current().await;
    db.run("CREATE VIEW of_somebody_else AS SELECT time_text(now()) AS t; CREATE TABLE another (t text DEFAULT time_text(now()))").await;
    let text = files.read("code/values/time_text.sql").replace("moment", "instant");
    files.write("code/values/time_text.sql", &text);
    let refusal = refusal(&db, &files.0).await;
    assert!(refusal.contains("  - view of_somebody_else"), "{refusal}");
    assert!(refusal.contains("  - default value for column t of table another"), "{refusal}");
    assert_eq!(db.text("SELECT proargnames[1] FROM pg_proc WHERE proname = 'time_text'").await, "moment");
    assert_eq!(db.announced().await, Vec::<Vec<String>>::new(), "nothing was changed, nothing is announced");
}

#[tokio::test]
async fn a_function_in_a_check_changes_only_with_a_numbered_file() {
    let (db, files) = current().await;
    // Half a unit is no amount any more: rows were judged by is_amount, which is built on it.
    files.edit("code/values/minor_digits.sql", "'BIF', ", "");
    let refusal = refusal(&db, &files.0).await;
    assert!(refusal.contains("function minor_digits(text) has changed"), "{refusal}");
    assert!(
        refusal.contains("constraint orders_check on table orders") || refusal.contains("constraint invoices_"),
        "{refusal}"
    );
    assert_eq!(db.text("SELECT minor_digits('BIF')").await, "0");
    files.write(
        "schema/0002_bif.sql",
        "\\i code/values/minor_digits.sql\nUPDATE products SET price = round(price) WHERE currency = 'BIF';\n",
    );
    let report = migrate(&db, &files.0).await.unwrap();
    assert_eq!(report.schema, ["0002_bif"]);
    assert_eq!(db.text("SELECT minor_digits('BIF')").await, "2");
}

#[tokio::test]
async fn a_comment_in_a_function_of_a_check_is_no_change_of_it() {
    let (db, files) = current().await;
    files.edit("code/values/is_amount.sql", "CREATE", "-- Once more.\nCREATE");
    assert_eq!(migrate(&db, &files.0).await.unwrap().code, ["values/is_amount"]);
}

#[tokio::test]
async fn a_function_whose_file_is_gone_is_dropped() {
    let (db, files) = current().await;
    files.add(
        "code/values/passing.sql",
        "code/values/time_text.sql",
        "CREATE OR REPLACE FUNCTION passing(a integer) RETURNS integer LANGUAGE sql RETURN a;\n",
    );
    migrate(&db, &files.0).await.unwrap();
    db.run("CREATE FUNCTION passing(a text) RETURNS text LANGUAGE sql RETURN a").await;
    files.remove("code/values/passing.sql");
    assert_eq!(migrate(&db, &files.0).await.unwrap().dropped, ["function passing(integer)"]);
    assert_eq!(db.text("SELECT passing('another signature stays'::text)").await, "another signature stays");
}

#[tokio::test]
async fn everything_is_announced_in_the_transaction_of_the_change() {
    let (db, files) = current().await;
    files.edit("code/cache/announced_rows.sql", "200", "300");
    files.write("schema/0002_note.sql", "ALTER TABLE products ADD COLUMN note text;\n");
    migrate(&db, &files.0).await.unwrap();
    let together = "SELECT string_agg(DISTINCT i.tags::text, ' ') FROM cache_invalidations i
        JOIN (SELECT xmin, name FROM schema_migrations UNION ALL SELECT xmin, name FROM schema_code) AS s ON s.xmin = i.xid::xid
        WHERE s.name IN ('0002_note', 'cache/announced_rows') HAVING count(DISTINCT i.xid) = 2";
    assert_eq!(db.text(together).await, "{*}");
    assert_eq!(db.announced().await.len(), 2, "one for the numbered file, one for the code");
    assert!(migrate(&db, &files.0).await.unwrap().is_empty());
    assert!(db.announced().await.is_empty(), "nothing has changed");
}

#[tokio::test]
async fn a_run_that_fails_in_the_middle_has_announced_what_it_committed_and_no_more() {
    let (db, files) = current().await;
    files.write("schema/0901_note.sql", "ALTER TABLE products ADD COLUMN note text;\n");
    files.write("schema/0902_fails.sql", "ALTER TABLE products ADD COLUMN other text; SELECT 1 / 0;\n");
    files.edit("code/cache/announced_rows.sql", "200", "300");
    assert!(refusal(&db, &files.0).await.contains("schema/0902_fails.sql: division by zero"));
    let together = "SELECT i.tags::text FROM cache_invalidations i JOIN schema_migrations m ON m.xmin = i.xid::xid
        WHERE m.name = '0901_note'";
    assert_eq!(db.text(together).await, "{*}", "in the transaction of the file that stands");
    assert_eq!(db.announced().await.len(), 1, "and nothing else is announced");
    files.write("schema/0902_fails.sql", "ALTER TABLE products ADD COLUMN other text;\n");
    migrate(&db, &files.0).await.unwrap();
    assert_eq!(db.announced().await, [["*"], ["*"]], "one for the file, one for the code");
}

#[tokio::test]
async fn a_new_database_announces_nothing_and_one_taken_over_does() {
    assert!(new().await.announced().await.is_empty(), "nobody has cached anything of it");
    let db = Database::release_0().await;
    migrate(&db, database::default_dir()).await.unwrap();
    let announced = db.announced().await;
    assert!(!announced.is_empty() && announced.iter().all(|tags| tags == &["*"]), "{announced:?}");
}

#[tokio::test]
async fn a_lock_is_waited_for_and_its_holder_is_named() {
    let (db, files) = current().await;
    files.edit("code/orders/status_documents.sql", "o.version, (", "o.version + 0 AS version, (");
    let holder = db.connect().await;
    holder.batch_execute("BEGIN; SELECT count(*) AS held_by_a_test FROM order_status_documents").await.unwrap();
    let refusal = refusal(&db, &files.0).await;
    assert!(refusal.contains("gave up after 3 attempts") && refusal.contains("held_by_a_test"), "{refusal}");
    let lines = Mutex::new(Vec::new());
    let say = |line: &str| lines.lock().unwrap().push(line.to_owned());
    let options = Options { attempts: 6, ..options(&files.0) };
    let let_go = async {
        tokio::time::sleep(Duration::from_millis(700)).await;
        holder.batch_execute("COMMIT").await.unwrap();
    };
    let (report, ()) = tokio::join!(database::migrate(db.config(), &options, &say), let_go);
    assert_eq!(report.unwrap().code, ["orders/status_documents"]);
    assert!(lines.lock().unwrap().iter().any(|line| line.contains("a lock is held by")), "{lines:?}");
}

#[tokio::test]
async fn a_file_that_fails_is_named_with_its_line_and_nothing_of_the_code_is_kept() {
    let (db, files) = current().await;
    files.edit("code/cache/announced_rows.sql", "200", "300");
    files.edit("code/cache/health.sql", "cache_invalidations", "cache_invalidation");
    let refusal = refusal(&db, &files.0).await;
    assert!(
        refusal.contains("code/cache/health.sql: relation \"cache_invalidation\" does not exist, at: "),
        "{refusal}"
    );
    assert_eq!(db.text("SELECT announced_rows()").await, "200");
}

#[tokio::test]
async fn a_file_that_the_table_of_contents_lacks_is_named() {
    let (db, files) = current().await;
    files.write("code/cache/forgotten.sql", "CREATE OR REPLACE VIEW forgotten AS SELECT 1;\n");
    assert!(refusal(&db, &files.0).await.contains("code.sql doesn't name code/cache/forgotten.sql"));
}
