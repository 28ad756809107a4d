//! What a change is judged by. Judging is pure, so it stands outside the statement that writes;
//! that one refuses what was judged by something that isn't so any more.

use commerce::catalogue::{Basis, Schema};
use commerce::error::Error;
use edge::{App, params};
use uuid::Uuid;

/// How often a change is judged anew before it is given up.
pub const ROUNDS: usize = 5;

/// Something, and the version that it had.
pub struct Versioned<T> {
    /// The thing.
    pub value: T,
    /// Its version.
    pub version: i64,
}

/// The schema, if it is there.
pub async fn schema(app: &App, organization: Uuid, id: Uuid) -> Result<Option<Versioned<Schema>>, Error> {
    let rows = edge::query(app, "schema_basis", params![organization, id]).await?;
    let Some(mut row) = rows.into_iter().next() else { return Ok(None) };
    let value = Schema::read(&row.take_text("fields")?)?;
    Ok(Some(Versioned { value, version: version(row.int("version")?)? }))
}

/// The schema that a product is to have.
///
/// # Errors
/// [`Error::Unprocessable`] that names `schemaId` if it isn't there.
pub async fn named_schema(app: &App, organization: Uuid, id: Option<Uuid>) -> Result<Option<Versioned<Schema>>, Error> {
    let Some(id) = id else { return Ok(None) };
    let found = schema(app, organization, id).await?;
    found.map(Some).ok_or_else(|| Error::unprocessable("schemaId", "there is no such schema"))
}

/// The product.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn product(app: &App, organization: Uuid, id: Uuid) -> Result<Versioned<Basis>, Error> {
    let mut row = edge::found(edge::query(app, "product_basis", params![organization, id]).await?, "product")?;
    let fields = row.take_text("fields")?;
    let value = Basis::read(row.text("currency")?.unwrap_or_default(), row.text("schema_id")?, &fields)?;
    Ok(Versioned { value, version: version(row.int("version")?)? })
}

fn version(version: Option<i64>) -> Result<i64, Error> {
    version.ok_or_else(|| Error::internal("a basis without a version"))
}

/// Others were faster each time.
pub fn given_up() -> Error {
    Error::Unavailable { detail: "it is being changed by others all the time".to_owned(), retry_after_seconds: 1 }
}
