//! A small cache inside one instance, in front of Redis: for reference data only.
//!
//! A value in here was certified when it was read, and nobody tells an instance of changes since.
//! So **it may be older than an acknowledged write by up to `max_age_ms`**. That is right for data
//! that never decides anything (names of countries, units, texts) and wrong for everything else. So
//! the cache is off unless it is used by name, and [`read`] takes nothing but a [`Reference`].
//!
//! It is bounded by a number of entries, by bytes of keys and payloads, and by an age counted from
//! before the look that certified the value. The entry that was used longest ago goes first. A
//! value is not taken in if the read was a bypass or stale-if-error, or if the entry is past its
//! soft limit.
//!
//! ```
//! use cache_logic::entry::Value;
//! use cache_logic::l1::{L1, Reference, read};
//! use cache_logic::memory::{OriginAway, Memory, run};
//! use cache_logic::named::NamedPolicy;
//! use cache_logic::policy::Limits;
//! use cache_logic::read::EntrySpec;
//! use std::cell::RefCell;
//!
//! # fn main() -> Result<(), String> {
//! let near = RefCell::new(L1::new(100, 100_000, 2_000)); // one per instance; 2 seconds
//! let (ports, limits) = (Memory::default(), Limits::with_millis(1000)?);
//! let policy = NamedPolicy::Lookup.policy();
//! let tags = &["countries"];
//! let countries = Reference(EntrySpec { key: "countries", tags, policy: &policy });
//! let load = async || Ok::<_, OriginAway>(Some(Value::of_bytes(b"[\"AT\",\"CH\"]".to_vec())));
//!
//! let first = run(read(&near, &ports, &countries, &limits, load)).unwrap().unwrap();
//! assert!(first.read.is_some(), "from Redis or the origin");
//! ports.calls.borrow_mut().clear();
//! let second = run(read(&near, &ports, &countries, &limits, load)).unwrap().unwrap();
//! assert!(second.read.is_none() && second.value == first.value);
//! assert!(ports.calls.borrow().is_empty(), "no round trip at all");
//! # Ok(())
//! # }
//! ```

use crate::protocol::entry::{Encoding, OriginValue, Value};
use crate::protocol::event::Event;
use crate::protocol::freshness::{Freshness, Millis};
use crate::protocol::policy::Limits;
use crate::protocol::ports::{Clock, Ledger, OriginError, Registry, Store};
use crate::protocol::read::{EntrySpec, Outcome, Read};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// Values of one instance. `max_age_ms` of 0 turns it off.
#[derive(Debug)]
pub struct L1 {
    max_entries: usize,
    max_bytes: usize,
    max_age_ms: Millis,
    entries: HashMap<String, Slot>,
    /// The last use of each key, as the number of the use.
    uses: BTreeMap<u64, String>,
    next_use: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Slot {
    value: Rc<Value>,
    until: Millis,
    used: u64,
    bytes: usize,
}

impl L1 {
    /// An empty one.
    pub fn new(max_entries: usize, max_bytes: usize, max_age_ms: Millis) -> Self {
        Self {
            max_entries,
            max_bytes,
            max_age_ms,
            entries: HashMap::new(),
            uses: BTreeMap::new(),
            next_use: 0,
            bytes: 0,
        }
    }

    /// The value under a key at `now` (monotonic), unless it is too old.
    pub fn get(&mut self, key: &str, now: Millis) -> Option<Rc<Value>> {
        if self.entries.get(key)?.until <= now {
            self.remove(key);
            return None;
        }
        let number = self.count_use(key);
        let slot = self.entries.get_mut(key)?;
        self.uses.remove(&std::mem::replace(&mut slot.used, number));
        Some(slot.value.clone())
    }

    /// Takes in a value that was asked for at `asked`. Entries over the bounds go. A value larger
    /// than the whole cache is not taken in.
    pub fn put(&mut self, key: &str, value: Rc<Value>, asked: Millis) {
        self.remove(key);
        let owner = value.owner.as_ref().map_or(0, String::len);
        let bytes = key.len() + value.payload.len() + value.etag.len() + owner;
        if self.max_age_ms == 0 || self.max_entries == 0 || bytes > self.max_bytes {
            return;
        }
        while self.entries.len() >= self.max_entries || self.bytes + bytes > self.max_bytes {
            let Some((_, oldest)) = self.uses.pop_first() else { break };
            self.remove(&oldest);
        }
        let used = self.count_use(key);
        self.bytes += bytes;
        self.entries.insert(key.to_owned(), Slot { value, until: asked + self.max_age_ms, used, bytes });
    }

    /// Drops the value under a key: after a write of this very instance.
    pub fn remove(&mut self, key: &str) {
        if let Some(slot) = self.entries.remove(key) {
            self.uses.remove(&slot.used);
            self.bytes -= slot.bytes;
        }
    }

    /// How many values it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn count_use(&mut self, key: &str) -> u64 {
        self.next_use += 1;
        self.uses.insert(self.next_use, key.to_owned());
        self.next_use
    }
}

/// An entry declared as reference data: a changed value may be seen `max_age_ms` later.
#[derive(Debug, Clone, Copy)]
pub struct Reference<'a>(pub EntrySpec<'a>);

/// A value, and the read that gave it if the instance did not hold it.
#[derive(Debug, PartialEq, Eq)]
pub struct NearRead {
    /// The value to send.
    pub value: Rc<Value>,
    /// The read, its value taken out. `None` if the value was in the instance.
    pub read: Option<Read>,
}

/// Reads reference data: from the instance, else by [`crate::read::read`]. Packed entries are not
/// kept in the instance.
///
/// # Errors
/// As [`crate::read::read`].
pub async fn read<P, L, E>(
    near: &RefCell<L1>,
    ports: &P,
    wanted: &Reference<'_>,
    limits: &Limits,
    load: impl AsyncFn() -> Result<Option<L>, E>,
) -> Result<Option<NearRead>, E>
where
    P: Store + Registry + Ledger + Clock,
    L: Into<OriginValue>,
    E: OriginError,
{
    let (Reference(wanted), asked) = (wanted, ports.monotonic());
    let known = near.borrow_mut().get(wanted.key, asked);
    if let Some(value) = known {
        ports.observe(&Event::NearHit { key: wanted.key });
        return Ok(Some(NearRead { value, read: None }));
    }
    let Some(mut read) = crate::protocol::read::read(ports, wanted, limits, load).await? else { return Ok(None) };
    let value = Rc::new(std::mem::replace(&mut read.value, Value::of_bytes(Vec::new())));
    let certified = matches!(
        read.outcome,
        Outcome::Hit { freshness: Freshness::Fresh | Freshness::Early, .. }
            | Outcome::Revalidated { freshness: Freshness::Fresh | Freshness::Early, .. }
            | Outcome::Miss { stored: true }
    );
    if certified && read.encoding == Encoding::Identity {
        near.borrow_mut().put(wanted.key, value.clone(), asked);
    }
    Ok(Some(NearRead { value, read: Some(read) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(bytes: usize) -> Rc<Value> {
        Rc::new(Value::of_bytes(vec![b'x'; bytes]))
    }

    #[test]
    fn a_value_is_near_until_it_is_too_old() {
        let mut near = L1::new(10, 1000, 100);
        near.put("a", value(1), 50);
        assert_eq!((near.get("a", 149).is_some(), near.get("a", 150).is_some()), (true, false));
        assert!(near.is_empty() && near.bytes == 0 && near.uses.is_empty());
    }

    #[test]
    fn the_one_used_longest_ago_goes_first() {
        let mut near = L1::new(2, 1000, 100);
        near.put("a", value(1), 0);
        near.put("b", value(1), 0);
        near.get("a", 1);
        near.put("c", value(1), 1);
        assert_eq!(["a", "b", "c"].map(|key| near.get(key, 2).is_some()), [true, false, true]);
        near.remove("a");
        assert_eq!((near.len(), near.uses.len()), (1, 1));
    }

    #[test]
    fn bytes_are_bounded_whatever_is_put_over_what() {
        let mut near = L1::new(100, 50, 100);
        for (key, bytes) in [("a", 20), ("b", 20), ("a", 40), ("c", 49), ("d", 50), ("c", 1), ("a", 0)] {
            near.put(key, value(bytes), 0);
            let held: usize = near.entries.values().map(|slot| slot.bytes).sum();
            assert!(held == near.bytes && held <= 50 && near.uses.len() == near.len(), "{key} {bytes}");
        }
        assert!(near.get("d", 1).is_none(), "larger than all of it");
        assert_eq!(near.len(), 2);
    }

    #[test]
    fn turned_off_it_keeps_nothing() {
        for mut near in [L1::new(10, 1000, 0), L1::new(0, 1000, 100)] {
            near.put("a", value(1), 0);
            assert!(near.get("a", 0).is_none());
        }
    }
}
