//! The user-service, which keeps the carts of users that are logged in: one question by HTTP,
//! signed as Standard Webhooks says, repeated within a budget, behind a breaker.

use commerce::gateway::GatewayError;
use commerce::time::Moment;
use commerce::user_cart::{CartRequest, UserCart};
use edge::client::{Client, Wire};
use edge::service::{ServiceConfig, SignedService};
use uuid::Uuid;

/// The service, as one instance sees it.
pub struct UserService<W = Client>(SignedService<W>);

impl UserService {
    /// A service that is taken to work.
    pub fn new(config: &ServiceConfig) -> Self {
        Self::over(Client::new(config.timeout), config)
    }
}

impl<W: Wire> UserService<W> {
    /// A service over another wire than the usual client.
    pub fn over(wire: W, config: &ServiceConfig) -> Self {
        Self(SignedService::over(wire, "the user-service", config))
    }

    /// The cart of a user. `id` names the question; `now` is its time, in milliseconds since 1970.
    /// A user that the service doesn't know has an empty one.
    ///
    /// # Errors
    /// [`GatewayError::Away`], [`GatewayError::Unsent`]; [`GatewayError::Unexpected`] for an answer
    /// that is none.
    pub async fn cart(
        &self,
        organization: Uuid,
        request: CartRequest,
        id: Uuid,
        now: u64,
    ) -> Result<UserCart, GatewayError> {
        let body = request.question(organization, Moment::of_millis(now));
        let read = |status, body: &[u8]| match status {
            200 => UserCart::decode(request.user, body),
            404 => Some(UserCart::Empty),
            _ => None,
        };
        self.0.ask(&id.to_string(), body, now, read).await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::time::Duration;

    use commerce::gateway::{Answer, Request, RetryHints};
    use commerce::webhook::standard::Signer;
    use futures_util::FutureExt;

    use super::*;

    /// Answers one after the other; the last one again and again.
    struct Script {
        answers: RefCell<Vec<Result<Answer, GatewayError>>>,
        sent: Cell<usize>,
        waited: RefCell<Vec<Duration>>,
    }

    impl Wire for Script {
        async fn send(&self, _: &str, request: &Request, _: usize, _: Duration) -> Result<Answer, GatewayError> {
            assert!(request.headers.iter().any(|(name, value)| *name == "webhook-signature" && !value.is_empty()));
            self.sent.set(self.sent.get() + 1);
            let mut answers = self.answers.borrow_mut();
            if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() }
        }

        async fn sleep(&self, duration: Duration) {
            self.waited.borrow_mut().push(duration);
        }

        fn now(&self) -> u64 {
            0
        }

        fn draw(&self) -> f64 {
            0.5
        }
    }

    fn service(answers: Vec<Result<Answer, GatewayError>>) -> UserService<Script> {
        let config = ServiceConfig {
            url: "http://127.0.0.1:1".into(),
            path: "/cart".into(),
            signer: Signer::parse("bmV3").unwrap(),
            timeout: Duration::from_secs(1),
        };
        let wire = Script { answers: answers.into(), sent: Cell::default(), waited: RefCell::default() };
        UserService::over(wire, &config)
    }

    fn asked(service: &UserService<Script>) -> Result<UserCart, GatewayError> {
        let request = CartRequest { user: Uuid::from_u128(3) };
        service.cart(Uuid::nil(), request, Uuid::nil(), 5_000_000).now_or_never().unwrap()
    }

    fn answer(status: u16, body: &str) -> Result<Answer, GatewayError> {
        Ok(Answer { status, retry_after: None, hints: RetryHints::default(), body: body.into() })
    }

    #[test]
    fn a_question_is_repeated_with_jitter_as_long_as_that_helps() {
        let away = || Err(GatewayError::Away { retry_after: None });
        let repeated = service(vec![away(), answer(503, ""), answer(200, r#"{"items":[]}"#)]);
        assert_eq!(asked(&repeated), Ok(UserCart::Empty));
        assert_eq!(repeated.0.wire().sent.get(), 3);
        let waited: Vec<_> = repeated.0.wire().waited.borrow().iter().map(Duration::as_millis).collect();
        assert_eq!(waited, [25, 50], "half of 50 ms and of 100 ms: the draw is 0.5");
        for (status, outcome) in [(404, Ok(UserCart::Empty)), (401, Err(GatewayError::Unexpected))] {
            let once = service(vec![answer(status, "")]);
            assert_eq!(asked(&once), outcome, "{status}");
            assert_eq!(once.0.wire().sent.get(), 1, "{status}");
        }
        assert_eq!(asked(&service(vec![answer(200, "cart")])), Err(GatewayError::Unexpected));
    }

    #[test]
    fn a_service_that_gave_no_answer_is_left_alone() {
        let away = service(vec![answer(500, "")]);
        assert!(matches!(asked(&away), Err(GatewayError::Away { .. })));
        assert!(matches!(asked(&away), Err(GatewayError::Unsent { .. })));
        assert_eq!(away.0.wire().sent.get(), 3);
    }
}
