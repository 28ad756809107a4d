//! Limits whose counters are seen in a look that is made anyway, and counted behind the answer.
//!
//! The counters are in the cache's Redis. They may be evicted, and what isn't added up yet is seen
//! by its own instance alone. So a limit lets more pass at most, and never less than it says. Each
//! instance adds within half a second.

use crate::batches::{Batch, Batches, MARK_LIFE, Sums};
use crate::redis::{self, Redis, Script, millis};
use cache_logic::limit::{Counters, LimitDecision, Window, WindowCount};
use cache_logic::ports::CacheFault;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// How long an instance gathers before it adds to the counters. The other half of the second that a
/// limit may be late is for the way to Redis.
const GATHER: Duration = Duration::from_millis(500);

/// How many exhausted limits an instance remembers. A full memory is emptied.
const REMEMBERED: usize = 256;

/// How often something of one name may be done.
#[derive(Debug)]
pub struct Rate {
    name: String,
    window: Window,
    /// Its keys as they were last asked for, and the number of their window. Most of the time they
    /// are asked for again.
    known: RefCell<Option<(u64, RateKeys)>>,
}

/// The keys of two counters, without the prefix of all keys: that of a window and of the one
/// before.
pub type RateKeys = Rc<[String; 2]>;

impl Rate {
    /// A limit of this name, which its counters' names begin with.
    pub fn new(name: String, window: Window) -> Self {
        Self { name, window, known: RefCell::new(None) }
    }

    /// The name of its counters, without the number of their window.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The counters to look at for what is done at `now`.
    pub fn keys(&self, now: u64) -> RateKeys {
        let number = self.window.number(now);
        let mut known = self.known.borrow_mut();
        if let Some((of, keys)) = &*known
            && *of == number
        {
            return keys.clone();
        }
        let keys = Rc::new([number, number.saturating_sub(1)].map(|number| format!("{}:{number}", self.name)));
        known.insert((number, keys)).1.clone()
    }
}

/// The limits of one instance.
pub struct Rates {
    batches: Batches<CounterSums>,
    /// Limits that were found exhausted, each with the moment at which there is room again. Until
    /// then nobody has to be asked: what others count meanwhile takes more room and gives none.
    exhausted: RefCell<BTreeMap<String, u64>>,
}

/// The counters in Redis.
struct CounterSums {
    redis: Redis,
    prefix: String,
    script: Script,
}

/// By the name of a counter.
#[derive(Default)]
struct Counted(BTreeMap<String, (u64, Duration)>);

impl Counted {
    fn count_one(&mut self, rate: &Rate, now: u64) {
        let keys = rate.keys(now);
        match self.0.get_mut(&keys[0]) {
            Some((count, _)) => *count += 1,
            None => {
                self.0.insert(keys[0].clone(), (1, rate.window.length));
            }
        }
    }
}

impl Rates {
    /// Limits whose counters are in this Redis, below `prefix`. `rest`: how long it is left alone
    /// after it gave no answer.
    pub fn new(redis: Redis, prefix: &str, rest: Duration) -> Self {
        let script = Script::new(include_str!("lua/count.lua"));
        let sums = CounterSums { redis, prefix: prefix.to_owned(), script };
        Self { batches: Batches::new(sums, Counted::default(), GATHER, Some(rest)), exhausted: RefCell::default() }
    }

    /// The refusal of an attempt, if this instance has found one of its limits exhausted.
    pub fn refused_before(&self, rates: &[Rate], now: u64) -> Option<LimitDecision> {
        let exhausted = self.exhausted.borrow();
        if exhausted.is_empty() {
            return None;
        }
        rates.iter().find_map(|rate| {
            let frees_in_ms = exhausted.get(&rate.name)?.checked_sub(now).filter(|left| *left > 0)?;
            let count = WindowCount { admitted: false, used: rate.window.quota, frees_in_ms };
            Some(LimitDecision::new(vec![(rate.window, count)]))
        })
    }

    /// Decides on an attempt by the values of [`Rate::keys`] at `now`, and counts it if all limits
    /// admit it.
    pub fn attempt(&'static self, rates: &[Rate], now: u64, values: &[Option<Vec<u8>>]) -> LimitDecision {
        let counted = rates.iter().zip(values.chunks(2)).map(|(rate, values)| {
            let keys = rate.keys(now);
            let unsent = |key: &String| self.batches.unsent(|counts| counts.0.get(key).map_or(0, |count| count.0));
            let known = |place: usize| values.get(place).and_then(Option::as_deref).map_or(0, number);
            let [current, last] = [0, 1].map(|place| known(place).saturating_add(unsent(&keys[place])));
            (rate.window, Counters { current, last }.attempt(&rate.window, now))
        });
        let decision = LimitDecision::new(counted.collect());
        if decision.admitted() {
            self.batches.count(|counts| rates.iter().for_each(|rate| counts.count_one(rate, now)));
        } else {
            self.remember(rates, &decision, now);
        }
        decision
    }

    fn remember(&self, rates: &[Rate], decision: &LimitDecision, now: u64) {
        let mut exhausted = self.exhausted.borrow_mut();
        if exhausted.len() >= REMEMBERED {
            exhausted.clear();
        }
        for rate in rates {
            if let Some(count) = decision.count(rate.window.name).filter(|count| !count.admitted) {
                exhausted.insert(rate.name.clone(), now.saturating_add(count.frees_in_ms));
            }
        }
    }
}

impl Sums for CounterSums {
    type Counts = Counted;

    const REFUSED: (&'static str, &'static str) =
        ("limits", "requests can't be counted in Redis, so limits let more pass");

    fn drain(&self, counts: &mut Counted) -> Option<Counted> {
        (!counts.0.is_empty()).then(|| std::mem::take(counts))
    }

    async fn add(&self, batch: &Batch<Counted>) -> Result<(), CacheFault> {
        let counted = &batch.counted.0;
        let mut keys = vec![batch.mark(&[&*self.prefix, "limit"].concat())];
        keys.extend(counted.keys().map(|key| [&*self.prefix, key].concat()));
        // A counter is looked at in its own window and in the next.
        let longest = counted.values().map(|(_, length)| *length).max().unwrap_or_default();
        let mut arguments = vec![millis(MARK_LIFE), millis(longest * 3)];
        arguments.extend(counted.values().map(|(count, _)| redis::number(*count)));
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        self.redis.script(&self.script, &keys, arguments).await.map(drop)
    }
}

/// The number that a counter holds; 0 if it holds none.
fn number(bytes: &[u8]) -> u64 {
    std::str::from_utf8(bytes).ok().and_then(|text| text.parse().ok()).unwrap_or_default()
}
