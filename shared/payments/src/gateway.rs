//! The providers' operations. `commerce::gateway` writes the requests and reads the answers;
//! [`Upstream`] repeats them.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use cache_logic::retry::RetryPolicy;
use commerce::gateway::paypal::AccessToken;
use commerce::gateway::{
    Answer, Capturable, EventPage, GatewayError, NewCapture, NewPayment, NewRefund, PaymentPage, Request,
};
use commerce::gateway::{Secret, paypal, stripe};
use commerce::provider::Provider;
use commerce::session::Flow;
use commerce::time::Moment;
use commerce::webhook::Headers;
use commerce::webhook::event::paypal::{PayPalEvent, Resource, ResourceKind};
use commerce::webhook::event::stripe::Named;
use commerce::webhook::event::{ObjectState, ProviderObject};

use crate::config::PaymentConfig;
use crate::needs;
use edge::client::{Client, Wire};
use edge::upstream::Upstream;
use secrets::Secrets;

mod secrets;
#[cfg(test)]
mod tests;

/// The first wait before a second attempt is drawn from this.
const RETRY_BASE: Duration = Duration::from_millis(100);
/// No wait is drawn from more.
const RETRY_CAP: Duration = Duration::from_secs(2);
/// All attempts of an operation together may take so many times the limit of one call.
const BUDGET: u32 = 2;
/// Under how many request ids one thing is asked for, if Stripe keeps a failure under each.
const MOST_REQUEST_IDS: u32 = 10;
/// How soon a request looks again for a token that another request is getting.
const TOKEN_POLL: Duration = Duration::from_millis(5);

/// Credentials and token for PayPal.
struct PayPalAccess {
    configured: Result<(), GatewayError>,
    client_id: String,
    client_secrets: Secrets,
    account: String,
    webhook_ids: Vec<String>,
    token: RefCell<Option<AccessToken>>,
    /// A request of this instance is getting a token.
    asking: Cell<bool>,
}

/// The credentials for Stripe.
struct StripeAccess {
    configured: Result<(), GatewayError>,
    api_keys: Secrets,
}

/// Calls of payment providers.
pub struct Gateway<W = Client> {
    wire: W,
    paypal: Upstream,
    paypal_access: PayPalAccess,
    stripe: Upstream,
    stripe_access: StripeAccess,
    budget: Duration,
    /// Whether other instances' word that a provider is away is about these APIs.
    shares_rests: bool,
}

/// Marks that a token is being got, until it is dropped.
struct TokenRequest<'a>(&'a Cell<bool>);

impl Drop for TokenRequest<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Gateway {
    /// Makes the gateway without calling anything.
    pub fn new(config: &PaymentConfig) -> Self {
        Self::over(Client::new(config.timeout), config)
    }

    /// The HTTP client, for certificates: those come from no API.
    pub fn client(&self) -> &Client {
        &self.wire
    }
}

impl<W: Wire> Gateway<W> {
    /// A gateway over another wire than the usual client.
    pub fn over(wire: W, config: &PaymentConfig) -> Self {
        let budget = config.timeout * BUDGET;
        let retry = RetryPolicy { attempts: config.attempts, base: RETRY_BASE, cap: RETRY_CAP, budget };
        let (paypal, stripe) = (&config.paypal, &config.stripe);
        Self {
            wire,
            paypal: Upstream::new("PayPal", &paypal.api_url, retry, config.timeout, config.rest),
            paypal_access: PayPalAccess {
                configured: needs::for_calls(config, Provider::PayPal),
                client_id: paypal.client_id.clone(),
                client_secrets: Secrets::new(&paypal.client_secrets),
                account: paypal.account.clone(),
                webhook_ids: paypal.webhook_ids.clone(),
                token: RefCell::new(None),
                asking: Cell::new(false),
            },
            stripe: Upstream::new("Stripe", &stripe.api_url, retry, config.timeout, config.rest),
            stripe_access: StripeAccess {
                configured: needs::for_calls(config, Provider::Stripe),
                api_keys: Secrets::new(&stripe.api_keys),
            },
            budget,
            shares_rests: true,
        }
    }

    /// Neither tells nor heeds that a provider is away: the others ask another API of it.
    pub fn rest_alone(&mut self) {
        self.shares_rests = false;
    }

    /// The longest time of any operation, attempts and waits included. A lease on an operation has
    /// to be longer.
    pub fn longest(&self) -> Duration {
        self.budget
    }

    /// Leaves a provider alone for so many milliseconds, since another instance has found it away.
    /// Every instance learns it with a statement that it sends anyway.
    pub fn heard(&self, provider: Provider, resting_ms: Option<i64>) {
        if !self.shares_rests {
            return;
        }
        let resting = Duration::from_millis(resting_ms.and_then(|ms| u64::try_from(ms).ok()).unwrap_or_default());
        self.upstream(provider).heard(&self.wire, resting);
    }

    /// The providers that this instance has found away since it was asked last, for a statement
    /// that is sent anyway: a JSON object of milliseconds.
    pub fn rests_to_tell(&self) -> Option<String> {
        if !self.shares_rests {
            return None;
        }
        let rest = |provider: &Provider| {
            self.upstream(*provider).rest_to_tell().map(|ms| format!("\"{}\":{ms}", provider.as_str()))
        };
        let rests: Vec<String> = Provider::ALL.iter().filter_map(rest).collect();
        (!rests.is_empty()).then(|| format!("{{{}}}", rests.join(",")))
    }

    fn upstream(&self, provider: Provider) -> &Upstream {
        match provider {
            Provider::PayPal => &self.paypal,
            Provider::Stripe => &self.stripe,
        }
    }

    /// Begins a payment. The same session again gives the same payment.
    ///
    /// # Errors
    /// [`GatewayError`]. An amount or a currency that the provider doesn't take is
    /// [`GatewayError::Refused`] with the field.
    pub async fn create(&self, payment: &NewPayment) -> Result<PaymentPage, GatewayError> {
        let began = self.wire.now();
        match payment.gateway {
            Provider::PayPal => {
                self.paypal_access.configured.clone()?;
                let request = paypal::create(payment, &self.paypal_access.account)?;
                self.ask_paypal(&request, began, paypal::created).await
            }
            // It takes no money, so it may be begun anew.
            Provider::Stripe => {
                let read = match payment.flow {
                    Flow::Redirect => stripe::created,
                    Flow::Embedded => stripe::intended,
                };
                self.ask_stripe_anew(&stripe::create(payment)?, began, read).await
            }
        }
    }

    /// The client secret of a payment intent of Stripe, read anew: it is stored nowhere.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn client_secret(&self, intent: &str) -> Result<Option<Secret>, GatewayError> {
        let request = stripe::read_payment_intent(intent);
        Ok(self.ask_stripe(&request, self.wire.now(), stripe::intended).await?.client_secret)
    }

    /// Takes money that was approved or reserved. Gives the provider's objects as they are now. An
    /// order that was captured before is read instead.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn capture(&self, capture: &NewCapture) -> Result<Vec<ProviderObject>, GatewayError> {
        let began = self.wire.now();
        let kind = match capture.what {
            Capturable::PayPalOrder => ResourceKind::Order,
            Capturable::PayPalAuthorization => ResourceKind::Capture,
            Capturable::StripePaymentIntent => {
                // A payment intent is captured once, under whatever request id.
                let request = stripe::capture(capture)?;
                let captured = match self.ask_stripe_anew(&request, began, stripe::captured).await {
                    Err(GatewayError::Refused { reason, .. }) if reason == "payment-intent-unexpected-state" => {
                        let read = stripe::read_payment_intent(&capture.external_id);
                        let intent = self.ask_stripe(&read, began, stripe::captured).await?;
                        let taken = intent.state == ObjectState::Completed;
                        taken.then_some(intent).ok_or(GatewayError::Refused { reason, field: None })
                    }
                    outcome => outcome,
                };
                return Ok(vec![captured?]);
            }
        };
        let request = paypal::capture(capture)?;
        let read = |answer: &Answer| paypal::objects(&paypal::resource(answer)?, kind);
        match self.ask_paypal(&request, began, read).await {
            Err(GatewayError::Refused { reason, .. }) if reason == "order-already-captured" => {
                let order = Resource { kind, id: capture.external_id.clone(), reversal: false };
                self.ask_paypal(&paypal::read(&order), began, read).await
            }
            outcome => outcome,
        }
    }

    /// Gives money back. Gives the refund as the provider shows it.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn refund(&self, refund: &NewRefund) -> Result<ProviderObject, GatewayError> {
        let began = self.wire.now();
        match refund.gateway {
            Provider::PayPal => {
                let read = |answer: &Answer| {
                    let objects = paypal::objects(&paypal::resource(answer)?, ResourceKind::Refund)?;
                    objects.into_iter().next().ok_or(GatewayError::Unexpected)
                };
                self.ask_paypal(&paypal::refund(refund)?, began, read).await
            }
            Provider::Stripe => self.ask_stripe(&stripe::refund(refund)?, began, stripe::refunded).await,
        }
    }

    /// Reads a refund by its provider's id, with its payment where that isn't named by the refund.
    ///
    /// # Errors
    /// [`GatewayError`]; [`GatewayError::NotYet`] if the provider doesn't know it.
    pub async fn read_refund(&self, provider: Provider, id: &str) -> Result<Vec<ProviderObject>, GatewayError> {
        match provider {
            Provider::PayPal => {
                let refund = Resource { kind: ResourceKind::Refund, id: id.to_owned(), reversal: false };
                self.observe(&refund).await
            }
            Provider::Stripe => {
                let request = stripe::read_refund(id);
                Ok(vec![self.ask_stripe(&request, self.wire.now(), stripe::refunded).await?])
            }
        }
    }

    /// Reads a resource that an event names, with its neighbours: a refund or dispute with its
    /// payment, a refunded payment with its refunds, an order with its payments and refunds. A
    /// refund or dispute without an owner gets payee and reference of its payment.
    ///
    /// # Errors
    /// [`GatewayError`]; [`GatewayError::NotYet`] if PayPal doesn't know the resource.
    pub async fn observe(&self, resource: &Resource) -> Result<Vec<ProviderObject>, GatewayError> {
        let began = self.wire.now();
        let answer = self.ask_paypal(&paypal::read(resource), began, paypal::resource).await?;
        let mut objects = resource.objects(&answer).map_err(|_| GatewayError::Unexpected)?;
        let Some(related) = paypal::related(resource, &answer, &objects) else { return Ok(objects) };
        let read = |answer: &Answer| related.objects(&paypal::resource(answer)?).map_err(|_| GatewayError::Unexpected);
        match self.ask_paypal(&paypal::read(&related), began, read).await {
            Ok(found) => paypal::join(&mut objects, found),
            // A dispute may be about another kind of transaction. An old order is forgotten before
            // its capture.
            Err(GatewayError::NotYet) if resource.kind != ResourceKind::Refund => {}
            Err(error) => return Err(error),
        }
        Ok(objects)
    }

    /// Reads the object that a thin event of Stripe names. `account`: the connected account that it
    /// lives in, `None` for our own. Gives `None` if there is nothing to fold.
    ///
    /// # Errors
    /// [`GatewayError`]; [`GatewayError::NotYet`] if Stripe doesn't know the object.
    pub async fn named(&self, named: &Named, account: Option<&str>) -> Result<Option<ProviderObject>, GatewayError> {
        let request = stripe::read(named, account);
        self.ask_stripe(&request, self.wire.now(), |answer| stripe::named(answer, named)).await
    }

    /// Reads a payment by its provider's id as it is now, with its refunds.
    ///
    /// # Errors
    /// [`GatewayError`]; [`GatewayError::NotYet`] if the provider doesn't know it.
    /// [`GatewayError::Refused`] if it knows the payment, and its refunds no more.
    pub async fn read_payment(&self, provider: Provider, id: &str) -> Result<Vec<ProviderObject>, GatewayError> {
        match provider {
            Provider::PayPal => {
                let capture = Resource { kind: ResourceKind::Capture, id: id.to_owned(), reversal: false };
                match self.read_paypal_payment(&capture).await {
                    // A payment of the first generation is a sale.
                    Err(GatewayError::NotYet) => {
                        self.read_paypal_payment(&Resource { kind: ResourceKind::SaleV1, ..capture }).await
                    }
                    outcome => outcome,
                }
            }
            Provider::Stripe => {
                let began = self.wire.now();
                let read = |answer: &Answer| stripe::payment(answer, id);
                let payment = self.ask_stripe(&stripe::read_payment(id), began, read).await?;
                let given_back = payment.refunded_total.is_some_and(|total| total.minor > 0);
                let mut objects = vec![payment];
                if given_back {
                    objects.extend(self.ask_stripe(&stripe::refunds_of(id), began, stripe::refunds).await?);
                }
                Ok(objects)
            }
        }
    }

    async fn read_paypal_payment(&self, resource: &Resource) -> Result<Vec<ProviderObject>, GatewayError> {
        let began = self.wire.now();
        let answer = self.ask_paypal(&paypal::read(resource), began, paypal::resource).await?;
        let mut objects = resource.objects(&answer).map_err(|_| GatewayError::Unexpected)?;
        let Some(order) = paypal::related(resource, &answer, &objects) else { return Ok(objects) };
        let read = |answer: &Answer| order.objects(&paypal::resource(answer)?).map_err(|_| GatewayError::Unexpected);
        let found = self.ask_paypal(&paypal::read(&order), began, read).await.map_err(|error| match error {
            GatewayError::NotYet => GatewayError::Refused { reason: "order-forgotten".to_owned(), field: None },
            error => error,
        })?;
        paypal::join(&mut objects, found);
        Ok(objects)
    }

    /// Whether PayPal's own copy of an event calls this resource a reversal. The signature of a
    /// delivery doesn't prove that, because its body can be another one.
    ///
    /// # Errors
    /// [`GatewayError`]. An event that PayPal doesn't know gives `false`.
    pub async fn is_reversal(&self, event: &str, resource: &Resource) -> Result<bool, GatewayError> {
        let read = |answer: &Answer| paypal::resource(answer).map(|event| event.to_string().into_bytes());
        match self.ask_paypal(&paypal::event(event), self.wire.now(), read).await {
            Ok(body) => Ok(PayPalEvent::parse(&body)
                .is_ok_and(|kept| kept.id == event && resource.reversal && kept.resource.as_ref() == Some(resource))),
            Err(GatewayError::NotYet) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Asks PayPal whether it sent `body` with these headers. The body goes back byte for byte,
    /// never re-encoded.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn post_back(&self, headers: &Headers<'_>, body: &[u8]) -> Result<bool, GatewayError> {
        if self.paypal_access.webhook_ids.is_empty() {
            return Err(GatewayError::Unconfigured { variable: "paypal_webhook_id" });
        }
        for id in &self.paypal_access.webhook_ids {
            let Some(request) = paypal::post_back(headers, id, body) else { return Ok(false) };
            match self.ask_paypal(&request, self.wire.now(), paypal::verified).await {
                // PayPal finds the question itself wrong, so these headers are not its own.
                Ok(false) | Err(GatewayError::Refused { .. }) => {}
                outcome => return outcome,
            }
        }
        Ok(false)
    }

    /// One page of a provider's events since `since`. `page` is the name that the page before gave.
    ///
    /// # Errors
    /// [`GatewayError`].
    pub async fn events(
        &self,
        provider: Provider,
        since: Moment,
        page: Option<&str>,
    ) -> Result<EventPage, GatewayError> {
        let began = self.wire.now();
        match provider {
            Provider::PayPal => self.ask_paypal(&paypal::events(since, page), began, paypal::page).await,
            Provider::Stripe => self.ask_stripe(&stripe::events(since, page), began, stripe::page).await,
        }
    }

    /// Asks for what may be asked for anew: if Stripe keeps the failure of an earlier attempt,
    /// under another request id. A failure of this attempt ends it, since Stripe says so.
    async fn ask_stripe_anew<T>(
        &self,
        request: &Request,
        began: u64,
        read: impl Fn(&Answer) -> Result<T, GatewayError>,
    ) -> Result<T, GatewayError> {
        for number in 0..MOST_REQUEST_IDS {
            match self.ask_stripe(&request.clone().renewed(number), began, &read).await {
                Err(GatewayError::Kept { replayed: true }) => {}
                outcome => return outcome,
            }
        }
        Err(GatewayError::Kept { replayed: true })
    }

    async fn ask_stripe<T>(
        &self,
        request: &Request,
        began: u64,
        read: impl Fn(&Answer) -> Result<T, GatewayError>,
    ) -> Result<T, GatewayError> {
        self.stripe_access.configured.clone()?;
        let send = async |key: &Secret| {
            let authorized = request.clone().authorized(key);
            self.stripe.call(&self.wire, &authorized, began).await
        };
        let answer = self.stripe_access.api_keys.ask(send).await?;
        read(&answer).map_err(|error| self.stripe.note(request, error))
    }

    async fn ask_paypal<T>(
        &self,
        request: &Request,
        began: u64,
        read: impl Fn(&Answer) -> Result<T, GatewayError>,
    ) -> Result<T, GatewayError> {
        self.paypal_access.configured.clone()?;
        let mut renewed = false;
        loop {
            let token = self.token(began).await.map_err(GatewayError::before_sending)?;
            let authorized = request.clone().authorized(&token);
            let answer = self.paypal.call(&self.wire, &authorized, began).await?;
            if answer.status != 401 {
                return read(&answer).map_err(|error| self.paypal.note(request, error));
            }
            // The token was withdrawn before its time. If a new one isn't accepted either, time is
            // not the cause.
            let known = self.paypal_access.token.borrow().as_ref().is_some_and(|known| known.token == token);
            if known {
                self.paypal_access.token.replace(None);
            }
            if std::mem::replace(&mut renewed, true) {
                return Err(GatewayError::Unconfigured { variable: "paypal_client_secret" });
            }
        }
    }

    /// A token that is good for a while. One request gets it; the others look again in a moment.
    /// They can't share a waker: one that crosses requests would be a trap.
    async fn token(&self, began: u64) -> Result<Secret, GatewayError> {
        let access = &self.paypal_access;
        loop {
            let now = self.wire.now();
            let known = access.token.borrow().clone();
            if let Some(known) = known.filter(|known| now < known.usable_until) {
                return Ok(known.token);
            }
            if !access.asking.replace(true) {
                break;
            }
            if Duration::from_millis(now.saturating_sub(began)) >= self.budget {
                return Err(GatewayError::Away { retry_after: None });
            }
            self.wire.sleep(TOKEN_POLL).await;
        }
        let _asking = TokenRequest(&access.asking);
        let asked_at = self.wire.now();
        let send = async |secret: &Secret| {
            self.paypal.call(&self.wire, &paypal::token_request(&access.client_id, secret), began).await
        };
        let answer = access.client_secrets.ask(send).await?;
        let noted = |error| self.paypal.note(&paypal::token_request("", &Secret::default()), error);
        let token = paypal::token(&answer, asked_at).map_err(noted)?;
        let secret = token.token.clone();
        access.token.replace(Some(token));
        Ok(secret)
    }
}
