//! A shop's own fraud check: the question that it is asked, its verdict, and what becomes of an
//! attempt to pay by both. Pure.

use serde_json::{Map, Value, json};
use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};
use uuid::Uuid;

use super::{Facts, Score};
use crate::client_address::ClientAddress;
use crate::fields::{Fields, Mistakes, line, one_of, whole};
use crate::json;
use crate::session::PaymentGateway;
use crate::text::text_forms;
use crate::time::Moment;

/// The longest reason of a verdict, in characters.
const MAX_REASON: usize = 200;

/// What becomes of an attempt to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Decision {
    /// It goes on.
    Allow,
    /// It is held until an operator lets it go on.
    Review,
    /// It is refused.
    Deny,
}

text_forms!(Decision);

/// An attempt to pay, as the check is told of it.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The payment session. Its id names the message, too: asked again, it is the same question.
    pub session: Uuid,
    /// Its organisation.
    pub organization: Uuid,
    /// The order to pay.
    pub order: Uuid,
    /// The order's customer.
    pub customer: Uuid,
    /// The sum, as a decimal string.
    pub amount: &'a str,
    /// Its currency.
    pub currency: &'a str,
    /// The party that takes the money.
    pub gateway: PaymentGateway,
    /// The shopper's address, if it is known.
    pub address: Option<ClientAddress>,
    /// All else that is known.
    pub facts: Facts,
    /// What the built-in score makes of it.
    pub score: &'a Score,
}

impl Question<'_> {
    /// The message, asked at `now`.
    pub fn body(&self, now: Moment) -> Vec<u8> {
        let address = self.address.and_then(|address| match address {
            ClientAddress::Known(address) => Some(address.to_string()),
            ClientAddress::Undeclared | ClientAddress::Unknown => None,
        });
        let message = json!({
            "type": "payment_session.check",
            "timestamp": now.to_rfc3339(),
            "data": {
                "sessionId": self.session,
                "organizationId": self.organization,
                "orderId": self.order,
                "customerId": self.customer,
                "amount": self.amount,
                "currency": self.currency,
                "paymentGateway": self.gateway.as_str(),
                "shopperAddress": address,
                "facts": {
                    "sessionsLastHour": self.facts.sessions_last_hour,
                    "failedLastDay": self.facts.failed_last_day,
                    "paidBefore": self.facts.paid_before,
                    "percentOfLargest": self.facts.percent_of_largest,
                    "customersOnAddress": self.facts.customers_on_address,
                },
                "builtIn": {
                    "score": self.score.value,
                    "signals": signals(self.score),
                },
            },
        });
        message.to_string().into_bytes()
    }
}

/// What the check has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The decision.
    pub decision: Decision,
    /// From 0, nothing is known against it, to 100.
    pub score: Option<u32>,
    /// For operators to read.
    pub reason: Option<String>,
}

impl Verdict {
    /// Reads an answer's body: an object with `decision`, perhaps `score` and `reason`, and nothing
    /// else. `None` for any other shape.
    pub fn decode(body: &[u8]) -> Option<Self> {
        let mut mistakes = Mistakes::default();
        let known = ["decision", "score", "reason"];
        let verdict = Fields::of("", json::parse(body).ok()?, &known, &mut mistakes).and_then(|mut fields| {
            let decision = fields.required("decision", one_of(Decision::parse, String::new));
            let score = fields.optional("score", whole(0, 100));
            let reason = fields.optional("reason", line(1, MAX_REASON));
            Some(Self { decision: decision?, score: score.and_then(|score| u32::try_from(score).ok()), reason })
        });
        mistakes.finish(verdict).ok()
    }
}

/// Why there was no verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Failure {
    /// No answer within the time limit.
    NoAnswer,
    /// An answer with another status than 200.
    Status,
    /// An answer that is too large, or has another shape.
    Shape,
}

/// What was made of an attempt to pay, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// What becomes of it.
    pub decision: Decision,
    /// The built-in score.
    pub score: Score,
    /// The check's verdict, or why there is none; `None` if there is no check.
    pub asked: Option<Result<Verdict, Failure>>,
}

impl Judgement {
    /// The check decides. If it can't, the built-in score does: from `threshold` on the attempt is
    /// held.
    pub fn of(score: Score, threshold: u32, asked: Option<Result<Verdict, Failure>>) -> Self {
        let decision = match &asked {
            Some(Ok(verdict)) => verdict.decision,
            _ if score.value >= threshold => Decision::Review,
            _ => Decision::Allow,
        };
        Self { decision, score, asked }
    }

    /// The score that an operator sees: the check's, if it gave one.
    pub fn shown_score(&self) -> u32 {
        let given = self.asked.as_ref().and_then(|asked| asked.as_ref().ok()?.score);
        given.unwrap_or(self.score.value)
    }

    /// What is kept of it with the session; `None` without a check.
    pub fn record(&self) -> Option<String> {
        let asked = self.asked.as_ref()?;
        let mut record = Map::new();
        record.insert("decision".into(), self.decision.as_str().into());
        match asked {
            Ok(verdict) => {
                record.insert("by".into(), "check".into());
                record.insert("score".into(), verdict.score.into());
                record.insert("reason".into(), verdict.reason.as_deref().into());
            }
            Err(failure) => {
                record.insert("by".into(), "built-in".into());
                record.insert("score".into(), self.score.value.into());
                record.insert("failure".into(), <&str>::from(*failure).into());
            }
        }
        record.insert("builtIn".into(), json!({ "score": self.score.value, "signals": signals(&self.score) }));
        Some(Value::Object(record).to_string())
    }
}

fn signals(score: &Score) -> Vec<&'static str> {
    score.signals.iter().map(|signal| signal.as_str()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fraud::Signal;

    #[test]
    fn a_verdict_has_one_shape() {
        let verdict =
            |decision, score, reason: Option<&str>| Verdict { decision, score, reason: reason.map(Into::into) };
        let table = [
            (r#"{"decision":"allow"}"#, verdict(Decision::Allow, None, None)),
            (r#"{"decision":"review","score":70,"reason":null}"#, verdict(Decision::Review, Some(70), None)),
            (
                r#" {"reason":"Two cards","score":0,"decision":"deny"} "#,
                verdict(Decision::Deny, Some(0), Some("Two cards")),
            ),
        ];
        for (body, expected) in table {
            assert_eq!(Verdict::decode(body.as_bytes()), Some(expected), "{body}");
        }
        let long = format!(r#"{{"decision":"allow","reason":"{}"}}"#, "x".repeat(MAX_REASON + 1));
        let other = [
            "",
            "null",
            "[]",
            "{}",
            r#""allow""#,
            r#"{"decision":"Allow"}"#,
            r#"{"decision":"maybe"}"#,
            r#"{"decision":true}"#,
            r#"{"decision":null}"#,
            r#"{"decision":"allow","decision":"deny"}"#,
            r#"{"decision":"allow","score":101}"#,
            r#"{"decision":"allow","score":-1}"#,
            r#"{"decision":"allow","score":"1"}"#,
            r#"{"decision":"allow","score":1.5}"#,
            r#"{"decision":"allow","reason":""}"#,
            r#"{"decision":"allow","reason":"two\nlines"}"#,
            r#"{"decision":"allow","risk":1}"#,
            r#"{"decision":"allow"} {}"#,
            &long,
        ];
        for body in other {
            assert_eq!(Verdict::decode(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn the_check_decides_and_the_built_in_score_only_without_its_verdict() {
        let high = || Score { value: 80, signals: vec![Signal::Velocity, Signal::AmountJump] };
        let low = Score { value: 0, signals: vec![] };
        let said = |decision| Some(Ok(Verdict { decision, score: None, reason: None }));
        for decision in Decision::ALL {
            assert_eq!(Judgement::of(high(), 70, said(*decision)).decision, *decision);
            assert_eq!(Judgement::of(low.clone(), 70, said(*decision)).decision, *decision);
        }
        for failed in [None, Some(Err(Failure::NoAnswer)), Some(Err(Failure::Status)), Some(Err(Failure::Shape))] {
            assert_eq!(Judgement::of(high(), 70, failed.clone()).decision, Decision::Review);
            assert_eq!(Judgement::of(high(), 81, failed.clone()).decision, Decision::Allow);
            assert_eq!(Judgement::of(low.clone(), 70, failed).decision, Decision::Allow);
        }
    }

    #[test]
    fn what_is_kept_says_who_decided_and_by_what() {
        let score = || Score { value: 40, signals: vec![Signal::Velocity] };
        assert_eq!(Judgement::of(score(), 70, None).record(), None);
        let verdict = Verdict { decision: Decision::Review, score: Some(90), reason: Some("Two cards".into()) };
        let by_check = Judgement::of(score(), 70, Some(Ok(verdict)));
        assert_eq!(by_check.shown_score(), 90);
        let record = by_check.record().unwrap();
        let expected = json!({ "by": "check", "decision": "review", "score": 90, "reason": "Two cards",
            "builtIn": { "score": 40, "signals": ["velocity"] } });
        assert_eq!(serde_json::from_str::<Value>(&record).unwrap(), expected);
        let alone = Judgement::of(score(), 70, Some(Err(Failure::NoAnswer)));
        assert_eq!(alone.shown_score(), 40);
        let expected = json!({ "by": "built-in", "decision": "allow", "score": 40, "failure": "no-answer",
            "builtIn": { "score": 40, "signals": ["velocity"] } });
        assert_eq!(serde_json::from_str::<Value>(&alone.record().unwrap()).unwrap(), expected);
    }
}
