//! Faults on purpose.

use std::collections::BTreeSet;
use std::time::Duration;

/// How a call fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Answered with this status; nothing was done.
    Status(u16),
    /// Answered with this status and the provider's own word for a refusal; nothing was done.
    Refused(u16, &'static str),
    /// Answered with this status, which Stripe keeps under the idempotency key and says so; nothing
    /// was done.
    Kept(u16),
    /// Done, and answered with this status all the same.
    DoneThenStatus(u16),
    /// Never answered; nothing was done.
    Hang,
    /// Done, and never answered.
    DoneThenHang,
    /// Answered late.
    Delay(Duration),
    /// The connection breaks; nothing was done.
    Disconnect,
}

/// A fault of some calls.
#[derive(Clone, Debug)]
pub struct Fault {
    /// The kind of the fault.
    pub kind: FaultKind,
    /// Calls whose path has this in it; empty: every call.
    pub path: String,
    /// How many calls it hits; `None`: all until [`Faults::heal`].
    pub times: Option<u32>,
    /// `Retry-After` of an error's answer, in seconds.
    pub retry_after: Option<u32>,
}

impl Fault {
    /// A fault of every call until it is healed.
    pub fn new(kind: FaultKind) -> Fault {
        Fault { kind, path: String::new(), times: None, retry_after: None }
    }

    /// Limits it to calls with this in their path.
    pub fn on(mut self, path: &str) -> Fault {
        path.clone_into(&mut self.path);
        self
    }

    /// Limits it to so many calls.
    pub fn times(mut self, times: u32) -> Fault {
        self.times = Some(times);
        self
    }

    /// Adds a `Retry-After`, in seconds.
    pub fn retry_after(mut self, seconds: u32) -> Fault {
        self.retry_after = Some(seconds);
        self
    }
}

/// The faults in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    faults: Vec<Fault>,
    hidden: BTreeSet<String>,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.faults.push(fault);
    }

    /// Ends all of them.
    pub(crate) fn heal(&mut self) {
        self.faults.clear();
        self.hidden.clear();
    }

    /// From now on this resource can't be read.
    pub(crate) fn hide(&mut self, id: &str) {
        self.hidden.insert(id.to_owned());
    }

    pub(crate) fn show(&mut self, id: &str) {
        self.hidden.remove(id);
    }

    pub(crate) fn hides(&self, id: &str) -> bool {
        self.hidden.contains(id)
    }

    /// The fault of this call, used up by it.
    pub(crate) fn take(&mut self, path: &str) -> Option<Fault> {
        let at = self.faults.iter().position(|fault| path.contains(&fault.path))?;
        let fault = self.faults[at].clone();
        if let Some(times) = &mut self.faults[at].times {
            *times = times.saturating_sub(1);
            if *times == 0 {
                self.faults.remove(at);
            }
        }
        Some(fault)
    }
}
