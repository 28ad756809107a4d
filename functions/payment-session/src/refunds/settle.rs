//! An operator settles a refund whose fate nobody knows.

use commerce::error::Error;
use commerce::gateway::GatewayError;
use commerce::outcome::{Outcome, RefundSettleOutcome};
use commerce::provider::Provider;
use commerce::refund::Settlement;
use edge::{App, Call, Reply, params};
use payments::Payments;
use uuid::Uuid;

use crate::observed;

/// `POST /payments/refunds/:id/settle`: says what became of a refund. A refund that was made is
/// read from its provider first, so that its money counts.
///
/// # Errors
/// [`Error::Forbidden`] for all but operators. [`Error::NotFound`]. [`Error::Conflict`] if it is
/// settled otherwise, or being sent. [`Error::Unprocessable`] if the provider's refund isn't this
/// one. [`Error::Unavailable`] if the provider is away.
pub async fn settle(call: Call<'_>) -> Result<Reply, Error> {
    let Call { app, caller, .. } = call;
    caller.require_operator("settling a refund")?;
    call.no_query()?;
    let id = call.id()?;
    let settlement = Settlement::decode(&call.json().await?)?;
    if let Some(external) = &settlement.external_id {
        read(app, caller.organization, id, external).await?;
    }
    let params = params![caller.organization, id, caller.principal(), settlement.external_id, settlement.note];
    let mut row = edge::change_one(app, "refund_settle", params).await?;
    match RefundSettleOutcome::read(row.text("outcome")?)? {
        RefundSettleOutcome::Settled => Ok(Reply::fresh(200, row.take_text("body")?)),
        RefundSettleOutcome::NotFound => Err(Error::not_found("refund")),
        RefundSettleOutcome::InWork => Err(Error::conflict("the refund is being sent", row.text("status")?)),
        RefundSettleOutcome::NotOpen => Err(Error::conflict("the refund is settled", row.text("status")?)),
        RefundSettleOutcome::AnotherRefund => {
            Err(Error::unprocessable("externalRefundId", "is a refund of another payment, sum or request"))
        }
    }
}

/// Reads the provider's refund and folds it into its payment.
async fn read(app: &'static App, organization: Uuid, id: Uuid, external: &str) -> Result<(), Error> {
    let payments = Payments::ready().await?;
    let row = edge::found(edge::query(app, "refund_payment", params![organization, id]).await?, "refund")?;
    let text = |column: &str| row.text(column)?.ok_or_else(|| Error::internal("a refund's payment can't be read"));
    let provider = Provider::parse(text("provider")?).ok_or_else(|| Error::internal("no provider"))?;
    let account = text("account")?;
    let payments = payments.for_account(provider, account)?;
    let unknown = || Error::unprocessable("externalRefundId", "is no refund that the provider knows");
    let objects = payments.gateway.read_refund(provider, external).await.map_err(|error| match error {
        GatewayError::NotYet | GatewayError::Refused { .. } => unknown(),
        error => error.into(),
    })?;
    let source = format!("refund-{external}");
    observed::apply(app, provider, account, &source, "api.refund", objects).await.map(drop)
}
