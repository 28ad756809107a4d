//! `spin:postgres`: pooled connections. As in Spin a pool has 64 connections per address, and
//! `open` waits for ever when they are all taken. Giving one back doesn't end its transaction, and
//! no statement is cached.

#![allow(clippy::result_large_err, reason = "the error is WIT's, with all fields of a server's error")]

mod connection;
mod values;

use crate::allow_list::AllowList;
use crate::bindings::postgres::Error;
use crate::permits::{Limit, Permit};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio_postgres::NoTls;
use tokio_postgres::config::{Config, Host};

/// Connections per address.
const POOL_SIZE: usize = 64;

/// A guest's connection, and its permit. Calls in flight hold on to both.
#[derive(Clone)]
pub struct PostgresConnection(Arc<(Object, Permit)>);

/// An address that a guest has yet to connect to.
pub struct Builder {
    address: String,
}

/// One component's pools by address.
#[derive(Default)]
pub struct Pools(Mutex<HashMap<String, Pool>>);

impl Pools {
    /// Takes a permit and a connection, or waits for them.
    ///
    /// # Errors
    /// An address that isn't valid or has no server that takes us in.
    async fn open(&self, address: &str, permits: &Limit) -> anyhow::Result<PostgresConnection> {
        let pool = self.pool(address)?;
        let permit = permits.take().await;
        Ok(PostgresConnection(Arc::new((pool.get().await?, permit))))
    }

    fn pool(&self, address: &str) -> anyhow::Result<Pool> {
        let mut pools = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(address) {
            return Ok(pool.clone());
        }
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Clean };
        let manager = Manager::from_config(address.parse()?, NoTls, recycling);
        let pool = Pool::builder(manager).max_size(POOL_SIZE).build()?;
        pools.insert(address.to_owned(), pool.clone());
        Ok(pool)
    }
}

/// Whether every host of a connection string may be connected to.
///
/// # Errors
/// The first host that may not, as the guest is told.
fn check_address(address: &str, component: &str, allow_list: &AllowList) -> Result<(), Error> {
    let config: Config = address.parse().map_err(|error| Error::ConnectionFailed(format!("{error}")))?;
    let ports = config.get_ports();
    for (index, host) in config.get_hosts().iter().enumerate() {
        let Host::Tcp(host) = host else {
            return Err(Error::ConnectionFailed("Unix sockets are not supported on WebAssembly".into()));
        };
        // One port is for all hosts.
        let port = ports.get(if ports.len() == 1 { 0 } else { index });
        let target = format!("{host}{}", port.map(|port| format!(":{port}")).unwrap_or_default());
        if !allow_list.check(component, &target, "postgres") {
            return Err(Error::ConnectionFailed(format!("address postgres://{target} is not permitted")));
        }
    }
    Ok(())
}
