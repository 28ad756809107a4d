//! A database with nothing but the outbox.

pub use kit::database::Database;

/// The script that cache-spin brings.
pub const OUTBOX: &str = include_str!("../../../../shared/cache-spin/sql/outbox.sql");

/// A database with nothing but the outbox.
pub async fn with_outbox() -> Database {
    let db = Database::empty().await;
    db.run(OUTBOX).await;
    db
}
