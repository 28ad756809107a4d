//! PayPal's resources, both generations of its API, as provider objects.

use serde_json::Value;
use uuid::Uuid;

use super::{ObjectKind, ObjectState, ProviderObject, id, is_id, text};
use crate::webhook::amount::Amount;
use crate::webhook::{Reason, moment};

/// The API of PayPal that a resource lives in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResourceKind {
    /// `/v2/payments/captures`
    Capture,
    /// `/v2/payments/refunds`
    Refund,
    /// `/v2/payments/authorizations`
    Authorization,
    /// `/v2/checkout/orders`
    Order,
    /// `/v1/customer/disputes`
    Dispute,
    /// `/v1/payments/sale`
    SaleV1,
    /// `/v1/payments/capture`
    CaptureV1,
    /// `/v1/payments/refund`
    RefundV1,
    /// `/v1/payments/authorization`
    AuthorizationV1,
}

/// One resource to read from the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// The API that it lives in.
    pub kind: ResourceKind,
    /// Its id: letters, digits, dashes.
    pub id: String,
    /// The event says that this refund was forced. Only the event says so, hence a label and never
    /// an amount.
    pub reversal: bool,
}

impl Resource {
    /// The path to GET, relative to the API's origin.
    pub fn path(&self) -> String {
        let folder = match self.kind {
            ResourceKind::Capture => "v2/payments/captures",
            ResourceKind::Refund => "v2/payments/refunds",
            ResourceKind::Authorization => "v2/payments/authorizations",
            ResourceKind::Order => "v2/checkout/orders",
            ResourceKind::Dispute => "v1/customer/disputes",
            ResourceKind::SaleV1 => "v1/payments/sale",
            ResourceKind::CaptureV1 => "v1/payments/capture",
            ResourceKind::RefundV1 => "v1/payments/refund",
            ResourceKind::AuthorizationV1 => "v1/payments/authorization",
        };
        format!("/{folder}/{}", self.id)
    }

    /// The objects in what the API answered.
    ///
    /// # Errors
    /// `event-malformed` when the answer isn't this resource: another id, an unknown status or an
    /// impossible amount.
    pub fn objects(&self, answer: &Value) -> Result<Vec<ProviderObject>, Reason> {
        objects(self, answer).ok_or(Reason::EventMalformed)
    }

    /// Whether the API shows what a body claims: every object in it, in the same state, with the
    /// same amounts and for the same order. A field that the body leaves out isn't compared. A body
    /// that claims nothing is shown by nothing.
    pub fn is_as_claimed(&self, claimed: &Value, shown: &[ProviderObject]) -> bool {
        let Ok(claims) = self.objects(claimed) else { return false };
        !claims.is_empty() && claims.iter().all(|claim| shown.iter().any(|object| object.bears_out(claim)))
    }

    /// The resource that has to be read besides, to know the payment behind a refund or dispute.
    /// The API's own answer names it.
    pub fn payment_of(&self, object: &ProviderObject) -> Option<Resource> {
        let kind = match self.kind {
            ResourceKind::Refund | ResourceKind::Dispute => ResourceKind::Capture,
            ResourceKind::RefundV1 => ResourceKind::SaleV1,
            _ => return None,
        };
        Some(Resource { kind, id: object.parent.clone()?, reversal: false })
    }
}

/// `None` when `answer` isn't the resource that was asked for.
fn objects(resource: &Resource, answer: &Value) -> Option<Vec<ProviderObject>> {
    let named = if resource.kind == ResourceKind::Dispute { "dispute_id" } else { "id" };
    if answer.get(named)?.as_str()? != resource.id {
        return None;
    }
    let object = match resource.kind {
        ResourceKind::Capture | ResourceKind::SaleV1 | ResourceKind::CaptureV1 => payment(answer)?,
        ResourceKind::Refund | ResourceKind::RefundV1 => {
            ProviderObject { reversal: resource.reversal, ..refund(answer)? }
        }
        ResourceKind::Authorization | ResourceKind::AuthorizationV1 => authorization(answer)?,
        ResourceKind::Dispute => dispute(answer)?,
        ResourceKind::Order => return order(answer),
    };
    Some(vec![object])
}

/// A capture or a sale. `REFUNDED` is a state of its refunds, not of the money taken. Money that
/// PayPal holds isn't paid, whatever the state says.
fn payment(value: &Value) -> Option<ProviderObject> {
    let amount = amount(value, "amount")?;
    let held = text(value, &["payment_hold_status"]).is_some_and(|hold| hold.eq_ignore_ascii_case("held"));
    let (state, refunded) = match status(value)?.as_str() {
        "COMPLETED" if held => (ObjectState::Pending, None),
        "COMPLETED" | "PARTIALLY_REFUNDED" => (ObjectState::Completed, None),
        "REFUNDED" => (ObjectState::Completed, Some(amount)),
        "PENDING" => (ObjectState::Pending, None),
        "DECLINED" | "DENIED" | "FAILED" => (ObjectState::Failed, None),
        _ => return None,
    };
    // The first generation calls it transaction_fee.
    let fee = value.get("seller_receivable_breakdown").and_then(|breakdown| self::amount(breakdown, "paypal_fee"));
    let fee = fee.or_else(|| self::amount(value, "transaction_fee"));
    let object = ProviderObject::new(ObjectKind::Payment, id(value, "id")?, state).with_amount(amount).with_fee(fee);
    let order = value.get("supplementary_data").and_then(|data| id(data.get("related_ids")?, "order_id"));
    let order = order.or_else(|| linked(value, "/checkout/orders/")).or_else(|| id(value, "parent_payment"));
    Some(ProviderObject { refunded_total: refunded, external_order: order, ..common(object, value) })
}

fn refund(value: &Value) -> Option<ProviderObject> {
    let state = match status(value)?.as_str() {
        "COMPLETED" => ObjectState::Completed,
        "PENDING" => ObjectState::Pending,
        "FAILED" => ObjectState::Failed,
        "CANCELLED" | "CANCELED" => ObjectState::Cancelled,
        _ => return None,
    };
    let object = ProviderObject::new(ObjectKind::Refund, id(value, "id")?, state).with_amount(amount(value, "amount")?);
    let total = value.get("seller_payable_breakdown").and_then(|breakdown| amount(breakdown, "total_refunded_amount"));
    let total = total.or_else(|| amount(value, "total_refunded_amount"));
    let parent = ["sale_id", "capture_id"].iter().find_map(|key| id(value, key)).or_else(|| linked(value, "/"));
    // PayPal gives back the number that the refund was asked for with, else the payment's own.
    let request = text(value, &["invoice_id"]).and_then(|id| Uuid::try_parse(id).ok());
    Some(ProviderObject { refunded_total: total, parent, request, ..common(object, value) })
}

fn authorization(value: &Value) -> Option<ProviderObject> {
    let state = match status(value)?.as_str() {
        // The first generation says AUTHORIZED.
        "CREATED" | "AUTHORIZED" | "PARTIALLY_CAPTURED" => ObjectState::Authorized,
        "PENDING" => ObjectState::Pending,
        "DENIED" | "DECLINED" | "FAILED" => ObjectState::Failed,
        "CAPTURED" | "VOIDED" | "EXPIRED" => ObjectState::Cancelled,
        _ => return None,
    };
    let object = ProviderObject::new(ObjectKind::Authorization, id(value, "id")?, state);
    Some(common(object.with_amount(amount(value, "amount")?), value))
}

/// A dispute over one transaction. (PayPal's schema allows several; it opens one dispute for each.)
///
/// At the stage of an inquiry no money has moved. Of one that is resolved the amount decides before
/// the code of its outcome does: an item may have been replaced, or a part given back.
fn dispute(value: &Value) -> Option<ProviderObject> {
    let disputed = amount(value, "dispute_amount");
    let refunded = value.get("dispute_outcome").and_then(|outcome| amount(outcome, "amount_refunded"));
    let (state, returned) = match (status(value)?.as_str(), text(value, &["dispute_outcome", "outcome_code"])) {
        // The seller keeps the money; a payout is PayPal's own.
        ("RESOLVED", Some("RESOLVED_SELLER_FAVOUR" | "CANCELED_BY_BUYER" | "RESOLVED_WITH_PAYOUT" | "DENIED")) => {
            (ObjectState::Won, None)
        }
        ("RESOLVED", Some("RESOLVED_BUYER_FAVOUR" | "ACCEPTED")) => (ObjectState::Lost, refunded.or(disputed)),
        ("RESOLVED", _) if refunded.is_some_and(|refunded| refunded.minor > 0) => (ObjectState::Lost, refunded),
        ("RESOLVED", _) => (ObjectState::Undecided, None),
        _ if text(value, &["dispute_life_cycle_stage"]) == Some("INQUIRY") => (ObjectState::Inquiry, None),
        _ => (ObjectState::Open, None),
    };
    let object = ProviderObject::new(ObjectKind::Dispute, id(value, "dispute_id")?, state);
    // What was refunded is in the payment's currency, so it does for a dispute that names no sum.
    let object = match disputed.or(returned) {
        Some(amount) => object.with_amount(amount),
        None => object,
    };
    let returned = returned.filter(|returned| Some(returned.currency.as_str()) == object.currency.as_deref());
    let transaction = value.get("disputed_transactions").and_then(|all| all.get(0)).unwrap_or(&Value::Null);
    Some(ProviderObject {
        parent: id(transaction, "seller_transaction_id"),
        payee: text(transaction, &["seller", "merchant_id"]).map(str::to_owned),
        order_reference: text(transaction, &["custom"]).map(str::to_owned),
        returned,
        due_at: text(value, &["seller_response_due_date"]).and_then(moment),
        ..common(object, value)
    })
}

/// The reader of one kind of resource.
type Read = fn(&Value) -> Option<ProviderObject>;

/// A checkout order: the payments inside it. An approved order has none yet, and approval is not
/// payment.
fn order(value: &Value) -> Option<Vec<ProviderObject>> {
    let mut objects = Vec::new();
    for unit in value.get("purchase_units").and_then(Value::as_array).into_iter().flatten() {
        let listed = |key: &str| unit.get("payments")?.get(key)?.as_array();
        for (key, read) in [("captures", payment as Read), ("authorizations", authorization), ("refunds", refund)] {
            for inner in listed(key).into_iter().flatten() {
                let mut object = read(inner)?;
                object.order_reference =
                    object.order_reference.or_else(|| Some(text(unit, &["custom_id"])?.to_owned()));
                object.external_order = object.external_order.or_else(|| id(value, "id"));
                object.payee = object.payee.or_else(|| Some(text(unit, &["payee", "merchant_id"])?.to_owned()));
                objects.push(object);
            }
        }
    }
    Some(objects)
}

/// The fields that all resources have in the same place.
fn common(object: ProviderObject, value: &Value) -> ProviderObject {
    let owned = |path: &[&str]| text(value, path).map(str::to_owned);
    let changed = text(value, &["update_time"]).or_else(|| text(value, &["create_time"]));
    ProviderObject {
        order_reference: object
            .order_reference
            .clone()
            .or_else(|| owned(&["custom_id"]))
            .or_else(|| owned(&["custom"])),
        payee: object.payee.clone().or_else(|| owned(&["payee", "merchant_id"])),
        changed_at: changed.and_then(moment),
        ..object
    }
}

/// `status` (second generation) or `state` (first), in capitals.
fn status(value: &Value) -> Option<String> {
    Some(text(value, &["status"]).or_else(|| text(value, &["state"]))?.to_ascii_uppercase())
}

/// `{currency_code, value}` (second generation), `{currency, total}` or `{currency, value}`
/// (first), without sign.
fn amount(value: &Value, key: &str) -> Option<Amount> {
    let money = value.get(key)?;
    let number = text(money, &["value"]).or_else(|| text(money, &["total"]))?;
    let code = text(money, &["currency_code"]).or_else(|| text(money, &["currency"]))?;
    Some(Amount::from_paypal(number, code).ok()?.unsigned())
}

/// The last part of the link to what this belongs to, if that is in `folder`.
fn linked(value: &Value, folder: &str) -> Option<String> {
    let links = value.get("links")?.as_array()?;
    let up = links.iter().find(|link| matches!(text(link, &["rel"]), Some("up" | "sale")))?;
    let (before, last) = text(up, &["href"])?.rsplit_once('/')?;
    (is_id(last) && format!("{before}/").ends_with(folder)).then(|| last.to_owned())
}
