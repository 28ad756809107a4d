//! The product-service, which keeps stock where `inventory_mode` says so: it is asked to hold the
//! pieces of orders, and told what became of them.

use std::cell::OnceCell;

use commerce::error::Error;
use commerce::gateway::GatewayError;
use commerce::stock_hold::{Hold, HoldAnswer, HoldMessage};
use commerce::time::Moment;

use crate::client::{Client, Wire};
use crate::data::Json;
use crate::service::{ServiceConfig, ServiceNames, SignedService};
use crate::settings::{ConfigError, OnceResult, Parser, SERVICES, Values, component, misconfigured};
use crate::settings::{once, rows, values_of};

const NAMES: ServiceNames = ServiceNames {
    url: "product_service_url",
    path: "product_service_path",
    secret: "product_service_secret",
    timeout: "product_service_timeout_ms",
};

/// Its name among the providers that instances tell each other of.
const NAME: &str = "product-service";

/// The service, as one instance sees it. What one instance finds away the others leave alone, too:
/// they learn it with statements that they send anyway.
pub struct ProductService<W = Client>(SignedService<W>);

thread_local! {
    static SERVICE: OnceCell<OnceResult<Option<ProductService>>> = const { OnceCell::new() };
}

impl ProductService {
    /// This instance's service; `None` without its URL. The settings are read at the first request
    /// that needs them.
    ///
    /// # Errors
    /// Every setting of it that is wrong; the same each time.
    pub async fn get() -> OnceResult<Option<Self>> {
        once(&SERVICE, async || {
            let config = config(&values_of(component(), rows(SERVICES)).await?)?;
            Ok(config.map(|config| Self::over(Client::new(config.timeout), &config)))
        })
        .await
    }

    /// As [`Self::get`], as an answer to a request.
    ///
    /// # Errors
    /// [`Error::Misconfigured`] that names every wrong setting, or the URL if there is none.
    pub async fn ready() -> Result<&'static Self, Error> {
        let missing = GatewayError::Unconfigured { variable: NAMES.url };
        Ok(Self::get().await.map_err(misconfigured)?.as_ref().ok_or(missing)?)
    }
}

/// The settings; `None` without the URL.
fn config(values: &Values) -> Result<Option<ServiceConfig>, Vec<ConfigError>> {
    let mut parser = Parser::new(values, SERVICES);
    let config = ServiceConfig::parse(&mut parser, &NAMES, false);
    parser.outcome(config)
}

impl<W: Wire> ProductService<W> {
    /// A service that is taken to work, over this wire.
    pub fn over(wire: W, config: &ServiceConfig) -> Self {
        Self(SignedService::over(wire, "the product-service", config))
    }

    /// Sends a message about a hold. `now` is the time in milliseconds since 1970.
    ///
    /// # Errors
    /// [`GatewayError::Away`], [`GatewayError::Unsent`]; [`GatewayError::Unexpected`] for an answer
    /// that is none.
    pub async fn tell(&self, message: HoldMessage, hold: &Hold, now: u64) -> Result<HoldAnswer, GatewayError> {
        let body = message.body(hold, Moment::of_millis(now));
        self.0.ask(&message.name(hold), body, now, |status, body| message.read(status, body)).await
    }

    /// Leaves the service alone for so many milliseconds: another instance has found it away.
    pub fn heard(&self, resting_ms: Option<i64>) {
        self.0.heard(resting_ms);
    }

    /// That the service is away, once each time that this instance finds it so, for a statement
    /// that is sent anyway: a JSON object of milliseconds.
    pub fn rests_to_tell(&self) -> Option<Json> {
        self.0.rest_to_tell().map(|ms| Json(format!("{{\"{NAME}\":{ms}}}")))
    }

    /// A random number from [0, 1).
    pub fn draw(&self) -> f64 {
        self.0.wire().draw()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::time::Duration;

    use commerce::gateway::{Answer, Request, RetryHints};
    use futures_util::FutureExt;
    use serde_json::json;
    use uuid::Uuid;

    use super::*;

    /// Answers one after the other; the last one again and again.
    struct Script {
        answers: RefCell<Vec<(u16, &'static str)>>,
        names: RefCell<Vec<String>>,
        waits: Cell<usize>,
    }

    impl Wire for Script {
        async fn send(&self, _: &str, request: &Request, _: usize, _: Duration) -> Result<Answer, GatewayError> {
            let name = request.headers.iter().find(|(name, _)| *name == "webhook-id").unwrap();
            self.names.borrow_mut().push(name.1.clone());
            let mut answers = self.answers.borrow_mut();
            let (status, body) = if answers.len() > 1 { answers.remove(0) } else { answers[0] };
            Ok(Answer { status, retry_after: None, hints: RetryHints::default(), body: body.into() })
        }

        async fn sleep(&self, _: Duration) {
            self.waits.set(self.waits.get() + 1);
        }

        fn now(&self) -> u64 {
            0
        }

        fn draw(&self) -> f64 {
            0.5
        }
    }

    /// The values of all settings of services: the defaults, and these.
    fn values(set: &[(&'static str, &str)]) -> Values {
        let mut values = Values::default();
        values.extend(rows(SERVICES).map(|setting| (setting.name, setting.default.to_owned())));
        values.extend(set.iter().map(|(name, value)| (*name, (*value).to_owned())));
        values
    }

    fn service(answers: &[(u16, &'static str)]) -> ProductService<Script> {
        let set = [("product_service_url", "http://127.0.0.1:1"), ("product_service_secret", "bmV3")];
        let config = config(&values(&set)).unwrap().unwrap();
        let (answers, names) = (RefCell::new(answers.to_vec()), RefCell::default());
        ProductService::over(Script { answers, names, waits: Cell::default() }, &config)
    }

    fn asked(service: &ProductService<Script>) -> Result<HoldAnswer, GatewayError> {
        let (id, organization) = (Uuid::from_u128(7), Uuid::nil());
        let hold = Hold { id, organization, order: None, items: json!([]), replaces: None };
        service.tell(HoldMessage::Reserve, &hold, 5_000_000).now_or_never().unwrap()
    }

    #[test]
    fn a_wish_is_repeated_under_its_name_until_there_is_an_answer() {
        let service = service(&[(503, ""), (409, "working on it"), (200, r#"{"reservationId":"r"}"#)]);
        assert_eq!(asked(&service), Ok(HoldAnswer::Reserved("r".into())));
        let names = service.0.wire().names.borrow().clone();
        assert_eq!(names, vec![format!("reserve_{}", Uuid::from_u128(7)); 3]);
        assert_eq!(service.0.wire().waits.get(), 2);
    }

    #[test]
    fn a_refusal_is_an_answer_and_a_service_that_gives_none_is_left_alone() {
        let refuses = service(&[(422, "")]);
        assert_eq!(asked(&refuses), Ok(HoldAnswer::Refused(None)));
        assert_eq!(refuses.0.wire().names.borrow().len(), 1);
        let away = service(&[(500, "")]);
        assert!(matches!(asked(&away), Err(GatewayError::Away { .. })));
        assert!(matches!(asked(&away), Err(GatewayError::Unsent { .. })));
        assert_eq!(away.0.wire().names.borrow().len(), 3);
    }

    #[test]
    fn what_one_instance_finds_away_the_others_leave_alone() {
        let (one, other) = (service(&[(500, "")]), service(&[(200, r#"{"reservationId":"r"}"#)]));
        assert_eq!(one.rests_to_tell(), None);
        assert!(asked(&one).is_err());
        let told = one.rests_to_tell().map(|told| told.0);
        assert_eq!(told.as_deref(), Some(r#"{"product-service":5000}"#));
        assert_eq!(one.rests_to_tell(), None, "it is told once");
        other.heard(Some(5_000));
        assert!(matches!(asked(&other), Err(GatewayError::Unsent { .. })));
        assert!(other.0.wire().names.borrow().is_empty());
        let unheard = service(&[(200, r#"{"reservationId":"r"}"#)]);
        unheard.heard(Some(0));
        unheard.heard(None);
        assert!(asked(&unheard).is_ok());
    }

    #[test]
    fn it_is_asked_only_with_a_secret_and_what_is_wrong_is_named_without_its_value() {
        assert!(config(&values(&[])).unwrap().is_none());
        let wrong = |set: &[(&'static str, &str)]| {
            let wrong = config(&values(set)).err().unwrap();
            assert!(!format!("{wrong:?}").contains("hidden"), "{wrong:?}");
            wrong.iter().map(|error| error.variable).collect::<Vec<_>>()
        };
        assert_eq!(wrong(&[("product_service_url", "http://127.0.0.1:1")]), ["product_service_secret"]);
        assert_eq!(wrong(&[("product_service_url", "https://hidden.example/a")]), ["product_service_url"]);
        assert_eq!(wrong(&[("product_service_path", "hidden")]), ["product_service_path"]);
        assert_eq!(wrong(&[("product_service_timeout_ms", "0")]), ["product_service_timeout_ms"]);
    }
}
