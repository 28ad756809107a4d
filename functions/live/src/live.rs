//! The operation: a stream of an order's statuses, or one answer that waits for the next.

use std::rc::Rc;
use std::time::Duration;

use commerce::error::Error;
use commerce::live::{LiveQuery, event, last_event_id};
use commerce::preconditions::if_none_match;
use edge::clock::{draw, monotonic_millis};
use edge::settings::Rules;
use edge::stream::{Gone, Parts, Sink};
use edge::{App, Open, Reply};

use crate::places::Place;
use crate::viewers::Viewer;
use crate::watched::{self, State, Watched};

/// A stream that says nothing for longer may be taken for dead on its way, in milliseconds.
const SILENCE_MS: u64 = 15_000;
/// When a client comes again, in milliseconds: at least so long, and up to as much more by chance,
/// so that those of one instance don't all come at once.
const RETRY_MS: f64 = 500.0;
/// A stream ends so much of its time before `live_seconds` at the latest.
const EARLY: f64 = 0.02;

/// One that watches an order.
struct Watcher {
    viewer: Viewer,
    watched: Rc<Watched>,
    /// The version that it has seen.
    seen: Option<i64>,
    /// When it ends, in milliseconds of the monotonic clock.
    end: u64,
    // Kept as long as it watches.
    _place: Place,
}

/// `GET /orders/:id/live`: the order's status now and after each change, as server-sent events. The
/// id of an event is the order's version. With `?wait`, one answer: the status, once it is a newer
/// one.
///
/// # Errors
/// [`Error::Unauthenticated`], [`Error::NotFound`]. [`Error::Unavailable`] if all places are taken.
pub async fn live(call: Open<'_>) -> Result<Reply, Error> {
    let (app, rules) = (App::ready().await?, Rules::ready().await?);
    let id = call.id()?;
    let LiveQuery { wait, ticket } = LiveQuery::parse(call.request.query.as_deref())?;
    let tagged = if_none_match(call.request.values("if-none-match"))?.into_iter().max();
    let viewer = Viewer::of(&call, id, ticket.as_deref()).await?;
    let state = watched::read_for(app, &viewer, id).await?;
    let place = Place::take(app, rules, viewer.organization).await?;

    let seen = tagged.or_else(|| last_event_id(call.request.header("last-event-id").as_deref()));
    let most = rules.live.seconds.mul_f64(1.0 - EARLY * (1.0 + draw()));
    let time = wait.map_or(most, |wait| wait.min(rules.live.seconds));
    let time = time.min(Duration::from_millis(viewer.left_ms()));
    let present = state.version;
    let watched = Watched::begin(app, viewer.organization, id, state);
    let end = monotonic_millis() + time.as_millis() as u64;
    let mut watcher = Watcher { viewer, watched, seen, end, _place: place };
    if wait.is_none() {
        let parts = Parts::new(async move |sink| {
            // A viewer that has gone needs nothing more.
            let _ = watcher.stream(sink).await;
            Ok(())
        });
        return Ok(Reply::in_parts("text/event-stream", parts).with("x-accel-buffering", "no"));
    }
    // Without a version, it waits for what comes next.
    watcher.seen = Some(seen.unwrap_or(present));
    watcher.wait(tagged.is_some()).await
}

/// What a watcher is to be told.
enum News {
    Newer(Rc<State>),
    Gone,
    Nothing,
}

impl Watcher {
    fn news(&self) -> News {
        match self.watched.known() {
            Some(state) if !self.viewer.may_see(state.owner.as_deref()) => News::Gone,
            Some(state) if self.seen.is_none_or(|seen| seen < state.version) => News::Newer(state),
            Some(_) => News::Nothing,
            None => News::Gone,
        }
    }

    /// Whether its time is over, or that of its token.
    fn is_over(&self) -> bool {
        monotonic_millis() >= self.end || self.viewer.left_ms() == 0
    }

    /// Returns when there may be news, or after so many milliseconds, and never after the end.
    async fn pause(&self, most: u64) {
        let left = self.end.saturating_sub(monotonic_millis()).min(most);
        self.watched.changed_within(Duration::from_millis(left.max(1))).await;
    }

    async fn stream(&mut self, mut sink: Sink) -> Result<(), Gone> {
        let retry = RETRY_MS * (1.0 + draw());
        let mut text = format!("retry: {retry:.0}\n");
        loop {
            let news = self.news();
            // A stream may have waited for long. Nothing is told to a token that was revoked.
            if self.viewer.check().await.is_err() {
                return Ok(());
            }
            match &news {
                News::Newer(state) => {
                    text.push_str(&event("order", Some(state.version), &state.body));
                    self.seen = Some(state.version);
                }
                News::Gone => text.push_str(&event("gone", None, "{}")),
                News::Nothing => text.push_str(":\n\n"),
            }
            sink.send(std::mem::take(&mut text).into_bytes()).await?;
            if matches!(news, News::Gone) {
                return Ok(());
            }
            let silent_until = monotonic_millis() + SILENCE_MS;
            while matches!(self.news(), News::Nothing) && monotonic_millis() < silent_until {
                if self.is_over() {
                    return Ok(());
                }
                self.pause(silent_until.saturating_sub(monotonic_millis())).await;
            }
        }
    }

    /// `tagged`: the version came as an entity tag.
    async fn wait(&self, tagged: bool) -> Result<Reply, Error> {
        loop {
            match self.news() {
                News::Newer(state) => {
                    self.viewer.check().await?;
                    let reply = Reply::json(200, state.body.clone()).with("cache-control", "private, no-cache");
                    return Ok(reply.with("vary", "Authorization").with("etag", format!("\"{}\"", state.version)));
                }
                News::Gone => return Err(Error::not_found("order")),
                News::Nothing if self.is_over() => {
                    return Ok(if tagged { Reply::not_modified() } else { Reply::no_content() });
                }
                News::Nothing => self.pause(u64::MAX).await,
            }
        }
    }
}
