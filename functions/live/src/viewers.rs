//! The ones who may look: callers with a token, guests, holders of a ticket.

use commerce::error::Error;
use commerce::guest::GuestToken;
use commerce::live::Ticket;
use edge::clock::now_millis;
use edge::{Admitted, App, Open, params};
use payments::guests::{invalid, with_token};
use uuid::Uuid;

use crate::secrets;

/// Somebody that may look at an order of an organisation.
pub struct Viewer {
    /// The organisation.
    pub organization: Uuid,
    /// The first unix second at which it may look no more.
    expires_at: i64,
    /// The caller, if it is one; a guest or a ticket opens one order and no other.
    caller: Option<Admitted>,
}

impl Viewer {
    /// The viewer that a request comes from.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`]; [`Error::NotFound`] if a guest's token is that of another order;
    /// [`Error::TooManyRequests`] after too many wrong ones.
    pub async fn of(call: &Open<'_>, order: Uuid, ticket: Option<&str>) -> Result<Self, Error> {
        if let Some(text) = ticket {
            let config = secrets::config().await?;
            let ticket = Ticket::open(text, order, config.hmac_keys()?, now());
            let wrong = || Error::unauthenticated("the ticket opens nothing here, or not any more");
            let Ticket { organization, expires_at, .. } = ticket.ok_or_else(wrong)?;
            return Ok(Self { organization, expires_at, caller: None });
        }
        match GuestToken::from_authorization(call.request.values("authorization")) {
            Ok(guest) => Self::guest(call, order, guest).await,
            Err(_) => {
                let admitted = call.admit().await?;
                let caller = &admitted.credential.caller;
                let (organization, expires_at) = (caller.organization, caller.expires_at);
                Ok(Self { organization, expires_at, caller: Some(admitted) })
            }
        }
    }

    async fn guest(call: &Open<'_>, order: Uuid, guest: GuestToken) -> Result<Self, Error> {
        let (app, config) = (App::ready().await?, secrets::config().await?);
        let row = with_token(app, config, call.request, Ok(guest), async |hmacs| {
            let rows = edge::query(app, "guest_place", params![hmacs.newest, hmacs.older]).await?;
            rows.into_iter().next().ok_or_else(invalid)
        })
        .await?;
        if row.text("order_id")? != Some(&*order.to_string()) {
            return Err(Error::not_found("order"));
        }
        let organization = row.text("organization_id")?.and_then(|text| Uuid::try_parse(text).ok());
        let organization = organization.ok_or_else(|| Error::internal("guest_place gave no organisation"))?;
        Ok(Self { organization, expires_at: row.int("expires_at")?.unwrap_or_default(), caller: None })
    }

    /// Whether it may see an order of this customer.
    pub fn may_see(&self, owner: Option<&str>) -> bool {
        self.caller.as_ref().is_none_or(|admitted| admitted.credential.caller.may_see(owner))
    }

    /// Looks up whether its token was revoked meanwhile.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] if it was.
    pub async fn check(&self) -> Result<(), Error> {
        match &self.caller {
            Some(admitted) => admitted.check().await,
            None => Ok(()),
        }
    }

    /// The first unix second at which it may look no more.
    pub fn expires_at(&self) -> i64 {
        self.expires_at
    }

    /// For how many milliseconds it may still look.
    pub fn left_ms(&self) -> u64 {
        u64::try_from(self.expires_at.saturating_mul(1000)).unwrap_or_default().saturating_sub(now_millis())
    }
}

/// This unix second.
pub fn now() -> i64 {
    (now_millis() / 1000) as i64
}
