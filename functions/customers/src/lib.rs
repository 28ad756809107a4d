//! Customers: who buys.

mod change;
mod create;
mod list;
mod view;

edge::component! {
    GET   token "/api/v1/customers" => list::list;
    POST  token "/api/v1/customers" => create::create;
    GET   token "/api/v1/customers/:id" => view::read;
    PATCH token "/api/v1/customers/:id" => change::patch;
}
