//! Making an order.

use commerce::error::Error;
use commerce::order::NewOrder;
use commerce::outcome::{CreateOutcome, Outcome};
use commerce::views;
use edge::changed::ChangedDocument;
use edge::holds::hold_pieces;
use edge::settings::Rules;
use edge::{Call, KeyedBody, Reply, params};
use uuid::Uuid;

/// `POST /orders`: makes an order, once per caller and `Idempotency-Key`. The body's hash tells a
/// repetition from a mistake.
///
/// # Errors
/// [`Error::Unprocessable`] for unknown customers and products and for a key that was used for
/// another body. [`Error::Conflict`] if there are too few pieces of an article.
/// [`Error::Unavailable`] if the pieces that are held for it were let go meanwhile.
pub async fn create(call: Call<'_>) -> Result<Reply, Error> {
    call.no_query()?;
    let KeyedBody { body, key, hash } = call.keyed_json().await?;
    let order = NewOrder::decode(&body)?;
    order.permit(call.caller)?;
    hold_pieces(call.app, "stock_hold_begin", || {
        Ok(params![call.caller.organization, edge::json(&order)?, call.caller.principal(), key])
    })
    .await?;
    let params = params![
        call.caller.organization,
        edge::json(&order)?,
        call.caller.principal(),
        key,
        hash,
        Uuid::now_v7(),
        Rules::ready().await?.inventory.as_str(),
    ];
    let row = edge::write_one(call.app, "order_create", params).await?;
    CreateOutcome::read(row.text("outcome")?)?.check(order.currency.as_str())?;
    let changed = ChangedDocument::from_row(row)?;
    let id = changed.id()?;
    let location = format!("/api/v1/orders/{id}");
    if let Ok(id) = Uuid::try_parse(&id) {
        let organization = call.caller.organization;
        edge::fill_behind(call.app, views::ORDER.entry_of(organization, id), params![organization, id]);
    }
    Ok(changed.into_reply(201).with("location", location))
}
