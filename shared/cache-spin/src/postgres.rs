//! Postgres: one statement at a time, with a time limit and a breaker.

mod kept;
mod session;
mod sqlstate;
mod values;

pub(crate) use values::SERVER;
pub use values::{Json, Param, ParamType, Row};
use values::{call, call_announced, call_loaded, select_loaded};

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

use crate::clock::{limited, monotonic, monotonic_millis, sleep};
use crate::complaints::Complaints;
use crate::log::{self, Level};
use crate::terms::{Terms, TermsSource};
use cache_logic::breaker::{Admission, Breaker, Change};
use cache_logic::origin::OriginFault;
use kept::{Course, Kept};
use spin_sdk::pg::{Connection, ParameterValue, PgError, QueryError};
use spin_sdk::wasip3::spawn;
use sqlstate::Meaning;
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// The detail of a fault if nothing was sent.
const AWAY: &str = "the database can't be reached";

/// What a statement does, so what it means that its answer is lost.
#[derive(Clone, Copy)]
enum Effect {
    /// It only reads, so it may be asked again.
    Reads,
    /// It changes something, and may have done so.
    Changes,
}

impl Effect {
    /// The detail of the fault.
    const fn lost(self) -> &'static str {
        match self {
            Self::Reads => "the database gave no answer in time",
            Self::Changes => "the database gave no answer in time: the change may have been made or not",
        }
    }
}

/// Postgres, as one instance sees it.
pub struct Postgres {
    url: String,
    terms: TermsSource,
    access: OnceCell<Access>,
    complaints: Complaints,
}

/// How Postgres is asked.
struct Access {
    /// The address, with the settings of a session.
    url: String,
    /// How long a call is waited for. Postgres ends a statement at its limit. The quarter more lets
    /// it say so, and only then is it left alone.
    patience: Duration,
    breaker: RefCell<Breaker>,
    rest: Duration,
    lent: Rc<Lent>,
}

/// The connections that are kept.
struct Lent {
    kept: Kept<Connection>,
    /// Whether a task is there that gives them back.
    returning: Cell<bool>,
}

impl Postgres {
    /// A Postgres at this address. Nothing is opened yet.
    pub const fn new(url: String, terms: TermsSource) -> Self {
        Self { url, terms, access: OnceCell::new(), complaints: Complaints::new("Postgres") }
    }

    /// Made at the first statement.
    async fn access(&self) -> Result<&Access, OriginFault> {
        let terms = (self.terms)().await?;
        Ok(self.access.get_or_init(|| Access::new(&self.url, terms)))
    }

    /// Calls a function that changes nothing: `SELECT * FROM function(...)`. No other statement is
    /// on its connection meanwhile.
    ///
    /// # Errors
    /// [`OriginFault::Unavailable`] if Postgres can't be reached in time; [`OriginFault::Internal`]
    /// for a mistake that a retry doesn't mend.
    pub async fn query(&self, function: &str, params: Vec<Param>) -> Result<Vec<Row>, OriginFault> {
        self.ask(&call(function, &params), params, Effect::Reads).await
    }

    /// As [`Self::query`], for an entry: each row also names the server that answers.
    pub(crate) async fn load(&self, function: &str, params: Vec<Param>) -> Result<Vec<Row>, OriginFault> {
        self.ask(&call_loaded(function, &params), params, Effect::Reads).await
    }

    /// As [`Self::load`], by a statement.
    pub(crate) async fn load_by(&self, statement: Statement) -> Result<Vec<Row>, OriginFault> {
        let text = select_loaded(statement.text);
        self.ask(&text, statement.params, Effect::Reads).await
    }

    /// Calls a function that changes something. If its answer is lost, the error says that the
    /// change may have been made.
    ///
    /// # Errors
    /// As [`Self::query`].
    pub async fn change(&self, function: &str, params: Vec<Param>) -> Result<Vec<Row>, OriginFault> {
        self.ask(&call(function, &params), params, Effect::Changes).await
    }

    /// As [`Self::change`], for a function whose changes the cache must be told of. Each row also
    /// carries the run of Redis that is named for `cache` at the commit, by `cache_written`, and
    /// the server.
    ///
    /// # Errors
    /// As [`Self::query`].
    pub async fn change_announced(
        &self,
        function: &str,
        mut params: Vec<Param>,
        cache: &str,
    ) -> Result<Vec<Row>, OriginFault> {
        let statement = call_announced(function, &params);
        params.push(cache.into());
        self.ask(&statement, params, Effect::Changes).await
    }

    /// Runs a statement that changes nothing.
    ///
    /// # Errors
    /// As [`Self::query`].
    pub async fn select(&self, statement: Statement) -> Result<Vec<Row>, OriginFault> {
        self.ask(statement.text, statement.params, Effect::Reads).await
    }

    async fn ask(&self, statement: &str, params: Vec<Param>, effect: Effect) -> Result<Vec<Row>, OriginFault> {
        let access = self.access().await?;
        let admission = access.breaker.borrow_mut().admit(monotonic_millis);
        if admission == Admission::Refuse {
            return Err(access.unavailable(AWAY));
        }
        let outcome = limited(access.patience, access.run(statement, params, effect)).await;
        let reached =
            matches!(outcome, Some(Ok(_) | Err(Failure::Answered { .. } | Failure::TooSlow | Failure::Broke)));
        match access.breaker.borrow_mut().report(admission, reached, monotonic_millis) {
            Some(Change::Opened) => {
                let why = match &outcome {
                    Some(Err(Failure::Unreachable(why))) => &**why,
                    _ => "the time is up, or the connection broke",
                };
                let rest = access.rest;
                let message = format_args!("Postgres gives no answer; asked again in {rest:?}: {why}");
                log::say(Level::Warn, "postgres-away", message);
            }
            Some(Change::Closed) => log::say(Level::Warn, "postgres-back", "Postgres is back"),
            None => {}
        }
        let said = match &outcome {
            Some(Ok(_)) => self.complaints.heard(statement, None),
            Some(Err(Failure::Answered { complaint: Some(said), .. })) => self.complaints.heard(statement, Some(said)),
            _ => None,
        };
        if let Some(line) = said {
            log::say(Level::Warn, "postgres-answers", &line);
        }
        match outcome {
            Some(Ok(rows)) => Ok(rows),
            Some(Err(Failure::Answered { fault, .. })) => Err(fault),
            Some(Err(Failure::TooSlow)) => {
                Err(OriginFault::Unavailable { detail: "the database took too long".into(), retry_after_seconds: 1 })
            }
            Some(Err(Failure::Lost | Failure::Broke)) | None => Err(access.unavailable(effect.lost())),
            Some(Err(Failure::Unreachable(_))) => Err(access.unavailable(AWAY)),
        }
    }

    /// True while the breaker is open: calls are refused unasked.
    pub fn is_left_alone(&self) -> bool {
        self.access.get().is_some_and(|access| access.breaker.borrow().is_open())
    }
}

impl Access {
    /// The limit is the time of one call: connecting, waiting for a free connection, and the
    /// statement.
    fn new(url: &str, terms: &Terms) -> Self {
        let (limit, rest) = (terms.postgres_timeout, terms.postgres_rest);
        let patience = limit + limit / 4;
        let breaker = RefCell::new(Breaker::new(rest.as_millis() as u64, patience.as_millis() as u64));
        let lent = Lent { kept: Kept::new(terms.postgres_keep), returning: Cell::new(false) };
        Self { url: session::with_session(url, limit), patience, breaker, rest, lent: Rc::new(lent) }
    }

    fn unavailable(&self, detail: &str) -> OriginFault {
        let retry_after_seconds = self.rest.as_secs().max(1) as u32;
        OriginFault::Unavailable { detail: detail.into(), retry_after_seconds }
    }

    /// Runs a statement, on a kept connection if there is one. If that has broken meanwhile, the
    /// statement is repeated once on a new one, unless it may have changed something.
    async fn run(&self, statement: &str, params: Vec<Param>, effect: Effect) -> Result<Vec<Row>, Failure> {
        let begun = monotonic();
        let asks_again = self.lent.kept.asks_again(begun);
        let Some(loan) = self.lent.kept.take(begun) else {
            return self.run_anew(statement, params, asks_again.then_some(begun)).await;
        };
        let failure = match rows(&loan.connection, statement, params.clone()).await {
            Ok(rows) => {
                self.lent.put(loan, monotonic());
                return Ok(rows);
            }
            Err(failure) => failure,
        };
        if !matches!(failure, Failure::Lost | Failure::Unreachable(_)) {
            return Err(failure);
        }
        self.lent.kept.clear();
        match (failure, effect) {
            (Failure::Lost, Effect::Changes) => Err(Failure::Broke),
            _ => self.run_anew(statement, params, None).await,
        }
    }

    /// Runs a statement on a connection of the pool. `begun`: it may be kept, and was asked for
    /// then.
    async fn run_anew(
        &self,
        statement: &str,
        params: Vec<Param>,
        begun: Option<Duration>,
    ) -> Result<Vec<Row>, Failure> {
        let connection = Connection::open(&self.url).await.map_err(|error| match sdk_failure(error) {
            Failure::Lost => Failure::Unreachable("the connection broke".to_owned()),
            failure => failure,
        })?;
        let Some(begun) = begun else { return rows(&connection, statement, params).await };
        let lent = monotonic();
        let rows = rows(&connection, statement, params).await?;
        let answered = monotonic();
        if let Some(loan) = self.lent.kept.loan(connection, &Course { begun, lent, answered }) {
            self.lent.put(loan, answered);
        }
        Ok(rows)
    }
}

impl Lent {
    /// Keeps a connection, and sees to it that it goes back in time.
    fn put(self: &Rc<Self>, loan: kept::Loan<Connection>, now: Duration) {
        if self.kept.put(loan, now) && !self.returning.replace(true) {
            spawn(self.clone().give_back());
        }
    }

    async fn give_back(self: Rc<Self>) {
        while let Some(rest) = self.kept.give_back(monotonic()) {
            sleep(rest).await;
        }
        self.returning.set(false);
    }
}

/// The rows of a statement, read to their end.
async fn rows(connection: &Connection, statement: &str, params: Vec<Param>) -> Result<Vec<Row>, Failure> {
    let params: Vec<ParameterValue> = params.into_iter().map(Into::into).collect();
    let mut answer = connection.query(statement, params).await.map_err(sdk_failure)?;
    let columns: Rc<[String]> = answer.columns().iter().map(|column| column.name.clone()).collect();
    let mut rows = Vec::new();
    while let Some(values) = answer.rows().next().await {
        rows.push(Row::new(columns.clone(), values));
    }
    answer.result().await.map_err(sdk_failure)?;
    Ok(rows)
}

/// Why a statement gave no rows.
enum Failure {
    /// Postgres was reached and refused it. The log hears the complaint, if there is one.
    Answered { fault: OriginFault, complaint: Option<String> },
    /// Postgres was reached and took too long.
    TooSlow,
    /// Postgres was not reached: nothing was done. Why not, for the log.
    Unreachable(String),
    /// The statement was sent, and the connection broke.
    Lost,
    /// The same, on a connection that was kept: it may have broken long before, which says nothing
    /// about the server.
    Broke,
}

impl Failure {
    /// A mistake of ours.
    fn mistake(why: String) -> Self {
        Self::Answered { fault: OriginFault::internal(why), complaint: None }
    }

    /// An error that Postgres answered.
    fn answered(code: &str, message: &str) -> Self {
        let meaning = Meaning::of(code, message);
        let said = || format!("SQLSTATE {code}: {message}");
        match meaning.fault(code, message) {
            Some(fault) => Self::Answered { fault, complaint: meaning.is_for_the_log().then(said) },
            None if meaning == Meaning::TooSlow => Self::TooSlow,
            None => Self::Unreachable(said()),
        }
    }
}

fn sdk_failure(error: spin_sdk::pg::Error) -> Failure {
    let error = match error {
        spin_sdk::pg::Error::PgError(error) => error,
        spin_sdk::pg::Error::Decode(why) => return Failure::mistake(why),
    };
    match error {
        PgError::ConnectionFailed(why) => Failure::Unreachable(on_one_line(&why)),
        PgError::QueryFailed(QueryError::DbError(error)) => Failure::answered(&error.code, &error.message),
        // Without a code it is not Postgres that speaks: the connection broke.
        PgError::QueryFailed(QueryError::Text(_)) | PgError::Other(_) => Failure::Lost,
        PgError::BadParameter(why) | PgError::ValueConversionFailed(why) => Failure::mistake(why),
    }
}

/// The causes of a failed connection, which may come with a line for each, as one line of the log.
fn on_one_line(why: &str) -> String {
    const MOST: usize = 300;
    let lines: Vec<&str> = why.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("; ").chars().take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::on_one_line;

    #[test]
    fn why_a_connection_failed_is_one_short_line() {
        let why = "creating a new object\n\nCaused by:\n    0: db error\n    1: FATAL: sorry, too many clients already";
        let line = "creating a new object; Caused by:; 0: db error; 1: FATAL: sorry, too many clients already";
        assert_eq!(on_one_line(why), line);
        assert_eq!(on_one_line(&"x\n".repeat(1000)).chars().count(), 300);
    }
}
