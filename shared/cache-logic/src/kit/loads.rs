//! The loads of one instance: which ones run, which ones wait for their turn, and which readers
//! share one.
//!
//! A cache that can be used lets one reader of an entry load it. One that can't, since Redis is
//! away or no certificate is to be had, sends every reader to the origin: a thousand readers of one
//! order are a thousand equal statements, and more than the origin has connections for.
//!
//! **Which load a reader may share.** A reader that begins at a moment has to see every write that
//! was acknowledged before. A load whose statement was sent earlier may miss one of them. So a
//! reader never joins a load that runs. It joins the next load of its key, which begins when the
//! running one has ended: one runs and one waits, as with the group commit of a database. To the
//! protocol a shared load is a load like any other: it begins after its reader has asked for it,
//! and ends before its reader is answered.
//!
//! **How many there may be.** So many run at once, the others wait in the order of their arrival,
//! and only so many may wait. A reader beyond that is told so at once.
//!
//! Nothing in here waits: the caller is told which loads may begin, and wakes their readers.

use std::collections::VecDeque;

/// How many loads there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LoadBounds {
    /// How many may run at once, at least one.
    pub at_once: usize,
    /// How many more may wait for their turn.
    pub waiting: usize,
}

/// The number of a load, in the order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LoadId(u64);

/// The part of one reader in a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadRole {
    /// It loads, and may begin.
    Begin(LoadId),
    /// It loads, once [`LoadQueue::leave`] has said that this load may begin. Others may join it
    /// until then.
    Wait(LoadId),
    /// It is given what this load brings. If that one is given up, it asks for its part anew.
    Share(LoadId),
    /// So many wait that no further one may.
    Full,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Load {
    id: LoadId,
    key: Option<String>,
}

/// The loads of one instance.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LoadQueue {
    bounds: LoadBounds,
    last: u64,
    running: Vec<Load>,
    waiting: VecDeque<Load>,
}

impl LoadQueue {
    /// No load yet.
    pub const fn new(bounds: LoadBounds) -> Self {
        Self { bounds, last: 0, running: Vec::new(), waiting: VecDeque::new() }
    }

    /// A reader asks for a load. Loads of one key bring the same; one without a key is never
    /// shared.
    pub fn join(&mut self, key: Option<&str>) -> LoadRole {
        let shared = self.waiting.iter().find(|load| key.is_some() && load.key.as_deref() == key);
        if let Some(load) = shared {
            return LoadRole::Share(load.id);
        }
        let begins = self.has_room() && !self.runs(key);
        if !begins && self.waiting.len() >= self.bounds.waiting {
            return LoadRole::Full;
        }
        self.last += 1;
        let load = Load { id: LoadId(self.last), key: key.map(str::to_owned) };
        let id = load.id;
        if begins {
            self.running.push(load);
            LoadRole::Begin(id)
        } else {
            self.waiting.push_back(load);
            LoadRole::Wait(id)
        }
    }

    /// A load has ended, or its reader has given it up. Answers the loads that begin now: nobody
    /// joins them any more.
    pub fn leave(&mut self, id: LoadId) -> Vec<LoadId> {
        self.running.retain(|load| load.id != id);
        self.waiting.retain(|load| load.id != id);
        let mut begin = Vec::new();
        while self.has_room() {
            let next = self.waiting.iter().position(|load| !self.runs(load.key.as_deref()));
            let Some(load) = next.and_then(|at| self.waiting.remove(at)) else { break };
            begin.push(load.id);
            self.running.push(load);
        }
        begin
    }

    fn has_room(&self) -> bool {
        self.running.len() < self.bounds.at_once.max(1)
    }

    /// Whether a load of this key runs.
    fn runs(&self, key: Option<&str>) -> bool {
        key.is_some() && self.running.iter().any(|load| load.key.as_deref() == key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(at_once: usize, waiting: usize) -> LoadQueue {
        LoadQueue::new(LoadBounds { at_once, waiting })
    }

    #[test]
    fn of_one_key_one_load_runs_and_the_next_one_is_shared() {
        let mut queue = queue(4, 4);
        assert_eq!(queue.join(Some("a")), LoadRole::Begin(LoadId(1)));
        assert_eq!(queue.join(Some("a")), LoadRole::Wait(LoadId(2)));
        assert_eq!(queue.join(Some("a")), LoadRole::Share(LoadId(2)));
        assert_eq!(queue.join(Some("b")), LoadRole::Begin(LoadId(3)));
        assert_eq!(queue.leave(LoadId(1)), [LoadId(2)]);
        // It has begun, so it isn't joined any more.
        assert_eq!(queue.join(Some("a")), LoadRole::Wait(LoadId(4)));
        assert_eq!(queue.leave(LoadId(3)), []);
        assert_eq!(queue.leave(LoadId(2)), [LoadId(4)]);
    }

    #[test]
    fn loads_wait_in_the_order_of_their_arrival() {
        let mut queue = queue(1, 3);
        assert_eq!(queue.join(Some("a")), LoadRole::Begin(LoadId(1)));
        assert_eq!(queue.join(None), LoadRole::Wait(LoadId(2)));
        assert_eq!(queue.join(Some("b")), LoadRole::Wait(LoadId(3)));
        assert_eq!(queue.join(None), LoadRole::Wait(LoadId(4)), "what has no key is shared by nobody");
        assert_eq!(queue.join(Some("c")), LoadRole::Full);
        assert_eq!(queue.join(Some("b")), LoadRole::Share(LoadId(3)), "one that shares takes no place");
        assert_eq!(queue.leave(LoadId(3)), [], "given up while it waited");
        assert_eq!(queue.join(Some("c")), LoadRole::Wait(LoadId(5)));
        assert_eq!(queue.leave(LoadId(1)), [LoadId(2)]);
        assert_eq!(queue.leave(LoadId(2)), [LoadId(4)]);
        assert_eq!(queue.leave(LoadId(4)), [LoadId(5)]);
    }

    #[test]
    fn a_load_whose_key_runs_lets_others_pass() {
        let mut queue = queue(2, 9);
        assert_eq!(queue.join(Some("a")), LoadRole::Begin(LoadId(1)));
        assert_eq!(queue.join(Some("b")), LoadRole::Begin(LoadId(2)));
        assert_eq!(queue.join(Some("a")), LoadRole::Wait(LoadId(3)));
        assert_eq!(queue.join(Some("c")), LoadRole::Wait(LoadId(4)));
        assert_eq!(queue.leave(LoadId(2)), [LoadId(4)]);
        assert_eq!(queue.leave(LoadId(1)), [LoadId(3)]);
    }

    #[test]
    fn without_places_to_wait_what_cannot_begin_is_refused() {
        let mut queue = queue(0, 0);
        assert_eq!(queue.join(Some("a")), LoadRole::Begin(LoadId(1)), "one may always run");
        assert_eq!(queue.join(Some("a")), LoadRole::Full);
        assert_eq!(queue.leave(LoadId(1)), []);
    }
}
