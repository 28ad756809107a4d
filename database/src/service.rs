//! The functions that components in service call. Components of the last release serve while this
//! one is rolled out, so whatever they call must go on to be found.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};
use tokio_postgres::Client;

use crate::files::Files;
use crate::session::{Session, Work};
use crate::{apply, release_0};

/// The calls whose function is neither there nor replaced by one that takes the same call: of the
/// same name, with the same types first and defaults for the rest.
const UNANSWERED: &str = "
    SELECT c.object FROM (
        SELECT object, split_part(substr(object, 10), '(', 1) AS name,
            string_to_array(rtrim(split_part(object, '(', 2), ')'), ',') AS types
        FROM schema_calls
    ) AS c
    WHERE NOT EXISTS (
        SELECT FROM pg_proc p,
            LATERAL (SELECT string_to_array(replace(oidvectortypes(p.proargtypes), ', ', ',')::text, ',') AS types) AS t
        WHERE p.pronamespace = 'public'::regnamespace AND p.proname = c.name
            AND p.pronargs - p.pronargdefaults <= cardinality(c.types) AND t.types[1:cardinality(c.types)] = c.types)
    ORDER BY 1";
const NOTE: &str = "INSERT INTO schema_calls (object) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING";

/// Notes the calls of the last release without a runner: its database is being taken over.
pub(crate) async fn note_release_0(client: &Client) -> Result<()> {
    let calls: Vec<&str> = release_0::calls().collect();
    client.execute(NOTE, &[&calls]).await?;
    Ok(())
}

/// Notes the calls of the release before in a database that was never asked to: whatever this one
/// calls that is there already, and what was kept for the release before it.
pub(crate) async fn note_present(client: &Client, files: &Files) -> Result<()> {
    let present = "INSERT INTO schema_calls (object) SELECT object FROM schema_code
        WHERE object LIKE 'function %' AND (name LIKE 'retired/%' OR split_part(substr(object, 10), '(', 1) = ANY ($1))
        ON CONFLICT DO NOTHING";
    client.execute(present, &[&files.calls]).await?;
    Ok(())
}

/// Notes the calls of this release.
pub(crate) async fn note(client: &Client, files: &Files) -> Result<()> {
    let names: BTreeSet<&str> =
        files.code.iter().filter(|file| files.calls.contains(&file.object)).map(|file| file.name.as_str()).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let objects = client.query("SELECT object FROM schema_code WHERE name = ANY ($1)", &[&names]).await?;
    let objects: Vec<&str> = objects.iter().map(|row| row.get(0)).collect();
    client.execute(NOTE, &[&objects]).await?;
    Ok(())
}

/// Refuses a state in which a component in service calls what isn't there.
///
/// # Errors
/// Every such call.
pub(crate) async fn check(client: &Client) -> Result<()> {
    let lost: Vec<String> = client.query(UNANSWERED, &[]).await?.iter().map(|row| row.get(0)).collect();
    if lost.is_empty() {
        return Ok(());
    }
    bail!(
        "these would go, and components in service call them:\n{}\nKeep each signature in code/retired/ for one \
         release. If the last component of every release before this one has ended, say so first, with the files of \
         the release in service: database retire",
        lost.iter().map(|name| format!("  - {name}")).collect::<Vec<_>>().join("\n")
    )
}

/// Takes the release of these files for the only one in service: the calls of those before it are
/// forgotten, and what announces less is switched on.
pub(crate) async fn retire(session: &Session<'_>, files: &Files) -> Result<Vec<String>> {
    let due = apply::due(session, files).await?;
    ensure!(
        due.is_empty(),
        "this database isn't what these files make, so theirs isn't the release in service. Nothing was changed. \
         Missing, changed or left over: {}",
        due.join(", ")
    );
    let (forgotten, since) = session.transaction("retire", &Retire { files }).await?;
    session.say(&format!("retire: {} functions are called by earlier releases alone", forgotten.len()));
    for object in &forgotten {
        session.say(&format!("retire:   {object}"));
    }
    session.say(&format!("retire: changes of many rows are announced by their organisations, since {since}"));
    Ok(forgotten)
}

struct Retire<'a> {
    files: &'a Files,
}

impl Work for Retire<'_> {
    /// The calls that were forgotten, and since when tenants are named.
    type Output = (Vec<String>, String);

    async fn run(&self, client: &Client) -> Result<Self::Output> {
        let before = calls(client).await?;
        client.execute("DELETE FROM schema_calls", &[]).await?;
        note(client, self.files).await?;
        let kept = calls(client).await?;
        let since = "SELECT to_char(cache_name_tenants(true) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS \"UTC\"')";
        let since: Option<String> = client.query_one(since, &[]).await.context("cache_name_tenants")?.get(0);
        let since = since.unwrap_or_else(|| "its beginning".to_owned());
        Ok((before.difference(&kept).cloned().collect(), since))
    }
}

async fn calls(client: &Client) -> Result<BTreeSet<String>> {
    Ok(client.query("SELECT object FROM schema_calls", &[]).await?.iter().map(|row| row.get(0)).collect())
}
