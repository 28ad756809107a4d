//! cache-spin as others take it: the outbox over tables that the product doesn't have, the packaged
//! crates, and the example built against them.

mod database;
mod outbox;
mod packaged;
mod readme;
mod todo;
