//! The component that runs. It decides which settings can be read.

use std::cell::Cell;

thread_local! {
    static COMPONENT: Cell<&'static str> = const { Cell::new("") };
}

/// The name of the component that runs; empty outside of one.
pub fn component() -> &'static str {
    COMPONENT.get()
}

/// Notes the component that runs, before its first request is served.
pub(crate) fn enter(component: &'static str) {
    COMPONENT.set(component);
    cache_spin::log::set_source(component);
}
