//! Runs a `spin.toml` on wasmtime if the Spin CLI is not installed.
//!
//! A stand-in for development and tests, not a product. For components of spin-sdk 7 it does the
//! same as `spin up` of Spin 4.1, unpleasant parts included. It refuses a manifest that needs more.
//!
//! Reading order: [`manifest`] and [`variables`] read the application, [`routes`] and [`headers`]
//! prepare a request, [`instance`] gives it to an instance. [`guest`] is that instance's state, and
//! [`allow_list`], [`permits`], [`redis`], [`postgres`] and [`http_out`] are its outbound
//! connections. [`server`] is the HTTP side, [`subscriber`] that of Redis triggers.

pub mod allow_list;
mod bindings;
pub mod guest;
pub mod headers;
pub mod http_out;
pub mod instance;
mod log;
pub mod manifest;
pub mod permits;
pub mod postgres;
pub mod redis;
pub mod routes;
pub mod server;
pub mod subscriber;
pub mod variables;

use anyhow::{Context as _, Result, ensure};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use wasmtime::component::Linker;

/// The manifest to run, and its options.
#[derive(Clone)]
pub struct Options {
    /// The `spin.toml`, or its directory
    pub manifest: PathBuf,
    /// Port 0 = a free one
    pub listen: SocketAddr,
    /// The sources of variables' values
    pub sources: variables::Sources,
    /// How many connections may be open
    pub permits: permits::Permits,
    /// How instances are reused
    pub reuse: instance::Reuse,
    /// Set TCP_NODELAY on accepted connections, which Spin doesn't
    pub tcp_nodelay: bool,
}

impl Options {
    /// `manifest` on a free port of 127.0.0.1, variables at their defaults, all other options as
    /// Spin has them.
    pub fn new(manifest: impl Into<PathBuf>) -> Self {
        Self {
            manifest: manifest.into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            sources: variables::Sources::default(),
            permits: permits::Permits::default(),
            reuse: instance::Reuse::default(),
            tcp_nodelay: false,
        }
    }
}

/// The host.
pub struct Host;

/// A serving host; dropping it stops it.
pub struct ServingHost {
    /// The address that it serves
    pub addr: SocketAddr,
    /// (route, component id), most specific first
    pub routes: Vec<(String, String)>,
    task: JoinHandle<()>,
}

impl Host {
    /// Compiles the components that have a route, and serves them.
    ///
    /// # Errors
    /// Any mistake of the manifest, a variable, a component or the address. All that can be found
    /// out now is.
    pub async fn start(options: Options) -> Result<ServingHost> {
        let app = manifest::App::read(&options.manifest)?;
        ensure!(app.subscriptions.is_empty(), "the manifest has Redis triggers, and nothing to serve");
        let values = variables::Values::resolve(&app.variables, &options.sources)?;

        let engine = instance::engine()?;
        let mut linker = Linker::new(&engine);
        guest::link(&mut linker)?;
        let routed: BTreeSet<&String> = app.routes.iter().map(|(_, component)| component).collect();
        let mut handlers = HashMap::new();
        for (id, spec) in &app.components {
            let in_component = || format!("component {id:?}");
            let grant = guest::Grant::new(id, spec, &values, options.permits.clone()).with_context(in_component)?;
            if routed.contains(id) {
                let handler = instance::handler(&engine, &linker, &spec.source, grant, options.reuse);
                handlers.insert(id.clone(), handler.with_context(in_component)?);
            }
        }

        let routes = routes::Routes::new(app.routes)?;
        let listed = routes.iter().map(|route| (route.pattern.clone(), route.component.clone())).collect();
        let listener =
            TcpListener::bind(options.listen).await.with_context(|| format!("cannot listen on {}", options.listen))?;
        let addr = listener.local_addr()?;
        let server =
            server::Server { name: app.name, version: app.version, routes, handlers, tcp_nodelay: options.tcp_nodelay };
        let task = tokio::spawn(Arc::new(server).serve(listener));
        Ok(ServingHost { addr, routes: listed, task })
    }
}

/// A host of Redis triggers, which has subscribed.
pub struct SubscribedHost {
    subscribers: Vec<subscriber::Subscriber>,
}

impl Host {
    /// Compiles the components of Redis triggers, and subscribes.
    ///
    /// # Errors
    /// As [`Host::start`]; Redis can't be reached, or refuses.
    pub async fn subscribe(options: Options) -> Result<SubscribedHost> {
        let app = manifest::App::read(&options.manifest)?;
        let values = variables::Values::resolve(&app.variables, &options.sources)?;
        let engine = instance::engine()?;
        let mut linker = Linker::new(&engine);
        guest::link(&mut linker)?;
        let mut handlers = HashMap::new();
        for (id, spec) in &app.components {
            let in_component = || format!("component {id:?}");
            let grant = guest::Grant::new(id, spec, &values, options.permits.clone()).with_context(in_component)?;
            let handler = subscriber::Handler::new(&engine, &linker, &spec.source, grant);
            handlers.insert(id.clone(), Arc::new(handler.with_context(in_component)?));
        }
        let mut by_address: BTreeMap<String, BTreeMap<String, Vec<_>>> = BTreeMap::new();
        for manifest::Subscription { address, channel, component } in app.subscriptions {
            let channels = by_address.entry(values.expand(&address)?).or_default();
            let handler = handlers.get(&component).with_context(|| format!("there is no component {component:?}"))?;
            channels.entry(values.expand(&channel)?).or_default().push(handler.clone());
        }
        let mut subscribers = Vec::new();
        for (address, channels) in by_address {
            subscribers.push(subscriber::Subscriber::open(&address, channels).await?);
        }
        Ok(SubscribedHost { subscribers })
    }
}

impl SubscribedHost {
    /// Every channel, with its Redis.
    pub fn channels(&self) -> Vec<String> {
        self.subscribers.iter().flat_map(subscriber::Subscriber::channels).collect()
    }

    /// Takes messages until a connection to a Redis ends.
    ///
    /// # Errors
    /// Always: the end of that connection.
    pub async fn run(self) -> Result<()> {
        futures::future::select_all(self.subscribers.into_iter().map(|one| Box::pin(one.run()))).await.0
    }
}

impl Drop for ServingHost {
    fn drop(&mut self) {
        self.task.abort();
    }
}
