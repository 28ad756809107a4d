//! One order and its views, and its changes.

mod change;
mod view;

edge::component! {
    GET    token "/api/v1/orders/:id" => view::order;
    PATCH  token "/api/v1/orders/:id" => change::patch;
    DELETE token "/api/v1/orders/:id" => change::delete;
    GET    token "/api/v1/orders/:id/summary" => view::summary;
    GET    token "/api/v1/orders/:id/payment-status" => view::payment_status;
    GET    token "/api/v1/orders/:id/tracking" => view::tracking;
    GET    token "/api/v1/orders/:id/invoice" => view::invoice;
}
