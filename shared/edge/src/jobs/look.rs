//! A look for jobs that are due, behind an answer: at the app's own address, `jobs_url`, the
//! component of each is called. No request waits for it, and a hit does nothing for it.

use std::cell::Cell;
use std::time::Duration;

use cache_logic::certificate::Epoch;
use cache_spin::log::{self, Level};
use spin_sdk::wasip3::http::client;
use spin_sdk::wasip3::http::types::{ErrorCode, Fields, Method, Request, RequestOptions, Scheme};
use spin_sdk::wasip3::spawn;

use crate::app::App;
use crate::clock::{draw, limited, request_millis};
use crate::data::query;
use crate::outgoing::body_ends;
use crate::settings::Rules;

/// An instance looks once in so many milliseconds at most.
const PAUSE_MS: u64 = 1_000;
/// How long a call of a component is waited for: as long as a tick, and its last step.
const CALL: Duration = Duration::from_secs(20);
/// Without certificates, one read of so many looks, so that many instances don't all.
const CHANCE: f64 = 0.25;

thread_local! {
    /// When this instance has looked last, and the last epoch that it has looked in.
    static LOOKED: Cell<(u64, Epoch)> = const { Cell::new((0, 0)) };
    static TOLD: Cell<bool> = const { Cell::new(false) };
}

/// Looks whether a job is due, and calls it, unless this instance has just looked. One call after
/// the other: the next look finds what is still due, and what is being done is not. `epoch` is that
/// of a certificate that was just given: another one makes a job due that can't wait.
pub(crate) async fn look(epoch: Option<Epoch>) {
    let Some(app) = App::loaded() else { return };
    let Some(origin) = Rules::loaded().and_then(|rules| rules.jobs_url.as_deref()) else { return };
    let (now, (last, known)) = (request_millis(), LOOKED.get());
    let present = epoch.unwrap_or(known);
    if now.abs_diff(last) < PAUSE_MS && present == known {
        return;
    }
    LOOKED.set((now, present));
    // If Postgres gives no answer, nothing could be done either.
    let due = query(app, "job_due", Vec::new()).await.unwrap_or_default();
    for row in due {
        if let Ok(Some(component)) = row.text("component") {
            call(origin, &format!("/api/v1/jobs/{component}/tick")).await;
        }
    }
}

/// As [`look`], behind the answer.
pub fn look_behind() {
    if are_called() {
        spawn(look(None));
    }
}

/// As [`look_behind`], for a read that had to do without a certificate: nobody gives any then, so
/// each such read has a chance.
pub(crate) fn look_by_chance() {
    if are_called() && draw() < CHANCE {
        spawn(look(None));
    }
}

/// Whether this instance knows where jobs are called.
fn are_called() -> bool {
    Rules::loaded().is_some_and(|rules| rules.jobs_url.is_some())
}

/// Calls a component. It does what is due, and keeps what came of it. A call that fails is made
/// again by the next look, and the log hears of it once.
async fn call(origin: &str, path: &str) {
    let failed = match limited(CALL, post(origin, path)).await {
        Some(Ok(200)) => return TOLD.set(false),
        Some(Ok(status)) => format!("status {status}"),
        Some(Err(ErrorCode::HttpRequestDenied)) => "it is not in allowed_outbound_hosts".to_owned(),
        Some(Err(error)) => format!("{error:?}"),
        None => "no answer in time".to_owned(),
    };
    if !TOLD.replace(true) {
        log::say(Level::Warn, "jobs", format_args!("a job that is due can't be called at jobs_url: {failed}"));
    }
}

/// Sends an empty POST and gives the status.
async fn post(origin: &str, path: &str) -> Result<u16, ErrorCode> {
    let (scheme, authority) = origin.split_once("://").unwrap_or(("http", origin));
    let scheme = if scheme == "https" { Scheme::Https } else { Scheme::Http };
    let headers = [("content-length".to_owned(), b"0".to_vec())];
    let headers = Fields::from_list(&headers).unwrap_or_else(|_| Fields::new());
    let (body, trailers) = body_ends(None);
    // If the host can't do it, the limit around the whole call does.
    let options = RequestOptions::new();
    let _ = options.set_connect_timeout(Some(u64::try_from(CALL.as_nanos()).unwrap_or(u64::MAX)));
    let (request, _sent) = Request::new(headers, body, trailers, Some(options));
    let refused = |()| ErrorCode::HttpRequestUriInvalid;
    request.set_method(&Method::Post).map_err(refused)?;
    request.set_scheme(Some(&scheme)).map_err(refused)?;
    request.set_authority(Some(authority)).map_err(refused)?;
    request.set_path_with_query(Some(path)).map_err(refused)?;
    Ok(client::send(request).await?.get_status_code())
}
