//! Old names and places of public items, for callers that haven't followed yet. Nothing in this crate uses them.
//! Each module that had one takes it from here, on a line that ends in `// renamed`.

/// Was in [`query`](crate::query).
pub mod query {
    pub use crate::hex::encode as hex;
}

/// Was in [`webhook::amount`](crate::webhook::amount).
pub mod amount {
    pub use crate::provider::Provider;
}
