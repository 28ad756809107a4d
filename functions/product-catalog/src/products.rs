//! Products. Each change is one statement, beside the one that reads what it is judged by. The
//! answer comes when no reader is served the old state any more.

pub mod bulk_delete;
pub mod create;
pub mod delete;
pub mod list;
pub mod patch;
