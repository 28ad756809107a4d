//! One service's API, a payment provider's or another's, as one instance sees it: attempts with
//! full jitter within a budget, and a breaker around them.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use cache_logic::breaker::{Admission, Breaker, Change};
use cache_logic::retry::{Retry, RetryPolicy, RetryStep};
use cache_spin::log::{self, Level};
use commerce::gateway::{Answer, GatewayError, Request};

use crate::client::Wire;

/// How much is read of an answer: a full list of events fits.
const LARGEST_ANSWER: usize = 4 << 20;

/// One provider.
pub struct Upstream {
    name: &'static str,
    /// Scheme, host and port.
    origin: String,
    retry: RetryPolicy,
    /// How long one attempt may take, from connecting to the last byte.
    limit: Duration,
    rest: Duration,
    breaker: RefCell<Breaker>,
    /// The breaker has opened, and the other instances haven't been told.
    untold: Cell<bool>,
}

impl Upstream {
    /// A provider that is taken to work. One attempt may take `limit`. When all attempts of a call
    /// found the provider away, it is left alone for `rest`.
    pub fn new(name: &'static str, origin: &str, retry: RetryPolicy, limit: Duration, rest: Duration) -> Self {
        let breaker = Breaker::new(rest.as_millis() as u64, retry.budget.as_millis() as u64);
        Self {
            name,
            origin: origin.to_owned(),
            retry,
            limit,
            rest,
            breaker: RefCell::new(breaker),
            untold: Cell::new(false),
        }
    }

    /// Sends a request, and repeats it if that helps. Every request carries an idempotent request
    /// id or changes nothing. The budget is the operation's, so `began` is the operation's
    /// beginning.
    ///
    /// # Errors
    /// [`GatewayError::Away`] if every attempt found the provider away. [`GatewayError::Unsent`] if
    /// none was made because the breaker is open.
    pub async fn call(&self, wire: &impl Wire, request: &Request, began: u64) -> Result<Answer, GatewayError> {
        let admission = self.breaker.borrow_mut().admit(|| wire.now());
        if admission == Admission::Refuse {
            return Err(GatewayError::Unsent { retry_after: Some(self.rest_seconds()) });
        }
        let (outcome, in_doubt) = self.attempts(wire, request, began).await;
        let reached = match &outcome {
            Ok(answer) => answer.is_reached(),
            Err(error) => !matches!(error, GatewayError::Away { .. }),
        };
        match self.breaker.borrow_mut().report(admission, reached, || wire.now()) {
            Some(Change::Opened) => {
                self.untold.set(true);
                let (name, rest) = (self.name, self.rest);
                log::say(Level::Warn, "provider-away", format_args!("{name} gives no answer; asked again in {rest:?}"));
                // A caller that comes again sooner finds the provider still left alone.
                let asked = outcome.map_or_else(|error| error.retry_after(), |answer| answer.retry_after);
                return Err(GatewayError::Away { retry_after: asked.max(Some(self.rest_seconds())) });
            }
            Some(Change::Closed) => log::say(Level::Warn, "provider-back", format_args!("{} is back", self.name)),
            None => {}
        }
        match outcome {
            // The last attempt wasn't followed, but an earlier one may have been.
            Ok(answer) if answer.status == 401 && in_doubt => Err(GatewayError::Away { retry_after: None }),
            outcome => outcome,
        }
    }

    /// Leaves the provider alone for so long: another instance has found it away.
    pub fn heard(&self, wire: &impl Wire, resting: Duration) {
        if !resting.is_zero() {
            self.breaker.borrow_mut().open_until(wire.now() + resting.as_millis() as u64);
        }
    }

    /// For how many milliseconds the other instances should leave the provider alone, once each
    /// time that this one finds it away.
    pub fn rest_to_tell(&self) -> Option<u64> {
        self.untold.replace(false).then_some(self.rest.as_millis() as u64)
    }

    fn rest_seconds(&self) -> u32 {
        u32::try_from(self.rest.as_millis().div_ceil(1000)).unwrap_or(u32::MAX)
    }

    /// The last attempt's outcome, and whether an earlier one may have been followed.
    async fn attempts(&self, wire: &impl Wire, request: &Request, began: u64) -> (Result<Answer, GatewayError>, bool) {
        let mut retry = Retry::new(self.retry);
        let mut in_doubt = false;
        loop {
            let elapsed = Duration::from_millis(wire.now().saturating_sub(began));
            let limit = self.limit.min(retry.remaining(elapsed));
            let outcome = wire.send(&self.origin, request, LARGEST_ANSWER, limit).await;
            let asked = match &outcome {
                Ok(answer) if answer.retry_helps() => answer.retry_after,
                Err(GatewayError::Away { retry_after }) => *retry_after,
                _ => return (outcome, in_doubt),
            };
            in_doubt = true;
            let elapsed = Duration::from_millis(wire.now().saturating_sub(began));
            match retry.failed(elapsed, asked.map(|seconds| Duration::from_secs(seconds.into())), wire.draw()) {
                RetryStep::Wait(wait) => wire.sleep(wait).await,
                RetryStep::GiveUp => return (outcome, in_doubt),
            }
        }
    }

    /// Notes an answer that can't be understood: our mistake or theirs. Shows no secret.
    pub fn note(&self, request: &Request, error: GatewayError) -> GatewayError {
        if error == GatewayError::Unexpected {
            log::say(
                Level::Warn,
                "provider-answers",
                format_args!("{} gave an answer that can't be used to {request:?}", self.name),
            );
        }
        error
    }
}
