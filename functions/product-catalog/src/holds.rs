//! What a product-service holds for orders, and what it is still to be asked or told.

use std::time::Duration;

use commerce::error::Error;
use commerce::gateway::GatewayError;
use commerce::stock_hold::{Hold, HoldAnswer, HoldState, HoldsQuery, retry_ms};
use edge::clock::{monotonic_millis, now_millis};
use edge::holds::{items, unreadable, uuid};
use edge::jobs::{self, Step};
use edge::product_service::ProductService;
use edge::{App, Call, Reply, Row, params};
use serde_json::{Value, json};
use uuid::Uuid;

/// How long nobody else gets a claimed hold, in milliseconds: longer than the longest call.
const LEASE_MS: i64 = 30_000;
/// The most holds of one step.
const MOST_AT_ONCE: u32 = 100;

/// `GET /stock/holds`: an organisation's holds in one state, the oldest first. Without one, those
/// of orders whose pieces the service doesn't have.
///
/// # Errors
/// [`Error::Forbidden`] for customers. [`Error::Invalid`].
pub async fn list(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    let query = HoldsQuery::parse(call.query())?;
    caller.require_staff("what is held of stock")?;
    let after = query.after.map(|place| place.to_string());
    let params = params![caller.organization, query.state.as_str(), query.limit as i32, after];
    edge::page(app, "stock_holds", params).await
}

/// `POST /stock/holds/send`: asks and tells the service what is due, of all organisations. One
/// bounded step: `more` says whether to call again.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators. [`Error::Misconfigured`] without a product-service.
pub async fn send(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    caller.require_operator("settling what is held of stock")?;
    call.no_query()?;
    let (totals, more) = send_due(app, ProductService::ready().await?).await?;
    let mut body = totals.to_json();
    body["more"] = more.into();
    Ok(Reply::fresh(200, body.to_string()))
}

/// [`send`] as a job. Without a product-service there is nothing to do.
///
/// # Errors
/// The error that Postgres gave; the product-service's settings are wrong.
pub async fn step(app: &'static App) -> Result<Step, Error> {
    let service = ProductService::get().await.map_err(edge::settings::misconfigured)?;
    let (totals, more) = match service {
        Some(service) => send_due(app, service).await?,
        None => (Totals::default(), false),
    };
    Ok(Step::of(totals.to_json(), more))
}

/// What has become of holds.
#[derive(Default)]
struct Totals {
    reserved: u32,
    missing: u32,
    released: u32,
    deducted: u32,
    /// The service gave no answer: it is asked again.
    waiting: u32,
}

impl Totals {
    fn to_json(&self) -> Value {
        let Self { reserved, missing, released, deducted, waiting } = self;
        json!({ "reserved": reserved, "missing": missing, "released": released, "deducted": deducted,
            "waiting": waiting })
    }
}

/// Asks and tells what is due, one after the other. Gives whether more may be due. Many may do so
/// at once, because each hold has one holder.
async fn send_due(app: &'static App, service: &ProductService) -> Result<(Totals, bool), Error> {
    let began = monotonic_millis();
    let mut totals = Totals::default();
    for _ in 0..MOST_AT_ONCE {
        if Duration::from_millis(monotonic_millis().saturating_sub(began)) >= jobs::STEP {
            break;
        }
        let rows = edge::change(app, "stock_hold_claim", params![LEASE_MS]).await?;
        let Some(row) = rows.first() else { return Ok((totals, false)) };
        service.heard(row.int("resting_ms")?);
        let claim = Claim::read(row)?;
        let message = claim.state.message().ok_or_else(unreadable)?;
        let answer = service.tell(message, &claim.hold, now_millis()).await;
        let is_away = answer.as_ref().is_err_and(GatewayError::retry_helps);
        match claim.finish(app, service, answer).await?.as_deref() {
            Some("reserved") => totals.reserved += 1,
            Some("stock_missing") => totals.missing += 1,
            Some("released") => totals.released += 1,
            Some("deducted") => totals.deducted += 1,
            _ => totals.waiting += 1,
        }
        if is_away {
            // The others would only wait for it, too.
            return Ok((totals, false));
        }
    }
    Ok((totals, true))
}

/// A hold that this instance may ask about, until its lease ends.
struct Claim {
    hold: Hold,
    lease: Uuid,
    state: HoldState,
    attempts: u32,
}

impl Claim {
    fn read(row: &Row) -> Result<Self, Error> {
        let required = |column| uuid(row, column)?.ok_or_else(unreadable);
        Ok(Self {
            hold: Hold {
                id: required("hold")?,
                organization: required("organization")?,
                order: uuid(row, "order_id")?,
                items: items(row)?,
                replaces: None,
            },
            lease: required("lease")?,
            state: row.text("state")?.and_then(HoldState::parse).ok_or_else(unreadable)?,
            attempts: row.int("attempts")?.and_then(|attempts| u32::try_from(attempts).ok()).unwrap_or(1),
        })
    }

    /// Notes the outcome. Gives the state of the hold; `None` if somebody else has it by now.
    async fn finish(
        self,
        app: &'static App,
        service: &ProductService,
        answer: Result<HoldAnswer, GatewayError>,
    ) -> Result<Option<String>, Error> {
        let (reservation, refused, retry) = match answer {
            Ok(HoldAnswer::Reserved(reservation)) => (Some(reservation), false, None),
            Ok(HoldAnswer::Refused(_)) => (None, true, None),
            Ok(HoldAnswer::Settled) => (None, false, None),
            Err(error) => (None, false, Some(retry_ms(&error, self.attempts, service.draw()))),
        };
        let rests = service.rests_to_tell();
        let params = params![self.hold.id, self.lease, self.state.as_str(), reservation, refused, retry, rests];
        let row = edge::write_one(app, "stock_hold_done", params).await?;
        // One that is asked again has the state that it was claimed in.
        Ok(row.text("state")?.map(str::to_owned))
    }
}
