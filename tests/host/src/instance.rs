//! Instances of a component: how they are made, how many requests one of them takes, and how long
//! it lives.

use crate::guest::{Grant, Guest};
use anyhow::Result;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::time::Sleep;
use wasmtime::component::{Component, GuestTaskId, Linker};
use wasmtime::error::Context as _;
use wasmtime::{
    Cache, CacheConfig, Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store, StoreContextMut,
};
use wasmtime_wasi_http::WasiHttpView as _;
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, Proxy, ProxyHandler, ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus,
};
use wasmtime_wasi_http::p3::bindings::ServicePre;

/// Instances that may live at the same time; a request beyond them is answered with 500.
const MAX_INSTANCES: u32 = 1000;

/// How instances are reused. The defaults are Spin's.
#[derive(Debug, Clone, Copy)]
pub struct Reuse {
    /// Requests that one instance takes in its life
    pub max_requests: usize,
    /// Requests that one instance works on at the same time
    pub max_concurrent: usize,
    /// How long an instance without requests is kept
    pub idle_timeout: Duration,
    /// How long a response may take; `None` = for ever
    pub request_timeout: Option<Duration>,
}

impl Default for Reuse {
    fn default() -> Self {
        Self { max_requests: 128, max_concurrent: 16, idle_timeout: Duration::from_secs(1), request_timeout: None }
    }
}

/// An engine with Spin's limits, which keeps compiled components in wasmtime's cache directory of
/// the user.
///
/// # Errors
/// A machine that wasmtime cannot compile for.
pub fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config.wasm_component_model_async(true);
    match Cache::new(CacheConfig::new()) {
        Ok(cache) => drop(config.cache(Some(cache))),
        Err(error) => eprintln!("compiled components are not kept for the next start: {error}"),
    }

    let mut pool = PoolingAllocationConfig::default();
    pool.total_component_instances(MAX_INSTANCES)
        .total_memories(MAX_INSTANCES)
        .total_stacks(MAX_INSTANCES)
        .total_tables(2 * MAX_INSTANCES)
        .total_core_instances(4 * MAX_INSTANCES)
        .table_elements(100_000)
        .max_component_instance_size(10 << 20)
        .max_core_instance_size(10 << 20)
        .linear_memory_keep_resident(2 << 20)
        .table_keep_resident(1 << 19);
    let mut pooling = config.clone();
    pooling.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    // The pool reserves terabytes of address space, which some systems don't have.
    Ok(Engine::new(&pooling).or_else(|_| Engine::new(&config))?)
}

/// Compiles a component and makes a handler that gives requests to its instances.
///
/// # Errors
/// A file that isn't there, or isn't a component for `wasi:http` 0.3 with imports that this host
/// has.
pub fn handler(
    engine: &Engine,
    linker: &Linker<Guest>,
    source: &Path,
    grant: Grant,
    reuse: Reuse,
) -> Result<ProxyHandler<Instances>> {
    let component =
        Component::from_file(engine, source).with_context(|| format!("cannot load {}", source.display()))?;
    let service = linker.instantiate_pre(&component).and_then(ServicePre::new);
    let service = service.with_context(|| format!("{} is not a component that this host can run", source.display()))?;
    Ok(ProxyHandler::new(Instances { engine: engine.clone(), service, grant: Arc::new(grant), reuse }))
}

/// Makes the instances of one component.
pub struct Instances {
    engine: Engine,
    service: ServicePre<Guest>,
    grant: Arc<Grant>,
    reuse: Reuse,
}

impl Instances {
    /// The host calls of the component's instances so far; see [`Grant::calls`].
    pub fn calls(&self) -> u64 {
        self.grant.calls.load(Ordering::Relaxed)
    }
}

impl HandlerState for Instances {
    type StoreData = Guest;
    type WorkerExpiration = Expiration;
    type WorkerState = Life;

    async fn instantiate(&self) -> wasmtime::Result<Instance<Guest, Expiration, Life>> {
        let mut store = Store::new(&self.engine, Guest::new(self.grant.clone()));
        let service = self.service.instantiate_async(&mut store).await?;
        Ok(Instance {
            store,
            proxy: Proxy::P3(service),
            view: Guest::http,
            expiration: Expiration { reuse: self.reuse, sleep: Box::pin(tokio::time::sleep(Duration::ZERO)) },
            state: Life { reuse: self.reuse, grant: self.grant.clone() },
        })
    }
}

/// The end of an instance that has been idle, or busy with one request, for too long.
pub struct Expiration {
    reuse: Reuse,
    sleep: Pin<Box<Sleep>>,
}

impl WorkerExpiration for Expiration {
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>, status: WorkerStatus, since: Instant) -> Poll<()> {
        let limit = match status {
            WorkerStatus::Idle => Some(self.reuse.idle_timeout),
            WorkerStatus::Requests | WorkerStatus::PostReturn => self.reuse.request_timeout,
        };
        let Some(deadline) = limit.and_then(|limit| since.checked_add(limit)) else { return Poll::Pending };
        if self.sleep.deadline() != deadline.into() {
            self.sleep.as_mut().reset(deadline.into());
        }
        self.sleep.as_mut().poll(context)
    }
}

/// The requests that an instance takes, and its end.
pub struct Life {
    reuse: Reuse,
    grant: Arc<Grant>,
}

impl WorkerState for Life {
    type StoreData = Guest;
    type RequestData = ();

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= self.reuse.max_requests {
            ShouldAccept::Never
        } else if concurrent >= self.reuse.max_concurrent {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, Guest>,
        (): (),
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        match self.reuse.request_timeout {
            Some(limit) => Box::pin(tokio::time::sleep(limit)),
            None => Box::pin(std::future::pending()),
        }
    }

    fn drop(&self, store: Store<Guest>, result: wasmtime::Result<()>) {
        // The store goes first: it prints the guest's unfinished output, such as a panic's last
        // line.
        drop(store);
        if let Err(error) = result {
            eprintln!("[{}] instance failed: {error:?}", self.grant.id);
        }
    }
}
