//! The orders that this instance watches. All that watch one order share what is known of it.

use std::cell::RefCell;
use std::pin::pin;
use std::rc::{Rc, Weak};
use std::time::Duration;

use commerce::error::Error;
use commerce::views::{self, Entry};
use edge::clock::sleep;
use edge::{App, Mark, Notify, Row, params};
use futures_util::future::select;
use uuid::Uuid;

use crate::poller;
use crate::viewers::Viewer;

/// The status of an order, as its viewers are told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The order's version.
    pub version: i64,
    /// The JSON: status, payment status, version, time.
    pub body: String,
    /// The customer that it belongs to.
    pub owner: Option<String>,
}

/// Reads the statuses of orders, as any other read does. `None`: there is no such order.
///
/// # Errors
/// The error that Postgres gave.
pub async fn read(app: &'static App, organization: Uuid, ids: &[Uuid]) -> Result<Vec<Option<State>>, Error> {
    let entries = ids.iter().map(|id| (id.to_string(), views::ORDER_STATUS.entry_of(organization, *id))).collect();
    let params = move |missing: &[String]| params![organization, missing.to_vec()];
    let answers = edge::read_many_unwatched(app, entries, params).await?;
    let state = |answer: edge::Answer| {
        let version = answer.etag.trim_matches('"').parse();
        let version = version.map_err(|_| Error::internal("an order's status without a version"))?;
        let body = String::from_utf8(answer.body).map_err(|_| Error::internal("an order's status is no text"))?;
        Ok(State { version, body, owner: answer.owner })
    };
    answers.into_iter().map(|answer| answer.map(state).transpose()).collect()
}

/// The status of an order that this viewer may see.
///
/// # Errors
/// [`Error::NotFound`] if it isn't there or isn't the viewer's.
pub async fn read_for(app: &'static App, viewer: &Viewer, id: Uuid) -> Result<State, Error> {
    let state = read(app, viewer.organization, &[id]).await?.pop().flatten();
    let state = state.filter(|state| viewer.may_see(state.owner.as_deref()));
    state.ok_or_else(|| Error::not_found("order"))
}

/// What is known of an order; `None`: it is gone.
type Known = Option<Rc<State>>;

/// An order that somebody watches.
pub struct Watched {
    /// Its organisation.
    pub organization: Uuid,
    /// Its id.
    pub id: Uuid,
    /// What its status depends on.
    pub entry: Entry,
    /// What it depended on when it was read last; `None`: it has to be read.
    mark: RefCell<Option<Mark>>,
    known: RefCell<Known>,
    changed: Notify,
}

thread_local! {
    static WATCHED: RefCell<Vec<Weak<Watched>>> = const { RefCell::new(Vec::new()) };
}

impl Watched {
    /// Watches an order whose status was read just now, for as long as the answer is kept.
    pub fn begin(app: &'static App, organization: Uuid, id: Uuid, state: State) -> Rc<Self> {
        let others = all();
        let same = others.into_iter().find(|other| other.organization == organization && other.id == id);
        let watched = same.unwrap_or_else(|| {
            let watched = Rc::new(Self {
                organization,
                id,
                entry: views::ORDER_STATUS.entry_of(organization, id),
                mark: RefCell::new(None),
                known: RefCell::new(Some(Rc::new(state.clone()))),
                changed: Notify::default(),
            });
            WATCHED.with_borrow_mut(|all| all.push(Rc::downgrade(&watched)));
            watched
        });
        watched.learn(Some(state));
        poller::ensure(app);
        watched
    }

    /// What is known of it.
    pub fn known(&self) -> Known {
        self.known.borrow().clone()
    }

    /// Takes in what was read. What is no newer than what is known changes nothing.
    pub fn learn(&self, state: Option<State>) {
        let newer = match (&state, &*self.known.borrow()) {
            (Some(state), Some(known)) => state.version > known.version,
            (None, None) => false,
            (Some(_), None) | (None, Some(_)) => true,
        };
        if newer {
            self.known.replace(state.map(Rc::new));
            self.changed.notify();
        }
    }

    /// Whether it has to be read, since it depends on something else now.
    pub fn is_outdated(&self, mark: &Mark) -> bool {
        self.mark.borrow().as_ref() != Some(mark)
    }

    /// Notes what it depended on before it was read.
    pub fn note(&self, mark: Mark) {
        self.mark.replace(Some(mark));
    }

    /// Returns when something else is known, or when the time is over.
    pub async fn changed_within(&self, limit: Duration) {
        select(pin!(self.changed.notified()), pin!(sleep(limit))).await;
    }
}

/// All that somebody watches.
pub fn all() -> Vec<Rc<Watched>> {
    WATCHED.with_borrow_mut(|all| {
        all.retain(|watched| watched.strong_count() > 0);
        all.iter().filter_map(Weak::upgrade).collect()
    })
}

/// A row of `live_states`: the organisation, the order, its status.
///
/// # Errors
/// [`Error::Internal`] if a column is missing.
pub fn state_of(row: &Row) -> Result<(Uuid, Uuid, State), Error> {
    let text = |column: &'static str| row.text(column).map(|text| text.unwrap_or_default().to_owned());
    let id = |column: &'static str| {
        let id = Uuid::try_parse(&text(column)?);
        id.map_err(|_| Error::internal("live_states gave no id"))
    };
    let state = State {
        version: row.int("version")?.unwrap_or_default(),
        body: text("body")?,
        owner: row.text("customer")?.map(str::to_owned),
    };
    Ok((id("organization")?, id("id")?, state))
}
