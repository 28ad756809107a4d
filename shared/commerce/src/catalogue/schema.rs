//! Schemas: which fields a kind of product has.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use strum::{EnumString, VariantArray, VariantNames};

use super::value::judge;
use super::{MAX_CHOICES, MAX_FIELDS, MAX_NAME};
use crate::error::Error;
use crate::fields::{Fields, Mistakes, flag, line, one_of};
use crate::json::{self, Json};
use crate::text::text_forms;

/// The longest name of a field, in characters.
const MAX_FIELD_NAME: usize = 40;
/// The longest label or choice, in characters.
const MAX_LABEL: usize = 100;

/// The kind of a field's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "lowercase")]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    /// Any text.
    Text,
    /// A decimal number, kept as a text, so that nothing is rounded.
    Number,
    /// One of the field's choices.
    Choice,
    /// `true` or `false`.
    Boolean,
    /// A day, such as `2026-01-31`.
    Date,
}

text_forms!(FieldType);

/// A field that products of a schema have. In JSON as the database keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Its name, by which values are given.
    pub name: String,
    /// Its name for people.
    pub label: Option<String>,
    /// The kind of its values.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Whether a product must have a value.
    pub required: bool,
    /// The values of a [`FieldType::Choice`]; `None` for all others.
    pub choices: Option<Vec<String>>,
}

impl Field {
    /// The values that a choice may be.
    pub fn choices(&self) -> impl Iterator<Item = &str> {
        self.choices.iter().flatten().map(String::as_str)
    }

    fn read(path: &str, json: Json, mistakes: &mut Mistakes) -> Option<Self> {
        let mut fields = Fields::of(path, json, &["name", "label", "type", "required", "choices"], mistakes)?;
        let name = fields.required("name", field_name);
        let label = fields.optional("label", line(1, MAX_LABEL));
        let kind =
            fields.required("type", one_of(FieldType::parse, || format!("must be one of {}", FieldType::names())));
        let required = fields.optional("required", flag);
        let choices = match kind {
            Some(FieldType::Choice) => Some(choices(&mut fields)?),
            Some(_) if fields.optional("choices", Ok).is_some() => {
                fields.refuse("choices", "are for the type choice only");
                None
            }
            _ => None,
        };
        Some(Self { name: name?, label, kind: kind?, required: required.unwrap_or(false), choices })
    }

    /// Whether every value of `self` is one of `other`, too.
    fn fits(&self, other: &Self) -> bool {
        self.kind == other.kind && self.choices().all(|choice| other.choices().any(|known| known == choice))
    }
}

fn choices(fields: &mut Fields<'_>) -> Option<Vec<String>> {
    let mut seen = HashSet::new();
    fields.array("choices", (1, MAX_CHOICES), |path, json, mistakes| {
        let read = line(1, MAX_LABEL)(json);
        let read = read.and_then(|choice| if seen.insert(choice.clone()) { Ok(choice) } else { Err(TWICE.to_owned()) });
        read.map_err(|detail| mistakes.add(path, detail)).ok()
    })
}

const TWICE: &str = "is there twice";

/// The fields of a schema, as a request gives them.
fn fields_of(fields: &mut Fields<'_>) -> Option<Vec<Field>> {
    let mut seen = HashSet::new();
    fields.array("fields", (0, MAX_FIELDS), |path, json, mistakes| {
        let field = Field::read(path, json, mistakes)?;
        if !seen.insert(field.name.clone()) {
            mistakes.add(format!("{path}.name"), TWICE);
            return None;
        }
        Some(field)
    })
}

/// A name that stands in paths of errors: a small letter, then letters, digits and underscores.
fn field_name(json: Json) -> Result<String, String> {
    match json {
        Json::Text(name)
            if name.len() <= MAX_FIELD_NAME
                && name.starts_with(|first: char| first.is_ascii_lowercase())
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') =>
        {
            Ok(name)
        }
        _ => {
            Err(format!("must begin with a small letter and hold letters, digits and _ only, {MAX_FIELD_NAME} at most"))
        }
    }
}

/// The fields of a schema, as the database has them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Schema {
    /// In their order.
    pub fields: Vec<Field>,
}

impl Schema {
    /// Reads what the database keeps.
    ///
    /// # Errors
    /// [`Error::Internal`] if that isn't the JSON of fields.
    pub fn read(fields: &str) -> Result<Self, Error> {
        let fields = serde_json::from_str(fields);
        fields.map(|fields| Self { fields }).map_err(|error| Error::internal(format!("a schema's fields: {error}")))
    }

    /// Judges the values of a product: `given` anew, over `kept` ones. `null` takes a value away.
    ///
    /// # Errors
    /// [`Error::Invalid`] that names each field which is wrong, such as `fields.size`.
    pub fn judge(&self, given: Vec<(String, Json)>, kept: Map<String, Value>) -> Result<Map<String, Value>, Error> {
        let (mut mistakes, mut values) = (Mistakes::default(), kept);
        let mut refused = HashSet::new();
        for (name, json) in given {
            let path = json::join("fields", &name);
            match (self.fields.iter().find(|field| field.name == name), json) {
                (None, _) => mistakes.add(path, "is no field of this product's schema"),
                (Some(_), Json::Null) => drop(values.remove(&name)),
                (Some(field), json) => match judge(field, json) {
                    Ok(value) => drop(values.insert(name, value)),
                    Err(detail) => {
                        mistakes.add(path, detail);
                        refused.insert(&field.name);
                    }
                },
            }
        }
        for field in self.fields.iter().filter(|field| field.required) {
            if !values.contains_key(&field.name) && !refused.contains(&field.name) {
                mistakes.add(json::join("fields", &field.name), "is missing");
            }
        }
        mistakes.finish(Some(values))
    }

    /// Whether values that fit `self` may not fit `other`: a field that is gone, is of another
    /// type, or has lost a choice. A field that becomes required doesn't count, since it is asked
    /// for with the next change of a product's fields.
    pub fn is_narrowed_by(&self, other: &[Field]) -> bool {
        let fits = |field: &Field| other.iter().any(|new| new.name == field.name && field.fits(new));
        !self.fields.iter().all(fits)
    }
}

/// `POST /schemas`. Serializes to what the SQL function takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewSchema {
    /// Its name; an organisation has no two of one name.
    pub name: String,
    /// Its fields.
    pub fields: Vec<Field>,
}

impl NewSchema {
    /// Decodes a body.
    ///
    /// # Errors
    /// [`Error::Invalid`] that names every field which is wrong.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut mistakes = Mistakes::default();
        let schema = Fields::of("", json::parse(body)?, &["name", "fields"], &mut mistakes).and_then(|mut fields| {
            let name = fields.required("name", line(1, MAX_NAME));
            let fields = fields_of(&mut fields);
            Some(Self { name: name?, fields: fields? })
        });
        mistakes.finish(schema)
    }
}

/// `PATCH /schemas/:id`: what isn't named stays as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaPatch {
    /// The new name.
    pub name: Option<String>,
    /// All fields anew.
    pub fields: Option<Vec<Field>>,
}

impl SchemaPatch {
    /// Decodes a body. One that changes nothing is refused.
    ///
    /// # Errors
    /// [`Error::Invalid`] that names every field which is wrong.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        const KNOWN: [&str; 2] = ["name", "fields"];
        let mut mistakes = Mistakes::default();
        let patch = Fields::of("", json::parse(body)?, &KNOWN, &mut mistakes).map(|mut fields| {
            if !KNOWN.iter().any(|name| fields.has(name)) {
                fields.refuse("body", format!("must hold at least one of {}", KNOWN.join(", ")));
            }
            let name = if fields.has("name") { fields.required("name", line(1, MAX_NAME)) } else { None };
            let new = if fields.has("fields") { fields_of(&mut fields) } else { None };
            Self { name, fields: new }
        });
        mistakes.finish(patch)
    }
}
