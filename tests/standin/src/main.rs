//! The stand-in as a program: `standin 127.0.0.1:4010`. Names and secrets may be given in the environment
//! (`PAYPAL_CLIENT_ID`, `STRIPE_WEBHOOK_SECRET`, ...); what the product has to be told is printed as JSON in one line.

use standin::{Settings, Standin};

#[tokio::main]
async fn main() {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:4010".to_owned());
    match Standin::start_on(&address, Settings::from_environment()).await {
        Ok(standin) => {
            let variables: serde_json::Map<_, _> =
                standin.variables().into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
            println!("{}", serde_json::Value::Object(variables));
            // Until somebody ends the process.
            std::future::pending::<()>().await;
            drop(standin);
        }
        Err(error) => {
            eprintln!("{address}: {error}");
            std::process::exit(1);
        }
    }
}
