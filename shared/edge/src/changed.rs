//! Changes of a document that has a version: an order, a product, a schema.

use commerce::error::Error;
use commerce::preconditions::{if_match, if_none_match};

use crate::data::Row;
use crate::reply::Reply;
use crate::request::Incoming;

/// The versions that a change is meant for.
#[derive(Debug, Clone)]
pub struct Conditions {
    /// The document must have one of these; `None`: any.
    pub only: Option<Vec<i64>>,
    /// It must have none of these.
    pub unless: Vec<i64>,
}

impl Conditions {
    /// Reads `If-Match` and `If-None-Match`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for what isn't a list of tags.
    pub fn read(request: &Incoming) -> Result<Self, Error> {
        let only = if_match(request.values("if-match"))?;
        Ok(Self { only, unless: if_none_match(request.values("if-none-match"))? })
    }
}

/// A document as it is after a change.
#[derive(Debug)]
pub struct ChangedDocument {
    /// Its JSON, as a read gives it.
    pub body: Vec<u8>,
    /// Its version.
    pub version: i64,
}

impl ChangedDocument {
    /// From a row with `body` and `version`.
    ///
    /// # Errors
    /// [`Error::Internal`] if either is missing.
    pub fn from_row(mut row: Row) -> Result<Self, Error> {
        let version = row.int("version")?.ok_or_else(|| Error::internal("a changed document without a version"))?;
        Ok(Self { body: row.take_text("body")?.into_bytes(), version })
    }

    /// Its id; a repetition has the id of the first time.
    ///
    /// # Errors
    /// [`Error::Internal`] if the JSON has none.
    pub fn id(&self) -> Result<String, Error> {
        let document: serde_json::Value =
            serde_json::from_slice(&self.body).map_err(|error| Error::internal(error.to_string()))?;
        document["id"].as_str().map(str::to_owned).ok_or_else(|| Error::internal("a document without an id"))
    }

    /// The response that gives it; the entity tag is its version, as a read gives it.
    pub fn into_reply(self, status: u16) -> Reply {
        Reply::json(status, self.body)
            .with("etag", format!("\"{}\"", self.version))
            .with("cache-control", "private, no-cache")
            .with("vary", "Authorization")
    }
}
