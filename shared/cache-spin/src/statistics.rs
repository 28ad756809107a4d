//! What the cache did, counted in this instance, and the sums of all instances.

use crate::batches::{Batch, Batches, MARK_LIFE, Sums};
use crate::clock::{draw, monotonic, request_millis};
use crate::hot::{self, HotKey};
use crate::redis::{Redis, Script, Value, millis, number, text};
use cache_logic::ports::CacheFault;
use cache_logic::read::Read;
use cache_logic::statistics::Statistics;
use cache_logic::statistics::series::{self, LENGTHS, Point, REACH, Stretch};
use std::future::Future;
use std::time::Duration;

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
    /// The kind of entries of which it is known which are read most; see
    /// [`Cache::take_hot_keys`](crate::cache::Cache::take_hot_keys). `None`: of no kind.
    pub hot: Option<usize>,
    /// How long an instance gathers before it adds to the sums; `None`: nothing is counted.
    pub gather: Option<Duration>,
}

/// The counters of one instance.
pub(crate) struct Recorder {
    /// `None`: nothing is counted.
    batches: Option<Batches<StatisticsSums>>,
    entities: &'static [&'static str],
    hot: Option<usize>,
    redis: Redis,
    key: String,
    hot_key: String,
    look: Script,
}

/// The sums in Redis.
struct StatisticsSums {
    redis: Redis,
    key: String,
    hot_key: String,
    script: Script,
}

/// What an instance has gathered.
struct Gathered {
    statistics: Statistics,
    /// The keys of sampled hits.
    hits: Vec<String>,
}

impl Recorder {
    pub(crate) fn new(settings: StatisticsSettings, prefix: &str) -> Self {
        let StatisticsSettings { redis, apart, rest, entities, hot, gather } = settings;
        let (key, hot_key) = (format!("{prefix}cache:statistics"), format!("{prefix}cache:hot"));
        let sums = || StatisticsSums {
            redis: redis.clone(),
            key: key.clone(),
            hot_key: hot_key.clone(),
            script: Script::new(include_str!("lua/statistics.lua")),
        };
        let rest = (!apart).then_some(rest);
        let none = Gathered { statistics: Statistics::new(entities), hits: Vec::new() };
        let batches = gather.map(|gather| Batches::new(sums(), none, gather, rest));
        Self { batches, entities, hot, key, hot_key, redis, look: Script::new(include_str!("lua/series.lua")) }
    }

    /// The name of a kind of entry; empty if kinds have none.
    pub(crate) fn name(&self, entity: usize) -> &'static str {
        self.entities.get(entity).copied().unwrap_or_default()
    }

    /// Counts something. The count is sent behind the response.
    pub(crate) fn count(&'static self, record: impl FnOnce(&mut Statistics)) {
        if let Some(batches) = &self.batches {
            batches.count(|gathered| record(&mut gathered.statistics));
        }
    }

    /// Notes one hit of so many, to know which entries are read most. It goes with the next counts.
    pub(crate) fn sample_hit(&'static self, entity: usize, key: &str) {
        if self.hot == Some(entity)
            && draw() < hot::SAMPLED
            && let Some(batches) = &self.batches
        {
            batches.count(|gathered| {
                if gathered.hits.len() < hot::MOST_GATHERED {
                    gathered.hits.push(key.to_owned());
                }
            });
        }
    }

    /// Takes the keys whose hits were sampled most often since they were last taken. `None` if
    /// Redis gives no answer.
    pub(crate) async fn take_hot_keys(&self, most: usize) -> Option<Vec<HotKey>> {
        hot::take(&self.redis, &self.hot_key, most).await.ok()
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

    /// What all instances have counted in each bucket, of each entity. `None` if Redis gives no
    /// answer.
    pub(crate) async fn series(&self, stretch: Stretch) -> Option<Vec<Vec<Point>>> {
        let keys: Vec<String> = stretch.buckets().map(|number| bucket(&self.key, stretch.length, number)).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let (answer, _) = self.redis.script(&self.look, &keys, Vec::new()).await.ok()?;
        let texts = answer.into_iter().map(|bucket| utf8(bucket).unwrap_or_default());
        Some(texts.map(|text| series::decode(self.entities, &text)).collect())
    }

    /// The kinds of entries, by their numbers.
    pub(crate) fn entities(&self) -> &'static [&'static str] {
        self.entities
    }

    /// The sums of all instances, and the time of the first count (milliseconds since the Unix
    /// epoch). `None` if Redis gives no answer.
    pub(crate) async fn sums(&self) -> Option<(Statistics, Option<u64>)> {
        let (answer, _) = self.redis.command("HGETALL", vec![text(&self.key)]).await.ok()?;
        let texts: Vec<String> = answer.into_iter().filter_map(utf8).collect();
        let pairs = || {
            let (pairs, _) = texts.as_chunks::<2>();
            pairs.iter().filter_map(|[field, value]| Some((field.as_str(), value.parse::<u64>().ok()?)))
        };
        let since = pairs().find(|(field, _)| *field == "since").map(|(_, at)| at);
        Some((Statistics::decode(self.entities, pairs()), since))
    }
}

impl Sums for StatisticsSums {
    type Counts = Gathered;

    const REFUSED: (&'static str, &'static str) = ("statistics", "statistics can't be added up in Redis");

    fn drain(&self, gathered: &mut Gathered) -> Option<Gathered> {
        let statistics = gathered.statistics.drain()?;
        Some(Gathered { statistics, hits: std::mem::take(&mut gathered.hits) })
    }

    async fn add(&self, batch: &Batch<Gathered>) -> Result<(), CacheFault> {
        let Gathered { statistics, hits } = &batch.counted;
        let (mark, now) = (batch.mark(&self.key), request_millis());
        let [short, long] = LENGTHS.map(|length| bucket(&self.key, length, now / length));
        let (sums, buckets) = (statistics.encode(), series::encode(statistics));
        let mut arguments = vec![number(now), millis(MARK_LIFE), millis(BUCKET_LIFE)];
        arguments.extend([number(hits.len() as u64), number(hot::MOST_KEPT), millis(hot::LIFE)]);
        arguments.extend(hits.iter().map(|key| text(key)));
        arguments.push(number(2 * sums.len() as u64));
        for (field, count) in sums.into_iter().chain(buckets) {
            arguments.push(text(&field));
            arguments.push(number(count));
        }
        let keys = [&*self.key, &mark, &self.hot_key, &short, &long];
        self.redis.script(&self.script, &keys, arguments).await.map(drop)
    }
}

/// The key of a bucket of the sums under `key`.
fn bucket(key: &str, length: u64, number: u64) -> String {
    format!("{key}:{}:{number}", length / 1000)
}

pub(crate) fn utf8(value: Value) -> Option<String> {
    match value {
        Value::Binary(bytes) => String::from_utf8(bytes).ok(),
        Value::Status(text) => Some(text),
        Value::Int64(number) => Some(number.to_string()),
        Value::Nil => None,
    }
}
