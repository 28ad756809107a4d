//! The meaning of events and resources, as tables.

mod paypal;
mod stripe;

use serde_json::Value;

/// An object as short text: kind, id, state, amount, currency, and whatever else it carries.
fn short(object: &Value) -> String {
    let part = |key: &str| object[key].as_str().unwrap_or("-").to_owned();
    let mut line = ["kind", "id", "state", "amount", "currency"].map(part).join(" ");
    for key in [
        "parent",
        "alias",
        "refunded_total",
        "returned",
        "due_at",
        "order_reference",
        "external_order",
        "payee",
        "changed_at",
    ] {
        if let Some(value) = object[key].as_str() {
            line.push_str(&format!(" {key}={value}"));
        }
    }
    if object["reversal"] == true {
        line.push_str(" reversal");
    }
    line
}
