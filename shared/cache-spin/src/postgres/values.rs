//! What goes into a statement, and what comes out of it.

use std::rc::Rc;

use cache_logic::origin::OriginFault;
use spin_sdk::pg::{DbValue, ParameterValue};

/// A parameter of a statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// `uuid`. Becomes text where it is sent: a hit sends none.
    Id(uuid::Uuid),
    /// `uuid`, as text.
    Uuid(String),
    /// `text`.
    Text(String),
    /// `int4`.
    Int(i32),
    /// `int8`.
    BigInt(i64),
    /// `bool`.
    Bool(bool),
    /// `jsonb`, as its text.
    Json(String),
    /// `bytea`.
    Bytes(Vec<u8>),
    /// `text[]`.
    TextArray(Vec<String>),
    /// `int8[]`.
    BigIntArray(Vec<i64>),
    /// NULL of any type.
    Null,
}

impl From<Param> for ParameterValue {
    fn from(param: Param) -> Self {
        match param {
            Param::Id(value) => Self::Uuid(value.to_string()),
            Param::Uuid(value) => Self::Uuid(value),
            Param::Text(value) => Self::Str(value),
            Param::Int(value) => Self::Int32(value),
            Param::BigInt(value) => Self::Int64(value),
            Param::Bool(value) => Self::Boolean(value),
            Param::Json(value) => Self::Jsonb(value.into_bytes()),
            Param::Bytes(value) => Self::Binary(value),
            Param::TextArray(values) => Self::ArrayStr(values.into_iter().map(Some).collect()),
            Param::BigIntArray(values) => Self::ArrayInt64(values.into_iter().map(Some).collect()),
            Param::Null => Self::DbNull,
        }
    }
}

/// A row of an answer.
#[derive(Debug)]
pub struct Row {
    columns: Rc<[String]>,
    values: Vec<DbValue>,
}

impl Row {
    pub(super) fn new(columns: Rc<[String]>, values: Vec<DbValue>) -> Self {
        Self { columns, values }
    }

    /// Whether the statement gives a column of that name.
    pub fn has(&self, column: &str) -> bool {
        self.columns.iter().any(|name| name == column)
    }

    fn value(&self, column: &str) -> Result<&DbValue, OriginFault> {
        let index = self.columns.iter().position(|name| name == column);
        index
            .and_then(|index| self.values.get(index))
            .ok_or_else(|| OriginFault::internal(format!("no column {column}")))
    }

    fn wrong(column: &str) -> OriginFault {
        OriginFault::internal(format!("column {column} has another type"))
    }

    /// A `text`; `None` where it is NULL.
    ///
    /// # Errors
    /// [`OriginFault::Internal`] where the column is missing or of another type; so the others.
    pub fn text(&self, column: &str) -> Result<Option<&str>, OriginFault> {
        match self.value(column)? {
            DbValue::Str(value) | DbValue::Uuid(value) => Ok(Some(value)),
            DbValue::DbNull => Ok(None),
            _ => Err(Self::wrong(column)),
        }
    }

    /// The column `outcome`, which a function that changes something answers in.
    ///
    /// # Errors
    /// As [`Self::text`]; also where it is NULL.
    pub fn outcome(&self) -> Result<&str, OriginFault> {
        self.text("outcome")?.ok_or_else(|| Self::wrong("outcome"))
    }

    /// A `bool`; `None` where it is NULL.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn bool(&self, column: &str) -> Result<Option<bool>, OriginFault> {
        match self.value(column)? {
            DbValue::Boolean(value) => Ok(Some(*value)),
            DbValue::DbNull => Ok(None),
            _ => Err(Self::wrong(column)),
        }
    }

    /// A `bytea`; `None` where it is NULL.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn bytes(&self, column: &str) -> Result<Option<&[u8]>, OriginFault> {
        match self.value(column)? {
            DbValue::Binary(value) => Ok(Some(value)),
            DbValue::DbNull => Ok(None),
            _ => Err(Self::wrong(column)),
        }
    }

    /// An `int8`, `int4` or `int2`; `None` where it is NULL.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn int(&self, column: &str) -> Result<Option<i64>, OriginFault> {
        match self.value(column)? {
            DbValue::Int64(value) => Ok(Some(*value)),
            DbValue::Int32(value) => Ok(Some(i64::from(*value))),
            DbValue::Int16(value) => Ok(Some(i64::from(*value))),
            DbValue::DbNull => Ok(None),
            _ => Err(Self::wrong(column)),
        }
    }

    /// A `text[]`; empty where it is NULL.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn texts(&self, column: &str) -> Result<Vec<String>, OriginFault> {
        match self.value(column)? {
            DbValue::ArrayStr(values) => Ok(values.iter().flatten().cloned().collect()),
            DbValue::DbNull => Ok(Vec::new()),
            _ => Err(Self::wrong(column)),
        }
    }

    /// An `int8[]`; empty where it is NULL.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn ints(&self, column: &str) -> Result<Vec<i64>, OriginFault> {
        match self.value(column)? {
            DbValue::ArrayInt64(values) => Ok(values.iter().copied().flatten().collect()),
            DbValue::DbNull => Ok(Vec::new()),
            _ => Err(Self::wrong(column)),
        }
    }

    /// Takes a `text` out, without a copy.
    ///
    /// # Errors
    /// As [`Self::text`]; also where it is NULL.
    pub fn take_text(&mut self, column: &str) -> Result<String, OriginFault> {
        let index = self.columns.iter().position(|name| name == column);
        match index.and_then(|index| self.values.get_mut(index)) {
            Some(DbValue::Str(value)) => Ok(std::mem::take(value)),
            _ => Err(Self::wrong(column)),
        }
    }
}
