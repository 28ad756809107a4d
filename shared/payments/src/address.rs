//! The address that a request comes from, and whether attempts may be limited by it.

use std::cell::Cell;
use std::time::Duration;

use commerce::client_address::{ClientAddress, Proxies};
use spin_sdk::wasip3::spawn;

use edge::App;
use edge::clock::monotonic_millis;
use edge::log::{self, Level};
use edge::request::Incoming;
use edge::state::{Value, millis, text};

/// How long /health reports an undeclared proxy after it was seen.
const SEEN: Duration = Duration::from_secs(24 * 3600);
/// How often an instance notes it.
const SAY_EVERY: Duration = Duration::from_secs(3600);

thread_local! {
    static SAID: Cell<Option<u64>> = const { Cell::new(None) };
}

/// The client's address. If it comes through an undeclared proxy, that is noted for /health.
pub fn client_address(app: &'static App, proxies: &Proxies, request: &Incoming) -> ClientAddress {
    let forwarded_for: Vec<&str> =
        request.headers().get_all("x-forwarded-for").iter().map(|value| value.to_str().unwrap_or("?")).collect();
    let forwarded = request.headers().contains_key("forwarded");
    let peer = request.client_addr().map(|peer| peer.ip());
    let address = ClientAddress::of(peer, forwarded_for, forwarded, proxies);
    if address == ClientAddress::Undeclared {
        note(app);
    }
    address
}

/// Runs behind the response and seldom, since only /health needs to know.
fn note(app: &'static App) {
    let now = monotonic_millis();
    let said = SAID.get().is_some_and(|said| now < said + SAY_EVERY.as_millis() as u64);
    if !said {
        SAID.set(Some(now));
        let message = "a request came through a proxy that trusted_proxies doesn't name: there is no limit by address";
        log::say(Level::Warn, "proxy", message);
        spawn(async move {
            let arguments = vec![text(&key(app)), text("1"), text("PX"), millis(SEEN)];
            // If this fails, /health doesn't report it until the next hour.
            let _ = app.state.redis().command("SET", arguments).await;
        });
    }
}

/// Whether requests have come through an undeclared proxy within the last day. If so, attempts to
/// pay aren't limited by address. For /health. Also false if Redis can't be asked, which /health
/// reports by itself.
pub async fn undeclared_proxy_seen(app: &App) -> bool {
    let answer = app.state.redis().command("EXISTS", vec![text(&key(app))]).await;
    matches!(answer.as_ref().map(|(answer, _)| answer.as_slice()), Ok([Value::Int64(1)]))
}

fn key(app: &App) -> String {
    app.state.prefixed("payment:undeclared-proxy")
}
