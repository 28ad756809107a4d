//! `openapi.yaml` describes what the server does.

use e2e::{App, Description};
use reqwest::Method;
use serde_json::Value;

#[tokio::test]
async fn the_description_is_served() {
    let app = App::spawn().await;
    let served = app.client.anonymous().description().await.expect(200);
    let served: Value = serde_yaml_ng::from_str(&served.text()).expect("YAML");
    assert_eq!(&served, Description::get().document());
}

#[tokio::test]
async fn every_described_route_answers_as_described() {
    let app = App::spawn().await;
    let description = Description::get().document();
    assert!(description["openapi"].as_str().is_some_and(|version| version.starts_with("3.")));
    let base = description["servers"][0]["url"].as_str().unwrap_or("").to_owned();
    let mut asked = 0;
    for (path, item) in description["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("methods") {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            if !matches!(method, Method::GET | Method::POST | Method::PUT | Method::PATCH | Method::DELETE) {
                continue;
            }
            let full =
                if base.ends_with("/api/v1") { path.clone() } else { path.trim_start_matches("/api/v1").to_owned() };
            let id = match full.split('/').nth(1) {
                Some("customers") => &app.sample.customer,
                Some("products") => &app.sample.product,
                Some("organizations") => &app.sample.org,
                Some("schemas") => &app.sample.schema,
                _ => &app.sample.order,
            };
            let mut concrete = full.clone();
            while let (Some(start), Some(end)) = (concrete.find('{'), concrete.find('}')) {
                concrete.replace_range(start..=end, id);
            }
            // Without a body a write is refused, which is an answer too.
            let answer = app.client.send(app.client.request(method.clone(), &concrete)).await;
            let described = operation["responses"].as_object().expect("responses");
            let status = answer.status.to_string();
            let range = format!("{}XX", &status[..1]);
            assert!(
                described.contains_key(&status) || described.contains_key(&range) || described.contains_key("default"),
                "{method} {full} answered {status}, which is not described: {}",
                answer.text()
            );
            assert_ne!(answer.status, 405, "{method} {full}");
            // An unconfigured provider's webhook names the missing variable.
            let unconfigured = full.starts_with("/webhooks/") && answer.text().contains("misconfigured");
            assert!(answer.status < 500 || unconfigured, "{method} {full}: {}", answer.text());
            asked += 1;
            if method == Method::DELETE {
                for table in ["orders", "products"] {
                    app.psql(&format!("UPDATE {table} SET deleted_at = NULL WHERE id = '{id}'")).await;
                }
            }
        }
    }
    assert!(asked >= 12, "only {asked} operations are described");
}
