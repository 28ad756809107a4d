//! Events on their way to the webhook, with the providers' patience: again until the answer is 2xx.

use std::sync::Arc;
use std::time::Duration;

use crate::Provider;
use crate::signing::{SignedDelivery, Signing, sign};
use crate::world::World;

/// An event as the provider keeps it.
#[derive(Clone, Debug)]
pub struct Event {
    /// The provider that sends it.
    pub provider: Provider,
    /// `WH-...` or `evt_...`
    pub id: String,
    /// Its type.
    pub kind: String,
    /// Seconds since 1970.
    pub created: i64,
    /// The raw body, the same in every delivery.
    pub body: Vec<u8>,
}

/// One delivery and its answer.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The event's id; empty if the provider doesn't keep it.
    pub event: String,
    /// The answer's status; `None` if there was none.
    pub status: Option<u16>,
    /// The answer's body.
    pub answer: String,
}

impl Attempt {
    /// Whether the provider takes the event for delivered.
    pub fn accepted(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// The `status` in the answer: `processed`, `already_processed`, ...; empty if it has none.
    pub fn outcome(&self) -> String {
        let answer = serde_json::from_str::<serde_json::Value>(&self.answer).unwrap_or_default();
        answer["status"].as_str().unwrap_or_default().to_owned()
    }
}

/// The receivers of events, and the providers' patience.
#[derive(Clone, Debug)]
pub struct Target {
    /// The webhook for PayPal's events.
    pub paypal: Option<String>,
    /// The webhook for Stripe's events.
    pub stripe: Option<String>,
    /// Whether an event is sent as soon as it happens, or only on demand.
    pub automatic: bool,
    /// How often one is tried (PayPal: 25).
    pub attempts: u32,
    /// How long the first retry waits; each next one twice as long, up to `longest_wait`.
    pub first_wait: Duration,
    /// The longest wait between two attempts.
    pub longest_wait: Duration,
}

impl Default for Target {
    fn default() -> Target {
        let (first_wait, longest_wait) = (Duration::from_millis(20), Duration::from_millis(500));
        Target { paypal: None, stripe: None, automatic: true, attempts: 25, first_wait, longest_wait }
    }
}

impl Target {
    /// The webhook of a provider.
    pub(crate) fn url(&self, provider: Provider) -> Option<String> {
        match provider {
            Provider::PayPal => self.paypal.clone(),
            Provider::Stripe => self.stripe.clone(),
        }
    }
}

impl World {
    /// Sends one delivery to its webhook.
    pub(crate) async fn send(&self, event: &str, signed: &SignedDelivery) -> Attempt {
        let url = self.state().target.url(signed.provider);
        let mut attempt = Attempt { event: event.to_owned(), status: None, answer: "no webhook is named".to_owned() };
        if let Some(url) = url {
            let mut request = self.http.post(url).body(signed.body.clone());
            for (name, value) in &signed.headers {
                request = request.header(name, value);
            }
            match request.send().await {
                Ok(response) => {
                    attempt.status = Some(response.status().as_u16());
                    attempt.answer = response.text().await.unwrap_or_default();
                }
                Err(error) => attempt.answer = error.to_string(),
            }
        }
        self.state().attempts.push(attempt.clone());
        attempt
    }

    /// Delivers an event until it is accepted or the provider gives up.
    pub(crate) async fn deliver(&self, id: &str) -> Vec<Attempt> {
        let (event, target) = {
            let state = self.state();
            (state.events.iter().find(|event| event.id == id).cloned(), state.target.clone())
        };
        let Some(event) = event else { return Vec::new() };
        // PayPal repeats a transmission as it was; Stripe signs every attempt anew.
        let first = sign(self.settings(), &self.base_url, event.provider, &event.body, &Signing::default());
        let (mut attempts, mut wait) = (Vec::new(), target.first_wait);
        loop {
            let signed = match event.provider {
                Provider::PayPal => first.clone(),
                Provider::Stripe => {
                    sign(self.settings(), &self.base_url, event.provider, &event.body, &Signing::default())
                }
            };
            let attempt = self.send(id, &signed).await;
            let over = attempt.accepted() || attempts.len() + 1 >= target.attempts as usize;
            attempts.push(attempt);
            if over {
                return attempts;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(target.longest_wait);
        }
    }

    /// Sends the events since the last call in the background.
    pub(crate) fn flush(self: &Arc<World>) {
        for id in std::mem::take(&mut self.state().outbox) {
            let world = Arc::clone(self);
            tokio::spawn(async move { world.deliver(&id).await });
        }
    }
}
