//! Organisations: who sells. The requests that make, change and list them, decoded.

use serde::Serialize;
use uuid::Uuid;

use crate::address::Address;
use crate::error::Error;
use crate::fields::{Fields, Mistakes, decimal, line};
use crate::json::{self, Json};
use crate::params::Params;
use crate::query::{after_wanted, parse_uuid, take_limit};
use crate::tax_id::tax_id;

/// The longest name, in characters.
const MAX_NAME: usize = 200;

/// `POST /organizations`. Serializes to what the SQL function takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewOrganization {
    /// The name that shoppers know.
    pub name: String,
    /// The name on invoices.
    pub legal_name: String,
    /// The tax id on invoices; one organisation has it.
    pub cui: String,
    /// The number in the trade register.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trade_register: Option<String>,
    /// The seat.
    pub address: Address,
    /// VAT of products without a rate of their own, in per cent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vat_rate: Option<String>,
    /// The bank account that transfers go to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iban: Option<String>,
}

impl NewOrganization {
    /// Decodes a body.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every field that is wrong.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut mistakes = Mistakes::default();
        let fields = Fields::of("", json::parse(body)?, &OrganizationPatch::FIELDS, &mut mistakes);
        let organization = fields.and_then(|mut fields| {
            let name = fields.required("name", line(1, MAX_NAME));
            let legal_name = fields.required("legalName", line(1, MAX_NAME));
            let cui = fields.required("cui", tax_id);
            let trade_register = fields.optional("tradeRegister", line(1, 40));
            let address = fields.required_object("address", &Address::FIELDS, Address::read);
            let (vat_rate, iban) = (fields.optional("vatRate", rate), fields.optional("iban", iban));
            Some(Self {
                name: name?,
                legal_name: legal_name?,
                cui: cui?,
                trade_register,
                address: address?,
                vat_rate,
                iban,
            })
        });
        mistakes.finish(organization)
    }
}

/// `PATCH /organizations/:id`: a field that isn't named stays as it is. Serializes to what the SQL
/// function takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationPatch {
    /// A new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A new name on invoices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal_name: Option<String>,
    /// A new tax id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cui: Option<String>,
    /// A new number in the trade register; `Some(None)` takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trade_register: Option<Option<String>>,
    /// A new seat.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// A new rate of VAT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vat_rate: Option<String>,
    /// A new bank account; `Some(None)` takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iban: Option<Option<String>>,
}

impl OrganizationPatch {
    /// The names of its fields.
    const FIELDS: [&str; 7] = ["name", "legalName", "cui", "tradeRegister", "address", "vatRate", "iban"];

    /// Decodes a body. One that changes nothing is refused.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every field that is wrong.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut mistakes = Mistakes::default();
        let patch = Fields::of("", json::parse(body)?, &Self::FIELDS, &mut mistakes).map(|mut fields| {
            if !Self::FIELDS.iter().any(|name| fields.has(name)) {
                fields.refuse("body", format!("must hold at least one of {}", Self::FIELDS.join(", ")));
            }
            let [has_name, has_legal_name, has_cui, has_register, has_address, has_rate, has_iban] =
                Self::FIELDS.map(|name| fields.has(name));
            Self {
                name: if has_name { fields.required("name", line(1, MAX_NAME)) } else { None },
                legal_name: if has_legal_name { fields.required("legalName", line(1, MAX_NAME)) } else { None },
                cui: if has_cui { fields.required("cui", tax_id) } else { None },
                trade_register: has_register.then(|| fields.optional("tradeRegister", line(1, 40))),
                address: match has_address {
                    true => fields.required_object("address", &Address::FIELDS, Address::read),
                    false => None,
                },
                vat_rate: if has_rate { fields.required("vatRate", rate) } else { None },
                iban: has_iban.then(|| fields.optional("iban", iban)),
            }
        });
        mistakes.finish(patch)
    }
}

/// `GET /organizations`: which ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationsQuery {
    /// At most so many.
    pub limit: u32,
    /// The last organisation of the page before.
    pub after: Option<Uuid>,
}

impl OrganizationsQuery {
    /// Reads a raw query string.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every parameter that is wrong.
    pub fn parse(raw: Option<&str>) -> Result<Self, Error> {
        let mut params = Params::parse(raw, &["limit", "after"])?;
        let after = params.take("after", after_wanted, parse_uuid);
        let limit = take_limit(&mut params);
        params.finish(Self { limit, after })
    }
}

/// Per cent, below a hundred, with at most two decimals.
fn rate(json: Json) -> Result<String, String> {
    let fits = |rate: &String| {
        let (whole, fraction) = rate.split_once('.').unwrap_or((rate, ""));
        whole.len() <= 2 && fraction.len() <= 2
    };
    let rate = decimal(json).ok().filter(fits);
    rate.ok_or_else(|| "must be per cent below 100 as a text, such as \"21.00\"".to_owned())
}

/// An IBAN by its form and check digits (ISO 13616).
fn iban(json: Json) -> Result<String, String> {
    match json {
        Json::Text(text) if is_iban(&text) => Ok(text),
        _ => Err("must be an IBAN without blanks, such as RO49AAAA1B31007593840000".to_owned()),
    }
}

fn is_iban(text: &str) -> bool {
    let bytes = text.as_bytes();
    let formed = (15..=34).contains(&bytes.len())
        && bytes[..2].iter().all(u8::is_ascii_uppercase)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
        && bytes[4..].iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    if !formed {
        return false;
    }
    // Letters count as 10 to 35. Modulo 97 the whole is 1 (ISO 7064, MOD 97-10).
    let rest = bytes[4..].iter().chain(&bytes[..4]).fold(0_u32, |rest, byte| match byte {
        b'0'..=b'9' => (rest * 10 + u32::from(byte - b'0')) % 97,
        _ => (rest * 100 + u32::from(byte - b'A') + 10) % 97,
    });
    rest == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::refused_fields as fields;
    use serde_json::{Value, json};

    fn shop() -> Value {
        json!({
            "name": "Flori", "legalName": "Flori SRL", "cui": "RO18189442", "tradeRegister": "J40/1/2020",
            "address": {"line1": "Strada Lungă 1", "city": "Brașov", "country": "RO"},
            "vatRate": "21.00", "iban": "RO49AAAA1B31007593840000"
        })
    }

    #[test]
    fn a_good_organization_is_read_and_written_for_the_database() {
        let read = NewOrganization::decode(shop().to_string().as_bytes()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), shop());
        let mut plain = shop();
        for name in ["tradeRegister", "vatRate", "iban"] {
            plain.as_object_mut().unwrap().remove(name);
        }
        let read = NewOrganization::decode(plain.to_string().as_bytes()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), plain);
    }

    #[test]
    fn every_mistake_names_its_field() {
        for (name, value, field) in [
            ("name", json!(""), "name"),
            ("legalName", Value::Null, "legalName"),
            ("cui", json!("RO18189443"), "cui"),
            ("tradeRegister", json!(7), "tradeRegister"),
            ("address", json!({"line1": "a", "city": "b"}), "address.country"),
            ("vatRate", json!("100"), "vatRate"),
            ("vatRate", json!("9.125"), "vatRate"),
            ("vatRate", json!("-1"), "vatRate"),
            ("vatRate", json!(21), "vatRate"),
            ("iban", json!("RO49AAAA1B31007593840001"), "iban"),
            ("iban", json!("RO49 AAAA 1B31 0075 9384 0000"), "iban"),
            ("iban", json!("ro49AAAA1B31007593840000"), "iban"),
            ("owner", json!("x"), "owner"),
        ] {
            let mut body = shop();
            body[name] = value;
            assert_eq!(fields(NewOrganization::decode(body.to_string().as_bytes())), [field], "{body}");
        }
    }

    #[test]
    fn a_patch_tells_absent_from_null() {
        let decode = |text: &str| OrganizationPatch::decode(text.as_bytes());
        for text in [r#"{"name":"Flori"}"#, r#"{"tradeRegister":null,"iban":null}"#, r#"{"vatRate":"9"}"#] {
            let written = serde_json::to_value(decode(text).unwrap()).unwrap();
            assert_eq!(written, serde_json::from_str::<Value>(text).unwrap());
        }
        for (text, field) in [
            ("{}", "body"),
            (r#"{"name":null}"#, "name"),
            (r#"{"vatRate":null}"#, "vatRate"),
            (r#"{"address":null}"#, "address"),
            (r#"{"id":"x","name":"a"}"#, "id"),
        ] {
            assert_eq!(fields(decode(text)), [field], "{text}");
        }
    }

    #[test]
    fn a_page_of_organizations_begins_behind_one_of_them() {
        let id = Uuid::from_u128(3);
        let query = OrganizationsQuery::parse(Some(&format!("limit=5&after={id}"))).unwrap();
        assert_eq!(query, OrganizationsQuery { limit: 5, after: Some(id) });
        for wrong in ["limit=0", "after=x", "page=1"] {
            assert!(OrganizationsQuery::parse(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
