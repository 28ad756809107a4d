//! Products: new ones, and changes of them.

use serde::Serialize;
use serde_json::{Map, Value, json};
use strum::{EnumString, VariantArray, VariantNames};
use uuid::Uuid;

use super::schema::Schema;
use super::{MAX_DESCRIPTION, MAX_IMAGES, MAX_NAME, MAX_URL};
use crate::error::Error;
use crate::fields::{Fields, Mistakes, line, one_of, text, uuid};
use crate::json::{self, Json};
use crate::money::{Currency, parse_amount};
use crate::order::MAX_SKU;
use crate::text::text_forms;

/// The longest text beside an image, in characters.
const MAX_ALT: usize = 200;

/// Whether a product is sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum ProductStatus {
    /// It can be ordered.
    #[default]
    Active,
    /// It is shown, and can't be ordered.
    Inactive,
}

text_forms!(ProductStatus);

/// An image of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Image {
    url: String,
    alt: Option<String>,
}

impl Image {
    fn read(path: &str, json: Json, mistakes: &mut Mistakes) -> Option<Self> {
        let mut fields = Fields::of(path, json, &["url", "alt"], mistakes)?;
        let url = fields.required("url", image_url);
        let alt = fields.optional("alt", line(1, MAX_ALT));
        Some(Self { url: url?, alt })
    }
}

fn image_url(json: Json) -> Result<String, String> {
    let wanted = || format!("must be an address that begins with https://, of {MAX_URL} characters at most");
    match json {
        Json::Text(url)
            if url.len() > "https://".len()
                && url.len() <= MAX_URL
                && url.starts_with("https://")
                && url.bytes().all(|byte| byte.is_ascii_graphic()) =>
        {
            Ok(url)
        }
        _ => Err(wanted()),
    }
}

/// The images of a request; `None` if it names none.
fn images(fields: &mut Fields<'_>) -> Option<Vec<Image>> {
    if fields.has("images") { fields.array("images", (0, MAX_IMAGES), Image::read) } else { None }
}

/// The values of a request, not yet judged; `None` if it names none.
fn values(fields: &mut Fields<'_>) -> Option<Vec<(String, Json)>> {
    fields.optional("fields", |json| match json {
        Json::Object(values) => Ok(values),
        _ => Err("must be an object".to_owned()),
    })
}

fn status() -> impl FnOnce(Json) -> Result<ProductStatus, String> {
    one_of(ProductStatus::parse, || format!("must be one of {}", ProductStatus::names()))
}

fn amount(json: Json) -> Result<String, String> {
    match json {
        Json::Text(amount) => Ok(amount),
        _ => Err("must be a decimal number as a text, such as \"19.99\"".to_owned()),
    }
}

/// `POST /products`, but for what its schema has to say about it.
#[derive(Debug, Clone, PartialEq)]
pub struct NewProduct {
    /// The schema that its fields are judged by.
    pub schema: Option<Uuid>,
    sku: String,
    name: String,
    description: Option<String>,
    currency: Currency,
    price: String,
    status: ProductStatus,
    images: Vec<Image>,
    values: Vec<(String, Json)>,
}

/// A new product that was judged. Serializes to what the SQL function takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Product {
    sku: String,
    name: String,
    description: Option<String>,
    currency: String,
    price: String,
    status: ProductStatus,
    schema_id: Option<Uuid>,
    fields: Map<String, Value>,
    images: Vec<Image>,
}

impl NewProduct {
    /// Decodes a body.
    ///
    /// # Errors
    /// [`Error::Invalid`] that names every field which is wrong.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        const KNOWN: [&str; 9] =
            ["sku", "name", "description", "currency", "price", "status", "schemaId", "fields", "images"];
        let mut mistakes = Mistakes::default();
        let product = Fields::of("", json::parse(body)?, &KNOWN, &mut mistakes).and_then(|mut fields| {
            let sku = fields.required("sku", line(1, MAX_SKU));
            let name = fields.required("name", line(1, MAX_NAME));
            let description = fields.optional("description", text(1, MAX_DESCRIPTION));
            let currency = fields
                .required("currency", one_of(Currency::parse, || "must be an ISO 4217 code in capitals".to_owned()));
            let price = fields.required("price", |json| match (amount(json)?, currency) {
                (price, Some(currency)) => parse_amount(&price, currency),
                // That mistake is told already.
                (price, None) => Ok(price),
            });
            let status = fields.optional("status", status());
            let schema = fields.optional("schemaId", uuid);
            let values = values(&mut fields).unwrap_or_default();
            let images = images(&mut fields);
            Some(Self {
                schema,
                sku: sku?,
                name: name?,
                description,
                currency: currency?,
                price: price?,
                status: status.unwrap_or_default(),
                images: images.unwrap_or_default(),
                values,
            })
        });
        mistakes.finish(product)
    }

    /// Judges the values by the schema; `None` if the product names none.
    ///
    /// # Errors
    /// [`Error::Invalid`] that names each value which is wrong.
    pub fn judge(&self, schema: Option<&Schema>) -> Result<Product, Error> {
        let fields = judge_values(schema, Some(self.values.clone()), Map::new())?;
        Ok(Product {
            sku: self.sku.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            currency: self.currency.to_string(),
            price: self.price.clone(),
            status: self.status,
            schema_id: self.schema,
            fields,
            images: self.images.clone(),
        })
    }
}

fn judge_values(
    schema: Option<&Schema>,
    given: Option<Vec<(String, Json)>>,
    kept: Map<String, Value>,
) -> Result<Map<String, Value>, Error> {
    match (schema, given.unwrap_or_default()) {
        (Some(schema), given) => schema.judge(given, kept),
        (None, given) if given.is_empty() => Ok(Map::new()),
        (None, _) => Err(Error::invalid("fields", "need a schemaId, which says what they are")),
    }
}

/// A product as a change of it is judged by.
#[derive(Debug, Clone, PartialEq)]
pub struct Basis {
    /// The currency of its price.
    pub currency: String,
    /// Its schema.
    pub schema: Option<Uuid>,
    /// Its values.
    pub values: Map<String, Value>,
}

impl Basis {
    /// Reads what the database gives.
    ///
    /// # Errors
    /// [`Error::Internal`] if that isn't what it keeps.
    pub fn read(currency: &str, schema: Option<&str>, values: &str) -> Result<Self, Error> {
        let wrong = |what: &str| Error::internal(format!("the {what} of a product can't be read"));
        let schema = schema.map(|schema| Uuid::try_parse(schema).map_err(|_| wrong("schema"))).transpose()?;
        let values = serde_json::from_str(values).map_err(|_| wrong("fields"))?;
        Ok(Self { currency: currency.to_owned(), schema, values })
    }
}

/// `PATCH /products/:id`: what isn't named stays as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct ProductPatch {
    /// The members that depend on nothing else.
    change: Map<String, Value>,
    price: Option<String>,
    /// The new schema; `Some(None)` takes it away.
    schema: Option<Option<Uuid>>,
    values: Option<Vec<(String, Json)>>,
}

/// A change that was judged: the members that change, as the SQL function takes them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Change(Map<String, Value>);

impl ProductPatch {
    /// Decodes a body. One that changes nothing is refused.
    ///
    /// # Errors
    /// [`Error::Invalid`] that names every field which is wrong.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        const KNOWN: [&str; 8] = ["sku", "name", "description", "price", "status", "schemaId", "fields", "images"];
        let mut mistakes = Mistakes::default();
        let patch = Fields::of("", json::parse(body)?, &KNOWN, &mut mistakes).map(|mut fields| {
            if !KNOWN.iter().any(|name| fields.has(name)) {
                fields.refuse("body", format!("must hold at least one of {}", KNOWN.join(", ")));
            }
            let mut change = Map::new();
            for (name, most) in [("sku", MAX_SKU), ("name", MAX_NAME)] {
                if fields.has(name)
                    && let Some(value) = fields.required(name, line(1, most))
                {
                    change.insert(name.to_owned(), json!(value));
                }
            }
            if fields.has("description") {
                let description = fields.optional("description", text(1, MAX_DESCRIPTION));
                change.insert("description".to_owned(), json!(description));
            }
            if fields.has("status")
                && let Some(status) = fields.required("status", status())
            {
                change.insert("status".to_owned(), json!(status));
            }
            if let Some(images) = images(&mut fields) {
                change.insert("images".to_owned(), json!(images));
            }
            let price = if fields.has("price") { fields.required("price", amount) } else { None };
            let schema = fields.has("schemaId").then(|| fields.optional("schemaId", uuid));
            let values = values(&mut fields);
            Self { change, price, schema, values }
        });
        mistakes.finish(patch)
    }

    /// Whether it has to be judged by what the product is now.
    pub fn needs_basis(&self) -> bool {
        self.price.is_some() || self.needs_schema()
    }

    /// The schema that a product of this basis has afterwards, if its fields have to be judged.
    pub fn schema(&self, basis: &Basis) -> Option<Uuid> {
        if self.needs_schema() { self.schema.unwrap_or(basis.schema) } else { None }
    }

    fn needs_schema(&self) -> bool {
        self.schema.is_some() || self.values.is_some()
    }

    /// Judges price and values by what the product is now, and by the schema that it has
    /// afterwards. Values of another schema aren't taken over.
    ///
    /// # Errors
    /// [`Error::Invalid`] that names everything which is wrong.
    pub fn judge(&self, basis: Option<&Basis>, schema: Option<&Schema>) -> Result<Change, Error> {
        let mut change = self.change.clone();
        let Some(basis) = basis else { return Ok(Change(change)) };
        if let Some(price) = &self.price {
            let currency = Currency::recorded(&basis.currency)
                .ok_or_else(|| Error::internal("a product's currency isn't in any list"))?;
            let price = parse_amount(price, currency).map_err(|detail| Error::invalid("price", detail))?;
            change.insert("price".to_owned(), json!(price));
        }
        if let Some(schema) = self.schema {
            change.insert("schemaId".to_owned(), json!(schema));
        }
        if self.needs_schema() {
            let same = self.schema.is_none_or(|schema| schema == basis.schema);
            let kept = if same { basis.values.clone() } else { Map::new() };
            change.insert("fields".to_owned(), Value::Object(judge_values(schema, self.values.clone(), kept)?));
        }
        Ok(Change(change))
    }
}
