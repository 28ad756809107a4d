//! The catalogue: products and their schemas.

mod products;
mod stock;
