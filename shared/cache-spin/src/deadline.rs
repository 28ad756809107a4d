//! A time limit for many short calls at the cost of one timer.
//!
//! A timer raced against each call would be the dearest part of a cached read: on Spin, starting
//! and cancelling one costs as much as a third of the request. Here one task per instance ticks
//! while calls are outstanding, and wakes those whose time is over.

use spin_sdk::wasip3::spawn;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use crate::clock::{Ticker, sleep};
use crate::notify::{Wait, Waker, waker};
use futures_util::future::{Either, select};

/// The limit is divided into so many parts, the unit of ticks.
const PARTS: u32 = 24;

/// A tick while all is well. Shorter ones would be more exact, but each costs a tenth of a cached
/// read, in each instance.
const LONG_TICK: u32 = 8;

/// A tick after a silent one, and before anything was heard.
const SHORT_TICK: u32 = 3;

/// A call is given up when silent ticks add up to this. It is less than the whole limit: the rest
/// is for the work done instead, so that both together take the limit and little more.
const GIVEN_UP_AFTER: u32 = 21;

/// The same before the first answer. Nothing says yet that the server is there, so requests that
/// come to a new instance wait less long.
const UNHEARD_GIVEN_UP_AFTER: u32 = 15;

/// A tick may be late by this much, and by the slack of a timer if that is more.
const SLACK: u32 = 2;
const TIMER_SLACK: Duration = Duration::from_millis(3);

/// A tick without any answer counts twice, and one in which another call was answered once: a
/// server that answers doesn't hang.
const SILENT: u32 = 2;
const HEARD: u32 = 1;

/// Ticks may add up to this for one call if they come late.
const MOST: u32 = 5 * PARTS;

/// A call that waits. Without an alarm its time is over; the place is kept until the call has
/// noticed.
struct Waiting {
    /// Ticks may count so much until the call is given up.
    left: u32,
    /// Ticks may add up to so much, late ones among them.
    most: u32,
    alarm: Option<Waker>,
}

/// Both ends of an alarm that hasn't rung. The next call uses them again, since making and dropping
/// an alarm costs more than waiting for it.
type Spare = (Waker, Wait);

/// So many are kept: as many as an instance has requests at once.
const MOST_SPARE: usize = 16;

/// A limit that calls share.
pub struct Deadline {
    part: Duration,
    places: RefCell<Vec<Option<Waiting>>>,
    spare: RefCell<Vec<Spare>>,
    ticking: Cell<bool>,
    /// A call was answered since the last tick.
    heard: Cell<bool>,
    /// Ticks may count so much until a call is given up.
    patience: Cell<u32>,
    /// Ticks have counted so much since a call was answered, or since the first one waits.
    silence: Cell<u32>,
}

/// A call's place, given back when the call ends, however it ends.
struct Place<'a> {
    deadline: &'a Deadline,
    index: usize,
}

impl Place<'_> {
    /// Gives up the place. The answer is its alarm if that hasn't rung.
    fn alarm(self) -> Option<Waker> {
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
            part: limit / PARTS,
            places: RefCell::new(Vec::new()),
            spare: RefCell::new(Vec::new()),
            ticking: Cell::new(false),
            heard: Cell::new(false),
            patience: Cell::new(UNHEARD_GIVEN_UP_AFTER * SILENT),
            silence: Cell::new(0),
        })
    }

    /// The operation's outcome, or `None` if it takes longer than the limit. Dropping the operation
    /// cancels its call in the host.
    pub async fn within<T>(self: &Rc<Self>, operation: impl Future<Output = T>) -> Option<T> {
        let mut operation = pin!(operation);
        if let Poll::Ready(outcome) = poll_fn(|context| Poll::Ready(operation.as_mut().poll(context))).await {
            return Some(outcome);
        }
        let spare = self.spare.borrow_mut().pop();
        let (alarm, mut wait) = spare.unwrap_or_else(waker);
        let place = self.take_place(alarm);
        if !self.ticking.replace(true) {
            self.silence.set(0);
            spawn(self.clone().watch());
        }
        let outcome = match select(operation, pin!(wait.wait())).await {
            Either::Left((outcome, _)) => {
                self.heard.set(true);
                Some(outcome)
            }
            Either::Right(_) => None,
        };
        self.put_by(place.alarm(), wait);
        outcome
    }

    /// The server has answered a command: from now on each call has the whole limit.
    pub fn trust(&self) {
        self.patience.set(GIVEN_UP_AFTER * SILENT);
    }

    /// Keeps an alarm that hasn't rung.
    fn put_by(&self, alarm: Option<Waker>, wait: Wait) {
        let mut spare = self.spare.borrow_mut();
        if spare.len() < MOST_SPARE {
            spare.extend(alarm.map(|alarm| (alarm, wait)));
        }
    }

    fn take_place(&self, alarm: Waker) -> Place<'_> {
        let waiting = Some(Waiting { left: self.patience.get(), most: MOST, alarm: Some(alarm) });
        let mut places = self.places.borrow_mut();
        let index = places.iter().position(Option::is_none).unwrap_or(places.len());
        match places.get_mut(index) {
            Some(place) => *place = waiting,
            None => places.push(waiting),
        }
        Place { deadline: self, index }
    }

    /// Ticks until nobody waits. A tick that comes late doesn't count, and the ticks before it
    /// don't either. The machine is busy then, and the answer may be there without anybody having
    /// had the time to hand it on.
    async fn watch(self: Rc<Self>) {
        let _ticking = Ticking(&self.ticking);
        let ticker = Ticker::begin(self.part * LONG_TICK);
        // By the wall clock, which requests need, too. If it is set while calls wait, one tick is
        // taken for a late one, or a late one for one in time.
        let mut before = ticker.tick();
        while self.is_awaited() {
            let known = self.patience.get() == GIVEN_UP_AFTER * SILENT;
            let parts = if known && self.silence.get() == 0 { LONG_TICK } else { SHORT_TICK };
            let tick = self.part * parts;
            sleep(tick).await;
            let now = ticker.tick();
            let heard = self.heard.replace(false);
            let late = now.saturating_sub(before) > (tick + (self.part * SLACK).max(TIMER_SLACK)).as_millis() as u64;
            let counts = match (late, heard) {
                (true, _) => 0,
                (false, true) => parts * HEARD,
                (false, false) => parts * SILENT,
            };
            self.silence.set(if heard || late { 0 } else { self.silence.get() + counts });
            if late {
                self.begin_anew();
            }
            // Dropped outside of the borrow: each wakes a call.
            drop(self.due(parts, counts));
            before = now;
        }
    }

    /// Every call that waits has all its patience again.
    fn begin_anew(&self) {
        let patience = self.patience.get();
        self.places.borrow_mut().iter_mut().flatten().for_each(|waiting| waiting.left = waiting.left.max(patience));
    }

    fn is_awaited(&self) -> bool {
        self.places.borrow().iter().flatten().any(|waiting| waiting.alarm.is_some())
    }

    /// Counts a tick, and gives the alarms of the calls whose time is over. If nobody has heard
    /// anything for as long as the first has waited, these are all: the later ones ask the same
    /// silent server.
    fn due(&self, parts: u32, counts: u32) -> Vec<Waker> {
        let mut due = Vec::new();
        let all = self.silence.get() >= self.patience.get();
        if all {
            self.silence.set(0);
        }
        for waiting in self.places.borrow_mut().iter_mut().flatten() {
            waiting.left = waiting.left.saturating_sub(counts);
            waiting.most = waiting.most.saturating_sub(parts);
            if all || waiting.left == 0 || waiting.most == 0 {
                due.extend(waiting.alarm.take());
            }
        }
        due
    }
}
