//! The live status of an order. A component of its own, since streams keep their instances alive.
//!
//! Reading order: [`live`], the operation; [`viewers`] and [`tickets`], the ones who may look;
//! [`places`], how many; [`watched`] and [`poller`], how a change is noticed.

mod live;
mod places;
mod poller;
mod secrets;
mod tickets;
mod viewers;
mod watched;

edge::component! {
    VISIT open "/api/v1/orders/:id/live" => live::live;
    POST  open "/api/v1/orders/:id/live-ticket" => tickets::issue;
}
