//! Claims about the database itself, without any of our programs: these hold for every writer.
//!
//! Needs DATABASE_URL: a connection that may create databases (and, for one claim, roles). Each
//! test has a database of its own.

mod access;
mod announcements;
mod catalogue;
mod changes;
mod constraints;
mod create;
mod customers;
mod database;
mod documents;
mod events;
mod faults;
mod guests;
mod hot_keys;
mod invoices;
mod items;
mod jobs;
mod last_release;
mod lists;
mod names;
mod outcomes;
mod payments;
mod plans;
mod record;
mod renewal;
mod renewing;
mod runner;
mod runs;
mod search;
mod servers;
mod shipments;
mod statistics;
mod stock;
mod stock_holds;
mod tenants;
mod user_sessions;
mod versions;
