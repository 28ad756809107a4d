//! Redis triggers: each message on a channel is given to a fresh instance. As in Spin there is one
//! message after the other, none is tried again, and everything ends when the connection does.

use crate::bindings::trigger::{RedisTrigger, RedisTriggerPre};
use crate::guest::{Grant, Guest};
use anyhow::{Result, bail};
use futures::StreamExt as _;
use redis::aio::PubSub;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use wasmtime::component::{Component, Linker};
use wasmtime::error::Context as _;
use wasmtime::{Engine, Store};

/// A component that takes messages.
pub struct Handler {
    engine: Engine,
    component: RedisTriggerPre<Guest>,
    grant: Arc<Grant>,
}

impl Handler {
    /// Compiles a component.
    ///
    /// # Errors
    /// A file that isn't there, or isn't a component that takes messages and needs no more than
    /// this host has.
    pub fn new(engine: &Engine, linker: &Linker<Guest>, source: &Path, grant: Grant) -> Result<Self> {
        let component =
            Component::from_file(engine, source).with_context(|| format!("cannot load {}", source.display()))?;
        let component = linker.instantiate_pre(&component).and_then(RedisTriggerPre::new);
        let component =
            component.with_context(|| format!("{} is not a component of a Redis trigger", source.display()))?;
        Ok(Self { engine: engine.clone(), component, grant: Arc::new(grant) })
    }

    /// Gives a message to an instance of its own. A failure is only told.
    async fn handle(&self, message: Vec<u8>) {
        let id = &self.grant.id;
        match self.run(message).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => eprintln!("[{id}] answered a message with an error: {error:?}"),
            Err(error) => eprintln!("[{id}] instance failed: {error:?}"),
        }
    }

    async fn run(&self, message: Vec<u8>) -> wasmtime::Result<Result<(), crate::bindings::redis::Error>> {
        let mut store = Store::new(&self.engine, Guest::new(self.grant.clone()));
        let instance: RedisTrigger = self.component.instantiate_async(&mut store).await?;
        let call =
            async |accessor: &_| instance.spin_redis_inbound_redis().call_handle_message(accessor, message).await;
        store.run_concurrent(call).await?
    }
}

/// The channels of one Redis, each with the components that take its messages.
pub struct Subscriber {
    address: String,
    channels: BTreeMap<String, Vec<Arc<Handler>>>,
    connection: PubSub,
}

impl Subscriber {
    /// Connects and subscribes.
    ///
    /// # Errors
    /// Redis can't be reached, or refuses.
    pub async fn open(address: &str, channels: BTreeMap<String, Vec<Arc<Handler>>>) -> Result<Self> {
        let client = redis::Client::open(address).context("the address of a Redis trigger")?;
        // Without user and password.
        let address = client.get_connection_info().addr.to_string();
        let connection = client.get_async_pubsub().await;
        let mut connection = connection.with_context(|| format!("Redis trigger failed to connect to {address}"))?;
        for channel in channels.keys() {
            let subscribed = connection.subscribe(channel).await;
            subscribed.with_context(|| format!("Redis trigger failed to subscribe to {channel:?} on {address}"))?;
        }
        Ok(Self { address, channels, connection })
    }

    /// Every channel, with its Redis.
    pub fn channels(&self) -> impl Iterator<Item = String> {
        self.channels.keys().map(|channel| format!("{}/{channel}", self.address))
    }

    /// Takes messages until the connection ends.
    ///
    /// # Errors
    /// Always: the end of the connection.
    pub async fn run(mut self) -> Result<()> {
        let mut messages = self.connection.on_message();
        while let Some(message) = messages.next().await {
            for handler in self.channels.get(message.get_channel_name()).into_iter().flatten() {
                handler.handle(message.get_payload_bytes().to_vec()).await;
            }
        }
        bail!("disconnected from {}", self.address)
    }
}
