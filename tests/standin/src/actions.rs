//! Events at the providers without the merchant: the shopper pays or complains, a bank refuses, a
//! dispute is decided.

use serde_json::{Value, json};

use crate::disputes::{Complaint, Decision};
use crate::money::{Money, stripe_units};
use crate::world::{State, World};
use crate::{Provider, ids, paypal, stripe};

/// The events of an action, with the object that it made or changed.
#[derive(Clone, Debug, Default)]
pub struct ActionEvents {
    /// The object it made or changed: a capture, an intent, a refund, a dispute.
    pub id: String,
    /// The events it gave, in order.
    pub events: Vec<String>,
}

/// How a payment ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// The money is there.
    #[default]
    Completed,
    /// It is under review.
    Pending,
    /// It was refused.
    Declined,
}

/// A payment made at the provider without the product's help: by another program, or by an
/// attacker.
#[derive(Clone, Debug)]
pub struct Payment {
    /// The provider that takes it.
    pub provider: Provider,
    /// The order's id that it names (`custom_id`, metadata).
    pub order: String,
    /// A decimal string.
    pub amount: String,
    /// An ISO 4217 code.
    pub currency: String,
    /// PayPal: the merchant that gets it. Default: ours.
    pub payee: Option<String>,
    /// How it ends.
    pub outcome: Outcome,
}

impl Payment {
    /// A completed one to our merchant.
    pub fn new(provider: Provider, order: &str, amount: &str, currency: &str) -> Payment {
        let (order, amount, currency) = (order.to_owned(), amount.to_owned(), currency.to_owned());
        Payment { provider, order, amount, currency, payee: None, outcome: Outcome::Completed }
    }
}

impl World {
    /// Runs an action and gives its events. The id is empty if the action changed nothing.
    fn act(&self, action: impl FnOnce(&World, &mut State) -> Option<String>) -> ActionEvents {
        let mut state = self.state();
        let before = state.events.len();
        let id = action(self, &mut state).unwrap_or_default();
        ActionEvents { id, events: state.events[before..].iter().map(|event| event.id.clone()).collect() }
    }

    fn paypal<'a>(&'a self, state: &'a mut State) -> paypal::PayPalCall<'a> {
        paypal::PayPalCall { state, settings: self.settings(), base: &self.base_url }
    }

    fn stripe<'a>(&'a self, state: &'a mut State) -> stripe::StripeCall<'a> {
        stripe::StripeCall { state, settings: self.settings(), base: &self.base_url }
    }

    /// The shopper approves a PayPal order, which is no payment yet.
    pub(crate) fn approve(&self, order: &str) -> ActionEvents {
        self.act(|world, state| world.paypal(state).approve(order).map(|()| order.to_owned()))
    }

    /// The shopper pays: a PayPal order is approved, unless it was, and captured; a Stripe session
    /// is completed.
    pub(crate) fn pay(&self, id: &str, outcome: Outcome) -> ActionEvents {
        self.act(|world, state| {
            if id.starts_with("cs_") {
                let mut stripe = world.stripe(state);
                return match outcome {
                    Outcome::Completed => stripe.session_pay(id, false),
                    Outcome::Pending => stripe.session_pay(id, true),
                    Outcome::Declined => stripe.session_declined(id),
                };
            }
            if id.starts_with("pi_") {
                return world.stripe(state).intent_succeeds(id).map(|()| id.to_owned());
            }
            let mut paypal = world.paypal(state);
            paypal.approve(id);
            paypal.capture_whole(id, capture_status(outcome))
        })
    }

    /// A payment made without the product.
    pub(crate) fn pay_directly(&self, payment: &Payment) -> ActionEvents {
        let id = {
            let mut state = self.state();
            match payment.provider {
                Provider::PayPal => self.paypal(&mut state).own_order(payment),
                Provider::Stripe => self.stripe(&mut state).own_session(payment),
            }
        };
        id.map_or_else(ActionEvents::default, |id| self.pay(&id, payment.outcome))
    }

    /// A pending payment is decided: of a PayPal capture, or of a Stripe session.
    pub(crate) fn settle(&self, id: &str, paid: bool) -> ActionEvents {
        self.act(|world, state| {
            let done = if id.starts_with("cs_") {
                world.stripe(state).session_settles(id, paid)
            } else {
                world.paypal(state).capture_becomes(id, if paid { "COMPLETED" } else { "DECLINED" })
            };
            done.map(|()| id.to_owned())
        })
    }

    /// The merchant refunds in the provider's own pages. Without an amount, all that is left.
    pub(crate) fn refund(&self, payment: &str, amount: Option<&str>) -> ActionEvents {
        self.give_back(payment, amount, false)
    }

    /// PayPal takes a payment back.
    pub(crate) fn reverse(&self, payment: &str, amount: Option<&str>) -> ActionEvents {
        self.give_back(payment, amount, true)
    }

    fn give_back(&self, payment: &str, amount: Option<&str>, forced: bool) -> ActionEvents {
        self.act(|world, state| {
            if is_stripes(payment) {
                let intent = state.stripe.intents.get(payment)?;
                let amount = match amount {
                    Some(amount) => Some(stripe_units(amount, intent["currency"].as_str()?)?),
                    None => None,
                };
                return world.stripe(state).give_back(payment, amount, &json!({})).ok();
            }
            let currency = state.paypal.captures.get(payment)?["amount"]["currency_code"].as_str()?.to_owned();
            let amount = match amount {
                Some(amount) => Some(Money::parse(amount, &currency)?),
                None => None,
            };
            world.paypal(state).give_back(payment, amount, &Value::Null, forced).ok()
        })
    }

    /// Stripe: the shopper's bank didn't take a refund.
    pub(crate) fn refund_fails(&self, refund: &str) -> ActionEvents {
        self.act(|world, state| world.stripe(state).refund_fails(refund).map(|()| refund.to_owned()))
    }

    /// Stripe: a refund comes to another state.
    pub(crate) fn refund_becomes(&self, refund: &str, status: &str) -> ActionEvents {
        self.act(|world, state| world.stripe(state).refund_becomes(refund, status).map(|()| refund.to_owned()))
    }

    /// The shopper lets a sum be reserved, without the product.
    pub(crate) fn hold(&self, payment: &Payment) -> ActionEvents {
        self.act(|world, state| match payment.provider {
            Provider::PayPal => {
                let mut paypal = world.paypal(state);
                let order = paypal.own_order(payment)?;
                paypal.approve(&order);
                paypal.authorize_whole(&order)
            }
            Provider::Stripe => {
                let total = stripe_units(&payment.amount, &payment.currency)?;
                let mut stripe = world.stripe(state);
                let metadata = json!({"order_id": payment.order});
                let intent = stripe.new_intent(&payment.currency.to_lowercase(), total, &metadata);
                stripe.intent_authorized(&intent)?;
                Some(intent)
            }
        })
    }

    /// What was reserved is captured, all of it if no amount is named. Gives the payment.
    pub(crate) fn take(&self, held: &str, amount: Option<&str>) -> ActionEvents {
        self.act(|world, state| {
            if is_stripes(held) {
                let currency = state.stripe.intents.get(held)?["currency"].as_str()?.to_owned();
                let units = match amount {
                    Some(amount) => Some(stripe_units(amount, &currency)?),
                    None => None,
                };
                return world.stripe(state).intent_take(held, units);
            }
            world.paypal(state).authorization_take(held, amount)
        })
    }

    /// What was reserved is given up.
    pub(crate) fn release(&self, held: &str) -> ActionEvents {
        self.act(|world, state| {
            let done = if is_stripes(held) {
                world.stripe(state).intent_release(held)
            } else {
                world.paypal(state).authorization_release(held)
            };
            done.map(|()| held.to_owned())
        })
    }

    /// The shopper complains about a payment.
    pub(crate) fn dispute(&self, payment: &str, complaint: &Complaint) -> ActionEvents {
        self.act(|world, state| {
            if is_stripes(payment) {
                world.stripe(state).new_dispute(payment, complaint)
            } else {
                world.paypal(state).new_dispute(payment, complaint)
            }
        })
    }

    /// An inquiry becomes a dispute.
    pub(crate) fn escalate(&self, dispute: &str) -> ActionEvents {
        self.act(|world, state| {
            let done = if is_stripes(dispute) {
                world.stripe(state).escalate(dispute)
            } else {
                world.paypal(state).escalate(dispute)
            };
            done.map(|()| dispute.to_owned())
        })
    }

    /// A dispute is decided.
    pub(crate) fn resolve(&self, dispute: &str, decision: &Decision) -> ActionEvents {
        self.act(|world, state| {
            let done = if is_stripes(dispute) {
                world.stripe(state).resolve(dispute, decision)
            } else {
                world.paypal(state).resolve(dispute, decision)
            };
            done.map(|()| dispute.to_owned())
        })
    }

    /// Stripe: another event that only names the object of this one.
    pub(crate) fn thin(&self, event: &str) -> ActionEvents {
        self.act(|world, state| world.stripe(state).thin(event))
    }

    /// An event of any type, about any resource.
    pub(crate) fn publish(&self, provider: Provider, kind: &str, resource: &Value) -> ActionEvents {
        self.act(|world, state| {
            Some(match provider {
                Provider::PayPal => world.paypal(state).publish(kind, resource),
                Provider::Stripe => world.stripe(state).publish(kind, resource),
            })
        })
    }
}

impl paypal::PayPalCall<'_> {
    fn own_order(&mut self, payment: &Payment) -> Option<String> {
        let amount = Money::parse(&payment.amount, &payment.currency)?;
        let mut unit = json!({"custom_id": payment.order, "amount": amount.json()});
        if let Some(payee) = &payment.payee {
            unit["payee"] = json!({"merchant_id": payee, "email_address": "other@standin.test"});
        }
        Some(self.new_order(&json!("CAPTURE"), vec![unit], false))
    }
}

impl stripe::StripeCall<'_> {
    fn own_session(&mut self, payment: &Payment) -> Option<String> {
        let total = stripe_units(&payment.amount, &payment.currency)?;
        let metadata = json!({"order_id": payment.order});
        let currency = payment.currency.to_lowercase();
        let session = self.new_session(&currency, total, &metadata, Some(&payment.order), ids::now() + 86_400);
        self.state.stripe.plans.insert(session.clone(), (metadata, "automatic".to_owned()));
        Some(session)
    }

    /// The card was refused; the session stays open for another one.
    fn session_declined(&mut self, id: &str) -> Option<String> {
        let session = self.state.stripe.sessions.get(id).filter(|session| session["status"] == "open")?.clone();
        let (metadata, _) = self.state.stripe.plans.get(id).cloned()?;
        let (total, currency) = (session["amount_total"].as_i64()?, session["currency"].as_str()?.to_owned());
        let intent = self.new_intent(&currency, total, &metadata);
        self.intent_becomes(&intent, "requires_payment_method", "payment_intent.payment_failed")?;
        Some(intent)
    }
}

fn is_stripes(id: &str) -> bool {
    id.split_once('_').is_some_and(|(prefix, _)| matches!(prefix, "cs" | "pi" | "ch" | "re" | "du"))
}

fn capture_status(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Completed => "COMPLETED",
        Outcome::Pending => "PENDING",
        Outcome::Declined => "DECLINED",
    }
}
