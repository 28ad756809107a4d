//! The two providers' state, behind one lock.

use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use serde_json::Value;

use crate::carts::Carts;
use crate::deliveries::{Attempt, Event};
use crate::faults::Faults;
use crate::fraud::FraudCheck;
use crate::idempotency::Keys;
use crate::paypal::PayPal;
use crate::settings::Settings;
use crate::stock::Stock;
use crate::stripe::Stripe;
use crate::{Provider, Target};

/// A call that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceivedCall {
    /// `POST /v2/checkout/orders`
    pub call: String,
    /// Its `PayPal-Request-Id` or `Idempotency-Key`.
    pub key: Option<String>,
    /// The answer's status; `None` if there is none yet.
    pub status: Option<u16>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) paypal: PayPal,
    pub(crate) stripe: Stripe,
    pub(crate) fraud: FraudCheck,
    pub(crate) carts: Carts,
    pub(crate) stock: Stock,
    pub(crate) faults: Faults,
    pub(crate) keys: Keys,
    pub(crate) events: Vec<Event>,
    /// Events that still have to be sent by themselves.
    pub(crate) outbox: Vec<String>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) seen: Vec<ReceivedCall>,
    pub(crate) target: Target,
}

impl State {
    /// Keeps an event and has it sent if events are automatic.
    pub(crate) fn publish(&mut self, provider: Provider, id: &str, kind: &str, body: &Value) -> String {
        let event = Event {
            provider,
            id: id.to_owned(),
            kind: kind.to_owned(),
            created: crate::ids::now(),
            body: body.to_string().into(),
        };
        self.events.push(event);
        if self.target.automatic {
            self.outbox.push(id.to_owned());
        }
        id.to_owned()
    }
}

/// The providers.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) base_url: String,
    /// The names and secrets in force. Each lives as long as the program, since a handler that
    /// reads them may hold on to them while they are being replaced.
    settings: RwLock<&'static Settings>,
    pub(crate) http: reqwest::Client,
    state: Mutex<State>,
}

impl World {
    pub(crate) fn new(base_url: String, settings: Settings) -> World {
        // A delivery waits as long as PayPal does before it counts as failed.
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(std::time::Duration::from_secs(30))
            .build()
            .unwrap_or_default();
        World { base_url, settings: RwLock::new(Box::leak(Box::new(settings))), http, state: Mutex::default() }
    }

    /// The names and secrets in force.
    pub(crate) fn settings(&self) -> &'static Settings {
        *self.settings.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on these are in force.
    pub(crate) fn replace_settings(&self, settings: Settings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = Box::leak(Box::new(settings));
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl World {
    /// An object as its provider shows it.
    pub(crate) fn object(&self, id: &str) -> Option<Value> {
        let mut state = self.state();
        let call = crate::paypal::PayPalCall { state: &mut state, settings: self.settings(), base: &self.base_url };
        let order = call.order(id);
        let (paypal, stripe) = (&state.paypal, &state.stripe);
        let paypals = [&paypal.captures, &paypal.authorizations, &paypal.refunds, &paypal.disputes];
        let stripes = [&stripe.sessions, &stripe.intents, &stripe.charges, &stripe.refunds, &stripe.disputes];
        order.or_else(|| paypals.into_iter().chain(stripes).find_map(|all| all.get(id)).cloned())
    }
}
