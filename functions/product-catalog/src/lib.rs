//! The catalogue: products, their schemas, their stock, and what a shop looks up.

mod basis;
mod holds;
mod jobs;
mod lookups;
mod organizations;
mod products;
mod schemas;
mod stock;
mod view;

use commerce::views;

edge::component! {
    GET    token "/api/v1/products" => products::list::list;
    POST   token "/api/v1/products" => products::create::create;
    POST   token "/api/v1/products/bulk-delete" => products::bulk_delete::bulk_delete;
    GET    token "/api/v1/products/:id" => view::read [views::PRODUCT];
    PATCH  token "/api/v1/products/:id" => products::patch::patch;
    DELETE token "/api/v1/products/:id" => products::delete::delete;
    GET    token "/api/v1/products/:id/details" => view::read [views::PRODUCT_DETAILS];
    GET    token "/api/v1/products/:id/stock" => view::read [views::PRODUCT_STOCK];
    PUT    token "/api/v1/products/:id/stock" => stock::count;
    DELETE token "/api/v1/products/:id/stock" => stock::forget;
    GET    token "/api/v1/products/:id/stock/movements" => stock::movements;
    POST   token "/api/v1/products/:id/stock/movements" => stock::book;
    GET    token "/api/v1/orders/:id/stock" => stock::of_order;
    POST   token "/api/v1/stock/expire" => stock::expire;
    GET    token "/api/v1/stock/holds" => holds::list;
    POST   token "/api/v1/stock/holds/send" => holds::send;
    GET    token "/api/v1/organizations/:id/products" => organizations::products;
    GET    token "/api/v1/schemas" => schemas::list::list;
    POST   token "/api/v1/schemas" => schemas::create::create;
    GET    token "/api/v1/schemas/:id" => view::read [views::SCHEMA];
    PATCH  token "/api/v1/schemas/:id" => schemas::patch::patch;
    GET    token "/api/v1/schemas/:id/products" => schemas::products::products;
    GET    token "/api/v1/lookups/currencies" => lookups::currencies;
    GET    token "/api/v1/lookups/countries" => lookups::countries;
    POST   open  "/api/v1/jobs/product-catalog/tick" => jobs::tick;
}
