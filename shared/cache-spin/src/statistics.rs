//! The counters of this instance, and their way to the sums of all instances.
//!
//! No request waits for a counter to be sent. The first count spawns a task behind the response.
//! The task waits until the instance is quiet, or has gathered for long enough; then it adds
//! everything to a hash in Redis by one script. Spin keeps an instance while such a task runs, also
//! past its last request. So nothing is lost when instances are replaced; and a task should end
//! soon, lest instances pile up.
//!
//! Counts are lost if the server is stopped or an instance traps before they are sent, and if Redis
//! is away for longer than its retries last.

use crate::clock::{monotonic, name, now_millis, request_millis, sleep};
use crate::log::{self, Level};
use crate::redis::{Argument, Redis, Script, Value, millis, text};
use cache_logic::ports::CacheFault;
use cache_logic::read::Read;
use cache_logic::statistics::Statistics;
use cache_logic::statistics::series::{self, LENGTHS, Point, REACH, Stretch};
use spin_sdk::wasip3::spawn;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::time::Duration;

/// The parts, in sixteenths, in which the gathering time is waited out. At the end of each a quiet
/// instance sends its counts and may end: after a burst many have had but a few requests. Each part
/// costs a timer, a tenth of a cached read, so they are few.
const PARTS: [u32; 3] = [3, 5, 8];

/// An instance counts as quiet when no request has come for so many sixteenths.
const QUIET: u32 = 2;

/// How often a batch is sent once more, while the cache is away, before it waits for the next
/// count.
const RETRIES: u32 = 3;

/// How long Redis remembers a batch: longer than its retries take.
const MARK_LIFE: Duration = Duration::from_secs(60);

/// How long Redis keeps what was counted in a minute or a quarter of an hour: beyond the reach of
/// any look, by more than the longest bucket.
const BUCKET_LIFE: Duration = Duration::from_millis(REACH + 3_600_000);

/// How an instance counts, and the Redis of the sums of all instances.
pub struct StatisticsSettings {
    /// The Redis of the sums.
    pub redis: Redis,
    /// Whether that is another Redis than the cache's.
    pub apart: bool,
    /// How long that Redis is left alone after it gave no answer.
    pub rest: Duration,
    /// The kinds of entries that are counted apart, each by its number in this list.
    pub entities: &'static [&'static str],
    /// How long an instance gathers before it adds to the sums; `None`: nothing is counted.
    pub gather: Option<Duration>,
}

/// The counters of one instance.
pub(crate) struct Recorder {
    settings: StatisticsSettings,
    key: String,
    script: Script,
    look: Script,
    counted: RefCell<Statistics>,
    /// Whether something was counted since the last batch.
    counting: Cell<bool>,
    /// Whether a task is there that will send the counts.
    pending: Cell<bool>,
    /// A batch that was sent without an answer. It may have been added, so it is sent again as it
    /// was.
    unanswered: RefCell<Option<Batch>>,
    warned: Cell<bool>,
}

/// Counts that are sent at once, under a name by which Redis recognises them if they come twice.
struct Batch {
    name: u128,
    counted: Statistics,
}

/// The fate of a batch.
#[derive(PartialEq, Eq)]
enum Sent {
    /// It has been added, now or before.
    Added,
    /// Redis is away, and with it the cache. There are fewer requests than usual, so instances may
    /// stay a little longer to send it.
    Away,
    /// To be tried again with the next count. At full load nobody may wait here.
    Refused,
}

impl Recorder {
    pub(crate) fn new(settings: StatisticsSettings, prefix: &str) -> Self {
        Self {
            key: format!("{prefix}cache:statistics"),
            script: Script::new(include_str!("lua/statistics.lua")),
            look: Script::new(include_str!("lua/series.lua")),
            counted: RefCell::new(Statistics::new(settings.entities)),
            counting: Cell::new(false),
            pending: Cell::new(false),
            unanswered: RefCell::new(None),
            warned: Cell::new(false),
            settings,
        }
    }

    /// The name of a kind of entry; empty if kinds have none.
    pub(crate) fn name(&self, entity: usize) -> &'static str {
        self.settings.entities.get(entity).copied().unwrap_or_default()
    }

    /// Returns when the instance is quiet, or when the gathering time is over. The clock says how
    /// long it has been quiet, so a part that began with an instance's last request isn't followed
    /// by another.
    async fn gathered(gather: Duration) {
        let quiet = (gather / 16 * QUIET).as_millis() as u64;
        for part in PARTS {
            sleep(gather / 16 * part).await;
            if now_millis().saturating_sub(request_millis()) >= quiet {
                return;
            }
        }
    }

    fn next_batch(&self) -> Option<Batch> {
        let unanswered = self.unanswered.take();
        unanswered.or_else(|| {
            self.counting.set(false);
            let counted = self.counted.borrow_mut().drain()?;
            Some(Batch { name: name(), counted })
        })
    }

    /// Counts something. The count is sent behind the response.
    pub(crate) fn count(&'static self, record: impl FnOnce(&mut Statistics)) {
        let Some(gather) = self.settings.gather else { return };
        record(&mut self.counted.borrow_mut());
        self.counting.set(true);
        if !self.pending.replace(true) {
            spawn(self.send_gathered(gather));
        }
    }

    /// Counts the reads of one request. They waited together, so the longest wait counts.
    pub(crate) fn count_reads<'r, E>(
        &'static self,
        entity: usize,
        reads: impl IntoIterator<Item = Result<Option<&'r Read>, E>>,
    ) {
        self.count(|statistics| {
            let mut waited = 0;
            for read in reads {
                if let Ok(Some(read)) = &read {
                    waited = waited.max(read.trace.waited_ms);
                }
                statistics.read(entity, read);
            }
            statistics.waited(entity, waited);
        });
    }

    /// Runs a load and counts its time.
    pub(crate) async fn timed<T, E>(
        &'static self,
        entity: usize,
        load: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let begun = monotonic();
        let loaded = load.await;
        let took = monotonic().saturating_sub(begun);
        self.count(|statistics| statistics.load(entity, took, loaded.is_ok()));
        loaded
    }

    /// The task behind a response: one at a time.
    async fn send_gathered(&'static self, gather: Duration) {
        let mut failures = 0;
        while failures <= RETRIES {
            Self::gathered(gather).await;
            let Some(batch) = self.next_batch() else { break };
            match self.send(&batch).await {
                // The next count has a task of its own: waiting for it here would cost a timer.
                Sent::Added if !self.counting.get() => break,
                Sent::Added => failures = 0,
                outcome => {
                    self.unanswered.replace(Some(batch));
                    failures += 1;
                    if outcome == Sent::Refused {
                        break;
                    }
                    sleep(gather.max(self.settings.rest)).await;
                }
            }
        }
        self.pending.set(false);
    }

    async fn send(&self, batch: &Batch) -> Sent {
        let (mark, now) = (format!("{}:batch:{:032x}", self.key, batch.name), request_millis());
        let [short, long] = LENGTHS.map(|length| self.bucket(length, now / length));
        let (sums, buckets) = (batch.counted.encode(), series::encode(&batch.counted));
        let mut arguments = vec![Argument::Int64(now as i64), millis(MARK_LIFE), millis(BUCKET_LIFE)];
        arguments.push(Argument::Int64(2 * sums.len() as i64));
        for (field, count) in sums.into_iter().chain(buckets) {
            arguments.push(text(&field));
            arguments.push(Argument::Int64(i64::try_from(count).unwrap_or(i64::MAX)));
        }
        let sent = self.settings.redis.script(&self.script, &[&self.key, &mark, &short, &long], arguments).await;
        match sent {
            Ok(_) => Sent::Added,
            Err(CacheFault::Protocol(why)) => {
                if !self.warned.replace(true) {
                    let message = format!("statistics can't be added up in Redis: {why}");
                    log::say(Level::Warn, "statistics", &message);
                }
                Sent::Refused
            }
            Err(_) if self.settings.apart => Sent::Refused,
            Err(_) => Sent::Away,
        }
    }

    /// The key of a bucket.
    fn bucket(&self, length: u64, number: u64) -> String {
        format!("{}:{}:{number}", self.key, length / 1000)
    }

    /// What all instances have counted in each bucket, of each entity. `None` if Redis gives no
    /// answer.
    pub(crate) async fn series(&self, stretch: Stretch) -> Option<Vec<Vec<Point>>> {
        let keys: Vec<String> = stretch.buckets().map(|number| self.bucket(stretch.length, number)).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let (answer, _) = self.settings.redis.script(&self.look, &keys, Vec::new()).await.ok()?;
        let texts = answer.into_iter().map(|bucket| utf8(bucket).unwrap_or_default());
        Some(texts.map(|text| series::decode(self.settings.entities, &text)).collect())
    }

    /// The kinds of entries, by their numbers.
    pub(crate) fn entities(&self) -> &'static [&'static str] {
        self.settings.entities
    }

    /// The sums of all instances, and the time of the first count (milliseconds since the Unix
    /// epoch). `None` if Redis gives no answer.
    pub(crate) async fn sums(&self) -> Option<(Statistics, Option<u64>)> {
        let (answer, _) = self.settings.redis.command("HGETALL", vec![text(&self.key)]).await.ok()?;
        let texts: Vec<String> = answer.into_iter().filter_map(utf8).collect();
        let pairs = || {
            let (pairs, _) = texts.as_chunks::<2>();
            pairs.iter().filter_map(|[field, value]| Some((field.as_str(), value.parse::<u64>().ok()?)))
        };
        let since = pairs().find(|(field, _)| *field == "since").map(|(_, at)| at);
        Some((Statistics::decode(self.settings.entities, pairs()), since))
    }
}

fn utf8(value: Value) -> Option<String> {
    match value {
        Value::Binary(bytes) => String::from_utf8(bytes).ok(),
        Value::Status(text) => Some(text),
        Value::Int64(number) => Some(number.to_string()),
        Value::Nil => None,
    }
}
