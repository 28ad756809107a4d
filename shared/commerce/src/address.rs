//! The address that an order goes to.

use serde::Serialize;

use crate::fields::{Fields, line};

/// A postal address. Serializes to what is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Address {
    /// The recipient, if it isn't the customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Street and number.
    pub line1: String,
    /// Building, floor, company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line2: Option<String>,
    /// The town.
    pub city: String,
    /// County, state or province.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The postal code, if the country has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// ISO 3166-1, two capital letters.
    pub country: String,
    /// A telephone number for the carrier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
}

impl Address {
    /// The names of its fields.
    pub const FIELDS: [&str; 8] = ["name", "line1", "line2", "city", "region", "postalCode", "country", "phone"];

    /// Reads the fields of an object.
    pub fn read(mut fields: Fields<'_>) -> Option<Self> {
        let name = fields.optional("name", line(1, 200));
        let line1 = fields.required("line1", line(1, 200));
        let line2 = fields.optional("line2", line(1, 200));
        let city = fields.required("city", line(1, 100));
        let region = fields.optional("region", line(1, 100));
        let postal_code = fields.optional("postalCode", line(1, 20));
        let country = fields.required("country", |json| {
            let code = line(2, 2)(json).ok().filter(|code| code.bytes().all(|byte| byte.is_ascii_uppercase()));
            code.ok_or_else(|| "must be an ISO 3166-1 code of two capital letters".to_owned())
        });
        let phone = fields.optional("phone", line(1, 40));
        Some(Self { name, line1: line1?, line2, city: city?, region, postal_code, country: country?, phone })
    }
}
