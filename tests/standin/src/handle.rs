//! The stand-in, as scenarios use it.

use std::sync::Arc;

use serde_json::Value;
use tokio::net::TcpListener;

use crate::actions::{ActionEvents, Outcome, Payment};
use crate::authority::AUTHORITY;
use crate::deliveries::{Attempt, Event, Target};
use crate::disputes::{Complaint, Decision};
use crate::faults::Fault;
use crate::settings::Settings;
use crate::signing::{SignedDelivery, Signing, sign};
use crate::world::{ReceivedCall, World};
use crate::{Provider, server};

/// Both providers on one port of loopback. They end when the last clone of this is dropped.
#[derive(Clone, Debug)]
pub struct Standin {
    world: Arc<World>,
    // Ends the server when it is dropped.
    _server: Arc<ServerTask>,
}

#[derive(Debug)]
struct ServerTask(tokio::task::AbortHandle);

impl Drop for ServerTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Standin {
    /// Starts it on a free port with names and secrets of its own.
    ///
    /// # Panics
    /// If no port can be had.
    pub async fn start() -> Standin {
        Standin::start_on("127.0.0.1:0", Settings::random()).await.expect("a free port of loopback")
    }

    /// Starts it on this address.
    ///
    /// # Errors
    /// If the address can't be had.
    pub async fn start_on(address: &str, settings: Settings) -> std::io::Result<Standin> {
        // Making keys takes a while, and other tasks must not wait for this thread meanwhile.
        let _ = tokio::task::spawn_blocking(|| AUTHORITY.anchors.len()).await;
        let listener = TcpListener::bind(address).await?;
        let world = Arc::new(World::new(format!("http://{}", listener.local_addr()?), settings));
        let server = tokio::spawn(server::serve(Arc::clone(&world), listener));
        Ok(Standin { world, _server: Arc::new(ServerTask(server.abort_handle())) })
    }

    /// `http://127.0.0.1:port`
    pub fn base_url(&self) -> &str {
        &self.world.base_url
    }

    /// Names and secrets.
    pub fn settings(&self) -> &Settings {
        self.world.settings()
    }

    /// Replaces all secrets, and the PayPal webhook by another, as a merchant does in the
    /// dashboards: from now on only the new ones are in force. Accounts stay.
    pub fn replace_secrets(&self, new: &Settings) {
        let old = self.settings();
        self.world.replace_settings(Settings {
            paypal_client_id: old.paypal_client_id.clone(),
            paypal_account: old.paypal_account.clone(),
            stripe_account: old.stripe_account.clone(),
            live: old.live,
            ..new.clone()
        });
        self.expire_tokens(None);
    }

    /// Root and intermediate, PEM.
    pub fn anchors(&self) -> &'static str {
        &AUTHORITY.anchors
    }

    /// The product's variables that make it use this stand-in, in lower case. `hmac_key` and the
    /// pages that shoppers return to are the product's own.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        self.settings().variables(self.base_url(), self.anchors())
    }

    /// The product's variables that make it ask the stand-in's fraud check.
    pub fn fraud_variables(&self) -> Vec<(&'static str, String)> {
        self.settings().fraud_variables(self.base_url())
    }

    /// The product's variables that make it ask the stand-in's user-service.
    pub fn user_variables(&self) -> Vec<(&'static str, String)> {
        self.settings().user_variables(self.base_url())
    }

    /// From now on this user has this cart at the user-service.
    pub fn set_cart(&self, user: &str, cart: &Value) {
        self.world.state().carts.insert(user.to_owned(), cart.clone());
    }

    /// The product's variables that make it keep stock at the stand-in's product-service.
    pub fn stock_variables(&self) -> Vec<(&'static str, String)> {
        self.settings().stock_variables(self.base_url())
    }

    /// From now on so many pieces of an article can be had at the product-service.
    pub fn set_pieces(&self, sku: &str, pieces: i64) {
        self.world.state().stock.free.insert(sku.to_owned(), pieces);
    }

    /// The pieces of an article that can be had there.
    pub fn pieces(&self, sku: &str) -> Option<i64> {
        self.world.state().stock.free.get(sku).copied()
    }

    /// What took effect at the product-service, "reserve", "release" or "deduct" with the id of a
    /// hold, in its order.
    pub fn stock_effects(&self) -> Vec<String> {
        self.world.state().stock.effects.clone()
    }

    /// From now on the fraud check answers this.
    pub fn judge(&self, answer: &str) {
        self.world.state().fraud.answer = Some(answer.to_owned());
    }

    /// The questions that the fraud check was asked and that were signed, in the order of arrival.
    pub fn questions(&self) -> Vec<Value> {
        self.world.state().fraud.questions.clone()
    }

    /// Sends events to the webhooks of the server at `base_url`.
    pub fn webhooks_to(&self, base_url: &str) {
        let url = |provider: Provider| Some(format!("{base_url}/api/v1/webhooks/{}", provider.name()));
        self.retarget(|target| (target.paypal, target.stripe) = (url(Provider::PayPal), url(Provider::Stripe)));
    }

    /// Whether events are sent as soon as they happen, which is the default. Otherwise only
    /// [`Standin::deliver`] and [`Standin::send`] send them.
    pub fn automatic(&self, automatic: bool) {
        self.retarget(|target| target.automatic = automatic);
    }

    /// Changes the receivers of events and the providers' patience.
    pub fn retarget(&self, change: impl FnOnce(&mut Target)) {
        change(&mut self.world.state().target);
    }

    fn did(&self, happened: ActionEvents) -> ActionEvents {
        self.world.flush();
        happened
    }

    /// The shopper approves a PayPal order, which is no payment yet.
    pub fn approve(&self, order: &str) -> ActionEvents {
        self.did(self.world.approve(order))
    }

    /// The shopper pays a PayPal order or a Stripe session. PayPal: approval and capture at once.
    pub fn pay(&self, id: &str) -> ActionEvents {
        self.pay_with(id, Outcome::Completed)
    }

    /// The shopper tries to pay, with this outcome.
    pub fn pay_with(&self, id: &str, outcome: Outcome) -> ActionEvents {
        self.did(self.world.pay(id, outcome))
    }

    /// A payment made without the product.
    pub fn pay_directly(&self, payment: &Payment) -> ActionEvents {
        self.did(self.world.pay_directly(payment))
    }

    /// A pending payment is decided: of a PayPal capture, or of a Stripe session.
    pub fn settle(&self, id: &str, paid: bool) -> ActionEvents {
        self.did(self.world.settle(id, paid))
    }

    /// The merchant refunds in the provider's own pages. Without an amount, all that is left.
    pub fn refund(&self, payment: &str, amount: Option<&str>) -> ActionEvents {
        self.did(self.world.refund(payment, amount))
    }

    /// PayPal takes a payment back.
    pub fn reverse(&self, payment: &str, amount: Option<&str>) -> ActionEvents {
        self.did(self.world.reverse(payment, amount))
    }

    /// Stripe: the shopper's bank didn't take a refund.
    pub fn refund_fails(&self, refund: &str) -> ActionEvents {
        self.did(self.world.refund_fails(refund))
    }

    /// Stripe: a refund comes to another state: `pending`, `succeeded`, `canceled`.
    pub fn refund_becomes(&self, refund: &str, status: &str) -> ActionEvents {
        self.did(self.world.refund_becomes(refund, status))
    }

    /// The shopper lets a sum be reserved: a PayPal authorization, a Stripe intent to capture.
    pub fn hold(&self, payment: &Payment) -> ActionEvents {
        self.did(self.world.hold(payment))
    }

    /// What was reserved is captured, all of it without an amount. Gives the payment.
    pub fn take(&self, held: &str, amount: Option<&str>) -> ActionEvents {
        self.did(self.world.take(held, amount))
    }

    /// What was reserved is given up.
    pub fn release(&self, held: &str) -> ActionEvents {
        self.did(self.world.release(held))
    }

    /// The shopper complains about all of a payment.
    pub fn dispute(&self, payment: &str) -> ActionEvents {
        self.dispute_with(payment, &Complaint::default())
    }

    /// The shopper complains about a payment.
    pub fn dispute_with(&self, payment: &str, complaint: &Complaint) -> ActionEvents {
        self.did(self.world.dispute(payment, complaint))
    }

    /// An inquiry becomes a dispute.
    pub fn escalate(&self, dispute: &str) -> ActionEvents {
        self.did(self.world.escalate(dispute))
    }

    /// A dispute is decided, for or against the merchant.
    pub fn resolve(&self, dispute: &str, won: bool) -> ActionEvents {
        self.resolve_with(dispute, &if won { Decision::Won } else { Decision::Lost })
    }

    /// A dispute is decided.
    pub fn resolve_with(&self, dispute: &str, decision: &Decision) -> ActionEvents {
        self.did(self.world.resolve(dispute, decision))
    }

    /// Stripe: another event that only names the object of this one.
    pub fn thin(&self, event: &str) -> ActionEvents {
        self.did(self.world.thin(event))
    }

    /// An event of any type, about any resource.
    pub fn publish(&self, provider: Provider, kind: &str, resource: &Value) -> ActionEvents {
        self.did(self.world.publish(provider, kind, resource))
    }

    /// An event that has happened.
    ///
    /// # Panics
    /// If there is none of this id.
    #[track_caller]
    pub fn event(&self, id: &str) -> Event {
        let event = self.world.state().events.iter().find(|event| event.id == id).cloned();
        event.unwrap_or_else(|| panic!("no event {id}"))
    }

    /// All events so far, oldest first.
    pub fn events(&self) -> Vec<Event> {
        self.world.state().events.clone()
    }

    /// The first of these events with this type.
    ///
    /// # Panics
    /// If none has it.
    #[track_caller]
    pub fn of_kind(&self, happened: &ActionEvents, kind: &str) -> Event {
        let found = happened.events.iter().map(|id| self.event(id)).find(|event| event.kind == kind);
        found.unwrap_or_else(|| panic!("no {kind} among {:?}", happened.events))
    }

    /// Delivers an event with the provider's retries, until it is accepted.
    pub async fn deliver(&self, event: &str) -> Vec<Attempt> {
        self.world.deliver(event).await
    }

    /// Signs any body.
    pub fn sign(&self, provider: Provider, body: &[u8], how: &Signing) -> SignedDelivery {
        sign(self.settings(), self.base_url(), provider, body, how)
    }

    /// A delivery of an event as the provider would make it.
    #[track_caller]
    pub fn signed(&self, event: &str) -> SignedDelivery {
        let event = self.event(event);
        self.sign(event.provider, &event.body, &Signing::default())
    }

    /// Sends one delivery, without retries.
    pub async fn send(&self, signed: &SignedDelivery) -> Attempt {
        self.world.send("", signed).await
    }

    /// Every delivery so far and its answer, in the order of the answers.
    pub fn attempts(&self) -> Vec<Attempt> {
        self.world.state().attempts.clone()
    }

    /// Every call of an API so far, in the order of arrival.
    pub fn seen(&self) -> Vec<ReceivedCall> {
        self.world.state().seen.clone()
    }

    /// How many calls begin like this, e.g. `GET /v1/notifications/certs/`.
    pub fn count(&self, call: &str) -> usize {
        self.world.state().seen.iter().filter(|seen| seen.call.starts_with(call)).count()
    }

    /// From now on calls fail.
    pub fn fail(&self, fault: Fault) {
        self.world.state().faults.add(fault);
    }

    /// Ends all faults, and shows all hidden resources.
    pub fn heal(&self) {
        self.world.state().faults.heal();
    }

    /// Reading this resource gives 404 until it is shown.
    pub fn hide(&self, id: &str) {
        self.world.state().faults.hide(id);
    }

    /// The resource can be read again.
    pub fn show(&self, id: &str) {
        self.world.state().faults.show(id);
    }

    /// PayPal: ends all access tokens. Later ones are good for so many seconds (`None`: as
    /// PayPal's).
    pub fn expire_tokens(&self, life: Option<u64>) {
        let mut state = self.world.state();
        state.paypal.tokens.forget();
        state.paypal.tokens.life = life;
    }

    /// An object as the provider shows it: a capture, refund, order, session, intent, ...
    pub fn object(&self, id: &str) -> Option<Value> {
        self.world.object(id)
    }
}
