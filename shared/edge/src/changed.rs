//! An order as it is after a change.

use commerce::error::Error;

use crate::data::Row;
use crate::reply::Reply;

/// An order as it is after a change.
#[derive(Debug)]
pub struct ChangedOrder {
    /// Its JSON, as a read gives it.
    pub body: Vec<u8>,
    /// Its version.
    pub version: i64,
}

impl ChangedOrder {
    /// From a row with `body` and `version`.
    ///
    /// # Errors
    /// [`Error::Internal`] if either is missing.
    pub fn from_row(mut row: Row) -> Result<Self, Error> {
        let version = row.int("version")?.ok_or_else(|| Error::internal("a changed order without a version"))?;
        Ok(Self { body: row.take_text("body")?.into_bytes(), version })
    }

    /// The order's id; a repetition has the id of the first time.
    ///
    /// # Errors
    /// [`Error::Internal`] if the JSON has none.
    pub fn id(&self) -> Result<String, Error> {
        let order: serde_json::Value =
            serde_json::from_slice(&self.body).map_err(|error| Error::internal(error.to_string()))?;
        order["id"].as_str().map(str::to_owned).ok_or_else(|| Error::internal("an order without an id"))
    }

    /// The response that gives it; the entity tag is its version, as a read gives it.
    pub fn into_reply(self, status: u16) -> Reply {
        Reply::json(status, self.body)
            .with("etag", format!("\"{}\"", self.version))
            .with("cache-control", "private, no-cache")
            .with("vary", "Authorization")
    }
}
