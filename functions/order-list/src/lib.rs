//! Orders by the many: lists, creation, statistics, histories, bulk statuses.

mod create;
mod history;
mod invalidate;
mod list;
mod stats;
mod statuses;

edge::component! {
    GET   token "/api/v1/orders" => list::list;
    POST  token "/api/v1/orders" => create::create;
    GET   token "/api/v1/orders/stats" => stats::stats;
    POST  token "/api/v1/orders/statuses" => statuses::read;
    PATCH token "/api/v1/orders/statuses" => statuses::set;
    GET   token "/api/v1/customers/:id/orders" => history::history;
    POST  token "/api/v1/cache/invalidate" => invalidate::invalidate;
}
