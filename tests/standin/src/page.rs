//! The pages on which the shopper pays: PayPal's `/checkoutnow`, Stripe's `/c/pay`.

use hyper::Method;

use crate::actions::Outcome;
use crate::exchange::{Reply, Request};
use crate::world::World;

/// The page, or the effect of its button; `None` for another path.
pub(crate) fn answer(world: &World, request: &Request) -> Option<Reply> {
    match (&request.method, request.parts().as_slice()) {
        (&Method::GET, ["checkoutnow"]) => Some(page("PayPal")),
        (&Method::GET, ["c", "pay", _]) => Some(page("Stripe")),
        (&Method::POST, ["checkoutnow"]) => Some(approved(world, request.parameter("token").unwrap_or(""))),
        (&Method::POST, ["c", "pay", id]) => Some(paid(world, id)),
        _ => None,
    }
}

fn page(provider: &str) -> Reply {
    let text = format!("<!doctype html><title>{provider}</title><form method=post><button>Pay</button></form>\n");
    Reply::text(200, "text/html", &text)
}

/// PayPal sends the shopper back after approval; the merchant captures.
fn approved(world: &World, order: &str) -> Reply {
    world.approve(order);
    let (back, payer) = {
        let state = world.state();
        let payer = state.paypal.orders.get(order).map(|order| order["payer"]["payer_id"].clone());
        (state.paypal.returns.get(order).cloned(), payer)
    };
    let payer = payer.as_ref().and_then(|payer| payer.as_str()).unwrap_or("");
    match back {
        Some((url, _)) => sent_to(&url, &format!("token={order}&PayerID={payer}")),
        None => Reply::text(404, "text/plain", "no such order\n"),
    }
}

/// Stripe takes the money before it sends the shopper back.
fn paid(world: &World, session: &str) -> Reply {
    world.pay(session, Outcome::Completed);
    let url = world
        .state()
        .stripe
        .sessions
        .get(session)
        .and_then(|session| session["success_url"].as_str().map(str::to_owned));
    match url {
        Some(url) => Reply::empty(303).with("location", url.replace("{CHECKOUT_SESSION_ID}", session)),
        None => Reply::text(404, "text/plain", "no such session\n"),
    }
}

fn sent_to(url: &str, query: &str) -> Reply {
    let joint = if url.contains('?') { '&' } else { '?' };
    Reply::empty(303).with("location", format!("{url}{joint}{query}"))
}
