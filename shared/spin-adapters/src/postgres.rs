//! Postgres: one statement at a time, with a time limit and a breaker.

use crate::clock::{limited, monotonic_millis};
use crate::config::Rules;
use cache_logic::breaker::{Admission, Breaker, Change};
use commerce::error::Error;
use spin_sdk::pg::{Connection, DbValue, ParameterValue, PgError, QueryError};
use std::cell::{OnceCell, RefCell};
use std::time::Duration;

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
    columns: std::rc::Rc<[String]>,
    values: Vec<DbValue>,
}

impl Row {
    fn value(&self, column: &str) -> Result<&DbValue, Error> {
        let index = self.columns.iter().position(|name| name == column);
        index.and_then(|index| self.values.get(index)).ok_or_else(|| Error::internal(format!("no column {column}")))
    }

    fn wrong(column: &str) -> Error {
        Error::internal(format!("column {column} has another type"))
    }

    /// A `text`; `None` where it is NULL.
    ///
    /// # Errors
    /// [`Error::Internal`] where the column is missing or of another type; so the others.
    pub fn text(&self, column: &str) -> Result<Option<&str>, Error> {
        match self.value(column)? {
            DbValue::Str(value) | DbValue::Uuid(value) => Ok(Some(value)),
            DbValue::DbNull => Ok(None),
            _ => Err(Self::wrong(column)),
        }
    }

    /// A `bool`; `None` where it is NULL.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub fn bool(&self, column: &str) -> Result<Option<bool>, Error> {
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
    pub fn bytes(&self, column: &str) -> Result<Option<&[u8]>, Error> {
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
    pub fn int(&self, column: &str) -> Result<Option<i64>, Error> {
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
    pub fn texts(&self, column: &str) -> Result<Vec<String>, Error> {
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
    pub fn ints(&self, column: &str) -> Result<Vec<i64>, Error> {
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
    pub fn take_text(&mut self, column: &str) -> Result<String, Error> {
        let index = self.columns.iter().position(|name| name == column);
        match index.and_then(|index| self.values.get_mut(index)) {
            Some(DbValue::Str(value)) => Ok(std::mem::take(value)),
            _ => Err(Self::wrong(column)),
        }
    }
}

/// What is said where nothing was sent.
const AWAY: &str = "the database can't be reached";

/// Postgres, as one instance sees it.
pub struct Postgres {
    url: String,
    terms: OnceCell<Terms>,
}

/// How it is asked.
struct Terms {
    /// The address, with the time limits.
    url: String,
    /// How long a call is waited for. Postgres ends a statement at its limit; the quarter more lets it say so, and only then is it
    /// left alone.
    patience: Duration,
    breaker: RefCell<Breaker>,
    rest: Duration,
}

impl Postgres {
    /// Nothing is opened yet, and nothing known but the address.
    pub const fn new(url: String) -> Self {
        Self { url, terms: OnceCell::new() }
    }

    /// Known from the first statement on.
    async fn terms(&self) -> Result<&Terms, Error> {
        let rules = Rules::ready().await?;
        Ok(self.terms.get_or_init(|| Terms::new(&self.url, rules.postgres_timeout, rules.postgres_rest)))
    }

    /// Runs one statement. Its connection goes back to the pool with the answer: it is never kept, never shared.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where Postgres can't be reached in time; [`Error::Internal`] for what a retry doesn't mend.
    pub async fn query(&self, statement: &str, params: Vec<Param>) -> Result<Vec<Row>, Error> {
        self.ask(statement, params, "the database gave no answer in time").await
    }

    /// Runs one statement that changes something. Where its answer is lost the error says that the change may have been made.
    ///
    /// # Errors
    /// As [`Self::query`].
    pub async fn change(&self, statement: &str, params: Vec<Param>) -> Result<Vec<Row>, Error> {
        self.ask(statement, params, "the database gave no answer in time: the change may have been made or not").await
    }

    async fn ask(&self, statement: &str, params: Vec<Param>, lost: &'static str) -> Result<Vec<Row>, Error> {
        let terms = self.terms().await?;
        let admission = terms.breaker.borrow_mut().admit(monotonic_millis);
        if admission == Admission::Refuse {
            return Err(terms.unavailable(AWAY));
        }
        let outcome = limited(terms.patience, terms.run(statement, params)).await;
        let reached = matches!(outcome, Some(Ok(_) | Err(Failure::Answered(_) | Failure::TooSlow)));
        match terms.breaker.borrow_mut().report(admission, reached, monotonic_millis) {
            Some(Change::Opened) => eprintln!("warning: Postgres gives no answer; asked again in {:?}", terms.rest),
            Some(Change::Closed) => eprintln!("info: Postgres is back"),
            None => {}
        }
        match outcome {
            Some(Ok(rows)) => Ok(rows),
            Some(Err(Failure::Answered(error))) => Err(error),
            Some(Err(Failure::TooSlow)) => {
                Err(Error::Unavailable { detail: "the database took too long".into(), retry_after_seconds: 1 })
            }
            Some(Err(Failure::Lost)) | None => Err(terms.unavailable(lost)),
            Some(Err(Failure::Unreachable)) => Err(terms.unavailable(AWAY)),
        }
    }

    /// True while the breaker is open: calls are refused unasked.
    pub fn is_left_alone(&self) -> bool {
        self.terms.get().is_some_and(|terms| terms.breaker.borrow().is_open())
    }
}

impl Terms {
    /// `limit` bounds one call: connecting, waiting for a free connection, and the statement.
    fn new(url: &str, limit: Duration, rest: Duration) -> Self {
        let patience = limit + limit / 4;
        let breaker = RefCell::new(Breaker::new(rest.as_millis() as u64, patience.as_millis() as u64));
        Self { url: with_time_limits(url, limit), patience, breaker, rest }
    }

    fn unavailable(&self, detail: &str) -> Error {
        let retry_after_seconds = self.rest.as_secs().max(1) as u32;
        Error::Unavailable { detail: detail.into(), retry_after_seconds }
    }

    async fn run(&self, statement: &str, params: Vec<Param>) -> Result<Vec<Row>, Failure> {
        let connection = Connection::open(&self.url).await.map_err(|error| match sdk_failure(error) {
            Failure::Lost => Failure::Unreachable,
            failure => failure,
        })?;
        let params: Vec<ParameterValue> = params.into_iter().map(Into::into).collect();
        let mut answer = connection.query(statement, params).await.map_err(sdk_failure)?;
        let columns: std::rc::Rc<[String]> = answer.columns().iter().map(|column| column.name.clone()).collect();
        let mut rows = Vec::new();
        while let Some(values) = answer.rows().next().await {
            rows.push(Row { columns: columns.clone(), values });
        }
        answer.result().await.map_err(sdk_failure)?;
        Ok(rows)
    }
}

/// Why a statement gave no rows.
enum Failure {
    /// Postgres was reached and refused it.
    Answered(Error),
    /// Postgres was reached and took too long.
    TooSlow,
    /// It was not reached: nothing was done.
    Unreachable,
    /// The statement was sent, and the connection broke.
    Lost,
}

fn sdk_failure(error: spin_sdk::pg::Error) -> Failure {
    let error = match error {
        spin_sdk::pg::Error::PgError(error) => error,
        spin_sdk::pg::Error::Decode(why) => return Failure::Answered(Error::internal(why)),
    };
    match error {
        PgError::ConnectionFailed(_) => Failure::Unreachable,
        PgError::QueryFailed(QueryError::DbError(error)) => by_sqlstate(&error.code, error.message),
        // Without a code it is not Postgres that speaks: the connection broke.
        PgError::QueryFailed(QueryError::Text(_)) | PgError::Other(_) => Failure::Lost,
        PgError::BadParameter(why) | PgError::ValueConversionFailed(why) => Failure::Answered(Error::internal(why)),
    }
}

/// Sorts by "would a retry help" (PostgreSQL documentation, appendix A).
fn by_sqlstate(code: &str, message: String) -> Failure {
    match code {
        "57014" => Failure::TooSlow,
        // Connection exceptions, insufficient resources, shutdowns, starting up.
        code if code.starts_with("08") || code.starts_with("53") || code.starts_with("57P") => Failure::Unreachable,
        // Serialization failure, deadlock, lock not available: the same request may succeed at once.
        "40001" | "40P01" | "55P03" => {
            Failure::Answered(Error::Unavailable { detail: "the database was busy".into(), retry_after_seconds: 1 })
        }
        code => Failure::Answered(Error::internal(format!("SQLSTATE {code}: {message}"))),
    }
}

/// Adds the time limits that Spin doesn't have: for connecting, for a statement, and for a transaction that somebody left open.
fn with_time_limits(url: &str, limit: Duration) -> String {
    if url.contains("options=") {
        return url.to_owned();
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    let (millis, seconds) = (limit.as_millis(), limit.as_secs().max(1));
    format!(
        "{url}{separator}connect_timeout={seconds}&application_name=edge-orders&options=-c%20statement_timeout%3D{millis}\
         %20-c%20idle_in_transaction_session_timeout%3D{millis}"
    )
}
