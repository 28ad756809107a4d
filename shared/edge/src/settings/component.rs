//! Which component runs: settings are read as it is given them.

use std::cell::Cell;

thread_local! {
    static COMPONENT: Cell<&'static str> = const { Cell::new("") };
}

/// The name of the component that runs; empty outside of one.
pub fn component() -> &'static str {
    COMPONENT.get()
}

/// Says which component runs, before its first request is served.
pub(crate) fn enter(component: &'static str) {
    COMPONENT.set(component);
}
