//! One order and its views, its changes, its shipments, its invoice.

mod change;
mod invoices;
mod shipments;
mod view;

use commerce::views;

edge::component! {
    GET    token "/api/v1/orders/:id" => view::read [views::ORDER];
    PATCH  token "/api/v1/orders/:id" => change::patch;
    DELETE token "/api/v1/orders/:id" => change::delete;
    GET    token "/api/v1/orders/:id/summary" => view::read [views::ORDER_SUMMARY];
    GET    token "/api/v1/orders/:id/payment-status" => view::read [views::PAYMENT_STATUS];
    GET    token "/api/v1/orders/:id/tracking" => view::read [views::ORDER_TRACKING];
    GET    token "/api/v1/orders/:id/invoice" => view::read [views::INVOICE_DATA];
    POST   token "/api/v1/orders/:id/invoice" => invoices::issue;
    POST   token "/api/v1/orders/:id/invoice/credit-note" => invoices::credit;
    POST   token "/api/v1/orders/:id/shipments" => shipments::create;
    PATCH  token "/api/v1/orders/:id/shipments/:shipmentId" => shipments::patch;
}
