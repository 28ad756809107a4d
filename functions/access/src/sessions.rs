//! User sessions: what a shop keeps of one of its users between two requests. They are in Postgres;
//! a reader may get a cached copy.

use commerce::error::Error;
use commerce::outcome::{Outcome, UserSessionDeleteOutcome, UserSessionPutOutcome};
use commerce::user_session::{self, MAX_BYTES};
use commerce::views;
use edge::changed::{ChangedDocument, Conditions};
use edge::settings::Rules;
use edge::{Call, Reply, params};
use uuid::Uuid;

/// `POST /sessions`: makes a session of the caller's, under an id that nobody can guess.
///
/// # Errors
/// [`Error::Invalid`] for what isn't a JSON object. [`Error::TooLarge`] above [`MAX_BYTES`].
pub async fn create(call: Call<'_>) -> Result<Reply, Error> {
    call.no_query()?;
    let data = user_session::decode(call.small_json(MAX_BYTES).await?)?;
    let rules = Rules::ready().await?;
    let id = Uuid::new_v4();
    let params = params![
        call.caller.organization,
        id,
        call.caller.principal(),
        data,
        valid_seconds(rules),
        user_session::most(call.caller, rules.sessions_per_customer),
    ];
    let row = edge::write_one(call.app, "user_session_create", params).await?;
    Ok(ChangedDocument::from_row(row)?.into_reply(201).with("location", format!("/api/v1/sessions/{id}")))
}

/// `GET /sessions/:id`. Reading a session keeps it, so it ends so long after its last use.
///
/// # Errors
/// [`Error::NotFound`] if it isn't there, isn't the caller's, or its time is over.
pub async fn read(call: Call<'_>) -> Result<Reply, Error> {
    let id = call.id()?;
    call.no_query()?;
    let (organization, owner) = (call.caller.organization, user_session::owner(call.caller)?);
    let entry = views::USER_SESSION.entry_of(organization, id);
    let answer = edge::read_small(call, entry, params![organization, id, owner.clone()]).await?;
    // The cache holds one copy for its owner and for the shop's programs.
    let seen = |answer: &edge::Answer| owner.is_none() || owner == answer.owner;
    call.give(answer.filter(seen), views::USER_SESSION.noun)
}

/// `PUT /sessions/:id`: replaces what a session holds.
///
/// # Errors
/// [`Error::NotFound`] as [`read`]; [`Error::PreconditionFailed`]; as [`create`].
pub async fn replace(call: Call<'_>) -> Result<Reply, Error> {
    let id = call.id()?;
    call.no_query()?;
    let Conditions { only, unless } = Conditions::read(call.request)?;
    let data = user_session::decode(call.small_json(MAX_BYTES).await?)?;
    let valid = valid_seconds(Rules::ready().await?);
    let owner = user_session::owner(call.caller)?;
    let params = params![call.caller.organization, id, owner, data, valid, only, unless];
    let row = edge::write_one(call.app, "user_session_put", params).await?;
    UserSessionPutOutcome::read(row.text("outcome")?)?.check(row.int("version")?)?;
    Ok(ChangedDocument::from_row(row)?.into_reply(200))
}

/// `DELETE /sessions/:id`: ends a session.
///
/// # Errors
/// [`Error::NotFound`] as [`read`]; [`Error::PreconditionFailed`].
pub async fn delete(call: Call<'_>) -> Result<Reply, Error> {
    let id = call.id()?;
    call.no_query()?;
    let Conditions { only, unless } = Conditions::read(call.request)?;
    let owner = user_session::owner(call.caller)?;
    let params = params![call.caller.organization, id, owner, only, unless];
    let row = edge::write_one(call.app, "user_session_delete", params).await?;
    UserSessionDeleteOutcome::read(row.text("outcome")?)?.check(row.int("version")?)?;
    Ok(Reply::no_content())
}

/// How many seconds a session stays after its last use.
fn valid_seconds(rules: &Rules) -> i64 {
    rules.policies.of(views::USER_SESSION).ttl.as_secs() as i64
}
