//! The run itself: the bookkeeping, the numbered files, the changed code.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use tokio_postgres::Client;
use tokio_postgres::error::{ErrorPosition, SqlState};

use crate::Report;
use crate::catalog::{self, Object};
use crate::files::{CodeFile, Files, Part, SchemaFile};
use crate::release_0::{self, Origin};
use crate::service;
use crate::session::{Session, Work};

/// The numbered file that a database of the last release has already, under other names.
const TAKEN_OVER: usize = 0;
/// Whatever changes may be in any cached answer.
const ANNOUNCE: &str = "INSERT INTO cache_invalidations (tags) VALUES ('{*}')";
const BOOKKEEPING: &str = "
    CREATE TABLE IF NOT EXISTS schema_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now());
    CREATE TABLE IF NOT EXISTS schema_code (
        -- The file's path below code/, without its ending.
        name text PRIMARY KEY,
        -- What it has made: function name(types), or view name.
        object text NOT NULL,
        sha256 text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    );
    CREATE TABLE IF NOT EXISTS schema_calls (
        -- function name(types): a component that may be in service calls it.
        object text PRIMARY KEY,
        noted_at timestamptz NOT NULL DEFAULT now()
    )";
/// Before the names of the last release's objects in `schema_code`: no file is called so, so they
/// count as gone.
const RELEASE_0: &str = "release_0/";

/// A line of `schema_code`.
#[derive(Clone, Debug)]
struct Recorded {
    object: String,
    sha256: String,
}

pub(crate) async fn run(session: &Session<'_>, files: &Files) -> Result<Report> {
    let began = Instant::now();
    let mut report = Report::default();
    let applied = applied(&session.client).await?;
    let origin = release_0::origin(&applied, files)?;
    let announce = origin != Origin::New;
    let notes = "SELECT to_regclass('public.schema_calls') IS NOT NULL";
    let notes: bool = session.client.query_one(notes, &[]).await?.get(0);
    session.client.batch_execute(BOOKKEEPING).await.context("the bookkeeping tables")?;
    if !notes {
        service::note_present(&session.client, files).await?;
    }

    // Files that were taken in by a numbered file of this run: these may change functions that
    // constraints stand on.
    let mut allowed = BTreeSet::new();
    let due: Vec<(usize, &SchemaFile)> =
        files.schema.iter().enumerate().filter(|(_, file)| !applied.contains(&file.name)).collect();
    if due.is_empty() {
        session.say(&format!("schema: all {} numbered files are applied", files.schema.len()));
    }
    for (place, file) in due {
        let take_over = origin == Origin::Release0 && place == TAKEN_OVER;
        session.say(&if take_over {
            format!("schema: {} is what the last release's {} files made: taking over", file.name, applied.len())
        } else {
            format!("schema: applying {}", file.name)
        });
        let work = Numbered { files, file, take_over, announce };
        let taken = session.transaction(&file.name, &work).await?;
        allowed.extend(taken);
        report.taken_over |= take_over;
        report.schema.push(file.name.clone());
    }

    let recorded = recorded(&session.client).await?;
    let changed: BTreeSet<usize> = (0..files.code.len())
        .filter(|place| {
            recorded.get(&files.code[*place].name).is_none_or(|one| one.sha256 != files.code[*place].sha256)
        })
        .collect();
    let present: BTreeSet<&str> = files.code.iter().map(|file| file.name.as_str()).collect();
    let gone = recorded.keys().filter(|name| !present.contains(name.as_str())).count();
    if changed.is_empty() && gone == 0 {
        session.say(&format!("code: all {} files are as they were applied", files.code.len()));
    } else {
        session.say(&format!("code: {} of {} files have changed", changed.len(), files.code.len()));
        let work = ChangedCode { session, files, recorded: &recorded, changed: &changed, allowed: &allowed, announce };
        let done = session.transaction("code", &work).await?;
        (report.code, report.dropped) = done;
        if announce {
            session.say("code: committed, and with it that all that is cached may have changed");
        } else {
            session.say("code: committed");
        }
    }
    session.say(&if report.is_empty() {
        "nothing to do".to_owned()
    } else {
        format!(
            "done: {} numbered and {} code files applied, {} dropped, in {:.1} s",
            report.schema.len(),
            report.code.len(),
            report.dropped.len(),
            began.elapsed().as_secs_f64()
        )
    });
    Ok(report)
}

/// Everything by which a database differs from what these files make, by name.
pub(crate) async fn due(session: &Session<'_>, files: &Files) -> Result<Vec<String>> {
    let applied = applied(&session.client).await?;
    let schema = files.schema.iter().filter(|file| !applied.contains(&file.name)).map(|file| file.name.clone());
    let schema: Vec<String> = schema.collect();
    if !schema.is_empty() {
        return Ok(schema);
    }
    let mut recorded = recorded(&session.client).await?;
    let differs = |file: &&CodeFile| recorded.remove(&file.name).is_none_or(|one| one.sha256 != file.sha256);
    let mut due: Vec<String> = files.code.iter().filter(differs).map(|file| file.name.clone()).collect();
    due.extend(recorded.into_keys());
    Ok(due)
}

async fn applied(client: &Client) -> Result<BTreeSet<String>> {
    let there: bool = client.query_one("SELECT to_regclass('public.schema_migrations') IS NOT NULL", &[]).await?.get(0);
    if !there {
        return Ok(BTreeSet::new());
    }
    Ok(client.query("SELECT name FROM schema_migrations", &[]).await?.iter().map(|row| row.get(0)).collect())
}

async fn recorded(client: &Client) -> Result<BTreeMap<String, Recorded>> {
    let rows = client.query("SELECT name, object, sha256 FROM schema_code", &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), Recorded { object: row.get(1), sha256: row.get(2) })).collect())
}

/// The transaction of a numbered file, with its line in `schema_migrations`.
struct Numbered<'a> {
    files: &'a Files,
    file: &'a SchemaFile,
    /// The last release's database has its contents already; the file is only recorded.
    take_over: bool,
    announce: bool,
}

impl Work for Numbered<'_> {
    /// The code files that were taken in: they are applied in any case.
    type Output = Vec<usize>;

    async fn run(&self, client: &Client) -> Result<Vec<usize>> {
        client.execute("INSERT INTO schema_migrations (name) VALUES ($1)", &[&self.file.name]).await?;
        let mut taken = Vec::new();
        for part in &self.file.parts {
            match part {
                Part::Sql(_) if self.take_over => {}
                Part::Sql(text) => execute(client, text, &format!("schema/{}.sql", self.file.name)).await?,
                Part::Code(place) => {
                    let code = &self.files.code[*place];
                    let object = make(client, code).await?;
                    record(client, code, &object.name).await?;
                    taken.push(*place);
                }
            }
        }
        if self.take_over {
            for object in release_0::objects() {
                let name = format!("{RELEASE_0}{object}");
                client
                    .execute("INSERT INTO schema_code (name, object, sha256) VALUES ($1, $2, '')", &[&name, &object])
                    .await?;
            }
        }
        if self.take_over {
            service::note_release_0(client).await?;
        } else {
            service::check(client).await?;
        }
        if self.announce {
            client.batch_execute(ANNOUNCE).await?;
        }
        Ok(taken)
    }
}

/// Runs a code file and gives its object.
async fn make(client: &Client, file: &CodeFile) -> Result<Object> {
    let before = catalog::objects(client, file).await?;
    execute(client, &file.text, &file.path()).await?;
    made(client, file, &before).await
}

async fn made(client: &Client, file: &CodeFile, before: &[Object]) -> Result<Object> {
    let after = catalog::objects(client, file).await?;
    let made = catalog::changed(before, &after);
    Ok(made.with_context(|| format!("{} made no {} in schema public", file.path(), file.object))?.clone())
}

async fn record(client: &Client, file: &CodeFile, object: &str) -> Result<()> {
    client
        .execute(
            "INSERT INTO schema_code (name, object, sha256) VALUES ($1, $2, $3)
             ON CONFLICT (name) DO UPDATE SET object = excluded.object, sha256 = excluded.sha256, applied_at = now()",
            &[&file.name, &object, &file.sha256],
        )
        .await?;
    Ok(())
}

/// Runs statements; an error names the file and shows the line.
async fn execute(client: &Client, text: &str, path: &str) -> Result<()> {
    client.batch_execute(text).await.map_err(|error| {
        let line = match error.as_db_error().and_then(|error| error.position()) {
            Some(ErrorPosition::Original(at)) => {
                let before: String = text.chars().take((*at as usize).saturating_sub(1)).collect();
                text.lines().nth(before.matches('\n').count()).map(|line| format!(", at: {}", line.trim()))
            }
            _ => None,
        };
        let said = error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
        anyhow::Error::new(error).context(format!("{path}: {said}{}", line.unwrap_or_default()))
    })
}

/// The transaction of all changed code.
struct ChangedCode<'a> {
    session: &'a Session<'a>,
    files: &'a Files,
    recorded: &'a BTreeMap<String, Recorded>,
    changed: &'a BTreeSet<usize>,
    /// Files that may change a function that constraints stand on.
    allowed: &'a BTreeSet<usize>,
    announce: bool,
}

impl Work for ChangedCode<'_> {
    /// The files that were applied, and what was dropped for good.
    type Output = (Vec<String>, Vec<String>);

    async fn run(&self, client: &Client) -> Result<Self::Output> {
        let state = State::new(self.files, self.recorded, self.changed);
        Change { work: self, client, state }.run().await
    }
}

/// One attempt at it.
struct Change<'a> {
    work: &'a ChangedCode<'a>,
    client: &'a Client,
    state: State,
}

/// How far it has come.
struct State {
    /// Files that are still to be applied.
    pending: BTreeSet<usize>,
    /// Each file's object, as far as it is known.
    objects: HashMap<usize, String>,
    /// Rights of objects that were dropped, by file.
    grants: HashMap<usize, Vec<String>>,
    applied: Vec<usize>,
    dropped: Vec<String>,
}

impl State {
    fn new(files: &Files, recorded: &BTreeMap<String, Recorded>, changed: &BTreeSet<usize>) -> State {
        let object = |(place, file): (usize, &CodeFile)| Some((place, recorded.get(&file.name)?.object.clone()));
        State {
            pending: changed.clone(),
            objects: files.code.iter().enumerate().filter_map(object).collect(),
            grants: HashMap::new(),
            applied: Vec::new(),
            dropped: Vec::new(),
        }
    }
}

impl Change<'_> {
    /// Applies what has changed, drops what no file makes any more, and announces it.
    async fn run(&mut self) -> Result<(Vec<String>, Vec<String>)> {
        self.apply_pending().await?;
        let work = self.work;
        let kept: BTreeSet<String> = self.state.objects.values().cloned().collect();
        let left: BTreeSet<&str> =
            work.recorded.values().map(|one| one.object.as_str()).filter(|object| !kept.contains(*object)).collect();
        for object in left {
            if let Some((class, oid)) = catalog::find(self.client, object).await? {
                self.drop_with_dependents(object, class, oid, None).await?;
                self.work.session.say(&format!("code: dropped {object}, which no file makes any more"));
            }
        }
        // Those that stood on a dropped one.
        self.apply_pending().await?;
        let present: Vec<&str> = self.work.files.code.iter().map(|file| file.name.as_str()).collect();
        self.client.execute("DELETE FROM schema_code WHERE name <> ALL ($1)", &[&present]).await?;
        service::check(self.client).await?;
        service::note(self.client, self.work.files).await?;
        if self.work.announce {
            self.client.batch_execute(ANNOUNCE).await?;
        }
        let State { applied, objects, dropped, .. } = &self.state;
        let names = applied.iter().map(|place| work.files.code[*place].name.clone());
        let rebuilt: BTreeSet<&String> = objects.values().collect();
        let dropped = dropped.iter().filter(|object| !rebuilt.contains(object)).cloned();
        Ok((names.collect(), dropped.collect()))
    }

    async fn apply_pending(&mut self) -> Result<()> {
        let work = self.work;
        while let Some(place) = self.state.pending.pop_first() {
            let file = &work.files.code[place];
            work.session.say(&format!("code: {:>3}/{} {}", place + 1, work.files.code.len(), file.name));
            let object = self.apply(place, file).await?;
            for grant in self.state.grants.remove(&place).unwrap_or_default() {
                let named = object.name.replacen("view ", "TABLE ", 1);
                self.client.batch_execute(&grant.replacen("%s", &named, 1)).await.with_context(|| grant.clone())?;
            }
            record(self.client, file, &object.name).await?;
            self.state.objects.insert(place, object.name);
            if !self.state.applied.contains(&place) {
                self.state.applied.push(place);
            }
        }
        Ok(())
    }

    /// Applies one file; drops what stands on its object if that can't be replaced in place.
    async fn apply(&mut self, place: usize, file: &CodeFile) -> Result<Object> {
        let before = catalog::objects(self.client, file).await?;
        self.client.batch_execute("SAVEPOINT code_file").await?;
        let done = execute(self.client, &file.text, &file.path()).await;
        if let Err(error) = done {
            let Some(object) = in_the_way(&error, file) else { return Err(error) };
            self.client.batch_execute("ROLLBACK TO SAVEPOINT code_file").await?;
            let found = catalog::find(self.client, &object).await?;
            let (class, oid) =
                found.with_context(|| format!("{}: {object} is in the way and not to be found", file.path()))?;
            self.refuse_if_judged(&object, class, oid, false).await?;
            self.work
                .session
                .say(&format!("code:   {object} can't be replaced in place: dropping it, and what stands on it"));
            self.drop_with_dependents(&object, class, oid, Some(place)).await?;
            self.state.pending.remove(&place);
            return make(self.client, file).await;
        }
        let object = made(self.client, file, &before).await?;
        if let Some(was) = before.iter().find(|was| was.oid == object.oid && was.definition != object.definition) {
            self.refuse_if_judged(&was.name, was.class, was.oid, self.work.allowed.contains(&place)).await?;
        }
        self.client.batch_execute("RELEASE SAVEPOINT code_file").await?;
        Ok(object)
    }

    /// Refuses to change a function by which stored rows were judged, unless a numbered file has
    /// seen to the rows.
    async fn refuse_if_judged(&self, object: &str, class: u32, oid: u32, allowed: bool) -> Result<()> {
        let judged = if allowed { Vec::new() } else { catalog::judged_by(self.client, class, oid).await? };
        ensure!(
            judged.is_empty(),
            "{object} has changed, and stored rows were judged by what it was:\n{}\nSuch a function changes only \
             together with a numbered file that takes its file in by \\i and sees to these rows",
            bulleted(&judged)
        );
        Ok(())
    }

    /// Drops an object after all that stands on it. Those that a file makes become pending;
    /// anything else is refused. `maker` is the file that makes the object anew, and gets its
    /// rights, if no file is known to have made it.
    async fn drop_with_dependents(&mut self, object: &str, class: u32, oid: u32, maker: Option<usize>) -> Result<()> {
        let mut order: Vec<(String, u32, u32)> = Vec::new();
        let mut foreign = Vec::new();
        // Depth first: each comes after all that stands on it.
        let mut stack = vec![(object.to_owned(), class, oid, false)];
        let mut seen = BTreeSet::new();
        while let Some((name, class, oid, expanded)) = stack.pop() {
            if expanded {
                order.push((name, class, oid));
                continue;
            }
            if !seen.insert((class, oid)) {
                continue;
            }
            stack.push((name, class, oid, true));
            for dependent in catalog::dependents(self.client, class, oid).await? {
                if self.is_ours(&dependent.name) {
                    stack.push((dependent.name, dependent.class, dependent.oid, false));
                } else if !foreign.contains(&dependent.name) {
                    foreign.push(dependent.name);
                }
            }
        }
        if !foreign.is_empty() {
            bail!(
                "{object} has to be dropped, and these stand on it, which no file in code/ makes:\n{}\nChange them by a \
                 numbered file first",
                bulleted(&foreign)
            );
        }
        for (name, class, oid) in order {
            if name != object {
                self.work.session.say(&format!("code:   {name} stands on it"));
            }
            let grants = catalog::grants(self.client, class, oid).await?;
            self.client.batch_execute(&format!("DROP {name}")).await.with_context(|| format!("DROP {name}"))?;
            let state = &mut self.state;
            let file = state.objects.iter().find(|(_, object)| **object == name).map(|(place, _)| *place);
            if let Some(file) = file {
                state.objects.remove(&file);
                state.pending.insert(file);
                state.grants.insert(file, grants);
            } else if let Some(file) = maker.filter(|_| name == object) {
                state.grants.entry(file).or_insert(grants);
            }
            state.dropped.push(name);
        }
        Ok(())
    }

    /// Whether a function or view is made by a file, or was by the last release.
    fn is_ours(&self, object: &str) -> bool {
        self.work.recorded.values().any(|one| one.object == object)
            || self.state.objects.values().any(|known| known == object)
    }
}

/// The existing object that Postgres won't replace in place, as its error and its hint name it.
fn in_the_way(error: &anyhow::Error, file: &CodeFile) -> Option<String> {
    let error = error.chain().find_map(|cause| cause.downcast_ref::<tokio_postgres::Error>())?.as_db_error()?;
    if *error.code() == SqlState::INVALID_TABLE_DEFINITION {
        return Some(format!("view {}", file.object));
    }
    if *error.code() != SqlState::INVALID_FUNCTION_DEFINITION {
        return None;
    }
    let hint = error.hint()?;
    let signature = &hint[hint.find("DROP FUNCTION ")? + "DROP FUNCTION ".len()..];
    Some(format!("function {}", &signature[..=signature.rfind(')')?]))
}

fn bulleted(names: &[String]) -> String {
    names.iter().map(|name| format!("  - {name}")).collect::<Vec<_>>().join("\n")
}
