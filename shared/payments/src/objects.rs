//! The providers' objects, as Postgres folds them into an order.

use commerce::error::Error;
use commerce::webhook::event::ProviderObject;
use edge::Json;

/// The parameter that the functions of the fold take.
///
/// # Errors
/// [`Error::Internal`] if an object can't be written as JSON.
pub fn parameter(objects: Vec<ProviderObject>) -> Result<Json, Error> {
    edge::json(&objects.into_iter().map(ProviderObject::printable).collect::<Vec<_>>())
}
