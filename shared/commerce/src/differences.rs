//! Our state of a payment against its provider's objects. Pure: both go in, what differs comes out,
//! with the object and the field that it is about.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::error::Error;
use crate::params::Params;
use crate::provider::Provider;
use crate::query::{Place, in_order, take_period, take_provider, take_stretch_of};
use crate::time::Moment;
use crate::webhook::event::{ObjectKind, ObjectState, ProviderObject};

/// The largest number of payments that one step compares.
const MOST: u32 = 200;
/// How many a step compares unless it is told.
const USUAL: u32 = 50;

/// `GET /payments/differences`: which payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DifferencesQuery {
    /// At this provider.
    pub provider: Option<Provider>,
    /// Recorded here at or after this moment.
    pub from: Option<Moment>,
    /// Recorded here before this moment.
    pub to: Option<Moment>,
    /// At most so many, the newest first.
    pub limit: u32,
    /// The place at which the last step ended.
    pub after: Option<Place>,
}

impl DifferencesQuery {
    /// Reads a raw query string.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every parameter that is wrong.
    pub fn parse(raw: Option<&str>) -> Result<Self, Error> {
        let mut params = Params::parse(raw, &["provider", "from", "to", "limit", "after"])?;
        let provider = take_provider(&mut params);
        let (from, to) = take_period(&mut params);
        let (limit, after) = take_stretch_of(&mut params, MOST, USUAL);
        let query = params.finish(Self { provider, from, to, limit, after })?;
        in_order(query.from, query.to, ("from", "to"))?;
        Ok(query)
    }
}

/// What we say of a payment: an item of `payment_differences`.
#[derive(Debug, Clone)]
pub struct OurPayment {
    /// Our id.
    pub id: Uuid,
    /// The place that it has in the list.
    pub place: Place,
    /// Its provider.
    pub provider: Provider,
    /// The organisation's account there.
    pub account: String,
    /// The provider's id of it.
    pub external_id: String,
    said: Value,
}

impl OurPayment {
    /// Reads an item; `None` if it isn't one.
    pub fn read(item: Value) -> Option<Self> {
        let text = |name: &str| item[name].as_str().map(str::to_owned);
        let id = Uuid::try_parse(item["id"].as_str()?).ok()?;
        Some(Self {
            id,
            place: Place { at: Moment::parse(item["createdAt"].as_str()?)?, id },
            provider: Provider::parse(item["provider"].as_str()?)?,
            account: text("account")?,
            external_id: text("externalId")?,
            said: item,
        })
    }

    /// What differs, as JSON: one value for each field.
    pub fn differences(&self, theirs: &[ProviderObject]) -> Vec<Value> {
        let mut found = Found { payment: self, differences: Vec::new() };
        let own = |object: &&ProviderObject| object.kind == ObjectKind::Payment && object.id == self.external_id;
        let Some(payment) = theirs.iter().find(own) else {
            found.add("object", ("payment", &self.external_id), "existence", json!("known"), Value::Null);
            return found.differences;
        };
        let ours = self.said["objects"].as_array().map(Vec::as_slice).unwrap_or_default();
        // A PayPal order may hold several captures with refunds of their own.
        let of_payment = |refund: &&ProviderObject| {
            let parent = refund.parent.as_ref();
            refund.kind == ObjectKind::Refund
                && parent.is_none_or(|parent| *parent == payment.id || Some(parent) == payment.alias.as_ref())
        };
        let refunds: Vec<&ProviderObject> = theirs.iter().filter(of_payment).collect();
        let own = |kind: &str, id: &str| ours.iter().find(|object| object["kind"] == kind && object["id"] == id);
        found.object(own("payment", &self.external_id), payment);
        for refund in &refunds {
            found.object(own("refund", &refund.id), refund);
        }
        // The provider lists all refunds of a payment, or none.
        for missing in ours.iter().filter(|object| object["kind"] == "refund" && !refunds.is_empty()) {
            let id = missing["id"].as_str().unwrap_or_default();
            if missing["status"] == "completed" && !refunds.iter().any(|refund| refund.id == id) {
                found.add("object", ("refund", id), "existence", json!("known"), Value::Null);
            }
        }
        found.sums(payment, &refunds);
        found.differences
    }
}

/// The differences of one payment so far.
struct Found<'a> {
    payment: &'a OurPayment,
    differences: Vec<Value>,
}

impl Found<'_> {
    /// `place`: the state of ours that differs: an object, the payment, the ledger.
    fn add(&mut self, place: &str, (kind, id): (&str, &str), field: &str, ours: Value, theirs: Value) {
        self.differences.push(json!({
            "paymentId": self.payment.id,
            "orderId": self.payment.said["orderId"],
            "provider": self.payment.provider.as_str(),
            "account": self.payment.account,
            "in": place,
            "object": { "kind": kind, "id": id },
            "field": field,
            "ours": ours,
            "theirs": theirs,
        }));
    }

    /// An object as we know it and as the provider shows it.
    fn object(&mut self, ours: Option<&Value>, theirs: &ProviderObject) {
        let named = (word(theirs.kind), theirs.id.as_str());
        let Some(ours) = ours else {
            self.add("object", named, "existence", Value::Null, json!("known"));
            return;
        };
        let state = state(theirs.state);
        if ours["status"] != state {
            self.add("object", named, "status", ours["status"].clone(), state.into());
        }
        if let Some(currency) = theirs.currency.as_deref().filter(|currency| ours["currency"] != **currency) {
            self.add("object", named, "currency", ours["currency"].clone(), currency.into());
        }
        // A fee that only one side has told is none that differs: not every event tells it.
        let fee = theirs.fee.map(|fee| fee.to_string()).filter(|_| ours["fee"].is_string());
        if let Some(fee) = fee.filter(|fee| differs(&ours["fee"], fee)) {
            self.add("object", named, "fee", ours["fee"].clone(), fee.into());
        }
        let amount = theirs.amount.map(|amount| amount.to_string());
        if let Some(amount) = amount.filter(|amount| differs(&ours["amount"], amount)) {
            self.add("object", named, "amount", ours["amount"].clone(), amount.into());
        }
    }

    /// What the payment and the ledger come to.
    fn sums(&mut self, theirs: &ProviderObject, refunds: &[&ProviderObject]) {
        let said = &self.payment.said;
        let Some(amount) = theirs.amount else { return };
        let named = (word(theirs.kind), theirs.id.as_str());
        let taken = theirs.state == ObjectState::Completed;
        let captured = if taken { thousandths(&amount.to_string()) } else { Some(0) };
        let completed = refunds.iter().filter(|refund| refund.state == ObjectState::Completed);
        let summed: Option<i64> = completed.filter_map(|refund| Some(thousandths(&refund.amount?.to_string()))).sum();
        let told = theirs.refunded_total.and_then(|total| thousandths(&total.to_string()));
        let lost = said["lost"].as_str().and_then(thousandths).unwrap_or_default();
        // As the fold: Stripe takes a disputed sum beside all refunds, PayPal pays it out as one.
        let back = summed.zip(Some(told.unwrap_or_default())).map(|(summed, told)| summed.max(told));
        let back =
            back.map(|back| if self.payment.provider == Provider::PayPal { back.max(lost) } else { back + lost });
        let (back, captured) = match (back, captured) {
            (Some(back), Some(captured)) => (back.min(captured), captured),
            _ => return,
        };
        let digits = usize::from(amount.digits);
        let whole = said["amount"].as_str().and_then(thousandths);
        if said["currency"].as_str() == theirs.currency.as_deref() && whole != thousandths(&amount.to_string()) {
            self.add("payment", named, "amount", said["amount"].clone(), amount.to_string().into());
        }
        for (place, field, ours, theirs) in [
            ("payment", "refundedAmount", &said["refunded"], back),
            ("ledger", "captured", &said["booked"]["captured"], captured),
            ("ledger", "refunded", &said["booked"]["refunded"], back),
        ] {
            if ours.as_str().and_then(thousandths) != Some(theirs) {
                self.add(place, named, field, ours.clone(), decimal(theirs, digits).into());
            }
        }
    }
}

fn word(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::Payment => "payment",
        ObjectKind::Authorization => "authorization",
        ObjectKind::Refund => "refund",
        ObjectKind::Dispute => "dispute",
    }
}

/// The name of a state, as we show it.
fn state(state: ObjectState) -> String {
    serde_json::to_value(state).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Whether a decimal of ours is another number than one of theirs.
fn differs(ours: &Value, theirs: &str) -> bool {
    ours.as_str().and_then(thousandths) != thousandths(theirs)
}

/// A decimal string with at most three digits behind its point, in thousandths.
fn thousandths(text: &str) -> Option<i64> {
    let (negative, unsigned) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, rest) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = rest.len() <= 3 && rest.bytes().chain(whole.bytes()).all(|byte| byte.is_ascii_digit());
    let number: i64 = format!("{whole}{rest:0<3}").parse().ok().filter(|_| digits && !whole.is_empty())?;
    Some(if negative { -number } else { number })
}

/// Thousandths as a decimal string with so many digits; more, if it needs them.
fn decimal(thousandths: i64, digits: usize) -> String {
    let (sign, number) = (if thousandths < 0 { "-" } else { "" }, thousandths.unsigned_abs());
    let rest = format!("{:03}", number % 1000);
    let needed = rest.trim_end_matches('0').len().max(digits.min(3));
    match &rest[..needed] {
        "" => format!("{sign}{}", number / 1000),
        rest => format!("{sign}{}.{rest}", number / 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webhook::amount::Amount;

    fn ours(change: impl FnOnce(&mut Value)) -> OurPayment {
        let mut item = json!({
            "id": Uuid::from_u128(1), "orderId": Uuid::from_u128(2), "createdAt": "2026-01-01T00:00:00.000000Z",
            "provider": "paypal", "account": "M", "externalId": "C1", "currency": "EUR", "amount": "100.00",
            "refunded": "30.00", "lost": "0.00", "booked": { "captured": "100.00", "refunded": "30.00" },
            "objects": [
                { "kind": "payment", "id": "C1", "status": "completed", "amount": "100.00", "currency": "EUR" },
                { "kind": "refund", "id": "R1", "status": "completed", "amount": "30.00", "currency": "EUR" },
            ],
        });
        change(&mut item);
        OurPayment::read(item).unwrap()
    }

    fn object(kind: ObjectKind, id: &str, amount: &str) -> ProviderObject {
        let amount = Amount::parse(Provider::PayPal, amount, "EUR").unwrap();
        ProviderObject::new(kind, id.into(), ObjectState::Completed).with_amount(amount)
    }

    fn theirs() -> Vec<ProviderObject> {
        vec![object(ObjectKind::Payment, "C1", "100.00"), object(ObjectKind::Refund, "R1", "30.00")]
    }

    /// `in object.field ours/theirs`
    fn told(payment: &OurPayment, theirs: &[ProviderObject]) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let line = |d: &Value| {
            let object = format!("{}:{}", text(&d["object"]["kind"]), text(&d["object"]["id"]));
            format!("{} {object}.{} {}/{}", text(&d["in"]), text(&d["field"]), text(&d["ours"]), text(&d["theirs"]))
        };
        payment.differences(theirs).iter().map(line).collect()
    }

    #[test]
    fn the_same_money_is_no_difference_however_it_is_written() {
        assert_eq!(told(&ours(|_| {}), &theirs()), Vec::<String>::new());
        let fewer_zeros = ours(|item| item["objects"][0]["amount"] = "100".into());
        assert_eq!(told(&fewer_zeros, &theirs()), Vec::<String>::new());
    }

    #[test]
    fn a_cent_is_found_wherever_it_is_planted() {
        type Plant = fn(&mut Value);
        let plants: [(Plant, &[&str]); 5] = [
            (|item| item["objects"][0]["amount"] = "100.01".into(), &["object payment:C1.amount 100.01/100.00"]),
            (|item| item["objects"][1]["amount"] = "29.99".into(), &["object refund:R1.amount 29.99/30.00"]),
            (|item| item["amount"] = "99.99".into(), &["payment payment:C1.amount 99.99/100.00"]),
            (|item| item["refunded"] = "30.01".into(), &["payment payment:C1.refundedAmount 30.01/30.00"]),
            (|item| item["booked"]["captured"] = "100.01".into(), &["ledger payment:C1.captured 100.01/100.00"]),
        ];
        for (plant, expected) in plants {
            assert_eq!(told(&ours(plant), &theirs()), expected);
        }
        let moved = [object(ObjectKind::Payment, "C1", "100.01"), object(ObjectKind::Refund, "R1", "30.00")];
        let expected = [
            "object payment:C1.amount 100.00/100.01",
            "payment payment:C1.amount 100.00/100.01",
            "ledger payment:C1.captured 100.00/100.01",
        ];
        assert_eq!(told(&ours(|_| {}), &moved), expected);
    }

    #[test]
    fn what_one_side_alone_knows_is_a_difference() {
        assert_eq!(told(&ours(|_| {}), &[]), ["object payment:C1.existence known/-"]);
        let mut more = theirs();
        more.push(object(ObjectKind::Refund, "R2", "1.00"));
        let expected = [
            "object refund:R2.existence -/known",
            "payment payment:C1.refundedAmount 30.00/31.00",
            "ledger payment:C1.refunded 30.00/31.00",
        ];
        assert_eq!(told(&ours(|_| {}), &more), expected);
        let mut pending = theirs();
        pending[1].state = ObjectState::Failed;
        assert_eq!(told(&ours(|_| {}), &pending)[0], "object refund:R1.status completed/failed");
    }

    #[test]
    fn a_lost_dispute_counts_as_it_does_in_the_fold() {
        let stripe = |item: &mut Value| {
            item["provider"] = "stripe".into();
            item["lost"] = "5.00".into();
            item["refunded"] = "35.00".into();
            item["booked"]["refunded"] = "35.00".into();
        };
        assert_eq!(told(&ours(stripe), &theirs()), Vec::<String>::new());
        assert_eq!(told(&ours(|item| item["lost"] = "5.00".into()), &theirs()), Vec::<String>::new());
    }

    #[test]
    fn decimals_are_read_and_written_exactly() {
        for (text, number) in [("0.01", 10), ("-0.010", -10), ("100", 100_000), ("1.234", 1234)] {
            assert_eq!(thousandths(text), Some(number));
        }
        for wrong in ["", ".1", "1.2345", "1,0", "--1", "1e3"] {
            assert_eq!(thousandths(wrong), None, "{wrong}");
        }
        assert_eq!(
            (decimal(1_500, 2), decimal(5_000, 0), decimal(-10, 2)),
            ("1.50".into(), "5".into(), "-0.01".into())
        );
    }

    #[test]
    fn a_step_is_bounded() {
        let query = DifferencesQuery::parse(Some("provider=paypal&from=2026-01-01&limit=200")).unwrap();
        assert_eq!((query.provider, query.limit), (Some(Provider::PayPal), 200));
        assert_eq!(DifferencesQuery::parse(None).unwrap().limit, USUAL);
        for wrong in ["limit=201", "limit=0", "provider=manual", "from=2026-02-01&to=2026-01-01", "after=x"] {
            assert!(DifferencesQuery::parse(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
