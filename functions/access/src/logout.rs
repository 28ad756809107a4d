//! Log-out.

use commerce::access::{Revocation, Tokens};
use commerce::error::Error;
use commerce::time::Moment;
use edge::call::no_body;
use edge::{Call, Reply};

use crate::revocations;

/// The last second that RFC 3339 can name. A token that ends later is stopped for good.
const LAST_SECOND: i64 = 253_402_300_799;

/// `POST /auth/logout`: revokes the token that it is called with. Without a `jti` it means all
/// tokens of the same subject and second that have none: nothing tells them apart.
///
/// # Errors
/// [`Error::Invalid`] for a body: no other token can be meant.
pub async fn logout(call: Call<'_>) -> Result<Reply, Error> {
    call.no_query()?;
    no_body(call.request, "the token in Authorization is meant").await?;
    // With authentication off there is nothing to log out of.
    if call.has_token() {
        let end = call.caller.expires_at;
        let expires_at = (end <= LAST_SECOND).then_some(Moment(end.saturating_mul(1_000_000)));
        let revocation = Revocation { tokens: Tokens::own(call.caller), expires_at, note: None };
        revocations::write(call, revocation).await?;
    }
    Ok(Reply::no_content())
}
