//! One connection to Redis per instance, with a time limit, a breaker and a reopening on error.
//! Spin has none of the three.

mod memory;
mod refusal;
mod rights;
mod script;

pub use memory::Memory;
pub use rights::Uses;
pub use script::{Script, hex, millis, number, text};

use crate::clock::monotonic_millis;
use crate::complaints::Complaints;
use crate::deadline::Deadline;
use crate::log::{self, Level};
use crate::notify::Notify;
use cache_logic::breaker::{Admission, Breaker, Change};
use cache_logic::certificate::RunId;
use cache_logic::ports::CacheFault;
use spin_sdk::redis::{Connection, Error};

pub use spin_sdk::redis::{RedisParameter as Argument, RedisResult as Value};
use spin_sdk::wasip3::spawn;
use std::cell::{Cell, OnceCell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::join;

/// An open connection, and the run of its server.
struct Session {
    connection: Connection,
    /// When it was opened.
    opened: u64,
    /// Learned beside the first command. No answer counts before that.
    run: OnceCell<RunId>,
}

/// Stands for a connection that is being opened, or whose server is being asked for its run. It is
/// dropped at the end, or when the time limit cuts it off; then the requests that wait are woken.
struct Opening<'a>(&'a Server);

impl<'a> Opening<'a> {
    fn begin(server: &'a Server) -> Self {
        server.opening.set(true);
        server.closed_by.replace(None);
        Self(server)
    }
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        self.0.opening.set(false);
        self.0.opened.notify();
    }
}

/// Redis, as one instance sees it.
#[derive(Clone)]
pub struct Redis(Rc<Server>);

struct Server {
    name: &'static str,
    url: String,
    deadline: Rc<Deadline>,
    session: RefCell<Option<Rc<Session>>>,
    opening: Cell<bool>,
    /// Wakes requests when a connection was opened, when its server is known, and when either
    /// failed.
    opened: Notify,
    /// Why the last connection could not be opened.
    closed_by: RefCell<Option<CacheFault>>,
    breaker: RefCell<Breaker>,
    /// A connection to a replica is kept for so long, in milliseconds.
    rest: u64,
    /// Why it lets us do nothing at all, as it said the last time.
    shut_out: RefCell<Option<CacheFault>>,
    complaints: Complaints,
}

impl Redis {
    /// A Redis at this address. Nothing is opened yet. The log calls it `name`.
    pub fn new(name: &'static str, url: String, limit: Duration, rest: Duration) -> Self {
        // A call may open the connection first: three answers.
        let breaker = RefCell::new(Breaker::new(rest.as_millis() as u64, 3 * limit.as_millis() as u64));
        Self(Rc::new(Server {
            name,
            url,
            deadline: Deadline::new(limit),
            session: RefCell::new(None),
            opening: Cell::new(false),
            opened: Notify::default(),
            closed_by: RefCell::new(None),
            breaker,
            rest: rest.as_millis() as u64,
            shut_out: RefCell::new(None),
            complaints: Complaints::new(name),
        }))
    }

    /// Runs one command. The answer comes with the run id of the server that gave it.
    ///
    /// # Errors
    /// [`CacheFault`]: no answer in time, no connection, an error answer, or not asked because the
    /// breaker is open.
    pub async fn command(&self, name: &str, arguments: Vec<Argument>) -> Result<(Vec<Value>, RunId), CacheFault> {
        self.0.command(self.0.admit()?, name, name, arguments).await
    }

    /// As [`Self::command`], for a caller that has another way to go. When Redis has been left
    /// alone long enough, a PING behind the response finds out whether it is back, and this call is
    /// refused.
    ///
    /// # Errors
    /// As [`Self::command`].
    pub async fn command_without_probing(
        &self,
        name: &str,
        arguments: Vec<Argument>,
    ) -> Result<(Vec<Value>, RunId), CacheFault> {
        let admission = self.0.admit()?;
        if admission == Admission::Probe {
            let server = self.0.clone();
            spawn(async move {
                // The outcome is reported to the breaker alone.
                let _ = server.command(admission, "PING", "PING", Vec::new()).await;
            });
            return Err(CacheFault::Skipped);
        }
        self.0.command(admission, name, name, arguments).await
    }

    /// Runs a script by its digest; sends its text if Redis doesn't know it yet.
    ///
    /// # Errors
    /// As [`Self::command`].
    pub async fn script(
        &self,
        script: &Script,
        keys: &[&str],
        arguments: Vec<Argument>,
    ) -> Result<(Vec<Value>, RunId), CacheFault> {
        let call = |head: &str| {
            let mut all = vec![text(head), Argument::Int64(keys.len() as i64)];
            all.extend(keys.iter().map(|key| text(key)));
            all.extend(arguments.iter().cloned());
            all
        };
        let digest = script.digest();
        match self.0.command(self.0.admit()?, digest, "EVALSHA", call(digest)).await {
            Err(CacheFault::Protocol(why)) if is_unknown_script(&why) => {
                self.0.command(self.0.admit()?, digest, "EVAL", call(script.source)).await
            }
            outcome => outcome,
        }
    }

    /// The run of the server that the open connection leads to.
    pub fn run(&self) -> Option<RunId> {
        self.0.session.borrow().as_ref().and_then(|session| session.run.get().copied())
    }

    /// True while the breaker is open: calls are refused unasked.
    pub fn is_left_alone(&self) -> bool {
        self.0.breaker.borrow().is_open()
    }
}

impl Server {
    fn admit(&self) -> Result<Admission, CacheFault> {
        match self.breaker.borrow_mut().admit(monotonic_millis) {
            Admission::Refuse => Err(self.shut_out.borrow().clone().unwrap_or(CacheFault::Skipped)),
            admission => Ok(admission),
        }
    }

    /// `question` stands for the command, or for the script, in the list of complaints.
    async fn command(
        &self,
        admission: Admission,
        question: &str,
        name: &str,
        arguments: Vec<Argument>,
    ) -> Result<(Vec<Value>, RunId), CacheFault> {
        let outcome = self.execute(name, arguments).await;
        let answered = match &outcome {
            // The last three come from elsewhere than Redis.
            Ok(_)
            | Err(CacheFault::Skipped | CacheFault::Misconfigured | CacheFault::AnotherRun | CacheFault::Withheld) => {
                true
            }
            Err(CacheFault::TimedOut | CacheFault::Unreachable) => false,
            Err(CacheFault::Protocol(why)) => !refusal::is_shut_out(why),
        };
        if !answered || matches!(&outcome, Err(CacheFault::Protocol(why)) if self.leads_to_a_replica(why)) {
            self.session.replace(None);
        }
        self.shut_out.replace(match &outcome {
            Err(fault @ CacheFault::Protocol(_)) if !answered => Some(fault.clone()),
            _ => None,
        });
        match (self.breaker.borrow_mut().report(admission, answered, monotonic_millis), &outcome) {
            (Some(Change::Opened), Err(CacheFault::Protocol(_))) | (None, _) => {}
            (Some(Change::Opened), _) => {
                log::say(
                    Level::Warn,
                    "redis-away",
                    format_args!("{} gives no answer and is left alone until it does", self.name),
                );
            }
            (Some(Change::Closed), _) => log::say(Level::Warn, "redis-back", format_args!("{} is back", self.name)),
        }
        self.complain(question, &outcome);
        outcome
    }

    /// Whether an error says that the open connection leads to a replica. Its primary may be found
    /// under the same address, so the next command asks there. An address that leads to a replica
    /// for ever costs a connection now and then, not one for each command.
    fn leads_to_a_replica(&self, why: &str) -> bool {
        let old = |session: &Rc<Session>| monotonic_millis().saturating_sub(session.opened) >= self.rest;
        refusal::is_of_a_replica(why) && self.session.borrow().as_ref().is_some_and(old)
    }

    /// Tells the log of an error that Redis answers, and of its end; each once.
    fn complain<T>(&self, question: &str, outcome: &Result<T, CacheFault>) {
        let line = match outcome {
            Ok(_) => self.complaints.heard(question, None),
            Err(CacheFault::Protocol(why)) if !is_unknown_script(why) => {
                self.complaints.heard(question, Some(refusal::known_meaning(why).unwrap_or(why)))
            }
            Err(_) => None,
        };
        if let Some(line) = line {
            log::say(Level::Warn, "redis-answers", &line);
        }
    }

    async fn execute(&self, name: &str, arguments: Vec<Argument>) -> Result<(Vec<Value>, RunId), CacheFault> {
        let (session, opening) = self.session().await?;
        let call = self.in_time(session.connection.execute(name, arguments));
        let answer = match opening {
            None => call.await?,
            // A future of its own: nearly every command finds an open session.
            Some(opening) => Box::pin(self.introduced(opening, &session, call)).await?,
        };
        match (answer, session.run.get()) {
            (Ok(answer), Some(run)) => Ok((answer, *run)),
            (Ok(answer), None) => Ok((answer, Box::pin(self.introduction(&session)).await?)),
            (Err(error), _) => Err(fault(&error)),
        }
    }

    /// One answer of Redis. Each has the whole limit: a server that hangs gives none, and one that
    /// is asked by a busy machine gives one after the other.
    async fn in_time<T>(&self, answer: impl Future<Output = T>) -> Result<T, CacheFault> {
        self.deadline.within(answer).await.ok_or(CacheFault::TimedOut)
    }

    /// The open session, or a new one, whose server the request that opened it asks for its run.
    /// One request opens it; the others wait for it, and give up with it.
    async fn session(&self) -> Result<(Rc<Session>, Option<Opening<'_>>), CacheFault> {
        let mut waited = false;
        loop {
            let open = self.session.borrow().clone();
            if let Some(session) = open {
                return Ok((session, None));
            }
            if !self.opening.get() {
                let closed_by = self.closed_by.borrow().clone();
                return match closed_by.filter(|_| waited) {
                    Some(fault) => Err(fault),
                    // A future of its own: nearly every command finds an open session.
                    None => Box::pin(self.open()).await,
                };
            }
            waited = true;
            self.opened.notified().await;
        }
    }

    async fn open(&self) -> Result<(Rc<Session>, Option<Opening<'_>>), CacheFault> {
        let opening = Opening::begin(self);
        let opened = self.in_time(Connection::open(&self.url)).await;
        let connection = match opened.and_then(|opened| opened.map_err(|error| fault(&error))) {
            Ok(connection) => connection,
            Err(fault) => {
                self.closed_by.replace(Some(fault.clone()));
                return Err(fault);
            }
        };
        let session = Rc::new(Session { connection, opened: monotonic_millis(), run: OnceCell::new() });
        self.session.replace(Some(session.clone()));
        // The requests that wait may send their commands.
        self.opened.notify();
        Ok((session, Some(opening)))
    }

    /// Sends the first command of a connection, and beside it the question for the server's run.
    /// Both take one round trip.
    async fn introduced<T>(
        &self,
        _opening: Opening<'_>,
        session: &Session,
        command: impl Future<Output = Result<T, CacheFault>>,
    ) -> Result<T, CacheFault> {
        let (known, answer) = join(self.ask_run(&session.connection), command).await;
        match known {
            Ok(run) => {
                self.deadline.trust();
                // Nobody else sets it.
                let _ = session.run.set(run);
                answer
            }
            Err(fault) => {
                self.session.replace(None);
                self.closed_by.replace(Some(fault.clone()));
                Err(fault)
            }
        }
    }

    async fn ask_run(&self, connection: &Connection) -> Result<RunId, CacheFault> {
        let info = self.in_time(connection.execute("INFO", [text("server")])).await?.map_err(|error| fault(&error))?;
        match info.as_slice() {
            [Value::Binary(info)] => standalone_run(&String::from_utf8_lossy(info)),
            _ => Err(CacheFault::Protocol("INFO gave no text".into())),
        }
    }

    /// The run of a connection's server, while another request asks for it.
    async fn introduction(&self, session: &Session) -> Result<RunId, CacheFault> {
        loop {
            match session.run.get() {
                Some(run) => return Ok(*run),
                None if self.opening.get() => self.opened.notified().await,
                None => return Err(self.closed_by.borrow().clone().unwrap_or(CacheFault::Unreachable)),
            }
        }
    }
}

/// The run id out of `INFO server`; a Redis Cluster is refused, since one look spans several slots.
fn standalone_run(info: &str) -> Result<RunId, CacheFault> {
    let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    if field("redis_mode:") == Some("cluster") {
        return Err(CacheFault::Protocol("a Redis Cluster can't be used: one primary is needed".into()));
    }
    let run = field("run_id:").and_then(|id| id.get(..32)).and_then(|id| u128::from_str_radix(id, 16).ok());
    run.ok_or_else(|| CacheFault::Protocol("INFO names no run_id".into()))
}

/// Spin hands on the text of an error and nothing else, so the text decides. An error that the
/// server gave is an answer; any other means that the connection is gone.
fn fault(error: &Error) -> CacheFault {
    match error {
        Error::Other(why) if !refusal::is_answer(why) => CacheFault::Unreachable,
        Error::Other(why) => CacheFault::Protocol(why.clone()),
        Error::TooManyConnections => CacheFault::Unreachable,
        Error::InvalidAddress => {
            CacheFault::Protocol("redis_url is not an address, or not in allowed_outbound_hosts".into())
        }
        Error::TypeError => CacheFault::Protocol("an answer of another type".into()),
    }
}

/// A fault, for people to read. Names no address.
pub fn explain(fault: &CacheFault) -> &'static str {
    match fault {
        CacheFault::Protocol(why) => refusal::meaning(why),
        CacheFault::Skipped => "it gave no answer a moment ago, and is left alone",
        CacheFault::AnotherRun | CacheFault::Withheld => "the database gives no certificate for it",
        CacheFault::Unreachable | CacheFault::TimedOut | CacheFault::Misconfigured => "it can't be reached",
    }
}

fn is_unknown_script(why: &str) -> bool {
    why.contains("NOSCRIPT") || why.contains("NoScript")
}
