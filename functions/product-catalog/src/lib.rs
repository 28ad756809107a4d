//! The catalogue: products, and their stock.

mod products;
mod stock;

use commerce::views;

edge::component! {
    GET token "/api/v1/products/:id" => products::view::read [views::PRODUCT];
    GET token "/api/v1/products/:id/stock" => stock::get;
    PUT token "/api/v1/products/:id/stock" => stock::count;
    DELETE token "/api/v1/products/:id/stock" => stock::forget;
    GET token "/api/v1/products/:id/stock/movements" => stock::movements;
    POST token "/api/v1/products/:id/stock/movements" => stock::book;
    GET token "/api/v1/orders/:id/stock" => stock::of_order;
    POST token "/api/v1/stock/expire" => stock::expire;
}
