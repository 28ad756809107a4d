//! Organisations: operators list, make and change them.

use commerce::error::Error;
use commerce::organization::{NewOrganization, OrganizationPatch, OrganizationsQuery};
use commerce::outcome::{OrganizationCreateOutcome, OrganizationPatchOutcome, Outcome};
use commerce::query::after_wanted;
use edge::changed::{ChangedDocument, Conditions};
use edge::{Call, KeyedBody, Reply, params};
use uuid::Uuid;

/// `GET /organizations`: the newest first.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators. [`Error::Invalid`] for a place that isn't one.
pub async fn list(call: Call<'_>) -> Result<Reply, Error> {
    let query = OrganizationsQuery::parse(call.query())?;
    call.caller.require_operator("the list of organizations")?;
    let rows = edge::query(call.app, "organization_list", params![query.limit as i32, query.after]).await?;
    let mut page = rows.into_iter().next().ok_or_else(|| Error::invalid("after", after_wanted()))?;
    Ok(Reply::fresh(200, page.take_text("body")?))
}

/// `GET /organizations/:id`.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators. [`Error::NotFound`].
pub async fn get(call: Call<'_>) -> Result<Reply, Error> {
    let id = call.id()?;
    call.no_query()?;
    call.caller.require_operator("an organization")?;
    let row = edge::found(edge::query(call.app, "organization_get", params![id]).await?, "organization")?;
    Ok(ChangedDocument::from_row(row)?.into_reply(200))
}

/// `POST /organizations`: makes an organisation, once per caller and `Idempotency-Key`.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators. [`Error::Taken`] if another organisation has the tax
/// id. [`Error::Unprocessable`] for a key that was used for another body.
pub async fn create(call: Call<'_>) -> Result<Reply, Error> {
    call.no_query()?;
    call.caller.require_operator("making an organization")?;
    let KeyedBody { body, key, hash } = call.keyed_json().await?;
    let wanted = NewOrganization::decode(&body)?;
    let params =
        params![call.caller.organization, edge::json(&wanted)?, call.caller.principal(), key, hash, Uuid::now_v7()];
    let row = edge::write_one(call.app, "organization_create", params).await?;
    OrganizationCreateOutcome::read(row.text("outcome")?)?.check()?;
    let changed = ChangedDocument::from_row(row)?;
    let location = format!("/api/v1/organizations/{}", changed.id()?);
    Ok(changed.into_reply(201).with("location", location))
}

/// `PATCH /organizations/:id`. Invoices that were issued keep what they say.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators. [`Error::NotFound`]. [`Error::PreconditionFailed`].
/// [`Error::Taken`] if another organisation has the tax id.
pub async fn patch(call: Call<'_>) -> Result<Reply, Error> {
    let id = call.id()?;
    call.no_query()?;
    call.caller.require_operator("changing an organization")?;
    let Conditions { only, unless } = Conditions::read(call.request)?;
    let patch = OrganizationPatch::decode(&call.json().await?)?;
    let row = edge::change_one(call.app, "organization_patch", params![id, edge::json(&patch)?, only, unless]).await?;
    OrganizationPatchOutcome::read(row.text("outcome")?)?.check(row.int("version")?)?;
    Ok(ChangedDocument::from_row(row)?.into_reply(200))
}
