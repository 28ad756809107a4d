use std::sync::atomic::{AtomicU32, Ordering};

use kit::database::{OwnDatabase, connect, rights_of_app, with_database};
use standin::Standin;

use crate::server::Up;
use crate::suite::{Suite, make_template, scratch_dir};
use crate::{App, Caller, Client, PostgresProcess, RedisProcess, SOON, Sample, Server, eventually};

/// The shop's address, which shoppers may be sent back to.
pub const SHOP: &str = "https://shop.test/";

/// The wishes for a private server.
#[derive(Debug, Default)]
pub struct Private {
    variables: Vec<(String, String)>,
    in_table: bool,
    own_redis: bool,
    own_postgres: bool,
    database_options: Option<String>,
    role_of_its_own: bool,
    standin: Option<Standin>,
    up: Up,
}

impl Private {
    /// Sets a variable of spin.toml.
    pub fn variable(mut self, name: &str, value: &str) -> Private {
        self.variables.push((name.to_uppercase(), value.to_owned()));
        self
    }

    /// Gives the variables in a table, as `make up` does, instead of in the environment.
    pub fn in_table(mut self) -> Private {
        self.in_table = true;
        self
    }

    /// A Redis of its own, to be killed or watched.
    pub fn own_redis(mut self) -> Private {
        self.own_redis = true;
        self
    }

    /// A Postgres of its own, to be stopped.
    pub fn own_postgres(mut self) -> Private {
        self.own_postgres = true;
        self
    }

    /// The server connects as a role with the documented rights and no others, called `app`. The
    /// Postgres is the scenario's own, since roles belong to a whole server.
    pub fn own_role(self) -> Private {
        Private { role_of_its_own: true, ..self.own_postgres() }
    }

    /// Settings of a session that the server's address of the database names, as
    /// `-c search_path=public`.
    pub fn database_options(mut self, options: &str) -> Private {
        self.database_options = Some(options.to_owned());
        self
    }

    /// Takes payments at these providers. Their accounts are those of the sample's organisation,
    /// and the server gets their events. Shoppers may be sent back to [`SHOP`].
    pub fn payments(mut self, standin: &Standin) -> Private {
        self.standin = Some(standin.clone());
        self
    }

    /// The app may have so many connections open to `redis` or `pg`.
    pub fn max_connections(mut self, to: &str, most: usize) -> Private {
        self.up.runtime_config.push_str(&format!("[outbound_{to}]\nmax_connections = {most}\n"));
        self
    }

    /// Jobs that are due are called by the server itself. Otherwise nobody calls them, so that they
    /// don't do a scenario's work.
    pub fn jobs(mut self) -> Private {
        self.up.jobs = true;
        self
    }

    /// An instance serves one request and ends.
    pub fn without_reuse(mut self) -> Private {
        self.up.arguments.extend(["--max-instance-reuse-count", "1"]);
        self
    }

    /// An instance takes many more requests at once than it does by default.
    pub fn all_in_one_instance(mut self) -> Private {
        self.up.arguments.extend(["--max-instance-concurrent-reuse-count", "1000"]);
        self.up.arguments.extend(["--max-instance-reuse-count", "100000"]);
        self
    }

    /// Starts it. `None` if `E2E_BASE_URL` names a server, which is not ours to configure.
    pub async fn spawn(self) -> Option<App> {
        let suite = Suite::get().await;
        if suite.running.is_some() {
            eprintln!("not run: this scenario needs a server of its own, and E2E_BASE_URL is given");
            return None;
        }
        Some(self.start(suite).await)
    }

    pub(crate) async fn start(self, suite: &Suite) -> App {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("e2e_run_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));

        let redis = if self.own_redis { Some(RedisProcess::start().await) } else { None };
        let postgres = self.own_postgres.then(PostgresProcess::start);
        let redis_url = redis.as_ref().map_or(suite.redis_url.clone(), RedisProcess::url);
        let server_url = postgres.as_ref().map_or(suite.database_url.clone(), PostgresProcess::url);
        if postgres.is_some() {
            make_template(&server_url).await;
        }
        let admin = connect(&with_database(&server_url, "postgres")).await;
        let create = format!("CREATE DATABASE {name} TEMPLATE e2e_template");
        eventually("the template can be copied", SOON, || async { admin.batch_execute(&create).await.ok() }).await;
        let own_database = postgres.is_none().then(|| OwnDatabase::made(&server_url, &name));
        let database_url = with_database(&server_url, &name);
        let database = connect(&database_url).await;
        let sample = Sample::find(&database, None).await;
        let mut servers_url = with_options(&database_url, self.database_options.as_deref());
        if self.role_of_its_own {
            let rights = format!("CREATE ROLE app LOGIN PASSWORD 'app'; {}", rights_of_app("app"));
            database.batch_execute(&rights).await.unwrap_or_else(|e| panic!("{rights}: {e:?}"));
            servers_url = with_user(&servers_url, "app:app");
        }

        let (keys, prefix) = (Caller::random_keys(), format!("{name}:"));
        let mut settings: Vec<(String, String)> = vec![
            ("REDIS_URL".to_owned(), redis_url.clone()),
            ("DATABASE_URL".to_owned(), servers_url),
            ("DATABASE_HOST".to_owned(), host_of(&database_url).to_owned()),
            ("KEY_PREFIX".to_owned(), prefix.clone()),
            ("JWT_KEYS".to_owned(), keys.to_string()),
            ("HMAC_KEY".to_owned(), format!("{0}{0}", uuid::Uuid::new_v4().simple())),
            ("PAYMENT_RETURN_URLS".to_owned(), SHOP.to_owned()),
            // Scenarios say what a read finds after a change, and count what each costs. A fill
            // behind the change would come before or after: `fill_after_write.rs` has it on.
            ("FILL_AFTER_WRITE".to_owned(), "off".to_owned()),
        ];
        if let Some(standin) = &self.standin {
            settings.extend(payment_settings(standin));
            own_accounts(&connect(&database_url).await, standin, &sample.org).await;
        }
        // The scenario's own variables come last, so they override the others.
        settings.extend(self.variables);
        let log = scratch_dir().join(format!("{name}.log"));
        let server = Server::start(&settings, self.in_table, &self.up, &log).await;
        let base_url = server.base_url().to_owned();
        if let Some(standin) = &self.standin {
            standin.webhooks_to(&base_url);
        }
        let token = Caller::service(&sample.org).token(&keys);
        let client = Client::new(&base_url).with_token(&token);
        App {
            base_url,
            client,
            sample,
            redis_url,
            redis,
            postgres,
            server: Some(server),
            standin: self.standin,
            database: own_database,
            database_url,
            prefix,
            token,
            keys: Some(keys),
            log,
            settings,
            _turn: None,
        }
    }
}

/// The server's settings for its payment providers.
fn payment_settings(standin: &Standin) -> Vec<(String, String)> {
    standin.variables().into_iter().map(|(name, value)| (name.to_uppercase(), value)).collect()
}

/// Gives the accounts to the sample's organisation.
async fn own_accounts(database: &tokio_postgres::Client, standin: &Standin, org: &str) {
    for (provider, account) in
        [("paypal", &standin.settings().paypal_account), ("stripe", &standin.settings().stripe_account)]
    {
        let sql = format!(
            "INSERT INTO provider_accounts (provider, account, organization_id) VALUES ('{provider}', '{account}', '{org}')"
        );
        database.batch_execute(&sql).await.unwrap_or_else(|e| panic!("{sql}: {e:?}"));
    }
}

/// The address with this user and password.
fn with_user(url: &str, user: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
    let host = rest.split_once('@').map_or(rest, |(_, host)| host);
    format!("{scheme}://{user}@{host}")
}

/// The address with settings of a session in it.
fn with_options(url: &str, options: Option<&str>) -> String {
    let Some(options) = options else { return url.to_owned() };
    let separator = if url.contains('?') { '&' } else { '?' };
    let encoded = options.replace(' ', "%20").replace('=', "%3D");
    format!("{url}{separator}options={encoded}")
}

/// `host:port` of an address.
fn host_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}
