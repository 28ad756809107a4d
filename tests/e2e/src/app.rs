use std::path::PathBuf;

use kit::database::{OwnDatabase, connect, with_database};
use serde_json::{Value, json};
use standin::Standin;
use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

use crate::server::Up;
use crate::suite::{Suite, variable};
use crate::{
    Answer, Caller, Client, PostgresProcess, Private, RedisLog, RedisProcess, SOON, Sample, Server, Statements,
    eventually,
};

/// A server under test with its stores. It ends, and its database goes, when this is dropped; the
/// database of a scenario that failed stays until the next run.
#[derive(Debug)]
pub struct App {
    /// `http://127.0.0.1:port`
    pub base_url: String,
    /// A client with a service token of the sample's organisation.
    pub client: Client,
    /// Rows of the seed for the scenario.
    pub sample: Sample,
    /// Its Redis.
    pub redis_url: String,
    /// Its own Redis, if it has one.
    pub redis: Option<RedisProcess>,
    /// Its own Postgres, if it has one.
    pub postgres: Option<PostgresProcess>,
    /// The server's process, if it was started here.
    pub server: Option<Server>,
    /// The payment providers that it knows, if [`Private::payments`] named them.
    pub standin: Option<Standin>,
    /// Its own database on the server that all share.
    pub(crate) database: Option<OwnDatabase>,
    pub(crate) database_url: String,
    pub(crate) prefix: String,
    pub(crate) token: String,
    pub(crate) keys: Option<Value>,
    pub(crate) log: PathBuf,
    // Kept for a second server on the same stores.
    pub(crate) settings: Vec<(String, String)>,
    // Held as long as the scenario uses a server that others use, too.
    pub(crate) _turn: Option<OwnedMutexGuard<()>>,
}

impl App {
    /// A server with a database and a key prefix of its own, or the one that `E2E_BASE_URL` names.
    pub async fn spawn() -> App {
        App::running().await.or_else_start(Private::default()).await
    }

    /// Like [`App::spawn`], with a Redis of its own, so that no other scenario's commands are seen.
    pub async fn spawn_alone() -> App {
        App::running().await.or_else_start(App::private().own_redis()).await
    }

    /// Like [`App::spawn`], with the keys to make any caller's tokens. `None` for a server whose
    /// keys are not known.
    pub async fn spawn_with_callers() -> Option<App> {
        let app = App::spawn().await;
        if app.keys.is_none() {
            eprintln!("not run: this scenario makes up callers, and JWT_KEYS is not given");
            return None;
        }
        Some(app)
    }

    /// A server of a special kind. It can't be had if `E2E_BASE_URL` names a server.
    pub fn private() -> Private {
        Private::default()
    }

    async fn running() -> Start {
        let suite = Suite::get().await;
        let Some(running) = &suite.running else { return Start(None) };
        let turn = running.turn.clone().lock_owned().await;
        let org = Caller::claims_of(&running.token)["org"].as_str().expect("a token with org").to_owned();
        let sample = Sample::find(&connect(&suite.database_url).await, Some(&org)).await;
        Start(Some(App {
            base_url: running.base_url.clone(),
            client: Client::new(&running.base_url).with_token(&running.token),
            sample,
            redis_url: suite.redis_url.clone(),
            redis: None,
            postgres: None,
            database: None,
            database_url: suite.database_url.clone(),
            prefix: variable("SPIN_VARIABLE_KEY_PREFIX").unwrap_or_default(),
            token: running.token.clone(),
            keys: running.keys.clone(),
            server: None,
            standin: None,
            log: PathBuf::new(),
            settings: Vec::new(),
            _turn: Some(turn),
        }))
    }

    /// A client for this caller.
    pub fn as_caller(&self, caller: &Caller) -> Client {
        self.client.with_token(&self.token_of(caller))
    }

    /// A token of this caller, for clients of another server.
    pub fn token_of(&self, caller: &Caller) -> String {
        caller.token(self.keys.as_ref().expect("spawn_with_callers or private"))
    }

    /// The service's `Caller`, to be changed.
    pub fn service(&self) -> Caller {
        Caller::service(&self.sample.org)
    }

    /// A client of an operator.
    pub fn operator(&self) -> Client {
        self.as_caller(&Caller::operator(&self.sample.org))
    }

    /// Its payment providers.
    pub fn standin(&self) -> &Standin {
        self.standin.as_ref().expect("Private::payments")
    }

    /// A second server on the same stores and with the same settings, given in its environment, and
    /// a client with the same token.
    pub async fn another_server(&self) -> (Server, Client) {
        self.another_server_with("2", &[]).await
    }

    /// As [`Self::another_server`], with some variables set otherwise, and a log of that name.
    pub async fn another_server_with(&self, name: &str, variables: &[(&str, &str)]) -> (Server, Client) {
        let log = self.log.with_extension(format!("{name}.log"));
        let mut settings = self.settings.clone();
        settings.extend(variables.iter().map(|(name, value)| (name.to_uppercase(), (*value).to_owned())));
        let server = Server::start(&settings, false, &Up::default(), &log).await;
        let client = Client::new(server.base_url()).with_token(&self.token);
        (server, client)
    }

    /// The value of a setting that it was started with.
    pub fn setting(&self, name: &str) -> &str {
        let name = name.to_uppercase();
        let last = self.settings.iter().rev().find(|(known, _)| *known == name);
        last.map_or("", |(_, value)| value)
    }

    /// Creates an order of the sample's customer and gives the answer.
    pub async fn new_order(&self) -> Answer {
        self.client.create(self.order_request(), &Uuid::new_v4().to_string()).await.expect(201)
    }

    /// Creates an order and gives its id.
    pub async fn new_order_id(&self) -> String {
        self.new_order().await.json()["id"].as_str().expect("an id").to_owned()
    }

    /// A valid request for an order of the sample's customer.
    pub fn order_request(&self) -> Value {
        let sample = &self.sample;
        json!({"customerId": sample.customer, "currency": sample.currency, "items": [{"sku": sample.sku, "quantity": 2}]})
    }

    /// Its database, for a connection of the scenario's own.
    pub fn database_url(&self) -> &str {
        &self.database_url
    }

    /// Runs SQL in the server's database, past the server.
    pub async fn psql(&self, sql: &str) {
        let database = connect(&self.database_url).await;
        database.batch_execute(&format!("/* e2e: */ {sql}")).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    }

    /// One text that SQL gives.
    pub async fn psql_value(&self, sql: &str) -> String {
        let database = connect(&self.database_url).await;
        let row =
            database.query_one(&format!("/* e2e: */ {sql}"), &[]).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
        row.get(0)
    }

    /// True if nothing is announced that is still to be applied.
    pub async fn outbox_is_empty(&self) -> bool {
        self.psql_value("SELECT count(*)::text FROM cache_invalidations").await == "0"
    }

    /// Reads an order until all that was announced is applied. What other programs announce is
    /// applied by a renewal, which a reader makes; writers finish their work behind their answers.
    pub async fn apply_announced(&self, order: &str) {
        eventually("the outbox is emptied", SOON, || async {
            self.client.order(order).await.expect(200);
            self.outbox_is_empty().await.then_some(())
        })
        .await;
    }

    /// Watches the server's commands to Redis.
    pub async fn redis_log(&self) -> RedisLog {
        RedisLog::watch(&self.redis_url).await
    }

    /// The statements that ran in the server's database so far.
    pub async fn statements(&self) -> Statements {
        let database = self.database_url.split('?').next().and_then(|url| url.rsplit('/').next()).expect("a database");
        Statements::read(&connect(&with_database(&self.database_url, "postgres")).await, database).await
    }

    /// Reads `path` until the cache answers: then the entry is filled and a certificate lives.
    pub async fn warm(&self, path: &str) -> Answer {
        eventually(&format!("{path} becomes a hit"), SOON, || async {
            let answer = self.client.get(path).await;
            answer.is_hit().then_some(answer)
        })
        .await
    }

    /// How long the server and its own Redis have kept processors busy, in hundredths of a second.
    pub fn processor_ticks(&self) -> u64 {
        let redis = self.redis.as_ref().map_or(0, RedisProcess::processor_ticks);
        self.server.as_ref().map_or(0, Server::processor_ticks) + redis
    }

    /// The server's log so far; empty if it wasn't started here.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The token that `client` sends.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The prefix of its keys in Redis.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }
}

impl Drop for App {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        if let Some(database) = self.database.take() {
            database.keep();
        }
        if self.server.is_some() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(30).collect();
            eprintln!("--- the server's last lines, newest first ({})\n{}", self.log.display(), tail.join("\n"));
        }
    }
}

struct Start(Option<App>);

impl Start {
    async fn or_else_start(self, private: Private) -> App {
        match self.0 {
            Some(app) => app,
            None => private.start(Suite::get().await).await,
        }
    }
}
