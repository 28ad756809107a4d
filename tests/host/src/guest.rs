//! The state of a store: one instance of a component, and its grants from the manifest.

use crate::allow_list::AllowList;
use crate::bindings::variables;
use crate::http_out::OutboundHttp;
use crate::log::GuestLog;
use crate::manifest::ComponentSpec;
use crate::permits::Permits;
use crate::postgres::Pools;
use crate::variables::{Values, check_name};
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use wasmtime::component::{Accessor, HasSelf, Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

/// The grants of one component, shared by its instances.
pub struct Grant {
    /// The component's id
    pub id: String,
    /// Its variables, expanded
    pub variables: BTreeMap<String, String>,
    /// Its environment variables
    pub environment: BTreeMap<String, String>,
    /// The addresses that it may connect to
    pub allow_list: AllowList,
    /// Its Postgres connections
    pub pools: Pools,
    /// The app's permits for connections
    pub permits: Permits,
    /// How often the host took hold of the state of one of its instances: once for each plain call
    /// of an import, once or more for each asynchronous one. The cost of a request on Spin grows
    /// with it.
    pub calls: AtomicU64,
}

impl Grant {
    /// Expands the templates of a component.
    ///
    /// # Errors
    /// A template, variable name or address that isn't valid.
    pub fn new(id: &str, spec: &ComponentSpec, values: &Values, permits: Permits) -> Result<Self> {
        let mut variables = BTreeMap::new();
        for (name, template) in &spec.variables {
            check_name(name).map_err(|why| anyhow::anyhow!("variable {name:?} {why}"))?;
            variables.insert(name.clone(), values.expand(template)?);
        }
        let mut addresses = Vec::new();
        for template in &spec.allowed_outbound_hosts {
            let address = values.expand(template)?;
            AllowList::parse([address.as_str()]).with_context(|| format!("in allowed_outbound_hosts: {template:?}"))?;
            addresses.push(address);
        }
        Ok(Self {
            id: id.to_owned(),
            variables,
            environment: spec.environment.clone(),
            allow_list: AllowList::parse(addresses.iter().map(String::as_str))?,
            pools: Pools::default(),
            permits,
            calls: AtomicU64::new(0),
        })
    }
}

/// One instance's state.
pub struct Guest {
    /// Its component's grants
    pub grant: Arc<Grant>,
    /// Its open connections and streams
    pub table: ResourceTable,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: OutboundHttp,
}

impl Guest {
    /// A fresh state: no files, no sockets, output to the host's stderr.
    pub fn new(grant: Arc<Grant>) -> Self {
        let mut wasi = WasiCtxBuilder::new();
        wasi.stdout(GuestLog::new(&grant.id)).stderr(GuestLog::new(&grant.id));
        for (name, value) in &grant.environment {
            wasi.env(name, value);
        }
        Self {
            table: ResourceTable::new(),
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            outbound: OutboundHttp(grant.clone()),
            grant,
        }
    }

    fn counted(&mut self) -> &mut Self {
        self.grant.calls.fetch_add(1, Ordering::Relaxed);
        self
    }
}

/// Gives `linker` everything that a component may import: Spin's interfaces, outbound HTTP, and the
/// parts of WASI 0.2 (the standard library) and 0.3 (the SDK) that work without files and sockets.
/// The rest would only refuse, after minutes of compiling.
///
/// # Errors
/// Two definitions of one import: a mistake in this file.
pub fn link(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    use wasmtime_wasi::cli::{WasiCli, WasiCliView as _};
    use wasmtime_wasi::p2::{self, bindings::cli, bindings::random};
    use wasmtime_wasi::p3;
    use wasmtime_wasi::random::{WasiRandom, WasiRandomView as _};

    p2::add_to_linker_proxy_interfaces_async(linker)?;
    cli::environment::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::exit::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, Guest::cli)?;
    random::insecure::add_to_linker::<_, WasiRandom>(linker, Guest::random)?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(linker, Guest::random)?;
    p3::cli::add_to_linker(linker)?;
    p3::clocks::add_to_linker(linker)?;
    p3::random::add_to_linker(linker)?;
    wasmtime_wasi_http::p3::add_to_linker(linker)?;
    crate::bindings::Imports::add_to_linker::<_, HasSelf<Guest>>(linker, Guest::counted)
}

impl WasiView for Guest {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let Self { wasi, table, .. } = self.counted();
        WasiCtxView { ctx: wasi, table }
    }
}

impl WasiHttpView for Guest {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let Self { outbound, table, http, .. } = self.counted();
        WasiHttpCtxView { hooks: outbound, table, ctx: http }
    }
}

impl variables::Host for Guest {}

impl<T: Send> variables::HostWithStore<T> for HasSelf<Guest> {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> Result<String, variables::Error> {
        check_name(&name).map_err(|why| variables::Error::InvalidName(format!("{name:?}: {why}")))?;
        let grant = accessor.with(|mut access| access.get().grant.clone());
        let unknown = || variables::Error::Undefined(format!("no variable for {:?}.{name:?}", grant.id));
        grant.variables.get(&name).cloned().ok_or_else(unknown)
    }
}
