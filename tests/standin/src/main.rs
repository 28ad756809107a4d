//! The stand-in as a program: `standin 127.0.0.1:4010 [FILE]`. Once it listens, it writes the
//! certificates to be trusted to FILE (PEM).
//!
//! Names and secrets may be given in the environment (`PAYPAL_CLIENT_ID`, `STRIPE_WEBHOOK_SECRET`,
//! ...); `WEBHOOKS_TO` is the address of the server that gets the events.

use standin::{Settings, Standin};

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:4010".to_owned());
    let standin = Standin::start_on(&address, Settings::from_environment()).await?;
    if let Ok(server) = std::env::var("WEBHOOKS_TO") {
        standin.webhooks_to(server.trim_end_matches('/'));
    }
    if let Some(file) = arguments.next() {
        // Whole or not at all, because another program waits for the file.
        std::fs::write(format!("{file}.new"), standin.anchors())?;
        std::fs::rename(format!("{file}.new"), file)?;
    }
    println!("PayPal and Stripe on {}", standin.base_url());
    // Until the process is ended.
    std::future::pending().await
}
