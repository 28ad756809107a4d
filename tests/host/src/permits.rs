//! The limits of a runtime configuration on open connections. As in Spin they are the whole app's,
//! `open` waits for ever when they are used up, and a connection holds its permit until it is
//! dropped.

use anyhow::{Context as _, Result};
use serde::Deserialize;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The right to one connection; `None` if there is no limit.
pub type Permit = Option<OwnedSemaphorePermit>;

/// The permits for each kind of connection.
#[derive(Clone, Default)]
pub struct Permits {
    /// For Redis
    pub redis: Limit,
    /// For Postgres
    pub postgres: Limit,
}

/// The permits for one kind; none if there is no limit.
#[derive(Clone, Default)]
pub struct Limit(Option<Arc<Semaphore>>);

#[derive(Deserialize, Default)]
struct RuntimeConfig {
    #[serde(default)]
    outbound_redis: Outbound,
    #[serde(default)]
    outbound_pg: Outbound,
}

#[derive(Deserialize, Default)]
struct Outbound {
    max_connections: Option<usize>,
}

impl Permits {
    /// Reads `[outbound_redis]` and `[outbound_pg]` of a runtime configuration; all else in it is
    /// passed over.
    ///
    /// # Errors
    /// A file that can't be read, or isn't TOML.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let config: RuntimeConfig = toml::from_str(&text).with_context(|| path.display().to_string())?;
        let limit = |outbound: Outbound| Limit(outbound.max_connections.map(|most| Arc::new(Semaphore::new(most))));
        Ok(Self { redis: limit(config.outbound_redis), postgres: limit(config.outbound_pg) })
    }
}

impl Limit {
    /// Takes a permit, or waits for one.
    pub async fn take(&self) -> Permit {
        match &self.0 {
            // It is never closed.
            Some(permits) => permits.clone().acquire_owned().await.ok(),
            None => None,
        }
    }
}
