//! The program, killed by SIGKILL: what it leaves is the old state or the new, and the next run
//! completes it.
//!
//! Needs DATABASE_URL: a connection that may create databases.

use std::process::Stdio;
use std::time::Duration;

use kit::database::Database;
use kit::eventually;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio_postgres::Client;

const RELEASE_0: &str = include_str!("../../tests/db/fixtures/release_0.sql");

fn program(db: &Database) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_database"));
    command.args(["migrate", &db.url()]).stdin(Stdio::null());
    command
}

async fn count(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.expect(sql).get(0)
}

#[tokio::test]
async fn killed_at_any_line_it_leaves_the_old_or_the_new_and_the_next_run_completes_it() {
    let files = database::Files::read(database::default_dir()).expect("database/").code.len() as i64;
    for lines in [1, 2, 3, 4, 10, 30, 60, 90] {
        let db = Database::empty().await;
        db.run(RELEASE_0).await;
        let client = &db.client;

        let mut child = program(&db).stdout(Stdio::piped()).spawn().expect("the program starts");
        let mut output = BufReader::new(child.stdout.take().expect("its output")).lines();
        for _ in 0..lines {
            output.next_line().await.expect("its output");
        }
        child.kill().await.expect("it is killed");
        let others =
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
        eventually("the killed one's connection is gone", Duration::from_secs(60), || async {
            (count(client, others).await == 0).then_some(())
        })
        .await;

        let there = "SELECT count(*) FROM pg_class WHERE relname = 'schema_code'";
        if count(client, there).await == 1 {
            let made = count(client, "SELECT count(*) FROM schema_code WHERE sha256 <> ''").await;
            let left = count(client, "SELECT count(*) FROM schema_code WHERE sha256 = ''").await;
            // Nothing; the numbered file with its own functions; or all of it.
            assert!(
                made == 0 || made == files || (made < files / 2 && left > 0),
                "{lines} lines: {made} of {files} files, {left}"
            );
        }
        let again = program(&db).stdout(Stdio::null()).status().await.expect("the program starts");
        assert!(again.success(), "after {lines} lines");
        assert_eq!(count(client, "SELECT count(*) FROM schema_code WHERE sha256 <> ''").await, files, "{lines} lines");
        assert_eq!(count(client, "SELECT count(*) FROM schema_migrations WHERE name = '0001_baseline'").await, 1);
    }
}
