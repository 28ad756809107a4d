//! The catalogue: products, the schemas that say which fields they have, and how both are listed.
//! Decoded with errors that name the field; what the database has to know stands in the arguments.

mod list;
mod product;
mod schema;
mod value;

pub use list::{ProductPlace, ProductSort, ProductsQuery, Stretch};
pub use product::{Basis, Change, NewProduct, Product, ProductPatch, ProductStatus};
pub use schema::{Field, FieldType, NewSchema, Schema, SchemaPatch};

/// The longest name of a product or a schema, in characters.
pub const MAX_NAME: usize = 200;
/// The longest description, in characters.
pub const MAX_DESCRIPTION: usize = 5000;
/// The most images of a product.
pub const MAX_IMAGES: usize = 20;
/// The longest address of an image, in characters.
pub const MAX_URL: usize = 2000;
/// The most fields of a schema.
pub const MAX_FIELDS: usize = 50;
/// The most choices of a field.
pub const MAX_CHOICES: usize = 100;
/// The longest value of a field that is a text, in characters.
pub const MAX_TEXT: usize = 1000;

#[cfg(test)]
mod tests;
