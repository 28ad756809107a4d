//! What becomes of a message.

use commerce::error::Error;
use commerce::views::message::Message;
use edge::log::{self, Level};
use edge::settings::Rules;
use edge::{App, params};

/// The principal of invalidations in the audit.
const PRINCIPAL: &str = "cache-refresh";

/// Takes a message. One that is wrong, or can't be carried out, is told to the log and dropped.
pub async fn take(message: &[u8]) {
    if let Err(error) = carry_out(message).await {
        log::say(Level::Warn, "message", format_args!("a message is dropped: {error}"));
    }
}

async fn carry_out(message: &[u8]) -> Result<(), Error> {
    let message = Message::decode(message)?;
    let app = App::ready().await?;
    Rules::ready().await?;
    match message {
        Message::Nothing => {}
        // By the protocol: a generation that was taken before the load.
        Message::Fill { view, organization, id } => {
            edge::fill(app, view.entry_of(organization, id), params![organization, id]).await;
        }
        Message::Invalidate(invalidation) => {
            edge::invalidate(app, invalidation, PRINCIPAL.to_owned()).await?;
        }
    }
    Ok(())
}
