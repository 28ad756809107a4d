//! Under `#variable_conflict use_column` a bare name in a statement means the column, never the
//! variable of that name. `k.route = route` then compares a column with itself, and holds for every
//! row. So where a statement decides about rows, no bare name may be a variable's and a column's.

use std::collections::BTreeSet;

use crate::database::Database;

/// The text without comments and literals.
fn bare(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    for line in body.lines() {
        out.push_str(line.split("--").next().unwrap_or_default());
        out.push('\n');
    }
    out.split('\'').step_by(2).collect::<Vec<_>>().join("''")
}

/// Identifiers and single characters.
fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let length = if word(first) { rest.find(|c| !word(c)).unwrap_or(rest.len()) } else { first.len_utf8() };
        found.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    found
}

/// The variables among these that stand bare where one of the body's statements decides about rows.
fn confused<'a>(body: &str, variables: &BTreeSet<&'a str>) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    for statement in bare(body).split(';') {
        let words = tokens(statement);
        // Whether a query is being read, its conditions, and the list behind INTO; and the same
        // outside each parenthesis that is open.
        let (mut queries, mut deciding, mut taking) = (false, false, false);
        let mut outside = Vec::new();
        for (at, word) in words.iter().enumerate() {
            let before = at.checked_sub(1).map_or("", |before| words[before]);
            let after = words.get(at + 1).copied().unwrap_or_default();
            match *word {
                "(" => outside.push((queries, deciding, taking)),
                ")" => (queries, deciding, taking) = outside.pop().unwrap_or_default(),
                "SELECT" | "INSERT" | "UPDATE" | "DELETE" | "PERFORM" => queries = true,
                "ON" if after == "CONFLICT" => deciding = false,
                "WHERE" | "ON" => (deciding, taking) = (queries, false),
                "SET" | "RETURNING" => deciding = false,
                "INTO" => taking = true,
                "FROM" => taking = false,
                name => {
                    let qualified = before == "." || after == "." || after == "(" || before == "AS";
                    if deciding && !taking && !qualified {
                        found.extend(variables.get(name));
                    }
                }
            }
        }
    }
    found
}

#[test]
fn a_column_that_is_compared_with_itself_is_found() {
    let variables = BTreeSet::from(["route", "status"]);
    let table: [(&str, &[&str]); 8] = [
        ("DELETE FROM keys k WHERE k.route = route;", &["route"]),
        ("SELECT 1 FROM keys k WHERE (k.key, k.route) = (p_key, route);", &["route"]),
        ("IF done THEN UPDATE keys k SET a = 1 WHERE status IS NOT NULL;", &["status"]),
        ("SELECT 1 FROM a JOIN b ON b.id = a.id AND a.status = status;", &["status"]),
        ("IF EXISTS (SELECT FROM a WHERE a.id = p_id) THEN status := route;", &[]),
        ("IF status = 'a' AND route = 'b' THEN route := status;", &[]),
        ("INSERT INTO keys (route) VALUES (1) ON CONFLICT (route) DO UPDATE SET status = 1;", &[]),
        ("SELECT k.status INTO status FROM keys k WHERE k.route = v_route; -- k.route = route", &[]),
    ];
    for (body, expected) in table {
        assert_eq!(confused(body, &variables), expected.iter().copied().collect(), "{body}");
    }
}

#[tokio::test]
async fn no_function_compares_a_column_with_itself_for_want_of_a_name() {
    let db = Database::new().await;
    let columns = db.text("SELECT string_agg(DISTINCT attname, ' ') FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND relname NOT LIKE 'schema_%' AND attnum > 0").await;
    let columns: BTreeSet<&str> = columns.split(' ').collect();
    let functions = "SELECT p.proname, p.prosrc, coalesce(p.proargnames, '{}') FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
        WHERE p.pronamespace = 'public'::regnamespace AND l.lanname = 'plpgsql'
            AND p.prosrc LIKE '%#variable_conflict use_column%'";
    let mut looked = 0;
    for row in db.client.query(functions, &[]).await.unwrap() {
        let (name, body, arguments): (&str, &str, Vec<&str>) = (row.get(0), row.get(1), row.get(2));
        let text = bare(body);
        let declared = text.split_once("BEGIN").map_or("", |(before, _)| before);
        let declared = declared.split_once("DECLARE").map_or("", |(_, behind)| behind);
        let declared = declared.split(';').filter_map(|line| line.split_whitespace().next());
        let variables: BTreeSet<&str> = arguments.into_iter().chain(declared).collect();
        let variables: BTreeSet<&str> = variables.intersection(&columns).copied().collect();
        assert_eq!(confused(body, &variables), BTreeSet::new(), "{name}: give the variable another name");
        looked += 1;
    }
    assert!(looked > 10, "{looked}");
}
