//! Each alert of `monitoring/`, fired by its fault against a real server, Prometheus and
//! Alertmanager. All of that takes minutes, so it runs with `EVERY_ALERT=1`, as `make test-long`
//! sets it; `monitoring.rs` has one alert that always runs.
//!
//! Where an alert waits for hours, the rows that it is about are made older instead.

mod cache;
mod dependencies;
mod payments;
mod redis;

use std::time::{Duration, Instant};

use e2e::{Alertmanager, App, Private, Prometheus, SOON, eventually, monitoring};

/// Alerts take counts of reads, which instances tell some seconds later.
const PATIENCE: Duration = SOON.saturating_mul(3);

/// The two that watch a server.
struct Watch {
    prometheus: Prometheus,
    alertmanager: Alertmanager,
}

/// Whether the long form was asked for.
fn wanted() -> bool {
    let wanted = std::env::var("EVERY_ALERT").is_ok();
    if !wanted {
        eprintln!("not run: EVERY_ALERT isn't set");
    }
    wanted
}

/// A server of this kind, watched.
async fn watched(private: Private) -> Option<(App, Watch)> {
    let app = if wanted() { private.spawn().await? } else { return None };
    let watch = Watch::begin(&app).await;
    Some((app, watch))
}

impl Watch {
    /// Nothing fires at the end of it. Before the first answer of the server it is down.
    async fn begin(app: &App) -> Watch {
        let alertmanager = Alertmanager::start().await;
        let prometheus = Prometheus::watch_and_tell(app, Some(&alertmanager)).await;
        eventually("all is well", PATIENCE, || async { prometheus.firing().await.is_empty().then_some(()) }).await;
        Watch { prometheus, alertmanager }
    }

    /// Waits until all of these alerts fire at once. What makes them fire is done again and again.
    async fn fire(&self, names: &[&str], mut again: impl AsyncFnMut()) {
        let begun = Instant::now();
        loop {
            again().await;
            let firing = self.prometheus.firing().await;
            if names.iter().all(|name| firing.contains(*name)) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "of {names:?} fire {firing:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until this is what gets somebody up, and all that does, while the fault lasts.
    async fn pages_once(&self, name: &str, mut again: impl AsyncFnMut()) {
        let begun = Instant::now();
        loop {
            again().await;
            let pages = self.alertmanager.pages().await.unwrap_or_default();
            if pages.iter().eq([name]) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "{pages:?} get somebody up");
        }
    }

    /// Waits until an alert ends, once its fault is mended.
    async fn end(&self, name: &str) {
        let what = format!("{name} ends");
        eventually(&what, PATIENCE, || async { (!self.prometheus.firing().await.contains(name)).then_some(()) }).await;
    }
}

/// Nothing needs to be done again.
async fn nothing() {}

#[test]
fn every_alert_has_its_fault_here() {
    let faults = [
        include_str!("cache.rs"),
        include_str!("dependencies.rs"),
        include_str!("payments.rs"),
        include_str!("redis.rs"),
    ]
    .concat();
    let alerts = monitoring("alerts.yaml");
    let names: Vec<&str> = alerts.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(names.len() >= 12, "{names:?}");
    for name in names {
        assert!(faults.contains(&format!("\"{name}\"")), "nothing fires {name}");
    }
}
