//! Breadth first through every interleaving, so that a broken promise comes with the shortest way
//! to it.

use crate::actors::{Kind, Next, run};
use crate::calls::{Call, End, Reply};
use crate::world::{Broken, Left, World};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::rc::Rc;

/// The actors, and how much may go wrong.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub writers: usize,
    /// Writers whose transactions take their time.
    pub slow_writers: usize,
    /// Writers that read which run is the named one.
    pub careful_writers: usize,
    /// Writers of more rows than are announced by name.
    pub jobs: usize,
    /// The Redis that each actor is connected to, if there are two.
    pub places: Option<[usize; ACTORS]>,
    /// The Postgres that each actor is connected to, if there are two.
    pub servers: Option<[Server; ACTORS]>,
    /// Whether the second one has long had a change that the first one lacks.
    pub ahead: bool,
    /// The entries that are written through to, one writer each.
    pub putters: &'static [u8],
    /// The entries that are read, one reader each.
    pub readers: &'static [u8],
    /// The entries that are kept by a program, one program each.
    pub keepers: &'static [u8],
    /// Readers of the entity that are programs of the release before.
    pub old_readers: usize,
    pub checkers: usize,
    pub restarts: u8,
    pub crashes: u8,
    pub flushes: u8,
    /// How often Redis may be put back to an earlier state in the same run.
    pub resyncs: u8,
    /// How often Postgres may be put back to an earlier state.
    pub restores: u8,
    /// How many serials may be drawn.
    pub serials: u8,
    /// Whether a renewal replaces more than one row by their tenants.
    pub replaces: bool,
    /// How often tenants may begin to be named, or cease to be. They are named from the beginning
    /// on if never.
    pub switches: u8,
    /// Whether entries, generations and the claim may go at any moment. The certificate always may
    /// run out.
    pub evictions: bool,
    /// How often the record may be lost.
    pub records: u8,
    /// How often somebody else may announce a change that the page doesn't show.
    pub others: u8,
}

/// The Postgres that an actor is connected to, if there are two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Server {
    /// The new primary. Its instance has heard that one.
    New,
    /// The old one. What its readers are served is not judged.
    Old,
    /// Now the one, now the other. Each time it is an instance that has heard none.
    Either,
}

pub const ACTORS: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct State {
    world: World,
    /// Each actor's answers so far, by number; [`DONE`] after it has left.
    actors: [u32; ACTORS],
    crashes: u8,
    left: Left,
}

const DONE: u32 = u32::MAX;

/// A fast hash: states are many and nobody attacks them (the multiplication of FxHash). Most of a
/// state is bytes, of which eight are taken at once.
#[derive(Default)]
struct Fx {
    hash: u64,
    bytes: u64,
    count: u8,
}

impl Hasher for Fx {
    fn finish(&self) -> u64 {
        let hash = Self::mixed(self.hash, self.bytes);
        hash ^ (hash >> 29)
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u8(*byte));
    }

    fn write_u8(&mut self, value: u8) {
        self.bytes = self.bytes << 8 | u64::from(value);
        self.count += 1;
        if self.count == 8 {
            (self.hash, self.bytes, self.count) = (Self::mixed(self.hash, self.bytes), 0, 0);
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        self.hash = Self::mixed(self.hash, value);
    }

    /// The length of an array, which is that of all others in its place.
    fn write_usize(&mut self, _: usize) {}

    /// The number of a variant, which is small.
    fn write_isize(&mut self, value: isize) {
        self.write_u8(value as u8);
    }
}

impl Fx {
    fn mixed(hash: u64, value: u64) -> u64 {
        (hash.rotate_left(5) ^ value).wrapping_mul(0x517c_c1b7_2722_0a95)
    }
}

/// All states so far, each once, in the order in which they were found; and for each the number of
/// the one that it was first reached from.
#[derive(Default)]
struct States {
    all: Vec<(State, u32)>,
    /// Their numbers by their hash. Of two with one hash the later has the next hash that is free.
    numbers: HashMap<u64, u32, BuildHasherDefault<Same>>,
}

impl States {
    /// Adds a state, unless it is there.
    fn reach(&mut self, state: State, from: u32) {
        let mut hash = BuildHasherDefault::<Fx>::default().hash_one(state);
        loop {
            match self.numbers.entry(hash) {
                Entry::Occupied(there) if self.all[*there.get() as usize].0 == state => return,
                Entry::Occupied(_) => hash = hash.wrapping_add(1),
                Entry::Vacant(free) => {
                    free.insert(self.all.len() as u32);
                    self.all.push((state, from));
                    return;
                }
            }
        }
    }
}

/// For keys that are hashes.
#[derive(Default)]
struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are numbers")
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// One list of answers, and what the code does after it: the code is run once for a list.
struct List {
    kind: Kind,
    replies: Vec<Reply>,
    next: Next,
    /// The generations in it.
    in_use: u32,
}

/// All lists so far, by number: a tree whose branches are answers.
#[derive(Default)]
struct Actors {
    lists: Vec<Rc<List>>,
    numbers: HashMap<(Kind, Vec<Reply>), u32>,
    branches: HashMap<(u32, Reply), u32, BuildHasherDefault<Fx>>,
}

impl Actors {
    fn start(&mut self, kind: Kind) -> u32 {
        self.number(kind, Vec::new())
    }

    fn branch(&mut self, number: u32, reply: Reply) -> u32 {
        if let Some(after) = self.branches.get(&(number, reply)) {
            return *after;
        }
        let before = self.lists[number as usize].clone();
        let after = self.number(before.kind, remembered(before.kind, &before.replies, reply));
        self.branches.insert((number, reply), after);
        after
    }

    fn number(&mut self, kind: Kind, replies: Vec<Reply>) -> u32 {
        let lists = &mut self.lists;
        *self.numbers.entry((kind, replies)).or_insert_with_key(|(_, replies)| {
            let (next, in_use) = (run(kind, replies), in_use(replies));
            lists.push(Rc::new(List { kind, replies: replies.clone(), next, in_use }));
            lists.len() as u32 - 1
        })
    }
}

/// The answers that an actor still knows after one more. A reader begins anew with each certified
/// look. Of the time before it knows only whether it has tried to renew, or has waited, and how
/// often others were faster. The shortest list that says this stands for all of them.
fn remembered(kind: Kind, replies: &[Reply], last: Reply) -> Vec<Reply> {
    let look = |certificate, claimed| {
        let (entry, generations) = (None, [0; 2]);
        Reply::Seen { entry, generations, certificate, claimed, run: 0, heard: None }
    };
    let certified = matches!(last, Reply::Seen { certificate: Some((_, by, server)), run, heard, .. }
        if by == run && heard.is_none_or(|heard| heard == server));
    if !certified || !matches!(kind, Kind::Reader(_) | Kind::OldReader) {
        return [replies, &[last]].concat();
    }
    let mut known = Vec::new();
    if replies.iter().any(|reply| matches!(reply, Reply::Claimed { .. } | Reply::Busy)) {
        known.extend([look(None, false), Reply::Busy]);
    } else if replies.iter().any(|reply| matches!(reply, Reply::Seen { claimed: true, .. })) {
        known.push(look(None, true));
    }
    for _ in replies.iter().filter(|reply| **reply == Reply::Changed) {
        known.extend([look(Some((0, 0, 0)), false), Reply::Changed]);
    }
    known.push(last);
    known
}

/// The generations that an actor still remembers.
fn in_use(replies: &[Reply]) -> u32 {
    let bits = |generations: &[u8]| generations.iter().fold(0u32, |mask, generation| mask | 1 << generation);
    let one = |reply: &Reply| match reply {
        Reply::Seen { entry, generations, .. } => {
            bits(generations) | entry.map_or(0, |entry| bits(&entry.generations) | bits(&entry.filled))
        }
        Reply::Granted(generations) | Reply::Current(generations, ..) => bits(generations),
        _ => 0,
    };
    replies.iter().map(one).fold(0, |mask, bits| mask | bits)
}

/// The result of the search.
pub enum Found {
    /// The promise holds in all of so many states.
    Holds(usize, usize),
    /// A reader was served a version older than one already acknowledged.
    Stale(Vec<String>),
}

pub fn explore(size: Size, broken: Broken) -> Found {
    let mut search = Search { size, broken, actors: Actors::default(), states: States::default() };
    let mut actors = [DONE; ACTORS];
    for (place, kind) in search.kinds().into_iter().enumerate() {
        actors[place] = search.actors.start(kind);
    }
    let start = State {
        world: World::new(
            size.slow_writers > 0,
            size.places.is_some(),
            size.switches == 0,
            size.servers.map(|_| size.ahead),
        ),
        actors,
        crashes: size.crashes,
        left: Left {
            flushes: size.flushes,
            restarts: size.restarts,
            resyncs: size.resyncs,
            restores: size.restores,
            switches: size.switches,
            records: size.records,
            others: size.others,
        },
    };
    search.states.reach(start, 0);
    let mut at = 0;
    while at < search.states.all.len() {
        let state = search.states.all[at].0;
        for (what, next) in search.steps(&state) {
            let Some(next) = next else {
                let mut trace = search.trace(at);
                trace.push(what.describe());
                return Found::Stale(trace);
            };
            search.states.reach(next, at as u32);
        }
        at += 1;
    }
    Found::Holds(search.states.all.len(), search.actors.lists.len())
}

/// Of Postgres; every other call is one of Redis.
fn asks_postgres(call: &Call) -> bool {
    matches!(call, Call::Load | Call::Pending { .. } | Call::Forget { .. })
}

struct Search {
    size: Size,
    broken: Broken,
    actors: Actors,
    states: States,
}

/// The event of a step; described only if somebody reads it.
enum What {
    Asked(usize, Kind, Call, Reply),
    Crashed(usize, Kind),
    Struck(&'static str),
}

impl What {
    fn describe(&self) -> String {
        match self {
            Self::Asked(actor, kind, call, reply) => format!("{kind:?} {actor}: {call:?} -> {reply:?}"),
            Self::Crashed(actor, kind) => format!("{kind:?} {actor} dies"),
            Self::Struck(what) => (*what).to_owned(),
        }
    }
}

impl Search {
    fn kinds(&self) -> Vec<Kind> {
        let writers = std::iter::repeat_n(Kind::Writer, self.size.writers);
        let depends = |key: u8| if self.broken.no_tenant && key > 1 { key - 2 } else { key };
        let readers = self.size.readers.iter().map(|key| Kind::Reader(depends(*key)));
        let keepers = self.size.keepers.iter().map(|key| Kind::Keeper(*key));
        let putters = self.size.putters.iter().map(|key| Kind::Putter(*key));
        let slow = std::iter::repeat_n(Kind::SlowWriter, self.size.slow_writers);
        let careful = std::iter::repeat_n(Kind::CarefulWriter, self.size.careful_writers);
        let jobs = std::iter::repeat_n(Kind::JobWriter, self.size.jobs);
        let old = std::iter::repeat_n(Kind::OldReader, self.size.old_readers);
        writers
            .chain(slow)
            .chain(careful)
            .chain(jobs)
            .chain(putters)
            .chain(readers)
            .chain(keepers)
            .chain(old)
            .chain(std::iter::repeat_n(Kind::Checker, self.size.checkers))
            .collect()
    }

    /// Every next state; `None` stands for a broken promise.
    fn steps(&mut self, state: &State) -> Vec<(What, Option<State>)> {
        let mut out = Vec::with_capacity(24);
        let remembered = |actors: &Actors| {
            let lists = state.actors.iter().filter(|number| **number != DONE);
            lists.fold(state.world.generations_in_use(), |mask, number| mask | actors.lists[*number as usize].in_use)
        };
        let in_use = remembered(&self.actors);
        for actor in 0..ACTORS {
            let number = state.actors[actor];
            if number == DONE {
                continue;
            }
            let list = self.actors.lists[number as usize].clone();
            let (kind, Next::Asks(call)) = (list.kind, &list.next) else { continue };
            if *call == Call::Sleep && kind.writes() && !self.broken.no_wait {
                let version = list.replies.iter().find_map(|reply| match reply {
                    Reply::Version(version) | Reply::Everything(version) => Some(*version),
                    _ => None,
                });
                if !version.is_some_and(|version| state.world.waited_out(version)) {
                    continue;
                }
                // A writer that tries to renew succeeds in that time, or somebody else at its
                // server does.
                let tries = list.replies.iter().any(|reply| matches!(reply, Reply::Claimed { .. } | Reply::Busy));
                let given = state.world.redis.record.is_some_and(|record| record.start == state.world.postgres.start);
                if tries && !given {
                    continue;
                }
            }
            let place = self.size.places.map_or(0, |places| places[actor]);
            let server = self.size.servers.map(|servers| servers[actor]);
            for (reply, world) in self.answers(&state.world.at(place), actor as u8, call, in_use, server) {
                let world = world.at(place);
                let after = self.actors.branch(number, reply);
                let mut next = State { world, ..*state };
                let served = match &self.actors.lists[after as usize].next {
                    // What it stores again it has begun to serve when its parts were seen to stand.
                    Next::Ends(End::Hit(_)) if matches!(call, Call::Restamp { .. }) => None,
                    Next::Asks(Call::Restamp { entry, .. }) => Some(entry.version),
                    Next::Ends(End::Hit(version)) => Some(*version),
                    _ => None,
                };
                let stale = server != Some(Server::Old) && served.is_some_and(|version| world.is_stale(version));
                next.actors[actor] = self.resting(kind, after);
                out.push((What::Asked(actor, kind, call.clone(), reply), (!stale).then_some(next)));
            }
            if state.crashes > 0 && !list.replies.is_empty() {
                let mut next = State { crashes: state.crashes - 1, ..*state };
                next.actors[actor] = if kind.writes() { DONE } else { self.actors.start(kind) };
                match list.replies[..] {
                    [Reply::Begun(transaction)] => next.world.postgres.open &= !(1 << transaction),
                    [Reply::Named(..)] => next.world.locks -= 1,
                    _ => {}
                }
                out.push((What::Crashed(actor, kind), Some(next)));
            }
        }
        for (what, world, left) in state.world.strikes(state.left, self.size.evictions, in_use, self.broken) {
            out.push((What::Struck(what), Some(State { world, left, ..*state })));
        }
        out
    }

    /// Every way in which a call can turn out, by the servers that may answer it.
    fn answers(&self, world: &World, actor: u8, call: &Call, in_use: u32, at: Option<Server>) -> Vec<(Reply, World)> {
        let heard = at.filter(|at| *at != Server::Either).map(|at| world.on(at == Server::Old).postgres.start);
        let olds: &[bool] = match at {
            Some(Server::Either) if asks_postgres(call) => &[false, true],
            Some(Server::Old) if asks_postgres(call) => &[true],
            _ => &[false],
        };
        let answer = |&old: &bool| {
            let answers = world.on(old).answers(actor, call, in_use, &self.size, self.broken);
            answers.into_iter().map(move |(reply, world)| (reply, world.on(old)))
        };
        let hear = |(reply, world)| match reply {
            Reply::Seen { entry, generations, certificate, claimed, run, .. } => {
                (Reply::Seen { entry, generations, certificate, claimed, run, heard }, world)
            }
            reply => (reply, world),
        };
        olds.iter().flat_map(answer).map(hear).collect()
    }

    /// An actor at its end starts anew; a writer writes once.
    fn resting(&mut self, kind: Kind, number: u32) -> u32 {
        match (&self.actors.lists[number as usize].next, kind) {
            (Next::Asks(_), _) => number,
            (Next::Ends(_), kind) if kind.writes() => DONE,
            (Next::Ends(_), _) => self.actors.start(kind),
        }
    }

    fn trace(&mut self, mut at: usize) -> Vec<String> {
        let mut trace = Vec::new();
        while at != 0 {
            let (state, from) = self.states.all[at];
            let before = self.states.all[from as usize].0;
            let step = self.steps(&before).into_iter().find(|(_, next)| *next == Some(state));
            trace.extend(step.map(|(what, _)| what.describe()));
            at = from as usize;
        }
        trace.reverse();
        trace
    }
}
