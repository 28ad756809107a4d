//! The console as operators use it, and the first page.

mod accessible;
mod shop;
mod states;
mod tasks;
