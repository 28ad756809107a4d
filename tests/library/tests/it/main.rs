//! cache-spin as others take it: the outbox over tables that the product doesn't have, the packaged
//! crates, the example and the templates' apps built against them.

mod database;
mod outbox;
mod packaged;
mod readme;
mod served;
mod template;
mod templates;
mod todo;
