//! The shop's own fraud check: one question by HTTP, signed as Standard Webhooks says, within one
//! time limit. It never stands in a shopper's way: without a verdict the built-in score judges.

use std::cell::Cell;
use std::time::Duration;

use commerce::fraud::check::{Failure, Question, Verdict};
use commerce::gateway::{GatewayError, Method, Request};
use commerce::time::Moment;
use commerce::webhook::standard::Signer;

use edge::client::Wire;
use edge::log::{self, Level};
use edge::service::ServiceConfig;

/// How much is read of an answer.
const LARGEST_ANSWER: usize = 16 << 10;

/// How often one question is sent. A kept connection may break just when it is used again.
const ATTEMPTS: u32 = 2;

/// The check, as one instance sees it.
pub struct FraudCheck {
    origin: String,
    path: String,
    signer: Signer,
    /// How long a question may take, all attempts together.
    limit: Duration,
    /// The outcome of the last question, so that the log has one line for each change.
    failing: Cell<Option<Failure>>,
}

impl FraudCheck {
    /// A check that is taken to work.
    pub fn new(config: &ServiceConfig) -> Self {
        Self {
            origin: config.url.clone(),
            path: config.path.clone(),
            signer: config.signer.clone(),
            limit: config.timeout,
            failing: Cell::new(None),
        }
    }

    /// Asks for a verdict. `now` is the time of the question, in milliseconds since 1970.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn ask(&self, wire: &impl Wire, question: &Question<'_>, now: u64) -> Result<Verdict, Failure> {
        let verdict = self.verdict(wire, question, now).await;
        let failing = verdict.as_ref().err().copied();
        if self.failing.replace(failing) != failing {
            match failing {
                Some(failure) => {
                    let failure = <&str>::from(failure);
                    let message =
                        format_args!("the fraud check gives no verdict ({failure}); the built-in score judges");
                    log::say(Level::Warn, "fraud-check", message);
                }
                None => log::say(Level::Warn, "fraud-check", "the fraud check gives verdicts again"),
            }
        }
        verdict
    }

    async fn verdict(&self, wire: &impl Wire, question: &Question<'_>, now: u64) -> Result<Verdict, Failure> {
        let body = question.body(Moment::of_millis(now));
        let mut headers =
            vec![("accept", "application/json".to_owned()), ("content-type", "application/json".to_owned())];
        headers.extend(self.signer.headers(&question.session.to_string(), (now / 1000) as i64, &body));
        let request = Request { method: Method::Post, path: self.path.clone(), headers, body };
        let began = wire.now();
        for _ in 0..ATTEMPTS {
            let left = self.limit.saturating_sub(Duration::from_millis(wire.now().saturating_sub(began)));
            if left.is_zero() {
                break;
            }
            match wire.send(&self.origin, &request, LARGEST_ANSWER, left).await {
                Ok(answer) if answer.status != 200 => return Err(Failure::Status),
                Ok(answer) => return Verdict::decode(&answer.body).ok_or(Failure::Shape),
                Err(GatewayError::Unexpected) => return Err(Failure::Shape),
                Err(_) => {}
            }
        }
        Err(Failure::NoAnswer)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use commerce::fraud::check::Decision;
    use commerce::fraud::{Facts, Score};
    use commerce::gateway::{Answer, RetryHints};
    use commerce::provider::Provider;
    use commerce::session::PaymentGateway;
    use commerce::webhook::Headers;
    use commerce::webhook::standard::{StandardPolicy, verify};
    use futures_util::FutureExt;
    use uuid::Uuid;

    use super::*;

    /// Answers one after the other, each after so many milliseconds.
    struct Script {
        answers: RefCell<Vec<(u64, Result<Answer, GatewayError>)>>,
        sent: RefCell<Vec<(Request, Duration)>>,
        now: Cell<u64>,
    }

    impl Wire for Script {
        async fn send(&self, _: &str, request: &Request, _: usize, limit: Duration) -> Result<Answer, GatewayError> {
            self.sent.borrow_mut().push((request.clone(), limit));
            let (took, answer) = self.answers.borrow_mut().remove(0);
            self.now.set(self.now.get() + took);
            answer
        }

        async fn sleep(&self, _: Duration) {}

        fn now(&self) -> u64 {
            self.now.get()
        }

        fn draw(&self) -> f64 {
            0.0
        }
    }

    fn answer(status: u16, body: &str) -> Result<Answer, GatewayError> {
        Ok(Answer { status, retry_after: None, hints: RetryHints::default(), body: body.into() })
    }

    fn asked(
        answers: Vec<(u64, Result<Answer, GatewayError>)>,
    ) -> (Result<Verdict, Failure>, Vec<(Request, Duration)>) {
        let config = ServiceConfig {
            url: "http://127.0.0.1:1".into(),
            path: "/check".into(),
            signer: Signer::parse("bmV3 b2xk").unwrap(),
            timeout: Duration::from_millis(1000),
        };
        let score = Score { value: 0, signals: vec![] };
        let question = Question {
            session: Uuid::from_u128(1),
            organization: Uuid::from_u128(2),
            order: Uuid::from_u128(3),
            customer: Uuid::from_u128(4),
            amount: "1.00",
            currency: "EUR",
            gateway: PaymentGateway::Provider(Provider::Stripe),
            address: None,
            facts: Facts::default(),
            score: &score,
        };
        let wire = Script { answers: answers.into(), sent: RefCell::default(), now: Cell::new(7) };
        let verdict = FraudCheck::new(&config).ask(&wire, &question, 5_000_000).now_or_never().unwrap();
        (verdict, wire.sent.into_inner())
    }

    #[test]
    fn a_question_is_signed_by_every_secret_under_the_sessions_id() {
        let (verdict, sent) = asked(vec![(5, answer(200, r#"{"decision":"deny","score":99}"#))]);
        assert_eq!(verdict.unwrap().decision, Decision::Deny);
        let (request, limit) = &sent[0];
        assert_eq!((request.path.as_str(), limit.as_millis()), ("/check", 1000));
        for secret in ["bmV3", "b2xk"] {
            let headers = Headers::new(request.headers.iter().map(|(name, value)| (*name, value.as_bytes())));
            let policy = StandardPolicy::new([secret], 300).unwrap();
            assert_eq!(verify(&headers, &request.body, &policy, 5000).unwrap().id, Uuid::from_u128(1).to_string());
        }
    }

    #[test]
    fn without_a_verdict_in_time_and_in_shape_there_is_a_failure() {
        let away = || Err(GatewayError::Away { retry_after: None });
        let allow = || answer(200, r#"{"decision":"allow"}"#);
        for (answers, failure, attempts) in [
            (vec![(0, answer(204, ""))], Failure::Status, 1),
            (vec![(0, answer(500, r#"{"decision":"allow"}"#))], Failure::Status, 1),
            (vec![(0, answer(302, ""))], Failure::Status, 1),
            (vec![(0, answer(200, "allow"))], Failure::Shape, 1),
            (vec![(0, Err(GatewayError::Unexpected))], Failure::Shape, 1),
            (vec![(10, away()), (10, away())], Failure::NoAnswer, 2),
            (vec![(1000, away()), (0, allow())], Failure::NoAnswer, 1),
        ] {
            let (verdict, sent) = asked(answers);
            assert_eq!((verdict, sent.len()), (Err(failure), attempts));
        }
        let (verdict, sent) = asked(vec![(400, away()), (0, allow())]);
        assert_eq!(verdict.unwrap().decision, Decision::Allow);
        assert_eq!(sent[1].1.as_millis(), 600);
    }
}
