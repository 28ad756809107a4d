//! A real Prometheus that scrapes a scenario's server and evaluates the rules of `monitoring/`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use kit::free_port;
use serde_json::Value;

use crate::process::Child;
use crate::suite::scratch_dir;
use crate::{Alertmanager, App, SOON, eventually};

/// Ends when it is dropped.
#[derive(Debug)]
pub struct Prometheus {
    url: String,
    data: PathBuf,
    _child: Child,
}

impl Prometheus {
    /// Watches a server, every second. An alert fires after a second, however long its `for` is.
    pub async fn watch(app: &App) -> Prometheus {
        Self::watch_and_tell(app, None).await
    }

    /// The same; alerts that fire are told to this Alertmanager, if any.
    pub async fn watch_and_tell(app: &App, alertmanager: Option<&Alertmanager>) -> Prometheus {
        let port = free_port();
        let data = scratch_dir().join(format!("prometheus-{port}"));
        std::fs::create_dir_all(&data).expect("a directory of its own");
        let target = app.base_url.trim_start_matches("http://").split('/').next().expect("an address");
        let mut config = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\n\
             rule_files: [rules.yaml, alerts.yaml]\n\
             scrape_configs:\n  - {{job_name: edge-orders, static_configs: [{{targets: ['{target}']}}]}}\n"
        );
        if let Some(alertmanager) = alertmanager {
            let address = alertmanager.address();
            config += &format!("alerting: {{alertmanagers: [{{static_configs: [{{targets: ['{address}']}}]}}]}}\n");
        }
        let write = |file: &str, text: String| std::fs::write(data.join(file), text).expect("a file of its own");
        write("prometheus.yaml", config);
        write("rules.yaml", monitoring("rules.yaml"));
        write("alerts.yaml", at_once(&monitoring("alerts.yaml")));
        let mut command = Command::new("prometheus");
        command.arg(format!("--config.file={}", data.join("prometheus.yaml").display()));
        command.arg(format!("--storage.tsdb.path={}", data.join("data").display()));
        command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
        let child = Child::start(&mut command, &scratch_dir().join(format!("prometheus-{port}.log")), false);
        let prometheus = Prometheus { url: format!("http://127.0.0.1:{port}"), data, _child: child };
        eventually("Prometheus has scraped", SOON, || async {
            (!prometheus.query("edge_orders_build_info").await?.is_empty()).then_some(())
        })
        .await;
        prometheus
    }

    /// The names of the alerts that fire.
    pub async fn firing(&self) -> BTreeSet<String> {
        let alerts = self.query(r#"ALERTS{alertstate="firing"}"#).await.unwrap_or_default();
        alerts.iter().filter_map(|one| one["metric"]["alertname"].as_str().map(str::to_owned)).collect()
    }

    /// The series that an expression gives now. `None` if it isn't answered.
    pub async fn query(&self, expression: &str) -> Option<Vec<Value>> {
        let url = reqwest::Url::parse_with_params(&format!("{}/api/v1/query", self.url), [("query", expression)]);
        let answer = reqwest::get(url.expect("an address")).await.ok()?.bytes().await.ok()?;
        let answer: Value = serde_json::from_slice(&answer).ok()?;
        answer["data"]["result"].as_array().cloned()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

/// A file of `monitoring/`.
pub fn monitoring(file: &str) -> String {
    let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../monitoring")).join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The alerts with every `for` a second.
fn at_once(alerts: &str) -> String {
    let lines = alerts.lines().map(|line| match line.split_once("for: ") {
        Some((indent, _)) if indent.trim().is_empty() => format!("{indent}for: 1s\n"),
        _ => format!("{line}\n"),
    });
    lines.collect()
}
