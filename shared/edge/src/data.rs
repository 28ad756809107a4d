//! Reads and writes, as operations see them: a cached view, a function that changes something, a
//! function that only looks. None of them shows Redis or the cache protocol.

use std::cell::{OnceCell, RefCell};
use std::time::Duration;

use cache_logic::gzip::GZIP;
use cache_logic::l1::L1;
use cache_logic::named::NamedPolicy;
use cache_logic::origin::OriginFault;
use cache_logic::policy::{Compression, Policy};
use cache_logic::read::{Beside, Outcome, Read, SeenBeside};
use cache_spin::cache::{Keeping, Load};
use commerce::error::Error;
use commerce::views::{Entry, VIEWS, View};
use serde::Serialize;
use spin_sdk::wasip3::spawn;

use crate::access::Watch;
use crate::answer::Answer;
use crate::app::App;
use crate::call::Call;
use crate::jobs;
use crate::reply::Reply;
use crate::settings::Rules;

pub use cache_spin::cache::Mark;
pub use cache_spin::hot::HotKey;
pub use cache_spin::params;
pub use cache_spin::postgres::{Json, Param, Row};

/// How the entries of a view are kept.
#[derive(Clone, Copy)]
struct ViewKeeping {
    view: &'static View,
    compress: Option<Compression>,
    ttl: Option<Duration>,
}

impl ViewKeeping {
    /// As documents are kept: packed from `compress_min_bytes` on.
    fn packed(app: &App, view: &'static View) -> Self {
        Self { view, compress: Compression::at_least(app.config.compress_min_bytes, GZIP), ttl: None }
    }
}

impl Keeping for ViewKeeping {
    fn compress(&self) -> Option<Compression> {
        self.compress
    }

    async fn policy(&self) -> Result<Policy, OriginFault> {
        let policy = *Rules::for_cache().await?.policies.of(self.view);
        Ok(Policy { compress: self.compress, ttl: self.ttl.unwrap_or(policy.ttl), ..policy })
    }
}

/// One entry of a view, from the cache or by the view's function. `None` means that there is no
/// such thing; that is never cached. The same look shows whether the caller's token was revoked.
///
/// # Errors
/// The error that Postgres gave. A fault of Redis is never an error. [`Error::Unauthenticated`] for
/// a token that was revoked.
pub async fn read(call: Call<'_>, entry: Entry, params: Vec<Param>) -> Result<Option<Answer>, Error> {
    let compress = Compression::at_least(call.app.config.compress_min_bytes, GZIP);
    read_kept(call, entry, params, compress, None).await
}

/// As [`read`], for an entry that lives for `ttl` at most. Its row may shorten that. Such entries
/// are small, so they are never packed: the code that packs is a twentieth of a component.
///
/// # Errors
/// As [`read`].
pub async fn read_while(
    call: Call<'_>,
    entry: Entry,
    ttl: Duration,
    params: Vec<Param>,
) -> Result<Option<Answer>, Error> {
    read_kept(call, entry, params, None, Some(ttl)).await
}

/// As [`read`], for entries that are too small to be packed: a component that has no others is
/// spared the code that packs.
///
/// # Errors
/// As [`read`].
pub async fn read_small(call: Call<'_>, entry: Entry, params: Vec<Param>) -> Result<Option<Answer>, Error> {
    read_kept(call, entry, params, None, None).await
}

/// Makes an entry of a view behind the answer to a change of what it shows, so that the next reader
/// finds it. Nothing if `fill_after_write` is off.
pub fn fill_behind(app: &'static App, entry: Entry, params: Vec<Param>) {
    if !Rules::loaded().is_some_and(|rules| rules.fill_after_write) {
        return;
    }
    spawn(fill(app, entry, params));
}

/// Makes an entry of a view that nobody has asked for, if it isn't there, by an ordinary read.
pub async fn fill(app: &'static App, entry: Entry, params: Vec<Param>) {
    let view = entry.view;
    let load = Load { function: view.statement, params };
    app.cache.fill(&cache_entry(entry), load, ViewKeeping::packed(app, view)).await;
}

async fn read_kept(
    call: Call<'_>,
    entry: Entry,
    params: Vec<Param>,
    compress: Option<Compression>,
    ttl: Option<Duration>,
) -> Result<Option<Answer>, Error> {
    let view = entry.view;
    let load = Load { function: view.statement, params };
    let watch = call.admitted.watch(entry.tags().len(), entry.tenant);
    let beside = watch.as_ref().map(Watch::beside).unwrap_or_default();
    let keeping = ViewKeeping { view, compress, ttl };
    let read = call.app.cache.read_beside(&cache_entry(entry), beside, load, keeping).await?;
    if let Some(Read { outcome: Outcome::Bypass(_), .. }) = read {
        jobs::look_by_chance();
    }
    let Some(mut read) = read else { return Ok(None) };
    call.admitted.settle(watch, read.take_beside()).await?;
    Ok(Some(Answer::new(read, compress)))
}

/// One entry of a view for the app itself: no caller's token is looked up.
pub(crate) async fn read_unwatched(
    app: &'static App,
    entry: Entry,
    params: Vec<Param>,
) -> Result<Option<Read>, OriginFault> {
    let view = entry.view;
    let load = Load { function: view.statement, params };
    app.cache.read(&cache_entry(entry), load, ViewKeeping { view, compress: None, ttl: None }).await
}

/// The most bytes of names that an instance keeps by itself.
const NEAR_BYTES: usize = 200_000;

thread_local! {
    static NEAR: OnceCell<&'static RefCell<L1>> = const { OnceCell::new() };
}

/// As [`read`], for names that a shop shows and that decide nothing (the named policy `lookup`): an
/// instance serves what it was given for `lookup_near_ms` without a round trip. So such an answer
/// may be older than a change by so much. No other cached answer may be.
///
/// # Errors
/// As [`read`].
pub async fn read_near(call: Call<'_>, entry: Entry, params: Vec<Param>) -> Result<Option<Answer>, Error> {
    let (rules, view) = (Rules::ready().await?, entry.view);
    let policy = NamedPolicy::Lookup.with_ttl(rules.policies.of(view).ttl);
    let policy = policy.map_err(|wrong| Error::internal(format!("the lifetime of {}: {wrong}", view.name)))?;
    let near = NEAR.with(|near| {
        *near.get_or_init(|| {
            let age = u64::try_from(rules.lookup_near.as_millis()).unwrap_or(0);
            Box::leak(Box::new(RefCell::new(L1::new(VIEWS.len(), NEAR_BYTES, age))))
        })
    });
    let load = Load { function: view.statement, params };
    let read = call.app.cache.read_near(near, &cache_entry(entry), load, policy).await?;
    Ok(read.map(|(value, outcome)| Answer::near(&value, outcome)))
}

/// Many entries of one view, each with an id: one look into Redis, one call of the view's function
/// for many for all that is missing, one fill. The function's rows carry `id`. Answers come in the
/// order of the ids, and never packed, since they become parts of one body.
///
/// # Errors
/// As [`read`].
pub async fn read_many(
    call: Call<'_>,
    entries: Vec<(String, Entry)>,
    params: impl Fn(&[String]) -> Vec<Param> + 'static,
) -> Result<Vec<Option<Answer>>, Error> {
    // The last tag is that of the last entry's tenant, and all are of one.
    let tenant = entries.first().and_then(|(_, entry)| entry.tenant);
    let watch = call.admitted.watch(entries.iter().map(|(_, entry)| entry.tags().len()).sum(), tenant);
    let beside = watch.as_ref().map(Watch::beside).unwrap_or_default();
    let (answers, seen) = look_up_many(call.app, entries, beside, params).await?;
    if !answers.is_empty() {
        call.admitted.settle(watch, seen).await?;
    }
    Ok(answers)
}

/// As [`read_many`], for the app itself: no caller's token is looked up.
///
/// # Errors
/// The error that Postgres gave.
pub async fn read_many_unwatched(
    app: &'static App,
    entries: Vec<(String, Entry)>,
    params: impl Fn(&[String]) -> Vec<Param> + 'static,
) -> Result<Vec<Option<Answer>>, Error> {
    Ok(look_up_many(app, entries, Beside::default(), params).await?.0)
}

async fn look_up_many(
    app: &'static App,
    entries: Vec<(String, Entry)>,
    beside: Beside<'_>,
    params: impl Fn(&[String]) -> Vec<Param> + 'static,
) -> Result<(Vec<Option<Answer>>, SeenBeside), Error> {
    let Some(view) = entries.first().map(|(_, entry)| entry.view) else {
        return Ok((Vec::new(), SeenBeside::default()));
    };
    let keeping = ViewKeeping { view, compress: None, ttl: None };
    let entries: Vec<_> = entries.into_iter().map(|(id, entry)| (id, cache_entry(entry))).collect();
    let (reads, seen) = app.cache.read_many_beside(&entries, beside, view.bulk, params, keeping).await?;
    Ok((reads.into_iter().map(|read| read.map(|read| Answer::new(read, None))).collect(), seen))
}

/// The orders that were read most since they were last asked for, `most` of them, each as the key
/// of its entry and how many of its hits were sampled. Empty if nobody can tell.
pub async fn take_hot_keys(app: &App, most: usize) -> Vec<HotKey> {
    app.cache.take_hot_keys(most).await.unwrap_or_default()
}

/// Makes those of these entries of one view that aren't there, and those that are near their end,
/// by one call of the view's function for many. Nobody has asked for them. How many were made;
/// `None` if nothing can be cached for now.
///
/// # Errors
/// The error that Postgres gave.
pub async fn fill_many(
    app: &'static App,
    entries: Vec<(String, Entry)>,
    params: impl Fn(&[String]) -> Vec<Param> + 'static,
) -> Result<Option<usize>, Error> {
    let Some(view) = entries.first().map(|(_, entry)| entry.view) else { return Ok(Some(0)) };
    let entries: Vec<_> = entries.into_iter().map(|(id, entry)| (id, cache_entry(entry))).collect();
    let keeping = ViewKeeping::packed(app, view);
    Ok(app.cache.fill_many(&entries, view.bulk, params, keeping).await?)
}

/// The marks of these entries, by one look for all: while an entry's mark stays the same, nothing
/// that it shows has changed. `None`: only Postgres can tell for now.
pub async fn marks(app: &'static App, entries: &[&Entry]) -> Option<Vec<Mark>> {
    let tags: Vec<&[String]> = entries.iter().map(|entry| entry.tags()).collect();
    app.cache.marks(&tags).await
}

/// Calls a function in Postgres that changes something that may be cached. Its rows carry `xid` and
/// `tags`: the announcements of its transaction's triggers. Returns only when no reader is served
/// the old state any more.
///
/// # Errors
/// The error that Postgres gave; then nothing has changed.
pub async fn write(app: &'static App, function: &'static str, params: Vec<Param>) -> Result<Vec<Row>, Error> {
    Ok(app.cache.write(function, params).await?)
}

/// As [`write_one`], for a function whose row is the entry's from now on, if it has a body. With
/// `fill_after_write` it becomes the entry, so that the next reader finds it. The flag says whether
/// it did; else [`fill_behind`] makes the entry.
///
/// # Errors
/// As [`write`].
pub async fn write_through(
    app: &'static App,
    function: &'static str,
    params: Vec<Param>,
    entry: Entry,
) -> Result<(Row, bool), Error> {
    if !Rules::ready().await?.fill_after_write {
        return Ok((write_one(app, function, params).await?, false));
    }
    let keeping = ViewKeeping::packed(app, entry.view);
    let (rows, stored) = app.cache.write_through(function, params, &cache_entry(entry), keeping).await?;
    Ok((one(rows)?, stored))
}

/// As [`write`], for a function that gives one row.
///
/// # Errors
/// As [`write`].
pub async fn write_one(app: &'static App, function: &'static str, params: Vec<Param>) -> Result<Row, Error> {
    one(write(app, function, params).await?)
}

/// Calls a function in Postgres that changes nothing that is cached.
///
/// # Errors
/// The error that Postgres gave; then nothing has changed, or the error says that it may have.
pub async fn change(app: &App, function: &'static str, params: Vec<Param>) -> Result<Vec<Row>, Error> {
    Ok(app.cache.ports.postgres.change(function, params).await?)
}

/// As [`change`], for a function that gives one row.
///
/// # Errors
/// As [`change`].
pub async fn change_one(app: &App, function: &'static str, params: Vec<Param>) -> Result<Row, Error> {
    one(change(app, function, params).await?)
}

/// Calls a function in Postgres that only reads. Its answer isn't cached.
///
/// # Errors
/// The error that Postgres gave.
pub async fn query(app: &App, function: &'static str, params: Vec<Param>) -> Result<Vec<Row>, Error> {
    Ok(app.cache.ports.postgres.query(function, params).await?)
}

/// A value as a parameter of type jsonb.
///
/// # Errors
/// [`Error::Internal`] if it can't be written as JSON.
pub fn json(value: &impl Serialize) -> Result<Json, Error> {
    serde_json::to_string(value).map(Json).map_err(|error| Error::internal(error.to_string()))
}

/// The only row.
///
/// # Errors
/// [`Error::Internal`] if there is none.
pub fn one(rows: Vec<Row>) -> Result<Row, Error> {
    rows.into_iter().next().ok_or_else(|| Error::internal("a function gave no row"))
}

/// The only row, which isn't there if there is no such `noun`.
///
/// # Errors
/// [`Error::NotFound`].
pub fn found(rows: Vec<Row>, noun: &'static str) -> Result<Row, Error> {
    rows.into_iter().next().ok_or_else(|| Error::not_found(noun))
}

/// Answers with the JSON of a function that only reads and always gives one row, such as a page.
///
/// # Errors
/// The error that Postgres gave.
pub async fn page(app: &App, function: &'static str, params: Vec<Param>) -> Result<Reply, Error> {
    Ok(Reply::fresh(200, one(query(app, function, params).await?)?.take_text("body")?))
}

/// Answers with the JSON of a function that only reads and gives no row if there is no such
/// `noun`.
///
/// # Errors
/// [`Error::NotFound`]; the error that Postgres gave.
pub async fn document(
    app: &App,
    function: &'static str,
    params: Vec<Param>,
    noun: &'static str,
) -> Result<Reply, Error> {
    Ok(Reply::fresh(200, found(query(app, function, params).await?, noun)?.take_text("body")?))
}

fn cache_entry(entry: Entry) -> cache_spin::cache::Entry {
    let entity = entry.view.number();
    let (key, tags) = entry.into_parts();
    cache_spin::cache::Entry { entity, key, tags }
}
