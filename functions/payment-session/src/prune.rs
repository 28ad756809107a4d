//! Retention: what is past its time is forgotten, step by step.

use std::time::Duration;

use commerce::error::Error;
use commerce::query::parse_step;
use edge::jobs::Step;
use edge::{App, Call, Reply, params};
use payments::Payments;
use serde_json::{Value, json};

/// The largest number of rows of each kind that one step forgets: as many sessions as one statement
/// announces by name (`announced_rows()`).
const STEP: u32 = 200;

/// `POST /payments/prune`: one bounded step. A scheduler calls it, and again while there is `more`.
///
/// Each kind is a statement and a transaction of its own, so a step that ends early has done what
/// it has done.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators; the error that Postgres gave.
pub async fn prune(call: Call<'_>) -> Result<Reply, Error> {
    let limit = parse_step(call.query(), STEP)?;
    call.caller.require_operator("forgetting what is old")?;
    let (mut body, more) = forget(call.app, limit).await?;
    body["more"] = json!(more);
    Ok(Reply::fresh(200, body.to_string()))
}

/// The step as a job: every kind, as much of each as one call may.
///
/// # Errors
/// The error that Postgres gave.
pub async fn step(app: &'static App) -> Result<Step, Error> {
    let (result, more) = forget(app, STEP).await?;
    Ok(Step::of(result, more))
}

/// Forgets at most `limit` rows of each kind. Gives how many of each, and whether some kind may
/// have more.
async fn forget(app: &'static App, limit: u32) -> Result<(Value, bool), Error> {
    let keep = Payments::ready().await?.config.retention;
    let bodies = forgotten(app, "webhook_sweep", "forgotten", limit, keep.reviews).await?;
    let events = forgotten(app, "prune_events", "pruned", limit, keep.events).await?;
    let objects = forgotten(app, "prune_objects", "pruned", limit, keep.objects).await?;
    let audit = forgotten(app, "prune_audit", "pruned", limit, keep.audit).await?;
    let order_audit = forgotten(app, "prune_order_audit", "pruned", limit, keep.audit).await?;
    // Sessions may be cached, and nobody may see one that is gone.
    let row = edge::write_one(app, "prune_sessions", params![limit as i32, keep.sessions.as_secs() as i64]).await?;
    let sessions = row.int("pruned")?.unwrap_or_default();
    // Carts may be, too.
    let row = edge::write_one(app, "prune_carts", params![limit as i32]).await?;
    let carts = row.int("pruned")?.unwrap_or_default();
    let row = edge::change_one(app, "prune_user_carts", params![limit as i32]).await?;
    let user_carts = row.int("pruned")?.unwrap_or_default();
    // User sessions may be cached as carts are.
    let row = edge::write_one(app, "prune_user_sessions", params![limit as i32]).await?;
    let user_sessions = row.int("pruned")?.unwrap_or_default();
    let checkouts = forgotten(app, "prune_checkouts", "pruned", limit, keep.checkouts).await?;
    let row = edge::change_one(app, "prune_attempts", params![limit as i32]).await?;
    let attempts = row.int("pruned")?.unwrap_or_default();
    let refunds = forgotten(app, "prune_refunds", "pruned", limit, keep.refunds).await?;
    let counts = [
        bodies,
        events,
        objects,
        audit,
        order_audit,
        sessions,
        carts,
        user_carts,
        user_sessions,
        checkouts,
        attempts,
        refunds,
    ];
    let body = json!({ "bodies": bodies, "events": events, "objects": objects, "audit": audit, "orderAudit": order_audit, "sessions": sessions,
        "carts": carts, "userCarts": user_carts, "userSessions": user_sessions, "checkouts": checkouts, "attempts": attempts, "refunds": refunds });
    Ok((body, counts.contains(&i64::from(limit))))
}

/// Calls a function that forgets rows which nobody caches; gives their number.
async fn forgotten(
    app: &'static App,
    function: &'static str,
    column: &'static str,
    limit: u32,
    keep: Duration,
) -> Result<i64, Error> {
    let row = edge::change_one(app, function, params![limit as i32, keep.as_secs() as i64]).await?;
    Ok(row.int(column)?.unwrap_or_default())
}
