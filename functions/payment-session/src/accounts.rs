//! Accounts at payment providers: operators say whose they are, and whether new payments go to
//! them.

use commerce::error::Error;
use commerce::outcome::{Outcome, ProviderAccountCreateOutcome, ProviderAccountPatchOutcome};
use commerce::provider::Provider;
use commerce::provider_account::{NewProviderAccount, ProviderAccountsQuery, decode_active};
use commerce::query::after_wanted;
use edge::changed::Conditions;
use edge::{Call, Reply, Row, params};
use payments::Payments;
use serde_json::{Value, json};

/// `GET /provider-accounts`: the newest first.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators. [`Error::Invalid`] for a place that isn't one.
pub async fn list(call: Call<'_>) -> Result<Reply, Error> {
    let query = ProviderAccountsQuery::parse(call.query())?;
    call.caller.require_operator("the list of accounts")?;
    let params = params![query.organization, query.provider.map(Provider::as_str), query.limit as i32, query.after];
    let rows = edge::query(call.app, "provider_account_list", params).await?;
    let page = rows.into_iter().next().ok_or_else(|| Error::invalid("after", after_wanted()))?;
    let mut page: Value = document(&page)?;
    let payments = Payments::ready().await?;
    for account in page["items"].as_array_mut().into_iter().flatten() {
        note_credentials(payments, account);
    }
    Ok(Reply::fresh(200, page.to_string()))
}

/// `GET /provider-accounts/:id`.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators. [`Error::NotFound`].
pub async fn get(call: Call<'_>) -> Result<Reply, Error> {
    let id = call.id()?;
    call.no_query()?;
    call.caller.require_operator("an account")?;
    let row = edge::found(edge::query(call.app, "provider_account_get", params![id]).await?, "account")?;
    reply(&row, 200).await
}

/// `POST /provider-accounts`: says whose an account is. Said again it changes nothing.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators. [`Error::Taken`] if it is another organisation's.
/// [`Error::Unprocessable`] if there is no such organisation.
pub async fn create(call: Call<'_>) -> Result<Reply, Error> {
    call.no_query()?;
    call.caller.require_operator("giving an account to an organization")?;
    let NewProviderAccount { provider, account, organization } = NewProviderAccount::decode(&call.json().await?)?;
    let params = params![provider.as_str(), account, organization];
    let row = edge::change_one(call.app, "provider_account_create", params).await?;
    match ProviderAccountCreateOutcome::read(row.text("outcome")?)? {
        ProviderAccountCreateOutcome::Created => reply(&row, 201).await,
        ProviderAccountCreateOutcome::Known => reply(&row, 200).await,
        ProviderAccountCreateOutcome::Foreign => Err(Error::taken("account", "is another organization's")),
        ProviderAccountCreateOutcome::UnknownOrganization => {
            Err(Error::unprocessable("organizationId", "there is no such organization"))
        }
    }
}

/// `PATCH /provider-accounts/:id`: opens an account to new payments, or closes it. Its events count
/// either way.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators. [`Error::NotFound`]. [`Error::PreconditionFailed`].
pub async fn patch(call: Call<'_>) -> Result<Reply, Error> {
    let id = call.id()?;
    call.no_query()?;
    call.caller.require_operator("changing an account")?;
    let Conditions { only, unless } = Conditions::read(call.request)?;
    let active = decode_active(&call.json().await?)?;
    let row = edge::change_one(call.app, "provider_account_patch", params![id, active, only, unless]).await?;
    match ProviderAccountPatchOutcome::read(row.text("outcome")?)? {
        ProviderAccountPatchOutcome::Updated => reply(&row, 200).await,
        ProviderAccountPatchOutcome::NotFound => Err(Error::not_found("account")),
        ProviderAccountPatchOutcome::VersionMismatch => Err(Error::PreconditionFailed { current: row.int("version")? }),
    }
}

async fn reply(row: &Row, status: u16) -> Result<Reply, Error> {
    let mut account = document(row)?;
    note_credentials(Payments::ready().await?, &mut account);
    let location = format!("/api/v1/provider-accounts/{}", account["id"].as_str().unwrap_or_default());
    let version = row.int("version")?.unwrap_or_default();
    let reply = Reply::fresh(status, account.to_string()).with("etag", format!("\"{version}\""));
    Ok(if status == 201 { reply.with("location", location) } else { reply })
}

fn document(row: &Row) -> Result<Value, Error> {
    serde_json::from_str(row.text("body")?.unwrap_or_default())
        .map_err(|_| Error::internal("an account's document is no JSON"))
}

/// Adds whether this deployment has credentials for an account.
fn note_credentials(payments: &Payments, account: &mut Value) {
    let provider = account["provider"].as_str().and_then(Provider::parse);
    let name = account["account"].as_str().unwrap_or_default();
    let known = provider.is_some_and(|provider| payments.account(provider, name).is_some());
    account["credentials"] = json!(known);
}
