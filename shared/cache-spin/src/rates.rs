//! Limits whose counters are seen in a look that is made anyway, and counted behind the answer.
//!
//! The counters are in the cache's Redis. They may be evicted, and what isn't added up yet is seen
//! by its own instance alone. So a limit lets more pass at most, and never less than it says. Each
//! instance adds within half a second, and looks again after a fifth of one.

use crate::batches::{Batch, Batches, MARK_LIFE, Sums};
use crate::redis::{self, Redis, Script, millis};
use cache_logic::limit::{Counters, LimitDecision, Window, WindowCount};
use cache_logic::ports::CacheFault;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// How long an instance gathers before it adds to the counters. Together with [`KNOWN_MS`] and the
/// way to Redis it is within the second that a limit may be late.
const GATHER: Duration = Duration::from_millis(500);

/// How long an instance goes by what it has seen of a counter, in milliseconds. A look at four keys
/// more is a tenth of a cached read, and a busy instance has many reads in that time.
const KNOWN_MS: u64 = 200;

/// How many limits an instance remembers. A full memory is emptied.
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
    /// What is known of the counters of limits, by their names.
    known: RefCell<BTreeMap<String, Known>>,
    /// Limits that were found exhausted, each with the moment at which there is room again. Until
    /// then nobody has to be asked: what others count meanwhile takes more room and gives none.
    exhausted: RefCell<BTreeMap<String, u64>>,
}

/// What is known of a limit's counters: what Redis has shown, and what this instance has counted.
struct Known {
    /// The number of the window.
    window: u64,
    counters: Counters,
    /// When Redis has shown it.
    seen_at: u64,
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
        let batches = Batches::new(sums, Counted::default(), GATHER, Some(rest));
        Self { batches, known: RefCell::default(), exhausted: RefCell::default() }
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

    /// Whether this instance has just seen the counters of all these limits: then an attempt is
    /// decided on without another look.
    pub fn are_known(&self, rates: &[Rate], now: u64) -> bool {
        let known = self.known.borrow();
        rates.iter().all(|rate| {
            let of = known.get(&rate.name).filter(|known| known.window == rate.window.number(now));
            of.is_some_and(|known| now.saturating_sub(known.seen_at) < KNOWN_MS)
        })
    }

    /// Decides on an attempt by the values of [`Rate::keys`] at `now`, or without values by those
    /// that are known, and counts it if all limits admit it.
    pub fn attempt(&'static self, rates: &[Rate], now: u64, values: &[Option<Vec<u8>>]) -> LimitDecision {
        if !values.is_empty() {
            self.learn(rates, now, values);
        }
        let mut all = self.known.borrow_mut();
        let counted = rates.iter().map(|rate| {
            let known = all.get(&rate.name).filter(|known| known.window == rate.window.number(now));
            let counters = known.map_or(Counters::default(), |known| known.counters);
            (rate.window, counters.attempt(&rate.window, now))
        });
        let decision = LimitDecision::new(counted.collect());
        if decision.admitted() {
            for rate in rates {
                if let Some(known) = all.get_mut(&rate.name) {
                    known.counters.current = known.counters.current.saturating_add(1);
                }
            }
            self.batches.count(|counts| rates.iter().for_each(|rate| counts.count_one(rate, now)));
        } else {
            self.remember(rates, &decision, now);
        }
        decision
    }

    /// Notes what Redis has shown. What this instance has counted and is on its way there may be
    /// missing in it, so no counter gets smaller within its window.
    fn learn(&self, rates: &[Rate], now: u64, values: &[Option<Vec<u8>>]) {
        let mut all = self.known.borrow_mut();
        if all.len() >= REMEMBERED {
            all.clear();
        }
        for (rate, values) in rates.iter().zip(values.chunks(2)) {
            let (keys, window) = (rate.keys(now), rate.window.number(now));
            let unsent = |key: &String| self.batches.unsent(|counts| counts.0.get(key).map_or(0, |count| count.0));
            let shown = |place: usize| values.get(place).and_then(Option::as_deref).map_or(0, number);
            let [current, last] = [0, 1].map(|place| shown(place).saturating_add(unsent(&keys[place])));
            let before = all.get(&rate.name).filter(|known| known.window == window);
            let before = before.map_or(Counters::default(), |known| known.counters);
            let counters = Counters { current: current.max(before.current), last: last.max(before.last) };
            all.insert(rate.name.clone(), Known { window, counters, seen_at: now });
        }
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
