//! Limits on the requests that an organisation and each of its callers make within a minute.
//!
//! The counters are seen in the look that finds out whether the token was revoked, which is a
//! read's own. They are added to behind the answer. If Redis can't show them, nobody is refused.

use std::cell::OnceCell;
use std::time::Duration;

use cache_logic::key::KeyBuilder;
use cache_logic::limit::{LimitDecision, Window};
use cache_spin::clock::request_millis;
use cache_spin::rates::{Rate, RateKeys};
use commerce::caller::Caller;
use commerce::error::Error;
use commerce::preconditions::body_hash;

use crate::app::App;
use crate::reply::Reply;

const MINUTE: Duration = Duration::from_secs(60);
/// What a caller is told that is refused.
const REFUSED: &str = "too many requests within a minute; refused ones don't count";
/// So many digits of a hash tell two callers apart.
const DIGITS: usize = 32;

/// How many requests may be made within a minute; `None`: as many as one likes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RequestLimits {
    /// By all callers of an organisation together.
    pub organization: Option<u32>,
    /// By one caller: a subject within its organisation, with all of its tokens.
    pub caller: Option<u32>,
}

impl RequestLimits {
    /// Whether nothing is limited.
    pub fn are_off(&self) -> bool {
        *self == Self::default()
    }

    /// The limits of a caller. Its subject may be a personal value, such as an address. So a hash
    /// stands for it in the names of counters, which live for minutes.
    pub(crate) fn rates(&self, caller: &Caller) -> Vec<Rate> {
        let window = |name, quota| Window { name, quota, length: MINUTE };
        let organization = caller.organization.to_string();
        let of_organization = self.organization.map(|quota| {
            let name = KeyBuilder::new("limit:organization").part(&organization).build();
            Rate::new(name, window("organization-minute", quota))
        });
        let of_caller = self.caller.map(|quota| {
            let mut digest = body_hash(format!("{organization}/{}", caller.subject).as_bytes());
            digest.truncate(DIGITS);
            let name = KeyBuilder::new("limit:caller").pair(&organization, digest).build();
            Rate::new(name, window("caller-minute", quota))
        });
        of_organization.into_iter().chain(of_caller).collect()
    }
}

/// Refuses an attempt beyond a limit, with the limit and the detail.
///
/// # Errors
/// [`Error::TooManyRequests`].
pub fn admit(decision: &LimitDecision, detail: &str) -> Result<(), Error> {
    match decision.retry_after() {
        None => Ok(()),
        Some(retry_after_seconds) => Err(Error::TooManyRequests {
            detail: detail.into(),
            retry_after_seconds,
            policy: decision.policy(),
            limit: decision.limit(),
        }),
    }
}

/// One request, as limits see it. It counts once, however often its token is looked up.
pub(crate) struct Limited {
    /// The moment that it counts at.
    now: u64,
    /// The counters to look at; none if this instance has just seen them.
    keys: Vec<RateKeys>,
    /// `Some(None)`: Redis can't show the counters, so it is admitted.
    decision: OnceCell<Option<LimitDecision>>,
}

impl Limited {
    /// A request that begins now. `None` if nothing limits it.
    pub(crate) fn of(app: &App, rates: &[Rate]) -> Option<Self> {
        if rates.is_empty() {
            return None;
        }
        let now = request_millis();
        let keys = match app.rates.are_known(rates, now) {
            true => Vec::new(),
            false => rates.iter().map(|rate| rate.keys(now)).collect(),
        };
        Some(Self { now, keys, decision: OnceCell::new() })
    }

    /// The counters that a look has to show; none once it is decided.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        let wanted = if self.decision.get().is_some() { &[][..] } else { &self.keys };
        wanted.iter().flat_map(|keys| keys.iter()).map(String::as_str)
    }

    /// Refuses it unasked if this instance knows a limit to be exhausted.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`].
    pub(crate) fn refuse_known(&self, app: &App, rates: &[Rate]) -> Result<(), Error> {
        match app.rates.refused_before(rates, self.now) {
            Some(decision) => admit(&decision, REFUSED),
            None => Ok(()),
        }
    }

    /// Decides by what a look has shown, and counts it if it is admitted.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`].
    pub(crate) async fn decide(
        &self,
        app: &'static App,
        rates: &[Rate],
        values: Vec<Option<Vec<u8>>>,
    ) -> Result<(), Error> {
        if self.decision.get().is_none() {
            let values = match values.is_empty() && !self.keys.is_empty() {
                false => Ok(values),
                // The read didn't get as far as a look, though Redis may answer.
                true => Box::pin(app.cache.values(&self.keys().collect::<Vec<_>>())).await,
            };
            // Another part of the same request may have been faster.
            self.decision.get_or_init(|| values.ok().map(|values| app.rates.attempt(rates, self.now, &values)));
        }
        match self.decision.get() {
            Some(Some(decision)) => admit(decision, REFUSED),
            _ => Ok(()),
        }
    }

    /// The outcome, with what remains.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] if it was refused, whatever the operation has made of that.
    pub(crate) fn conclude(&self, outcome: Result<Reply, Error>) -> Result<Reply, Error> {
        let Some(Some(decision)) = self.decision.get() else { return outcome };
        admit(decision, REFUSED)?;
        let (policy, limit) = (decision.policy(), decision.limit());
        match outcome {
            Ok(reply) => Ok(reply.with_limits(policy, limit)),
            Err(refusal) => Err(Error::Counted { refusal: Box::new(refusal), policy, limit }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cache_logic::limit::WindowCount;
    use uuid::Uuid;

    /// A request that was decided on by one limit.
    fn decided(admitted: bool) -> Limited {
        let window = Window { name: "caller-minute", quota: 5, length: MINUTE };
        let count = WindowCount { admitted, used: 5, frees_in_ms: 1_500 };
        let decision = OnceCell::from(Some(LimitDecision::new(vec![(window, count)])));
        Limited { now: 0, keys: vec![Default::default()], decision }
    }

    #[test]
    fn an_admitted_request_has_its_own_outcome_with_what_remains() {
        let limited = decided(true);
        assert_eq!(limited.keys().count(), 0, "nothing is left to look at");
        let reply = limited.conclude(Ok(Reply::no_content())).expect("its outcome");
        let header = |name: &str| reply.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value);
        assert_eq!(header("ratelimit"), Some("\"caller-minute\";r=0;t=2"));
        assert_eq!(header("ratelimit-policy"), Some("\"caller-minute\";q=5;w=60"));
        let refusal = limited.conclude(Err(Error::not_found("order"))).expect_err("its outcome");
        assert!(matches!(refusal.cause(), Error::NotFound { .. }), "{refusal:?}");
        assert!(matches!(refusal, Error::Counted { .. }), "{refusal:?}");
    }

    #[test]
    fn a_refused_request_is_refused_whatever_its_operation_has_made_of_that() {
        for outcome in [Ok(Reply::no_content()), Err(Error::not_found("order"))] {
            let refusal = decided(false).conclude(outcome).expect_err("a refusal");
            assert!(matches!(refusal, Error::TooManyRequests { retry_after_seconds: 2, .. }), "{refusal:?}");
        }
    }

    #[test]
    fn a_request_that_nothing_has_decided_on_is_as_without_limits() {
        let limited = Limited { decision: OnceCell::new(), ..decided(true) };
        assert_eq!(limited.keys().count(), 2, "a limit has two counters");
        let reply = limited.conclude(Ok(Reply::no_content())).expect("its outcome");
        assert!(reply.headers.is_empty(), "{reply:?}");
    }

    fn names(limits: RequestLimits, caller: &Caller) -> Vec<String> {
        limits.rates(caller).iter().map(|rate| rate.name().to_owned()).collect()
    }

    #[test]
    fn each_organisation_and_each_of_its_callers_has_counters_and_no_subject_is_in_a_name() {
        let limits = RequestLimits { organization: Some(7), caller: Some(5) };
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let caller = Caller { subject: "ana@example.com".into(), ..Caller::guest(one, one) };
        let here = names(limits, &caller);
        assert!(here.iter().all(|name| name.contains(&one.to_string()) && !name.contains("ana")), "{here:?}");
        let colleague = names(limits, &Caller { subject: "bob@example.com".into(), ..caller.clone() });
        assert_eq!((&colleague[0], colleague[1] == here[1]), (&here[0], false), "they share the organisation's alone");
        let there = names(limits, &Caller { organization: other, ..caller.clone() });
        assert!(there.iter().all(|name| !here.contains(name)), "{there:?}");
        assert_eq!(names(RequestLimits { organization: None, ..limits }, &caller), [here[1].clone()]);
        assert_eq!(names(RequestLimits::default(), &caller), [] as [String; 0]);
    }
}
