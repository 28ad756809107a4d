//! A time limit for many short calls at the cost of one timer.
//!
//! A timer raced against each call is the dearest part of a cached read: on Spin, starting and cancelling one costs as much as a third of
//! the request. Here one task per instance ticks while calls are outstanding. A call waits beside a stream of the component model whose
//! other end the ticking task holds, and drops when the time is over: that wakes the call through its own set of waitables, which a waker
//! between two requests may not. (A stream of bytes, because within one component wasmtime passes on numbers only.)

use spin_sdk::wasip3::wit_bindgen::StreamWriter;
use spin_sdk::wasip3::{spawn, wit_stream};
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use crate::clock::sleep;
use futures_util::future::{Either, select};

/// Into how many ticks the limit is divided. A call is given up after the limit less a part of the first tick: never after it, never
/// before four fifths of it.
const TICKS: u32 = 5;

/// Nothing is ever written to it: the call's time is over when it is dropped.
type Alarm = StreamWriter<u8>;

/// Who waits. Without an alarm its time is over, and the place is kept until the call has noticed.
struct Waiting {
    ticks: u32,
    alarm: Option<Alarm>,
}

/// A limit that calls share.
pub struct Deadline {
    tick: Duration,
    places: RefCell<Vec<Option<Waiting>>>,
    ticking: Cell<bool>,
}

/// A call's place, given back when the call ends, however it ends.
struct Place<'a> {
    deadline: &'a Deadline,
    index: usize,
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
        Rc::new(Self { tick: limit / TICKS, places: RefCell::new(Vec::new()), ticking: Cell::new(false) })
    }

    /// The operation's outcome, or `None` where it takes longer than the limit. Dropping it cancels the call in the host.
    pub async fn within<T>(self: &Rc<Self>, operation: impl Future<Output = T>) -> Option<T> {
        let mut operation = pin!(operation);
        if let Poll::Ready(outcome) = poll_fn(|context| Poll::Ready(operation.as_mut().poll(context))).await {
            return Some(outcome);
        }
        let (alarm, mut rings) = wit_stream::new::<u8>();
        let _place = self.take_place(alarm);
        if !self.ticking.replace(true) {
            spawn(self.clone().watch());
        }
        match select(operation, pin!(rings.read(Vec::with_capacity(1)))).await {
            Either::Left((outcome, _)) => Some(outcome),
            Either::Right(_) => None,
        }
    }

    fn take_place(&self, alarm: Alarm) -> Place<'_> {
        let waiting = Some(Waiting { ticks: TICKS, alarm: Some(alarm) });
        let mut places = self.places.borrow_mut();
        let index = places.iter().position(Option::is_none).unwrap_or(places.len());
        match places.get_mut(index) {
            Some(place) => *place = waiting,
            None => places.push(waiting),
        }
        Place { deadline: self, index }
    }

    /// Ticks until nobody waits.
    async fn watch(self: Rc<Self>) {
        let _ticking = Ticking(&self.ticking);
        while self.is_awaited() {
            sleep(self.tick).await;
            // Dropped outside of the borrow: each wakes a call.
            drop(self.due());
        }
    }

    fn is_awaited(&self) -> bool {
        self.places.borrow().iter().flatten().any(|waiting| waiting.alarm.is_some())
    }

    /// Counts a tick, and gives the alarms of those whose time is over.
    fn due(&self) -> Vec<Alarm> {
        let mut due = Vec::new();
        for waiting in self.places.borrow_mut().iter_mut().flatten() {
            waiting.ticks = waiting.ticks.saturating_sub(1);
            if waiting.ticks == 0 {
                due.extend(waiting.alarm.take());
            }
        }
        due
    }
}
