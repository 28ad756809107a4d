//! Orders by the many: lists, searches, creation, statistics, histories, bulk reads, bulk statuses.

mod bulk;
mod create;
mod events;
mod history;
mod invalidate;
mod jobs;
mod list;
mod search;
mod stats;
mod statuses;
mod warm;

use commerce::views;

edge::component! {
    GET   token "/api/v1/orders" => list::list;
    POST  token "/api/v1/orders" => create::create;
    GET   token "/api/v1/orders/search" => search::search;
    GET   token "/api/v1/orders/stats" => stats::stats;
    ASK   token "/api/v1/orders/statuses" => bulk::read [views::ORDER_STATUS];
    PATCH token "/api/v1/orders/statuses" => statuses::set;
    ASK   token "/api/v1/orders/summaries" => bulk::read [views::ORDER_SUMMARY];
    ASK   token "/api/v1/orders/tracking" => bulk::read [views::ORDER_TRACKING];
    GET   token "/api/v1/customers/:id/orders" => history::history;
    GET   token "/api/v1/events" => events::list;
    POST  token "/api/v1/cache/invalidate" => invalidate::invalidate;
    GET   token "/api/v1/jobs" => jobs::list;
    POST  open  "/api/v1/jobs/order-list/tick" => jobs::tick;
}
