//! The catalogue: products.

mod products;

use commerce::views;

edge::component! {
    GET token "/api/v1/products/:id" => products::view::read [views::PRODUCT];
}
