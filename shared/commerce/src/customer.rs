//! Customers: who buys. The requests that make, change and list them, decoded; and what of them a
//! caller may ask for.

use serde::Serialize;
use uuid::Uuid;

use crate::address::Address;
use crate::caller::{Caller, Role};
use crate::error::Error;
use crate::fields::{Fields, Mistakes, line, uuid};
use crate::json::{self, Json};
use crate::params::Params;
use crate::query::{after_wanted, parse_uuid, take_limit};
use crate::tax_id::tax_id;

/// The longest name, in characters.
const MAX_NAME: usize = 200;
/// The longest e-mail address, in characters (RFC 5321, section 4.5.3.1).
const MAX_EMAIL: usize = 254;

/// `POST /customers`. Serializes to what the SQL function takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewCustomer {
    /// The person's name.
    pub name: String,
    /// Its e-mail address; one customer of an organisation has it.
    pub email: String,
    /// The company that it buys for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_name: Option<String>,
    /// The company's tax id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cui: Option<String>,
    /// The address that stands on its invoices.
    pub address: Address,
}

impl NewCustomer {
    /// Decodes a body.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every field that is wrong.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut mistakes = Mistakes::default();
        let customer = Fields::of("", json::parse(body)?, &CustomerPatch::FIELDS, &mut mistakes).and_then(Self::read);
        mistakes.finish(customer)
    }

    /// Reads the fields of an object.
    fn read(mut fields: Fields<'_>) -> Option<Self> {
        let name = fields.required("name", line(1, MAX_NAME));
        let email = fields.required("email", email);
        let (has_company, has_cui) = (fields.has_value("companyName"), fields.has_value("cui"));
        let company_name = fields.optional("companyName", line(1, MAX_NAME));
        let cui = fields.optional("cui", tax_id);
        match (has_company, has_cui) {
            (true, false) => fields.refuse("cui", "is missing: a company has one"),
            (false, true) => fields.refuse("companyName", "is missing: only a company has a cui"),
            _ => {}
        }
        let address = fields.required_object("address", &Address::FIELDS, Address::read);
        Some(Self { name: name?, email: email?, company_name, cui, address: address? })
    }
}

/// `POST /guest/checkouts`: a shopper without an account, and the organisation it buys from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGuest {
    /// The organisation.
    pub organization: Uuid,
    /// The customer that it is once it has ordered.
    pub customer: NewCustomer,
}

impl NewGuest {
    /// Decodes a body.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every field that is wrong.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut mistakes = Mistakes::default();
        let known = ["organizationId", "customer"];
        let guest = Fields::of("", json::parse(body)?, &known, &mut mistakes).and_then(|mut fields| {
            let organization = fields.required("organizationId", uuid);
            let customer = fields.required_object("customer", &CustomerPatch::FIELDS, NewCustomer::read);
            Some(Self { organization: organization?, customer: customer? })
        });
        mistakes.finish(guest)
    }
}

/// `PATCH /customers/:id`: what isn't named stays as it is. Serializes to what the SQL function
/// takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomerPatch {
    /// A new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A new e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A new company; `Some(None)` takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_name: Option<Option<String>>,
    /// A new tax id; `Some(None)` takes it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cui: Option<Option<String>>,
    /// A new address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
}

impl CustomerPatch {
    /// The names of its fields.
    const FIELDS: [&str; 5] = ["name", "email", "companyName", "cui", "address"];

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
            let [has_name, has_email, has_company, has_cui, has_address] = Self::FIELDS.map(|name| fields.has(name));
            let name = if has_name { fields.required("name", line(1, MAX_NAME)) } else { None };
            let email = if has_email { fields.required("email", email) } else { None };
            let company_name = fields.optional("companyName", line(1, MAX_NAME));
            let cui = fields.optional("cui", tax_id);
            let address =
                if has_address { fields.required_object("address", &Address::FIELDS, Address::read) } else { None };
            Self {
                name,
                email,
                company_name: has_company.then_some(company_name),
                cui: has_cui.then_some(cui),
                address,
            }
        });
        mistakes.finish(patch)
    }

    /// Refuses what the caller may not ask for. A customer changes its name and its address. The
    /// shop knows it by its e-mail address, and invoices are made out to its company.
    ///
    /// # Errors
    /// [`Error::Forbidden`] naming the field.
    pub fn permit(&self, caller: &Caller) -> Result<(), Error> {
        let kept = [
            ("email", self.email.is_some()),
            ("companyName", self.company_name.is_some()),
            ("cui", self.cui.is_some()),
        ];
        match kept.into_iter().find(|(_, named)| *named) {
            Some((field, _)) if caller.role == Role::Customer => {
                Err(Error::forbidden(format!("{field}: a customer may only change name and address")))
            }
            _ => Ok(()),
        }
    }
}

/// `GET /customers`: which ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomersQuery {
    /// Only those whose e-mail address begins so.
    pub email: Option<String>,
    /// At most so many.
    pub limit: u32,
    /// The last customer of the page before.
    pub after: Option<Uuid>,
}

impl CustomersQuery {
    /// Reads a raw query string.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every parameter that is wrong.
    pub fn parse(raw: Option<&str>) -> Result<Self, Error> {
        let mut params = Params::parse(raw, &["email", "limit", "after"])?;
        let email = params.take(
            "email",
            || format!("must be 1 to {MAX_EMAIL} characters without blanks"),
            |text| {
                let fits = (1..=MAX_EMAIL).contains(&text.chars().count())
                    && !text.chars().any(|c| c.is_control() || c.is_whitespace());
                fits.then(|| text.to_owned())
            },
        );
        let after = params.take("after", after_wanted, parse_uuid);
        let limit = take_limit(&mut params);
        params.finish(Self { email, limit, after })
    }
}

/// An e-mail address by its form: something before and behind one `@`, without blanks.
fn email(json: Json) -> Result<String, String> {
    let address = line(3, MAX_EMAIL)(json)?;
    let parts: Vec<&str> = address.split('@').collect();
    let fits =
        parts.len() == 2 && parts.iter().all(|part| !part.is_empty()) && !address.chars().any(char::is_whitespace);
    if fits { Ok(address) } else { Err("must be an e-mail address such as ana@example.com".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::refused_fields as fields;
    use serde_json::{Value, json};

    fn ana() -> Value {
        json!({
            "name": "Ana Pop", "email": "ana@example.com", "companyName": "Pop SRL", "cui": "RO18189442",
            "address": {"line1": "Strada Lungă 1", "city": "Brașov", "country": "RO"}
        })
    }

    fn caller(role: Role) -> Caller {
        Caller {
            organization: Uuid::from_u128(7),
            role,
            customer: Some(Uuid::from_u128(1)),
            scopes: vec![],
            subject: "s".into(),
            token_id: None,
            issued_at: 0,
            expires_at: 0,
            not_before: None,
        }
    }

    #[test]
    fn a_good_customer_is_read_and_written_for_the_database() {
        let read = NewCustomer::decode(ana().to_string().as_bytes()).unwrap();
        assert_eq!(serde_json::to_value(&read).unwrap(), ana());
        let mut person = ana();
        person["companyName"] = Value::Null;
        person["cui"] = Value::Null;
        let read = NewCustomer::decode(person.to_string().as_bytes()).unwrap();
        assert_eq!((read.company_name, read.cui), (None, None));
    }

    #[test]
    fn every_mistake_names_its_field() {
        let table = [
            ("name", json!(""), "name"),
            ("name", json!("x".repeat(201)), "name"),
            ("name", Value::Null, "name"),
            ("email", json!("ana"), "email"),
            ("email", json!("ana@"), "email"),
            ("email", json!("@b"), "email"),
            ("email", json!("a@b@c"), "email"),
            ("email", json!("a b@c"), "email"),
            ("email", json!(format!("{}@b", "a".repeat(253))), "email"),
            ("companyName", Value::Null, "companyName"),
            ("companyName", json!(7), "companyName"),
            ("cui", Value::Null, "cui"),
            ("cui", json!("RO18189443"), "cui"),
            ("address", Value::Null, "address"),
            ("address", json!([]), "address"),
            ("phone", json!("1"), "phone"),
        ];
        for (name, value, field) in table {
            let mut body = ana();
            body[name] = value;
            assert_eq!(fields(NewCustomer::decode(body.to_string().as_bytes())), [field], "{body}");
        }
        for name in ["name", "email", "address", "cui"] {
            let mut body = ana();
            body.as_object_mut().unwrap().remove(name);
            assert_eq!(fields(NewCustomer::decode(body.to_string().as_bytes())), [name], "without {name}");
        }
        let mut body = ana();
        body["address"]["city"] = json!("");
        assert_eq!(fields(NewCustomer::decode(body.to_string().as_bytes())), ["address.city"]);
    }

    #[test]
    fn a_patch_tells_absent_from_null() {
        let decode = |text: &str| CustomerPatch::decode(text.as_bytes());
        let written = |text: &str| serde_json::to_value(decode(text).unwrap()).unwrap();
        for text in [r#"{"name":"Ana"}"#, r#"{"companyName":null,"cui":null}"#, r#"{"email":"a@b"}"#] {
            assert_eq!(written(text), serde_json::from_str::<Value>(text).unwrap());
        }
        for (text, field) in [
            ("{}", "body"),
            (r#"{"name":null}"#, "name"),
            (r#"{"email":null}"#, "email"),
            (r#"{"address":null}"#, "address"),
            (r#"{"cui":"1"}"#, "cui"),
            (r#"{"id":"x","name":"a"}"#, "id"),
        ] {
            assert_eq!(fields(decode(text)), [field], "{text}");
        }
    }

    #[test]
    fn a_customer_changes_its_name_and_address_and_no_more() {
        let address = json!({"address": {"line1": "a", "city": "b", "country": "RO"}, "name": "Ana"}).to_string();
        for (text, allowed) in [
            (&*address, true),
            (r#"{"email":"a@b"}"#, false),
            (r#"{"companyName":"x"}"#, false),
            (r#"{"cui":null}"#, false),
            (r#"{"name":"Ana","cui":null}"#, false),
        ] {
            let patch = CustomerPatch::decode(text.as_bytes()).unwrap();
            assert_eq!(patch.permit(&caller(Role::Customer)).is_ok(), allowed, "{text}");
            assert_eq!(patch.permit(&caller(Role::Service)), Ok(()), "{text}");
        }
    }

    #[test]
    fn a_list_is_narrowed_by_the_beginning_of_the_address() {
        let id = Uuid::from_u128(3);
        let query = CustomersQuery::parse(Some(&format!("email=Ana%40&limit=5&after={id}"))).unwrap();
        assert_eq!(query, CustomersQuery { email: Some("Ana@".into()), limit: 5, after: Some(id) });
        for wrong in ["email=", "email=a%20b", "limit=0", "limit=101", "after=x", "page=1"] {
            assert!(CustomersQuery::parse(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
