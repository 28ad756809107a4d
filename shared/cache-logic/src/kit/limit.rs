//! A sliding-window rate limit: which attempts count, what is decided, and how the answer says so.
//!
//! Every attempt counts, refused ones too, so a caller that goes on knocking stays out. An attempt
//! that was admitted and comes again under its name counts once, until its purpose has been
//! refused. So a store keeps two kinds of attempts for each window. Admitted ones are never more
//! than the quota. Of the refused ones it keeps the newest, so that both are at most twice the
//! quota; more would decide nothing.
//!
//! All windows of an attempt are one atomic step: all of them admit it, or it is refused. If they
//! were asked one by one, attempts of the same moment could take each other's places, and fewer
//! would pass than may.
//!
//! [`Counters`] are another way, for limits that may be a little too generous: no attempt costs a
//! step of its own.

mod counters;
mod decision;
mod log;

pub use counters::Counters;
pub use decision::{LimitDecision, Window, WindowCount};
pub use log::{AttemptLog, attempt, refuse};
