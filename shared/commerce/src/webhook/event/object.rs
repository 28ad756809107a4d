//! A provider's object, whatever the provider: what the fold of an order's payments is made of.

use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::time::Moment;
use crate::webhook::amount::Amount;

/// The kind of an object. One capture credits one order; refunds and disputes belong to a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectKind {
    /// Money taken: a PayPal capture or sale, a Stripe payment intent (or a charge without one).
    Payment,
    /// Money reserved.
    Authorization,
    /// Money given back.
    Refund,
    /// A complaint that may take the money back.
    Dispute,
}

/// The state of an object, in words common to the providers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ObjectState {
    /// Begun, not decided.
    Pending,
    /// Reserved, may be captured.
    Authorized,
    /// Done: money moved.
    Completed,
    /// Didn't work.
    Failed,
    /// Given up before money moved; also an authorization that was used up.
    Cancelled,
    /// A question about a payment that may become a dispute. No money has moved.
    Inquiry,
    /// A dispute that isn't decided.
    Open,
    /// A dispute decided for the seller.
    Won,
    /// A dispute that took money from the seller: `returned` of the object, else all of its amount.
    Lost,
    /// A dispute that ended without a decision, and took nothing: prevented, settled by a refund.
    Closed,
    /// A dispute that is over, and the provider doesn't say how.
    Undecided,
}

/// One object in its state at one moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProviderObject {
    /// Its kind.
    pub kind: ObjectKind,
    /// The provider's id.
    pub id: String,
    /// Refund, dispute: the payment it belongs to.
    pub parent: Option<String>,
    /// Another id under which refunds and disputes may name this payment (Stripe: its charge).
    pub alias: Option<String>,
    /// Its state.
    pub state: ObjectState,
    /// The sum, never negative.
    pub amount: Option<Amount>,
    /// The ISO 4217 code of all amounts but the fee.
    pub currency: Option<String>,
    /// The sum of all refunds of the payment as the provider counts it. On a refund: the sum after
    /// that refund.
    pub refunded_total: Option<Amount>,
    /// What the provider took for a payment, if it says so, and the currency of that.
    pub fee: Option<Amount>,
    /// The ISO 4217 code of the fee.
    pub fee_currency: Option<String>,
    /// A refund that the provider forced (chargeback, reversal).
    pub reversal: bool,
    /// A refund that we asked for: our request's id as the provider was told it.
    pub request: Option<Uuid>,
    /// The sum that a lost dispute took. PayPal also tells it by refunds, Stripe only here.
    pub returned: Option<Amount>,
    /// When the seller's answer to a dispute is due.
    #[serde(serialize_with = "rfc3339")]
    pub due_at: Option<Moment>,
    /// Our order's id as the provider was told it.
    pub order_reference: Option<String>,
    /// The thing that it belongs to at the provider: a PayPal order, a Stripe checkout session.
    pub external_order: Option<String>,
    /// The provider account that got the money.
    pub payee: Option<String>,
    /// When the provider says it last changed.
    #[serde(serialize_with = "rfc3339")]
    pub changed_at: Option<Moment>,
}

/// A UUID in lower case with dashes (RFC 9562, section 4: its letters may be of either case); any
/// other reference as it is.
fn canonical(reference: String) -> String {
    Uuid::try_parse(reference.trim()).map_or(reference, |id| id.to_string())
}

fn rfc3339<S: Serializer>(moment: &Option<Moment>, serializer: S) -> Result<S::Ok, S::Error> {
    moment.map(Moment::to_rfc3339).serialize(serializer)
}

impl ProviderObject {
    pub(crate) fn new(kind: ObjectKind, id: String, state: ObjectState) -> Self {
        Self {
            kind,
            id,
            parent: None,
            alias: None,
            state,
            amount: None,
            currency: None,
            refunded_total: None,
            fee: None,
            fee_currency: None,
            reversal: false,
            request: None,
            returned: None,
            due_at: None,
            order_reference: None,
            external_order: None,
            payee: None,
            changed_at: None,
        }
    }

    /// Without texts that no text of ours can be: a reference with control characters names
    /// nothing. A reference that is a UUID has the form in which ours are written.
    pub fn printable(self) -> Self {
        let printable =
            |text: Option<String>| text.filter(|text| text.len() <= 255 && !text.chars().any(char::is_control));
        let order_reference = printable(self.order_reference).map(canonical);
        Self { order_reference, payee: printable(self.payee), ..self }
    }

    /// Whether this is the object that is claimed, and as it is claimed. A field that the claim
    /// leaves out isn't claimed.
    pub(super) fn bears_out(&self, claim: &Self) -> bool {
        fn fits<T: PartialEq>(claimed: &Option<T>, shown: &Option<T>) -> bool {
            claimed.is_none() || claimed == shown
        }
        (self.kind, &self.id, self.state) == (claim.kind, &claim.id, claim.state)
            && (self.amount, &self.currency) == (claim.amount, &claim.currency)
            && fits(&claim.refunded_total, &self.refunded_total)
            && fits(&claim.returned, &self.returned)
            && fits(&claim.parent, &self.parent)
            && fits(&claim.order_reference, &self.order_reference)
            && fits(&claim.external_order, &self.external_order)
            && fits(&claim.payee, &self.payee)
    }

    pub(super) fn with_fee(mut self, fee: Option<Amount>) -> Self {
        self.fee_currency = fee.map(|fee| fee.currency.as_str().to_owned());
        self.fee = fee;
        self
    }

    pub(crate) fn with_amount(mut self, amount: Amount) -> Self {
        self.currency = Some(amount.currency.as_str().to_owned());
        self.amount = Some(amount);
        self
    }
}
