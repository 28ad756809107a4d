//! The last release's instances go on while this one is rolled out: every statement of theirs runs,
//! with the same columns.

use std::path::Path;

use tokio_postgres::Client;

use crate::database::Database;

/// The statements, by name. They are copies, so that they stay as they were.
fn statements() -> Vec<(String, String)> {
    let dir = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/release_0_statements"));
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let mut statements: Vec<_> = entries
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(&path).unwrap()))
        .collect();
    statements.sort();
    assert_eq!(statements.len(), 57, "all of them");
    statements
}

/// The types of a statement's parameters, and its columns with their types.
async fn shape(client: &Client, name: &str, sql: &str) -> (Vec<String>, Vec<String>) {
    let statement = client.prepare(sql).await.unwrap_or_else(|error| panic!("{name}: {error:?}"));
    let columns = statement.columns().iter().map(|column| format!("{} {}", column.name(), column.type_()));
    (statement.params().iter().map(ToString::to_string).collect(), columns.collect())
}

#[tokio::test]
async fn every_statement_of_the_last_release_has_the_shape_that_it_had() {
    let (then, now) = (Database::release_0().await, Database::new().await);
    for (name, sql) in statements() {
        assert_eq!(shape(&then.client, &name, &sql).await, shape(&now.client, &name, &sql).await, "{name}");
    }
}

#[tokio::test]
async fn a_retired_signature_names_the_one_that_took_its_place() {
    let files = database::Files::read(database::default_dir()).unwrap();
    for file in files.code.iter().filter(|file| file.name.starts_with("retired/")) {
        let comment: Vec<&str> = file.text.lines().take_while(|line| line.starts_with("--")).collect();
        assert!(comment.join(" ").contains("The last release called this signature"), "{}", file.name);
    }
}
