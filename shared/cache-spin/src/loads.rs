//! The loads of one instance, as its readers wait for them: in turn, and one for all readers of an
//! entry. Which load a reader may share, and why its answer is older than no acknowledged write,
//! says [`cache_logic::loads`].

use crate::clock::limited;
use crate::log::{self, Level};
use crate::notify::Notify;
use crate::terms::Terms;
use cache_logic::entry::OriginValue;
use cache_logic::loads::{LoadBounds, LoadId, LoadQueue, LoadRole};
use cache_logic::origin::OriginFault;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// When to come again if too many wait, in seconds.
const RETRY_AFTER: u32 = 1;

/// What a load of one entry brings.
type Loaded = Result<Option<OriginValue>, OriginFault>;

/// The loads of one instance.
#[derive(Default)]
pub(crate) struct Loads {
    queue: OnceCell<RefCell<LoadQueue>>,
    /// Those that wait or have waited, and that others may share.
    batches: RefCell<HashMap<LoadId, Rc<Batch>>>,
    warned: Cell<bool>,
}

/// One load that had to wait, and its readers.
#[derive(Default)]
struct Batch {
    /// Its turn has come.
    begun: Cell<bool>,
    turn: Notify,
    /// So many readers share it.
    sharers: Cell<u32>,
    /// What it brought; empty if its reader was ended before.
    outcome: OnceCell<Loaded>,
    ended: Notify,
}

/// The place of one reader that loads. It is given back when the load has ended, however it ends.
struct Place<'a> {
    loads: &'a Loads,
    id: LoadId,
    batch: Option<Rc<Batch>>,
}

impl Loads {
    /// What a load of this key brings: the next one that begins, if another reader asks for it,
    /// too.
    ///
    /// # Errors
    /// The fault of Postgres; [`OriginFault::Overloaded`] if too many wait, or if its turn didn't
    /// come within the time of one statement.
    pub(crate) async fn shared(&self, terms: &Terms, key: &str, load: impl AsyncFnOnce() -> Loaded) -> Loaded {
        loop {
            let role = self.queue(terms.loads).borrow_mut().join(Some(key));
            let LoadRole::Share(id) = role else {
                let place = self.place(role)?;
                let outcome = match place.turn(terms).await {
                    Ok(()) => load().await,
                    Err(late) => Err(late),
                };
                place.tell(&outcome);
                return outcome;
            };
            let batch = self.batches.borrow().get(&id).cloned();
            let batch = batch.ok_or_else(|| OriginFault::internal("a shared load is nowhere"))?;
            batch.sharers.set(batch.sharers.get() + 1);
            batch.ended.notified().await;
            if let Some(outcome) = batch.outcome.get() {
                return outcome.clone();
            }
        }
    }

    /// A load that nobody shares, in its turn.
    ///
    /// # Errors
    /// As [`Self::shared`].
    pub(crate) async fn in_turn<T>(
        &self,
        terms: &Terms,
        load: impl Future<Output = Result<T, OriginFault>>,
    ) -> Result<T, OriginFault> {
        let role = self.queue(terms.loads).borrow_mut().join(None);
        let place = self.place(role)?;
        place.turn(terms).await?;
        let outcome = load.await;
        drop(place);
        outcome
    }

    fn queue(&self, bounds: LoadBounds) -> &RefCell<LoadQueue> {
        self.queue.get_or_init(|| RefCell::new(LoadQueue::new(bounds)))
    }

    /// The place that this part in a load is.
    fn place(&self, role: LoadRole) -> Result<Place<'_>, OriginFault> {
        match role {
            LoadRole::Begin(id) => Ok(Place { loads: self, id, batch: None }),
            LoadRole::Wait(id) => {
                let batch = Rc::new(Batch::default());
                self.batches.borrow_mut().insert(id, batch.clone());
                Ok(Place { loads: self, id, batch: Some(batch) })
            }
            LoadRole::Share(_) | LoadRole::Full => {
                if !self.warned.replace(true) {
                    let message = "more loads wait for Postgres than postgres_queue allows; some reads get 503";
                    log::say(Level::Warn, "postgres-queue", message);
                }
                Err(overloaded())
            }
        }
    }

    /// Gives a place back, and wakes the readers of the loads that begin now.
    fn leave(&self, id: LoadId) {
        let Some(queue) = self.queue.get() else { return };
        let begin = queue.borrow_mut().leave(id);
        let begin: Vec<_> = begin.iter().filter_map(|id| self.batches.borrow().get(id).cloned()).collect();
        for batch in begin {
            batch.begun.set(true);
            batch.turn.notify();
        }
    }
}

impl Place<'_> {
    /// Waits for the load's turn, for as long as one statement may take.
    async fn turn(&self, terms: &Terms) -> Result<(), OriginFault> {
        let Some(batch) = &self.batch else { return Ok(()) };
        if !batch.begun.get() {
            let _ = limited(terms.postgres_timeout, batch.turn.notified()).await;
        }
        if batch.begun.get() { Ok(()) } else { Err(overloaded()) }
    }

    /// Hands on what the load has brought, before the place is given back.
    fn tell(&self, outcome: &Loaded) {
        if let Some(batch) = self.batch.as_ref().filter(|batch| batch.sharers.get() > 0) {
            let _ = batch.outcome.set(outcome.clone());
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.loads.leave(self.id);
        let batch = self.loads.batches.borrow_mut().remove(&self.id);
        if let Some(batch) = batch {
            batch.ended.notify();
        }
    }
}

fn overloaded() -> OriginFault {
    let detail = "too many reads wait for the database".to_owned();
    OriginFault::Overloaded { detail, retry_after_seconds: RETRY_AFTER }
}
