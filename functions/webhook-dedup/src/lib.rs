//! Webhooks of PayPal and Stripe, and the operators' work with their events.

mod apply;
mod bulk;
mod certificates;
mod deliver;
mod jobs;
mod operators;
mod pages;
mod reconcile;
mod redrive;
mod resume;
mod verify;

use certificates::CertificateStore;
use commerce::provider::Provider;
use edge::state::Claims;

edge::component! {
    POST open  "/api/v1/webhooks/paypal" => deliver::deliver [Provider::PayPal];
    POST open  "/api/v1/webhooks/stripe" => deliver::deliver [Provider::Stripe];
    GET  token "/api/v1/webhooks/events" => operators::list;
    POST token "/api/v1/webhooks/events/replay" => bulk::replay;
    POST token "/api/v1/webhooks/events/dismiss" => bulk::dismiss;
    GET  token "/api/v1/webhooks/events/:id" => operators::get;
    GET  token "/api/v1/webhooks/events/:id/body" => operators::body;
    POST token "/api/v1/webhooks/events/:id/replay" => operators::replay;
    POST token "/api/v1/webhooks/events/:id/dismiss" => operators::dismiss;
    POST token "/api/v1/webhooks/redrive" => redrive::redrive;
    POST token "/api/v1/webhooks/reconcile" => reconcile::reconcile;
    POST open  "/api/v1/jobs/webhook-dedup/tick" => jobs::tick;
}

/// The parts of deliveries beside the app, one per instance.
#[derive(Default)]
struct Deliveries {
    /// The certificates that sign PayPal's messages.
    certificates: CertificateStore,
    /// The claims by which one delivery at a time works on an event.
    claims: Claims,
}

impl Deliveries {
    /// The value of this instance.
    fn here() -> &'static Self {
        thread_local! {
            static HERE: &'static Deliveries = Box::leak(Box::default());
        }
        HERE.with(|here| *here)
    }
}
