//! A shop's own product-service: it keeps pieces of articles, holds some of them for orders, and is
//! told what became of those. Messages are signed as Standard Webhooks says, and each takes effect
//! once, however often it comes.

use std::collections::BTreeMap;

use hyper::Method;
use serde_json::{Value, json};

use crate::exchange::{Reply, Request};
use crate::signing::is_signed;
use crate::world::World;

/// Where a message arrives.
pub(crate) const PATH: &str = "/stock/holds";

/// What has become of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// Its pieces are kept back.
    Reserved,
    /// They are free again.
    Released,
    /// They have left.
    Deducted,
}

/// The service's state.
#[derive(Debug, Default)]
pub(crate) struct Stock {
    /// The pieces that can be had of an article. One that isn't here can be had in any number.
    pub(crate) free: BTreeMap<String, i64>,
    /// The holds by their ids, and what each wants.
    holds: BTreeMap<String, (Held, Value)>,
    /// The answers to messages by their names.
    answers: BTreeMap<String, Reply>,
    /// The messages that took effect, "reserve <hold>" and so on, in their order.
    pub(crate) effects: Vec<String>,
}

/// Whether a path is the service's.
pub(crate) fn serves(parts: &[&str]) -> bool {
    parts.first() == Some(&"stock")
}

/// The answer to a message: 401 unless it is signed.
pub(crate) fn answer(world: &World, request: &Request) -> Reply {
    if request.method != Method::POST || request.path != PATH {
        return Reply::empty(404);
    }
    if !is_signed(&world.settings().product_service_secret, request) {
        return Reply::json(401, &json!({"error": "the signature is wrong"}));
    }
    let Some(message) = request.json() else { return Reply::json(400, &json!({"error": "no JSON"})) };
    let name = request.header("webhook-id").to_owned();
    let stock = &mut world.state().stock;
    if let Some(known) = stock.answers.get(&name) {
        return known.clone();
    }
    let reply = stock.take(&message);
    stock.answers.insert(name, reply.clone());
    reply
}

impl Stock {
    fn take(&mut self, message: &Value) -> Reply {
        let data = &message["data"];
        let hold = data["holdId"].as_str().unwrap_or_default().to_owned();
        let kind = message["type"].as_str().unwrap_or_default().trim_start_matches("stock.");
        let held = self.holds.get(&hold).map(|(held, _)| *held);
        match (kind, held) {
            ("reserve", None) => {
                let back = data["replaces"].as_str().and_then(|old| self.holds.get(old)).cloned();
                let back = back.filter(|(held, _)| *held == Held::Reserved).map(|(_, items)| items).unwrap_or_default();
                let short = pieces(&data["items"]).find_map(|(sku, wanted)| {
                    let again = pieces(&back).find(|(old, _)| *old == sku).map_or(0, |(_, quantity)| quantity);
                    let free = self.free.get(sku)? + again;
                    (wanted > free).then(|| json!({"sku": sku, "available": free.max(0)}))
                });
                if let Some(short) = short {
                    return Reply::json(422, &json!({"items": [short]}));
                }
                self.book(&data["items"], -1);
                self.holds.insert(hold.clone(), (Held::Reserved, data["items"].clone()));
                self.effects.push(format!("reserve {hold}"));
                Reply::json(200, &json!({"reservationId": format!("res-{hold}")}))
            }
            ("release", Some(Held::Reserved)) => {
                let items = self.holds.insert(hold.clone(), (Held::Released, Value::Null)).map(|(_, items)| items);
                self.book(&items.unwrap_or_default(), 1);
                self.effects.push(format!("release {hold}"));
                Reply::empty(204)
            }
            ("release", None) => {
                // A message to reserve that comes later is too late.
                self.holds.insert(hold, (Held::Released, Value::Null));
                Reply::empty(404)
            }
            ("deduct", None | Some(Held::Reserved)) => {
                if held.is_none() {
                    self.book(&data["items"], -1);
                }
                self.holds.insert(hold.clone(), (Held::Deducted, Value::Null));
                self.effects.push(format!("deduct {hold}"));
                Reply::empty(204)
            }
            _ => Reply::json(422, &json!({"error": "the hold is over"})),
        }
    }

    fn book(&mut self, items: &Value, sign: i64) {
        for (sku, quantity) in pieces(items) {
            if let Some(free) = self.free.get_mut(sku) {
                *free += sign * quantity;
            }
        }
    }
}

fn pieces(items: &Value) -> impl Iterator<Item = (&str, i64)> {
    let items = items.as_array().into_iter().flatten();
    items.filter_map(|item| Some((item["sku"].as_str()?, item["quantity"].as_i64()?)))
}
