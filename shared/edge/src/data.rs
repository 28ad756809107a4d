//! Reads and writes, as operations see them: a cached view, a statement that changes something, a
//! statement that only looks. None of them shows Redis or the cache protocol.

use std::time::Duration;

use cache_logic::gzip::GZIP;
use cache_logic::origin::OriginFault;
use cache_logic::policy::{Compress, Policy};
use cache_spin::cache::{Keeping, Load};
use commerce::entries::{Class, Entry};
use commerce::error::Error;

use crate::answer::Answer;
use crate::app::App;
use crate::settings::Rules;

pub use cache_spin::postgres::{Param, Row};

/// How the entries of a view are kept.
#[derive(Clone, Copy)]
struct ViewKeeping {
    class: Class,
    compress: Option<Compress>,
    ttl: Option<Duration>,
}

impl Keeping for ViewKeeping {
    fn compress(&self) -> Option<Compress> {
        self.compress
    }

    async fn policy(&self) -> Result<Policy, OriginFault> {
        let rules = Rules::get().await.map_err(|wrong| OriginFault::Misconfigured {
            detail: crate::settings::misconfigured(wrong).to_string(),
        })?;
        let policy = *rules.policies.of(self.class);
        Ok(Policy { compress: self.compress, ttl: self.ttl.unwrap_or(policy.ttl), ..policy })
    }
}

/// One entry of a view, from the cache or by its statement. `None`: no such thing; never cached.
///
/// # Errors
/// What Postgres gave. A fault of Redis is never an error.
pub async fn read(
    app: &'static App,
    entry: Entry,
    statement: &'static str,
    params: Vec<Param>,
) -> Result<Option<Answer>, Error> {
    read_kept(app, entry, statement, params, None, None).await
}

/// As [`read`], for what may be large: kept packed from `compress_min_bytes` on.
///
/// # Errors
/// As [`read`].
pub async fn read_packed(
    app: &'static App,
    entry: Entry,
    statement: &'static str,
    params: Vec<Param>,
) -> Result<Option<Answer>, Error> {
    let compress = Compress::at_least(app.config.compress_min_bytes, GZIP);
    read_kept(app, entry, statement, params, compress, None).await
}

/// As [`read`], for an entry that lives for `ttl` at most, and whose rows may say for how long.
///
/// # Errors
/// As [`read`].
pub async fn read_while(
    app: &'static App,
    entry: Entry,
    ttl: Duration,
    statement: &'static str,
    params: Vec<Param>,
) -> Result<Option<Answer>, Error> {
    read_kept(app, entry, statement, params, None, Some(ttl)).await
}

async fn read_kept(
    app: &'static App,
    entry: Entry,
    statement: &'static str,
    params: Vec<Param>,
    compress: Option<Compress>,
    ttl: Option<Duration>,
) -> Result<Option<Answer>, Error> {
    let keeping = ViewKeeping { class: entry.class, compress, ttl };
    let read = app.cache.read(&counted(entry), Load { statement, params }, keeping).await?;
    Ok(read.map(|read| Answer::new(read, compress)))
}

/// Many entries of one view, each with an id: one look, one statement for all that is missing (its rows
/// carry `id`), one fill. Answers in the order of the ids.
///
/// # Errors
/// As [`read`].
pub async fn read_many(
    app: &'static App,
    entries: Vec<(String, Entry)>,
    statement: &'static str,
    params: impl Fn(&[String]) -> Vec<Param> + 'static,
) -> Result<Vec<Option<Answer>>, Error> {
    let Some(class) = entries.first().map(|(_, entry)| entry.class) else { return Ok(Vec::new()) };
    let keeping = ViewKeeping { class, compress: None, ttl: None };
    let entries: Vec<_> = entries.into_iter().map(|(id, entry)| (id, counted(entry))).collect();
    let reads = app.cache.read_many(&entries, statement, params, keeping).await?;
    Ok(reads.into_iter().map(|read| read.map(|read| Answer::new(read, None))).collect())
}

/// One call of a function in Postgres that changes something. Its rows carry `xid` and `tags`: what the
/// triggers of its transaction announced. Returns when no reader is served the old state any more.
///
/// # Errors
/// What Postgres gave: then nothing has changed.
pub async fn write(app: &'static App, statement: &'static str, params: Vec<Param>) -> Result<Vec<Row>, Error> {
    Ok(app.cache.write(statement, params).await?)
}

/// As [`write`], for a function that gives one row.
///
/// # Errors
/// As [`write`].
pub async fn write_one(app: &'static App, statement: &'static str, params: Vec<Param>) -> Result<Row, Error> {
    one(write(app, statement, params).await?)
}

/// One statement that changes nothing, and whose answer isn't kept.
///
/// # Errors
/// What Postgres gave.
pub async fn query(app: &App, statement: &'static str, params: Vec<Param>) -> Result<Vec<Row>, Error> {
    Ok(app.cache.ports.postgres.query(statement, params).await?)
}

/// The only row.
///
/// # Errors
/// [`Error::Internal`] if there is none.
pub fn one(rows: Vec<Row>) -> Result<Row, Error> {
    rows.into_iter().next().ok_or_else(|| Error::internal("a statement gave no row"))
}

fn counted(entry: Entry) -> cache_spin::cache::Entry {
    cache_spin::cache::Entry { entity: entry.class as usize, key: entry.key, tags: entry.tags }
}
