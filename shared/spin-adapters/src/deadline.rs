//! A time limit for many short calls at the cost of one timer.
//!
//! A timer raced against each call is the dearest part of a cached read: on Spin, starting and cancelling one costs as much as a third of
//! the request. Here one task per instance ticks while calls are outstanding. A call waits beside a stream of the component model whose
//! other end the ticking task holds, and drops when the time is over: that wakes the call through its own set of waitables, which a waker
//! between two requests may not. (A stream of bytes, because within one component wasmtime passes on numbers only.)

use spin_sdk::wasip3::wit_bindgen::{StreamReader, StreamWriter};
use spin_sdk::wasip3::{spawn, wit_stream};
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use crate::clock::{monotonic_millis, sleep};
use futures_util::future::{Either, select};

/// Into how many ticks the limit is divided, and after how many a call is given up: after two thirds of the limit to all of it, since it
/// begins amid a tick. More of them would be more exact, but each costs a tenth of a cached read, in each instance.
const TICKS: u32 = 3;
const GIVEN_UP_AFTER: u32 = 3;

/// What a tick counts in which nothing was heard, and one in which another call was answered: whoever answers doesn't hang.
const SILENT: u32 = 2;
const HEARD: u32 = 1;

/// How many ticks there may be for one call where they come late.
const MOST_TICKS: u32 = 15;

/// Nothing is ever written to it: the call's time is over when it is dropped.
type Alarm = StreamWriter<u8>;

/// Who waits. Without an alarm its time is over, and the place is kept until the call has noticed.
struct Waiting {
    /// What ticks may count until it is given up.
    left: u32,
    /// How many there may be, late ones among them.
    ticks: u32,
    alarm: Option<Alarm>,
}

/// Both ends of an alarm that hasn't rung: of use to the next call. Making and dropping one costs more than waiting for it.
type Spare = (Alarm, StreamReader<u8>);

/// How many are kept: as many as an instance has requests at once.
const MOST_SPARE: usize = 16;

/// A limit that calls share.
pub struct Deadline {
    tick: Duration,
    places: RefCell<Vec<Option<Waiting>>>,
    spare: RefCell<Vec<Spare>>,
    ticking: Cell<bool>,
    /// A call was answered since the last tick.
    heard: Cell<bool>,
}

/// A call's place, given back when the call ends, however it ends.
struct Place<'a> {
    deadline: &'a Deadline,
    index: usize,
}

impl Place<'_> {
    /// Gives up the place; its alarm where it hasn't rung.
    fn alarm(self) -> Option<Alarm> {
        let waiting = self.deadline.places.borrow_mut().get_mut(self.index).and_then(Option::take);
        waiting.and_then(|waiting| waiting.alarm)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        // Dropped outside of the borrow.
        let left = self.deadline.places.borrow_mut().get_mut(self.index).and_then(Option::take);
        drop(left);
    }
}

/// Says that the task ticks, until it ends, however it ends.
struct Ticking<'a>(&'a Cell<bool>);

impl Drop for Ticking<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Deadline {
    /// A limit of this length.
    pub fn new(limit: Duration) -> Rc<Self> {
        Rc::new(Self {
            tick: limit / TICKS,
            places: RefCell::new(Vec::new()),
            spare: RefCell::new(Vec::new()),
            ticking: Cell::new(false),
            heard: Cell::new(false),
        })
    }

    /// The operation's outcome, or `None` where it takes longer than the limit. Dropping it cancels the call in the host.
    pub async fn within<T>(self: &Rc<Self>, operation: impl Future<Output = T>) -> Option<T> {
        let mut operation = pin!(operation);
        if let Poll::Ready(outcome) = poll_fn(|context| Poll::Ready(operation.as_mut().poll(context))).await {
            return Some(outcome);
        }
        let spare = self.spare.borrow_mut().pop();
        let (alarm, mut rings) = spare.unwrap_or_else(wit_stream::new::<u8>);
        let place = self.take_place(alarm);
        if !self.ticking.replace(true) {
            spawn(self.clone().watch());
        }
        let outcome = match select(operation, pin!(rings.read(Vec::with_capacity(1)))).await {
            Either::Left((outcome, _)) => {
                self.heard.set(true);
                Some(outcome)
            }
            Either::Right(_) => None,
        };
        self.put_by(place.alarm(), rings);
        outcome
    }

    /// Keeps an alarm that hasn't rung.
    fn put_by(&self, alarm: Option<Alarm>, rings: StreamReader<u8>) {
        let mut spare = self.spare.borrow_mut();
        if spare.len() < MOST_SPARE {
            spare.extend(alarm.map(|alarm| (alarm, rings)));
        }
    }

    fn take_place(&self, alarm: Alarm) -> Place<'_> {
        let waiting = Some(Waiting { left: GIVEN_UP_AFTER * SILENT, ticks: MOST_TICKS, alarm: Some(alarm) });
        let mut places = self.places.borrow_mut();
        let index = places.iter().position(Option::is_none).unwrap_or(places.len());
        match places.get_mut(index) {
            Some(place) => *place = waiting,
            None => places.push(waiting),
        }
        Place { deadline: self, index }
    }

    /// Ticks until nobody waits. A tick that comes late doesn't count: the machine is busy, and an answer that has long been there, and
    /// that nobody had the time to hand on, isn't to be taken for none.
    async fn watch(self: Rc<Self>) {
        let _ticking = Ticking(&self.ticking);
        let late = (self.tick * 5 / 4).as_millis() as u64;
        let mut before = monotonic_millis();
        while self.is_awaited() {
            sleep(self.tick).await;
            let now = monotonic_millis();
            let counts = match (now.saturating_sub(before) <= late, self.heard.replace(false)) {
                (false, _) => 0,
                (true, true) => HEARD,
                (true, false) => SILENT,
            };
            // Dropped outside of the borrow: each wakes a call.
            drop(self.due(counts));
            before = now;
        }
    }

    fn is_awaited(&self) -> bool {
        self.places.borrow().iter().flatten().any(|waiting| waiting.alarm.is_some())
    }

    /// Counts a tick, and gives the alarms of those whose time is over.
    fn due(&self, counts: u32) -> Vec<Alarm> {
        let mut due = Vec::new();
        for waiting in self.places.borrow_mut().iter_mut().flatten() {
            waiting.left = waiting.left.saturating_sub(counts);
            waiting.ticks = waiting.ticks.saturating_sub(1);
            if waiting.left == 0 || waiting.ticks == 0 {
                due.extend(waiting.alarm.take());
            }
        }
        due
    }
}
