//! `templates/`: what `spin new -t` and `spin add -t` make of them is built, and does what it says.

use base64ct::{Base64, Encoding};
use e2e::{RedisProcess, SOON};
use hmac::{Hmac, Mac};
use kit::eventually;
use sha2::Sha256;

use crate::database::with_outbox;
use crate::served::Served;
use crate::template::{folder, made, render};

/// The receiver's own verification with its own tests.
#[path = "../../../../templates/webhook-receiver-rust/content/src/verify.rs"]
mod verify;

const TEMPLATES: [&str; 2] = ["cached-http-rust", "webhook-receiver-rust"];

fn file(template: &str, path: &str) -> String {
    let path = folder(template).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn toml_of(text: &str) -> toml::Table {
    text.parse().unwrap_or_else(|e| panic!("{e} in\n{text}"))
}

#[test]
fn a_template_names_itself_and_asks_for_what_its_files_need() {
    for template in TEMPLATES {
        let metadata = toml_of(&file(template, "metadata/spin-template.toml"));
        assert_eq!(metadata["manifest_version"].as_str(), Some("1"));
        assert_eq!(metadata["id"].as_str(), Some(template));
        let mut asked: Vec<&str> =
            metadata["parameters"].as_table().expect("parameters").keys().map(String::as_str).collect();
        asked.sort_unstable();
        assert_eq!(asked, ["http-path", "project-description"]);
    }
}

#[test]
fn a_component_that_is_added_is_the_one_of_a_new_app() {
    for template in TEMPLATES {
        let new = toml_of(&render(&file(template, "content/spin.toml"), "An App"));
        let component = toml_of(&render(&file(template, "metadata/snippets/component.txt"), "An App"));
        let (of_new, of_added) = (&new["component"]["an-app"], &component["component"]["an-app"]);
        for part in ["allowed_outbound_hosts", "variables"] {
            assert_eq!(of_new[part], of_added[part], "{template}: {part}");
        }
        let source = of_new["source"].as_str().expect("a source");
        assert_eq!(of_added["source"].as_str(), Some(&*format!("an-app/{source}")));
        assert_eq!(of_added["build"]["workdir"].as_str(), Some("an-app"));
        let variables = toml_of(&render(&file(template, "metadata/snippets/variables.txt"), "An App"));
        assert_eq!(new["variables"].as_table(), Some(&variables));
    }
}

#[tokio::test]
async fn the_app_of_cached_http_rust_is_never_stale() {
    let manifest = made("cached-http-rust", "My Notes");
    let (db, redis) = (with_outbox().await, RedisProcess::start().await);
    db.run(&file("cached-http-rust", "content/schema.sql")).await;
    let app = Served::start(&manifest, &redis.url(), &db.url(), &[]).await;
    let (http, note) = (reqwest::Client::new(), format!("{}/notes/1", app.base_url()));
    let read = async || {
        let answer = http.get(&note).send().await.expect("an answer");
        let hit = answer.headers().get("cache-status").is_some_and(|one| one.as_bytes().starts_with(b"my-notes; hit"));
        (answer.status().as_u16(), hit, answer.text().await.expect("a body"))
    };
    assert_eq!(read().await.0, 404);
    for text in ["hello", "good evening"] {
        let put = http.put(&note).body(text).send().await.expect("an answer");
        assert_eq!(put.status(), 200);
        assert!(read().await.2.contains(text), "after its PUT");
    }
    eventually("a hit", SOON, || async { read().await.1.then_some(()) }).await;
    db.run("UPDATE notes SET text = 'by psql'").await;
    eventually("the change by psql is seen", SOON, || async { read().await.2.contains("by psql").then_some(()) }).await;
}

#[tokio::test]
async fn the_app_of_webhook_receiver_rust_takes_a_genuine_event_in_once() {
    const SECRET: &[u8] = b"secret-secret-secret";
    let manifest = made("webhook-receiver-rust", "My Hooks");
    let (db, redis) = (with_outbox().await, RedisProcess::start().await);
    db.run(&file("webhook-receiver-rust", "content/schema.sql")).await;
    let secret = format!("whsec_{}", Base64::encode_string(SECRET));
    let variables = [("SPIN_VARIABLE_WEBHOOK_SECRETS", &*secret)];
    let app = Served::start(&manifest, &redis.url(), &db.url(), &variables).await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs().to_string();
    let deliver = async |id: &str, key: &[u8], body: &str| {
        let mac = Hmac::<Sha256>::new_from_slice(key).expect("a key").chain_update(format!("{id}.{now}.{body}"));
        let signature = format!("v1,{}", Base64::encode_string(&mac.finalize().into_bytes()));
        let request = reqwest::Client::new().post(app.base_url()).body(body.to_owned());
        let request = request.header("webhook-id", id).header("webhook-timestamp", &now);
        let answer = request.header("webhook-signature", signature).send().await.expect("an answer");
        (answer.status().as_u16(), answer.text().await.expect("a body"))
    };
    let event = r#"{"type":"greeting"}"#;
    assert_eq!(deliver("msg_1", SECRET, event).await, (200, "processed".to_owned()));
    assert_eq!(deliver("msg_1", SECRET, event).await, (200, "already processed".to_owned()));
    assert_eq!(deliver("msg_2", b"another", event).await.0, 401);
    assert_eq!(deliver("msg_3", SECRET, "no JSON").await.0, 400);
    assert_eq!(db.text("SELECT string_agg(kind || events, ' ') FROM webhook_totals").await, "greeting1");
}
