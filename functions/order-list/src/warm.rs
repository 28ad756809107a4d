//! The orders that are read most are made anew before anybody asks, if they are missing: after
//! Redis was emptied, a restore, or a deployment whose entries are others.

use std::time::Duration;

use commerce::error::Error;
use commerce::views;
use edge::clock::{monotonic_millis, sleep};
use edge::jobs::{self, Job, Step};
use edge::settings::Rules;
use edge::{App, params};
use serde_json::json;

/// As many orders are loaded by one query.
const AT_ONCE: usize = 50;
/// The pause behind each query, so that readers have Postgres for themselves most of the time: at
/// most 20 queries a second, by one instance.
const PAUSE: Duration = Duration::from_millis(50);
/// How often a certificate is looked for before a run is given up.
const TRIES: usize = 20;

/// A step of the job: at the beginning of a run the sample of hits is copied from Redis to
/// Postgres, since what empties Redis empties the sample. Then the orders are looked up in the
/// order of their heat, and those that are missing are loaded. A run begins anew once the cache was
/// emptied.
///
/// # Errors
/// The error that Postgres gave.
pub async fn step(app: &'static App, job: &Job) -> Result<Step, Error> {
    let most = Rules::ready().await?.hot_orders;
    let reached = job.cursor.as_deref().and_then(|cursor| cursor.parse().ok()).unwrap_or(0_usize);
    if reached == 0 {
        keep_sample(app, most).await?;
    }
    // First, since the certificate that it waits for may be the one that moves the epoch.
    let can_cache = can_cache(app).await;
    let row = edge::change_one(app, "hot_key_begin", params![reached as i32, most as i32]).await?;
    let first = row.int("first")?.and_then(|first| usize::try_from(first).ok()).unwrap_or_default();
    let keys = row.texts("keys")?;
    if !can_cache {
        return Ok(Step::of(json!({ "skipped": "nothing can be cached for now" }), false));
    }
    let (began, mut made) = (monotonic_millis(), 0);
    for (number, some) in keys.chunks(AT_ONCE).enumerate() {
        let done = number * AT_ONCE;
        let rest = || Some((first + done).to_string());
        if monotonic_millis().saturating_sub(began) >= jobs::STEP.as_millis() as u64 {
            return Ok(Step::up_to(json!({ "made": made }), rest()));
        }
        // On a busy machine the certificate may have ended. The next step looks for another one.
        let Some(filled) = fill(app, some).await? else {
            return Ok(Step::up_to(json!({ "made": made }), rest()));
        };
        made += filled;
        if filled > 0 {
            sleep(PAUSE).await;
        }
    }
    Ok(Step::of(json!({ "made": made }), false))
}

/// Whether there is a certificate. One that somebody else renews is waited for.
async fn can_cache(app: &'static App) -> bool {
    for _ in 0..TRIES {
        if edge::marks(app, &[]).await.is_some() {
            return true;
        }
        sleep(PAUSE).await;
    }
    false
}

/// Copies the sample of hits into Postgres.
async fn keep_sample(app: &App, most: usize) -> Result<(), Error> {
    let hot = edge::take_hot_keys(app, most).await;
    if hot.is_empty() {
        return Ok(());
    }
    let samples: Vec<i64> = hot.iter().map(|one| i64::try_from(one.samples).unwrap_or(i64::MAX)).collect();
    let keys: Vec<String> = hot.into_iter().map(|one| one.key).collect();
    edge::change_one(app, "hot_key_keep", params![keys, samples, most as i32]).await.map(drop)
}

/// Makes those of these orders that are missing, by one query.
async fn fill(app: &'static App, keys: &[String]) -> Result<Option<usize>, Error> {
    let entries = keys.iter().filter_map(|key| {
        let (organization, id) = views::ORDER.ids_of(key)?;
        Some((key.clone(), views::ORDER.entry_of(organization, id)))
    });
    let params = |missing: &[String]| {
        let ids = missing.iter().filter_map(|key| views::ORDER.ids_of(key));
        let (organizations, ids): (Vec<_>, Vec<_>) = ids.map(|(org, id)| (org.to_string(), id.to_string())).unzip();
        params![missing.to_vec(), organizations, ids]
    };
    edge::fill_many(app, entries.collect(), params).await
}
