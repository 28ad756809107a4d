//! A sliding-window rate limit: what is counted, what that decides, and how the answer says so.
//!
//! Every attempt counts, refused ones too: who goes on knocking stays out. An attempt that was admitted and comes again under its name
//! counts once, until what it was for has been refused. For that a store keeps, of each window, the attempts that were admitted, which are
//! never more than the quota, and so many of the newest refused ones that there are no more than twice the quota; more would decide nothing.
//!
//! All windows of an attempt are one atomic step: it is admitted by all of them or refused by all. Were they asked one by one, attempts that
//! come at the same moment could take each other's places, and fewer would pass than may.

mod decision;
mod log;

pub use decision::{LimitDecision, Window, WindowCount};
pub use log::{AttemptLog, attempt, refuse};
