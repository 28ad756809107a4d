//! Payment and checkout sessions, guest access, refunds and captures.

mod captures;
mod carts;
mod checkout;
mod differences;
mod guests;
mod limits;
mod manual;
mod observed;
mod payments;
mod prune;
mod refunds;
mod sessions;
mod transactions;

edge::component! {
    GET    token "/api/v1/payments/sessions" => sessions::list;
    POST   token "/api/v1/payments/sessions" => sessions::begin::begin;
    POST   token "/api/v1/payments/sessions/sweep" => sessions::sweep;
    GET    token "/api/v1/payments/sessions/:id" => sessions::get;
    VISIT  open  "/api/v1/payments/sessions/:id/redirect" => sessions::tickets::redirect;
    GET    open  "/api/v1/payments/sessions/:id/return" => sessions::tickets::return_page;
    POST   token "/api/v1/payments/sessions/:id/cancel" => sessions::cancel;
    POST   token "/api/v1/payments/sessions/:id/release" => sessions::begin::release;
    GET    token "/api/v1/payments/refunds" => refunds::search;
    POST   token "/api/v1/payments/refunds/send" => refunds::send;
    POST   token "/api/v1/payments/refunds/:id/settle" => refunds::settle::settle;
    GET    token "/api/v1/payments/captures" => captures::search;
    POST   token "/api/v1/payments/prune" => prune::prune;
    GET    token "/api/v1/payments/differences" => differences::differences;
    GET    token "/api/v1/payments/:id" => payments::get;
    GET    token "/api/v1/payments/:id/transactions" => transactions::of_payment;
    GET    token "/api/v1/transactions" => transactions::search;
    VISIT  token "/api/v1/transactions/export" => transactions::export;
    GET    token "/api/v1/transactions/:id" => transactions::get;
    GET    token "/api/v1/payments/:id/refunds" => refunds::list;
    POST   token "/api/v1/payments/:id/refunds" => refunds::refund;
    POST   token "/api/v1/payments/:id/correct" => manual::correct;
    POST   token "/api/v1/payments/:id/capture" => captures::capture;
    GET    token "/api/v1/checkout/sessions/:id" => checkout::get;
    PUT    token "/api/v1/checkout/sessions/:id" => checkout::put;
    DELETE token "/api/v1/checkout/sessions/:id" => checkout::delete;
    POST   token "/api/v1/checkout/sessions/:id/cart" => carts::fetch;
    POST   token "/api/v1/checkout/sessions/:id/order" => checkout::order;
    POST   token "/api/v1/orders/:id/payments" => manual::record;
    GET    token "/api/v1/orders/:id/timeline" => payments::timeline;
    POST   token "/api/v1/orders/:id/guest-token" => guests::create_token;
    DELETE token "/api/v1/orders/:id/guest-token" => guests::revoke_token;
    GET    open  "/api/v1/guest/order" => guests::order;
    POST   open  "/api/v1/guest/order" => guests::checkout::order;
    POST   open  "/api/v1/guest/checkouts" => guests::checkout::begin;
    GET    open  "/api/v1/guest/cart" => guests::checkout::cart;
    PUT    open  "/api/v1/guest/cart" => guests::checkout::put_cart;
    DELETE open  "/api/v1/guest/cart" => guests::checkout::drop_cart;
    POST   open  "/api/v1/guest/payments/sessions" => guests::checkout::pay;
    GET    open  "/api/v1/guest/payments/sessions/:id" => guests::checkout::payment;
}
