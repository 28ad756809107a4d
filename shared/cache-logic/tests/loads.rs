//! Shared loads keep promise 1: in every interleaving of a few readers and writers, no reader is
//! given less than every write that was acknowledged before it asked. Readers may give up while
//! they wait, and their instance may end them at any moment.

use cache_logic::loads::{LoadBounds, LoadId, LoadQueue, LoadRole};
use std::collections::HashSet;

const READERS: usize = 4;
const WRITES: u8 = 2;

/// The place of one reader on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Reader {
    Idle,
    /// It holds a load that waits for its turn.
    Waits(LoadId),
    /// Its load may begin: the statement isn't sent yet.
    MayBegin(LoadId),
    /// Its statement has seen these writes.
    Saw(LoadId, u8),
    /// It is given what this load brings.
    Shares(LoadId),
    Done,
}

/// One state of an instance and its origin.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct World {
    queue: LoadQueue,
    readers: [Reader; READERS],
    /// The writes that were acknowledged before each reader asked.
    due: [u8; READERS],
    /// Writes so far, and how many of them are acknowledged.
    committed: u8,
    acknowledged: u8,
    /// How many readers may still give up or be ended.
    faults: u8,
    /// The way to it: what happened, and to which reader.
    trace: Vec<(&'static str, usize)>,
}

impl World {
    fn new(bounds: LoadBounds) -> Self {
        let queue = LoadQueue::new(bounds);
        let readers = [Reader::Idle; READERS];
        Self { queue, readers, due: [0; READERS], committed: 0, acknowledged: 0, faults: 1, trace: Vec::new() }
    }

    /// Readers of an even number want one key, the others another.
    fn key(reader: usize) -> &'static str {
        ["order:1", "order:2"][reader % 2]
    }

    /// The reader asks, or asks anew.
    fn ask(&mut self, reader: usize) {
        self.readers[reader] = match self.queue.join(Some(Self::key(reader))) {
            LoadRole::Begin(id) => Reader::MayBegin(id),
            LoadRole::Wait(id) => Reader::Waits(id),
            LoadRole::Share(id) => Reader::Shares(id),
            LoadRole::Full => Reader::Done,
        };
    }

    /// The load has ended, with these writes seen, or without an outcome.
    fn leave(&mut self, id: LoadId, seen: Option<u8>) {
        for begins in self.queue.leave(id) {
            let holder = self.readers.iter_mut().find(|reader| **reader == Reader::Waits(begins));
            *holder.expect("a load that begins has a reader that waits") = Reader::MayBegin(begins);
        }
        for reader in 0..READERS {
            match (self.readers[reader], seen) {
                (Reader::Shares(shared), Some(seen)) if shared == id => self.answer(reader, seen),
                (Reader::Shares(shared), None) if shared == id => self.ask(reader),
                _ => {}
            }
        }
    }

    fn answer(&mut self, reader: usize, seen: u8) {
        let due = self.due[reader];
        if seen < due {
            let steps: String = self.trace.iter().map(|(what, who)| format!("\n  {what} ({who})")).collect();
            panic!("reader {reader} is stale after {steps}\nnote: it saw {seen} of {due} acknowledged writes");
        }
        self.readers[reader] = Reader::Done;
    }

    /// Every state that one step leads to.
    fn steps(&self) -> Vec<Self> {
        let mut next = Vec::new();
        let mut step = |what: &'static str, who: usize, change: &dyn Fn(&mut Self)| {
            let mut world = self.clone();
            world.trace.push((what, who));
            change(&mut world);
            next.push(world);
        };
        if self.committed < WRITES {
            step("a write commits", 0, &|world| world.committed += 1);
        }
        if self.acknowledged < self.committed {
            step("a write is acknowledged", 0, &|world| world.acknowledged += 1);
        }
        for (number, reader) in self.readers.iter().copied().enumerate() {
            match reader {
                Reader::Idle => step("a reader asks", number, &|world| {
                    world.due[number] = world.acknowledged;
                    world.ask(number);
                }),
                Reader::MayBegin(id) => step("its statement reads", number, &|world| {
                    world.readers[number] = Reader::Saw(id, world.committed);
                }),
                Reader::Saw(id, seen) => step("its load ends", number, &|world| {
                    world.answer(number, seen);
                    world.leave(id, Some(seen));
                }),
                Reader::Waits(_) | Reader::Shares(_) | Reader::Done => {}
            }
            if let Reader::Waits(id) | Reader::MayBegin(id) | Reader::Saw(id, _) = reader
                && self.faults > 0
            {
                step("it gives up", number, &|world| {
                    world.faults -= 1;
                    world.readers[number] = Reader::Done;
                    world.leave(id, None);
                });
            }
        }
        next
    }

    /// The state without the way to it.
    fn place(&self) -> Self {
        Self { trace: Vec::new(), ..self.clone() }
    }
}

/// Explores every state; answers how many there are.
fn explore(bounds: LoadBounds) -> usize {
    let mut known = HashSet::new();
    let mut open = vec![World::new(bounds)];
    while let Some(world) = open.pop() {
        if !known.insert(world.place()) {
            continue;
        }
        let runs = world.readers.iter().filter(|reader| matches!(reader, Reader::MayBegin(_) | Reader::Saw(..)));
        assert!(runs.count() <= bounds.at_once, "{world:?}");
        let waits = world.readers.iter().filter(|reader| matches!(reader, Reader::Waits(_)));
        assert!(waits.count() <= bounds.waiting, "{world:?}");
        let next = world.steps();
        if next.is_empty() {
            assert!(world.readers.iter().all(|reader| *reader == Reader::Done), "nobody goes on: {world:?}");
        }
        open.extend(next);
    }
    known.len()
}

#[test]
fn no_shared_load_is_older_than_an_acknowledged_write() {
    for (at_once, waiting) in [(4, 4), (1, 4), (2, 1), (1, 0)] {
        let states = explore(LoadBounds { at_once, waiting });
        assert!(states > 1_000, "{states} states of {at_once} at once and {waiting} that wait");
    }
}
