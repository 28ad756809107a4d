use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::eventually;

/// All commands that clients send to a Redis, by MONITOR. Commands of scripts are no round trips
/// and are left out.
#[derive(Debug)]
pub struct RedisLog {
    seen: Arc<Mutex<Vec<Command>>>,
    flushes: usize,
    marker: redis::aio::MultiplexedConnection,
    reader: JoinHandle<()>,
}

/// A command as a client sent it.
#[derive(Clone, Debug)]
pub struct Command {
    /// The name, in upper case.
    pub name: String,
    /// The whole line of MONITOR after the client's address.
    pub text: String,
}

impl Command {
    fn parse(line: &str) -> Option<Command> {
        // +1700000000.123456 [0 127.0.0.1:50000] "MGET" "a" "b"
        let (head, text) = line.split_once("] ")?;
        if head.ends_with(" lua") {
            return None;
        }
        let name = text.split('"').nth(1)?.to_uppercase();
        Some(Command { name, text: text.trim_end().to_owned() })
    }

    /// Whether it renews the certificate: it claims or sets it, while a read asks for an entry
    /// beside it.
    pub fn is_renewal(&self) -> bool {
        self.name != "MGET" && self.text.contains("cache:")
    }

    /// Whether it adds up statistics. That happens behind responses, for many requests at once, and
    /// when an instance is quiet.
    fn is_flush(&self) -> bool {
        self.name.starts_with("EVAL") && self.text.contains("cache:statistics\"")
    }

    /// Whether it adds up counts of requests, for limits. That happens behind responses, too.
    fn is_count(&self) -> bool {
        self.name.starts_with("EVAL") && self.text.contains("limit:batch:")
    }

    /// Whether it publishes events. That happens behind responses, a while after a change.
    fn is_publication(&self) -> bool {
        self.name.starts_with("EVAL") && self.text.contains("changes\"")
    }

    /// Whether it belongs to the opening of a connection. That comes once per connection, which
    /// lives as long as the instance.
    pub fn is_opening(&self) -> bool {
        matches!(self.name.as_str(), "INFO" | "CLIENT" | "HELLO" | "AUTH" | "SELECT")
    }
}

impl RedisLog {
    /// Begins to watch the Redis at this address.
    pub async fn watch(url: &str) -> RedisLog {
        let client = redis::Client::open(url).expect("a Redis address");
        let marker = client.get_multiplexed_async_connection().await.expect("Redis answers");
        let address = url.trim_start_matches("redis://").split('/').next().expect("an address").to_owned();
        let mut stream = BufReader::new(TcpStream::connect(&address).await.expect("Redis answers"));
        stream.write_all(b"MONITOR\r\n").await.expect("MONITOR");
        let mut begun = String::new();
        stream.read_line(&mut begun).await.expect("an answer to MONITOR");
        assert_eq!(begun, "+OK\r\n");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let reader = tokio::spawn(collect(stream, seen.clone()));
        RedisLog { seen, flushes: 0, marker, reader }
    }

    /// The commands since the last call, among them those of every request that was answered
    /// before. Commands that open connections are left out. So are statistics, counts of requests
    /// and published events, since no request tells when they come; [`RedisLog::flushes`] counts
    /// the statistics.
    pub async fn take(&mut self) -> Vec<Command> {
        let mark = Uuid::new_v4().to_string();
        let _: String = redis::cmd("ECHO").arg(&mark).query_async(&mut self.marker).await.expect("Redis answers");
        let mut taken = eventually("MONITOR shows the mark", kit::SOON, || async {
            let mut seen = self.seen.lock().expect("no reader panicked");
            let at = seen.iter().position(|command| command.text.contains(&mark))?;
            let mut taken: Vec<Command> = seen.drain(..=at).collect();
            taken.pop();
            let told = |command: &Command| command.name == "ECHO" || command.is_opening();
            taken.retain(|command| !told(command) && !command.is_publication() && !command.is_count());
            Some(taken)
        })
        .await;
        let before = taken.len();
        taken.retain(|command| !command.is_flush());
        self.flushes += before - taken.len();
        taken
    }

    /// How many of all commands taken so far added up statistics.
    pub fn flushes(&self) -> usize {
        self.flushes
    }
}

impl Drop for RedisLog {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

async fn collect(stream: BufReader<TcpStream>, seen: Arc<Mutex<Vec<Command>>>) {
    let mut lines = stream.lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if let (Some(command), Ok(mut seen)) = (Command::parse(&line), seen.lock()) {
            seen.push(command);
        }
    }
}
