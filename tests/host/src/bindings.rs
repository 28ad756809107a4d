//! Rust traits for the interfaces in `wit/`, generated.

#![allow(missing_docs, clippy::result_large_err, reason = "generated")]

wasmtime::component::bindgen!({
    path: "wit",
    world: "edge:host/imports",
    // The functions that WIT doesn't call async wait on sockets too.
    imports: {
        "spin:postgres/postgres.[constructor]connection-builder": trappable,
        default: async,
    },
    with: {
        "spin:redis/redis.connection": crate::redis::RedisConnection,
        "spin:postgres/postgres.connection": crate::postgres::PostgresConnection,
        "spin:postgres/postgres.connection-builder": crate::postgres::Builder,
    },
    require_store_data_send: true,
});

/// The export of a component of a Redis trigger.
pub mod trigger {
    wasmtime::component::bindgen!({
        path: "wit",
        world: "edge:host/redis-trigger",
        exports: { default: async },
        with: { "spin:redis/redis": super::redis },
        require_store_data_send: true,
    });
}

pub use spin::postgres::postgres;
pub use spin::redis::redis;
pub use spin::variables::variables;
