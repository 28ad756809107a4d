//! Postgres: one statement at a time, with a time limit and a breaker.

mod values;

use values::call;
pub use values::{Json, Param, ParamType, Row};

/// A statement as it is sent, with its parameters as `$1`, `$2` and so on.
#[derive(Debug, Clone)]
pub struct Statement {
    /// Its text, the same whatever the parameters are.
    pub text: &'static str,
    /// Its parameters.
    pub params: Vec<Param>,
}

impl Statement {
    /// A statement with these parameters, see [`params!`](crate::params).
    pub const fn new(text: &'static str, params: Vec<Param>) -> Self {
        Self { text, params }
    }
}

use crate::clock::{limited, monotonic_millis};
use crate::terms::TermsSource;
use cache_logic::breaker::{Admission, Breaker, Change};
use cache_logic::origin::OriginFault;
use spin_sdk::pg::{Connection, ParameterValue, PgError, QueryError};
use std::cell::{OnceCell, RefCell};
use std::time::Duration;

/// The detail of a fault if nothing was sent.
const AWAY: &str = "the database can't be reached";

/// Postgres, as one instance sees it.
pub struct Postgres {
    url: String,
    terms: TermsSource,
    access: OnceCell<Access>,
}

/// How Postgres is asked.
struct Access {
    /// The address, with the time limits.
    url: String,
    /// How long a call is waited for. Postgres ends a statement at its limit. The quarter more lets
    /// it say so, and only then is it left alone.
    patience: Duration,
    breaker: RefCell<Breaker>,
    rest: Duration,
}

impl Postgres {
    /// A Postgres at this address. Nothing is opened yet.
    pub const fn new(url: String, terms: TermsSource) -> Self {
        Self { url, terms, access: OnceCell::new() }
    }

    /// Made at the first statement.
    async fn access(&self) -> Result<&Access, OriginFault> {
        let terms = (self.terms)().await?;
        Ok(self.access.get_or_init(|| Access::new(&self.url, terms.postgres_timeout, terms.postgres_rest)))
    }

    /// Calls a function that changes nothing: `SELECT * FROM function(...)`. Its connection goes
    /// back to the pool with the answer. It is never kept and never shared.
    ///
    /// # Errors
    /// [`OriginFault::Unavailable`] if Postgres can't be reached in time; [`OriginFault::Internal`]
    /// for a mistake that a retry doesn't mend.
    pub async fn query(&self, function: &str, params: Vec<Param>) -> Result<Vec<Row>, OriginFault> {
        self.ask(&call(function, &params), params, "the database gave no answer in time").await
    }

    /// Calls a function that changes something. If its answer is lost, the error says that the
    /// change may have been made.
    ///
    /// # Errors
    /// As [`Self::query`].
    pub async fn change(&self, function: &str, params: Vec<Param>) -> Result<Vec<Row>, OriginFault> {
        let lost = "the database gave no answer in time: the change may have been made or not";
        self.ask(&call(function, &params), params, lost).await
    }

    /// Runs a statement that changes nothing.
    ///
    /// # Errors
    /// As [`Self::query`].
    pub async fn select(&self, statement: Statement) -> Result<Vec<Row>, OriginFault> {
        self.ask(statement.text, statement.params, "the database gave no answer in time").await
    }

    async fn ask(&self, statement: &str, params: Vec<Param>, lost: &'static str) -> Result<Vec<Row>, OriginFault> {
        let access = self.access().await?;
        let admission = access.breaker.borrow_mut().admit(monotonic_millis);
        if admission == Admission::Refuse {
            return Err(access.unavailable(AWAY));
        }
        let outcome = limited(access.patience, access.run(statement, params)).await;
        let reached = matches!(outcome, Some(Ok(_) | Err(Failure::Answered(_) | Failure::TooSlow)));
        match access.breaker.borrow_mut().report(admission, reached, monotonic_millis) {
            Some(Change::Opened) => eprintln!("warning: Postgres gives no answer; asked again in {:?}", access.rest),
            Some(Change::Closed) => eprintln!("info: Postgres is back"),
            None => {}
        }
        match outcome {
            Some(Ok(rows)) => Ok(rows),
            Some(Err(Failure::Answered(error))) => Err(error),
            Some(Err(Failure::TooSlow)) => {
                Err(OriginFault::Unavailable { detail: "the database took too long".into(), retry_after_seconds: 1 })
            }
            Some(Err(Failure::Lost)) | None => Err(access.unavailable(lost)),
            Some(Err(Failure::Unreachable)) => Err(access.unavailable(AWAY)),
        }
    }

    /// True while the breaker is open: calls are refused unasked.
    pub fn is_left_alone(&self) -> bool {
        self.access.get().is_some_and(|access| access.breaker.borrow().is_open())
    }
}

impl Access {
    /// `limit` is the time of one call: connecting, waiting for a free connection, and the
    /// statement.
    fn new(url: &str, limit: Duration, rest: Duration) -> Self {
        let patience = limit + limit / 4;
        let breaker = RefCell::new(Breaker::new(rest.as_millis() as u64, patience.as_millis() as u64));
        Self { url: with_time_limits(url, limit), patience, breaker, rest }
    }

    fn unavailable(&self, detail: &str) -> OriginFault {
        let retry_after_seconds = self.rest.as_secs().max(1) as u32;
        OriginFault::Unavailable { detail: detail.into(), retry_after_seconds }
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
            rows.push(Row::new(columns.clone(), values));
        }
        answer.result().await.map_err(sdk_failure)?;
        Ok(rows)
    }
}

/// Why a statement gave no rows.
enum Failure {
    /// Postgres was reached and refused it.
    Answered(OriginFault),
    /// Postgres was reached and took too long.
    TooSlow,
    /// Postgres was not reached: nothing was done.
    Unreachable,
    /// The statement was sent, and the connection broke.
    Lost,
}

fn sdk_failure(error: spin_sdk::pg::Error) -> Failure {
    let error = match error {
        spin_sdk::pg::Error::PgError(error) => error,
        spin_sdk::pg::Error::Decode(why) => return Failure::Answered(OriginFault::internal(why)),
    };
    match error {
        PgError::ConnectionFailed(_) => Failure::Unreachable,
        PgError::QueryFailed(QueryError::DbError(error)) => by_sqlstate(&error.code, error.message),
        // Without a code it is not Postgres that speaks: the connection broke.
        PgError::QueryFailed(QueryError::Text(_)) | PgError::Other(_) => Failure::Lost,
        PgError::BadParameter(why) | PgError::ValueConversionFailed(why) => {
            Failure::Answered(OriginFault::internal(why))
        }
    }
}

/// Sorts by "would a retry help" (PostgreSQL documentation, appendix A).
fn by_sqlstate(code: &str, message: String) -> Failure {
    match code {
        "57014" => Failure::TooSlow,
        // Connection exceptions, insufficient resources, shutdowns, starting up.
        code if code.starts_with("08") || code.starts_with("53") || code.starts_with("57P") => Failure::Unreachable,
        // Serialization failure, deadlock, lock not available: the same request may succeed at
        // once.
        "40001" | "40P01" | "55P03" => Failure::Answered(OriginFault::Unavailable {
            detail: "the database was busy".into(),
            retry_after_seconds: 1,
        }),
        code => Failure::Answered(OriginFault::internal(format!("SQLSTATE {code}: {message}"))),
    }
}

/// Adds the time limits that Spin doesn't have: for connecting, for a statement, and for a
/// transaction that somebody left open.
fn with_time_limits(url: &str, limit: Duration) -> String {
    if url.contains("options=") {
        return url.to_owned();
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    let (millis, seconds) = (limit.as_millis(), limit.as_secs().max(1));
    format!(
        "{url}{separator}connect_timeout={seconds}&options=-c%20statement_timeout%3D{millis}\
         %20-c%20idle_in_transaction_session_timeout%3D{millis}"
    )
}
