//! PayPal and Stripe on loopback: their real protocols, as far as a merchant's backend meets them,
//! without their money.
//!
//! Only tests and `make up` use it; no crate of the product knows it. The providers' documentation
//! decides its behaviour.
//!
//! ```no_run
//! # async fn scenario() {
//! use standin::{Payment, Provider, Standin};
//! let standin = Standin::start().await;
//! standin.webhooks_to("http://127.0.0.1:3000");
//! let paid = standin.pay_directly(&Payment::new(Provider::PayPal, "an order's id", "237.75", "EUR"));
//! standin.reverse(&paid.id, None);
//! # }
//! ```
//!
//! Reading order:
//!
//! | file | holds |
//! | --- | --- |
//! | `handle` | [`Standin`]: its start, and every command of a scenario |
//! | `actions` | the acts of shoppers, banks and judges: [`ActionEvents`], [`Payment`] |
//! | `disputes` | [`Complaint`]s and [`Decision`]s, of which the providers' own make theirs |
//! | `deliveries` | [`Event`]s on their way to the webhook, [`Target`], [`Attempt`] |
//! | `signing` | [`SignedDelivery`] deliveries; `authority`: the certificates; `forge`: another body with the same CRC-32 |
//! | `faults` | faults on purpose: [`Fault`] |
//! | `fraud` | a shop's own fraud check, below `/fraud/`: not a provider's, and here for the faults |
//! | `carts` | a shop's own user-service, below `/users/` |
//! | `stock` | a shop's own product-service, which keeps stock, at `/stock/holds` |
//! | `paypal`, `stripe` | the APIs; `page`: the shopper's pages |
//! | `control` | the same as [`Standin`]'s methods over HTTP, below `/standin/` |
//! | `settings` | names and secrets: [`Settings`] |
//!
//! Over HTTP, JSON in and out; calls with a body are `POST`:
//!
//! | route | body |
//! | --- | --- |
//! | `/standin/anchors`, `variables`, `events`, `attempts`, `seen` | `GET`: certificates, the product's variables, the past |
//! | `/standin/webhooks` | `{paypal?, stripe?, automatic?}`: the receivers of events, and whether they are sent at once |
//! | `/standin/approve`, `/standin/pay` | `{id, outcome?}` of a PayPal order or a Stripe session |
//! | `/standin/pay` | `{provider, order, amount, currency, payee?, outcome?}`: without a session; `outcome` is completed, pending or declined |
//! | `/standin/settle` | `{id, paid?}`: a pending payment is decided |
//! | `/standin/hold` | `{provider, order, amount, currency}`: the shopper lets a sum be reserved |
//! | `/standin/take`, `release` | `{id, amount?}` of an authorization or intent: it is captured, or given up |
//! | `/standin/refund`, `reverse`, `refund-fails` | `{id, amount?}` of the capture or intent (`refund-fails`: of the refund) |
//! | `/standin/refund-becomes` | `{id, status}` of a refund of Stripe: pending, succeeded, canceled |
//! | `/standin/dispute` | `{id, amount?, inquiry?}` of the capture or intent; `/standin/escalate` `{id}` of the inquiry |
//! | `/standin/resolve` | `{id, won?}` of a dispute, or `{id, decision, amount?}`: won, lost, settled, prevented, silent |
//! | `/standin/thin` | `{event}` of Stripe: another event that only names the object of this one |
//! | `/standin/publish` | `{provider, kind, resource}`: an event of any type |
//! | `/standin/deliver` | `{events: [id], times?, atOnce?, delayMs?}`: in this order, or at the same moment |
//! | `/standin/sign` | `{event}` or `{provider, body}`, with `{wrongKey?, sentAt?, webhookId?, forgedBody?}`: headers and body |
//! | `/standin/fail` | `{status or hang or disconnect or delayMs, done?, path?, times?, retryAfter?}`; `/standin/heal` ends all faults |
//! | `/standin/hide`, `/standin/show` | `{id}`: reading it gives 404 until it is shown |
//! | `/standin/expire-tokens` | `{life?}` in seconds |
//! | `/standin/judge` | the body that the fraud check answers from now on; `/standin/questions` (`GET`): what it was asked |
//! | `/standin/cart` | `{userId, cart}`: the cart of a user at the user-service from now on |
//! | `/standin/stock` | `{sku, pieces}`: so many can be had at the product-service from now on; `GET`: what took effect there |

mod actions;
mod authority;
mod carts;
mod control;
mod deliveries;
mod disputes;
mod exchange;
mod faults;
mod forge;
mod fraud;
mod handle;
mod idempotency;
mod ids;
mod money;
mod page;
mod paypal;
mod server;
mod settings;
mod signing;
mod stock;
mod stripe;
mod world;

pub use actions::{ActionEvents, Outcome, Payment};
pub use authority::Certificate;
pub use deliveries::{Attempt, Event, Target};
pub use disputes::{Complaint, Decision};
pub use faults::{Fault, FaultKind};
pub use forge::with_the_crc_of;
pub use handle::Standin;
pub use settings::Settings;
pub use signing::{SignedDelivery, Signing};
pub use world::ReceivedCall;

/// A payment provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Provider {
    /// PayPal.
    PayPal,
    /// Stripe.
    Stripe,
}

impl Provider {
    /// Both.
    pub const ALL: [Provider; 2] = [Provider::PayPal, Provider::Stripe];

    /// `paypal` or `stripe`, as in the webhook's path.
    pub fn name(self) -> &'static str {
        match self {
            Provider::PayPal => "paypal",
            Provider::Stripe => "stripe",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Provider> {
        Provider::ALL.into_iter().find(|provider| provider.name() == name)
    }
}
