//! The answers of the functions that change products and schemas.

use strum::{EnumString, VariantArray, VariantNames};

use super::answered_by;
use crate::text::text_forms;

/// The answers of `product_create`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ProductCreateOutcome {
    /// The product is there now.
    Created,
    /// The key has made this product before: the answer of that time.
    Replay,
    /// The key was used for another body.
    Mismatch,
    /// The request was refused by the rules, and the key hasn't made a product.
    Refused,
    /// The article has a product in this currency.
    SkuTaken,
    /// The schema isn't what the fields were judged by any more.
    Stale,
    /// There is no such organisation.
    UnknownOrganization,
}

/// The answers of `product_patch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ProductPatchOutcome {
    /// The product is as it was asked for.
    Updated,
    /// There is no such product.
    NotFound,
    /// The product has another version than it must have.
    VersionMismatch,
    /// Product or schema aren't what the change was judged by any more.
    Stale,
    /// The article has a product in this currency.
    SkuTaken,
}

/// The answers of `product_delete`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ProductDeleteOutcome {
    /// The product is hidden.
    Deleted,
    /// There is no such product.
    NotFound,
    /// The product has another version than it must have.
    VersionMismatch,
}

/// The answers of `product_bulk_delete`, one for each product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum ProductBulkDeleteOutcome {
    /// The product is hidden.
    Deleted,
    /// There is no such product.
    NotFound,
}

text_forms!(ProductBulkDeleteOutcome);

/// The answers of `schema_create`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum SchemaCreateOutcome {
    /// The schema is there now.
    Created,
    /// The key has made this schema before: the answer of that time.
    Replay,
    /// The key was used for another body.
    Mismatch,
    /// The organisation has a schema of that name.
    NameTaken,
    /// There is no such organisation.
    UnknownOrganization,
}

/// The answers of `schema_patch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum SchemaPatchOutcome {
    /// The schema is as it was asked for.
    Updated,
    /// There is no such schema.
    NotFound,
    /// The schema has another version than it must have.
    VersionMismatch,
    /// The schema isn't what the change was judged by any more.
    Stale,
    /// The organisation has a schema of that name.
    NameTaken,
    /// Values of products may not fit the new fields.
    InUse,
}

answered_by! {
    ProductCreateOutcome: "product_create";
    ProductPatchOutcome: "product_patch";
    ProductDeleteOutcome: "product_delete";
    ProductBulkDeleteOutcome: "product_bulk_delete";
    SchemaCreateOutcome: "schema_create";
    SchemaPatchOutcome: "schema_patch";
}
