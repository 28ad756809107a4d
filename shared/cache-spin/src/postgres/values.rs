//! Parameters of a statement, and the rows of its answer.

use std::rc::Rc;

use cache_logic::origin::OriginFault;
use spin_sdk::pg::{DbValue, ParameterValue};

/// A parameter of a function.
#[derive(Debug, Clone, PartialEq)]
pub enum Param {
    /// `uuid`. It becomes text when it is sent, so a hit makes no text of it.
    Id(uuid::Uuid),
    /// `uuid`, as text.
    Uuid(String),
    /// `text`.
    Text(String),
    /// `integer`.
    Int(i32),
    /// `bigint`.
    BigInt(i64),
    /// `boolean`.
    Bool(bool),
    /// `jsonb`, as its text.
    Json(String),
    /// `bytea`.
    Bytes(Vec<u8>),
    /// `text[]`.
    TextArray(Vec<String>),
    /// `text[]` with NULL among its elements.
    NullableTextArray(Vec<Option<String>>),
    /// `bigint[]`.
    BigIntArray(Vec<i64>),
    /// NULL of the type that Postgres calls so.
    Null(&'static str),
}

impl Param {
    /// The type, as Postgres calls it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Id(_) | Self::Uuid(_) => "uuid",
            Self::Text(_) => "text",
            Self::Int(_) => "integer",
            Self::BigInt(_) => "bigint",
            Self::Bool(_) => "boolean",
            Self::Json(_) => "jsonb",
            Self::Bytes(_) => "bytea",
            Self::TextArray(_) | Self::NullableTextArray(_) => "text[]",
            Self::BigIntArray(_) => "bigint[]",
            Self::Null(name) => name,
        }
    }

    /// The value as Postgres reads it from a text; `None` for NULL.
    pub(crate) fn into_text(self) -> Option<String> {
        Some(match self {
            Self::Id(id) => id.to_string(),
            Self::Uuid(text) | Self::Text(text) | Self::Json(text) => text,
            Self::Int(number) => number.to_string(),
            Self::BigInt(number) => number.to_string(),
            Self::Bool(truth) => truth.to_string(),
            Self::Bytes(bytes) => bytes.iter().fold("\\x".to_owned(), |hex, byte| hex + &format!("{byte:02x}")),
            Self::TextArray(texts) => array(texts.iter().map(|text| Some(text.as_str()))),
            Self::NullableTextArray(texts) => array(texts.iter().map(Option::as_deref)),
            Self::BigIntArray(numbers) => {
                let numbers: Vec<String> = numbers.iter().map(i64::to_string).collect();
                array(numbers.iter().map(|number| Some(number.as_str())))
            }
            Self::Null(_) => return None,
        })
    }
}

/// An array as a text (PostgreSQL documentation, section 8.15.6).
fn array<'a>(elements: impl Iterator<Item = Option<&'a str>>) -> String {
    let quoted: Vec<String> = elements
        .map(|element| match element {
            Some(text) => format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")),
            None => "NULL".to_owned(),
        })
        .collect();
    format!("{{{}}}", quoted.join(","))
}

/// A value that is a parameter by its type alone; `None` is NULL of that type.
pub trait ParamType: Into<Param> {
    /// The type, as Postgres calls it.
    const NAME: &'static str;
}

macro_rules! param_types {
    ($($rust:ty => $name:literal, $variant:ident($convert:expr);)+) => {$(
        impl From<$rust> for Param {
            fn from(value: $rust) -> Self {
                let convert: fn($rust) -> _ = $convert;
                Self::$variant(convert(value))
            }
        }

        impl ParamType for $rust {
            const NAME: &'static str = $name;
        }
    )+};
}

param_types! {
    uuid::Uuid => "uuid", Id(|id| id);
    String => "text", Text(|text| text);
    &str => "text", Text(str::to_owned);
    i32 => "integer", Int(|number| number);
    i64 => "bigint", BigInt(|number| number);
    bool => "boolean", Bool(|truth| truth);
    Vec<u8> => "bytea", Bytes(|bytes| bytes);
    Vec<String> => "text[]", TextArray(|texts| texts);
    Vec<Option<String>> => "text[]", NullableTextArray(|texts| texts);
    Vec<i64> => "bigint[]", BigIntArray(|numbers| numbers);
}

/// JSON as a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json(pub String);

impl From<Json> for Param {
    fn from(json: Json) -> Self {
        Self::Json(json.0)
    }
}

impl ParamType for Json {
    const NAME: &'static str = "jsonb";
}

impl<T: ParamType> From<Option<T>> for Param {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null(T::NAME), Into::into)
    }
}

/// The parameters of a call, each by its type.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { vec![$($crate::postgres::Param::from($value)),*] };
}

/// The column that names the server, beside those of a load or of a write.
pub(crate) const SERVER: &str = "cache_server";

/// As [`call`], with the server that answers.
pub(super) fn call_loaded(function: &str, params: &[Param]) -> String {
    let mut text = invocation("SELECT f.*, (SELECT cache_server()) AS cache_server FROM ", function, params);
    text.push_str(" AS f");
    text
}

/// A statement that reads, with the server that answers.
pub(super) fn select_loaded(statement: &str) -> String {
    let statement = statement.trim_end().trim_end_matches(';');
    ["SELECT f.*, (SELECT cache_server()) AS cache_server FROM (", statement, ") AS f"].concat()
}

/// As [`call_loaded`], with the run that is named for a cache: that cache's name is the last
/// parameter.
pub(super) fn call_announced(function: &str, params: &[Param]) -> String {
    let cache = (params.len() + 1).to_string();
    let named = [" AS f, cache_written($", &cache, "::text) AS w"].concat();
    let mut text = invocation(
        "SELECT f.*, w.run AS named_run, w.named_ms, (SELECT cache_server()) AS cache_server FROM ",
        function,
        params,
    );
    text.push_str(&named);
    text
}

/// The statement that calls a function: its text is the same whatever the parameters are.
pub(super) fn call(function: &str, params: &[Param]) -> String {
    invocation("SELECT * FROM ", function, params)
}

fn invocation(begin: &str, function: &str, params: &[Param]) -> String {
    let mut text = [begin, function, "("].concat();
    for (index, param) in params.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        text.push_str(comma);
        text.push('$');
        text.push_str(&(index + 1).to_string());
        text.push_str("::");
        text.push_str(param.type_name());
    }
    text.push(')');
    text
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
            Param::NullableTextArray(values) => Self::ArrayStr(values),
            Param::BigIntArray(values) => Self::ArrayInt64(values.into_iter().map(Some).collect()),
            Param::Null(_) => Self::DbNull,
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

    /// A `text`; `None` if it is NULL.
    ///
    /// # Errors
    /// [`OriginFault::Internal`] if the column is missing or of another type. The same holds for
    /// the other types.
    pub fn text(&self, column: &str) -> Result<Option<&str>, OriginFault> {
        match self.value(column)? {
            DbValue::Str(value) | DbValue::Uuid(value) => Ok(Some(value)),
            DbValue::DbNull => Ok(None),
            _ => Err(Self::wrong(column)),
        }
    }

    /// A `bool`; `None` if it is NULL.
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

    /// A `bytea`; `None` if it is NULL.
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

    /// An `int8`, `int4` or `int2`; `None` if it is NULL.
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

    /// A `text[]`; empty if it is NULL.
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

    /// An `int8[]`; empty if it is NULL.
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
    /// As [`Self::text`]; also if it is NULL.
    pub fn take_text(&mut self, column: &str) -> Result<String, OriginFault> {
        let index = self.columns.iter().position(|name| name == column);
        match index.and_then(|index| self.values.get_mut(index)) {
            Some(DbValue::Str(value)) => Ok(std::mem::take(value)),
            _ => Err(Self::wrong(column)),
        }
    }

    /// Takes the bytes of a `text`, a `jsonb` or a `bytea` out, without a copy.
    ///
    /// # Errors
    /// As [`Self::text`]; also if it is NULL.
    pub fn take_bytes(&mut self, column: &str) -> Result<Vec<u8>, OriginFault> {
        let index = self.columns.iter().position(|name| name == column);
        match index.and_then(|index| self.values.get_mut(index)) {
            Some(DbValue::Str(value)) => Ok(std::mem::take(value).into_bytes()),
            Some(DbValue::Jsonb(value) | DbValue::Binary(value)) => Ok(std::mem::take(value)),
            _ => Err(Self::wrong(column)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_one_text_whatever_its_values_are() {
        let given = params![uuid::Uuid::nil(), Some(5i64), None::<&str>, vec!["a".to_owned()]];
        let text = call("order_patch", &given);
        assert_eq!(text, "SELECT * FROM order_patch($1::uuid, $2::bigint, $3::text, $4::text[])");
        let other = params![uuid::Uuid::nil(), None::<i64>, "b", Vec::<String>::new()];
        assert_eq!(call("order_patch", &other), text);
        assert_eq!(call("certificate_list", &[]), "SELECT * FROM certificate_list()");
    }

    #[test]
    fn every_parameter_has_the_text_that_postgres_reads() {
        let texts = |params: Vec<Param>| params.into_iter().map(Param::into_text).collect::<Vec<_>>();
        let some = |texts: &[&str]| texts.iter().map(|text| Some((*text).to_owned())).collect::<Vec<_>>();
        let scalars = params![uuid::Uuid::nil(), "it's", -1, i64::MIN, true, vec![0u8, 255], Json("{}".into())];
        let nil = "00000000-0000-0000-0000-000000000000";
        assert_eq!(texts(scalars), some(&[nil, "it's", "-1", "-9223372036854775808", "true", "\\x00ff", "{}"]));
        let words = vec!["a,b".to_owned(), "\"\\".to_owned(), String::new(), "NULL".to_owned()];
        let arrays = params![words, vec![None, Some("a".to_owned())], vec![1i64, -2], Vec::<String>::new()];
        let expected = [r#"{"a,b","\"\\","","NULL"}"#, r#"{NULL,"a"}"#, r#"{"1","-2"}"#, "{}"];
        assert_eq!(texts(arrays), some(&expected));
        assert_eq!(texts(params![None::<i64>]), [None]);
    }
}
