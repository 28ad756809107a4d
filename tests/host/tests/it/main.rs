//! The host's promises, checked with a small component (`host-test-guest`) that it runs. Redis and
//! Postgres are those of REDIS_URL and DATABASE_URL.

mod allow_list;
mod manifest;
mod permits;
mod postgres;
mod redis;
mod reuse;
mod routes;
mod subscriber;
mod support;
mod traps;
mod variables;
