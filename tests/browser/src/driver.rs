//! WebDriver (W3C), as far as it is used here: chromedriver and one session with it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use kit::{SOON, eventually_every, free_port};
use serde_json::{Value, json};

/// The name under which WebDriver hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// The reference of an element in an answer.
pub(crate) fn reference(value: &Value) -> Option<String> {
    value[ELEMENT].as_str().map(str::to_owned)
}

/// A chromedriver with one session. Both end when it is dropped.
#[derive(Debug)]
pub struct Driver {
    child: Child,
    http: reqwest::Client,
    session: String,
    profile: PathBuf,
}

impl Driver {
    /// Starts Chromium without a screen, in a window of this size.
    pub async fn start(width: u32, height: u32) -> Driver {
        let port = free_port();
        let mut command = Command::new("chromedriver");
        command.arg(format!("--port={port}")).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("chromedriver runs: apt-get install chromium-driver");
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        let base = format!("http://127.0.0.1:{port}");
        let profile = std::env::temp_dir().join(format!("edge-orders-browser-{port}"));
        let mut driver = Driver { child, http, session: base.clone(), profile };
        let options = json!({ "args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--hide-scrollbars", "--force-color-profile=srgb",
            format!("--window-size={width},{height}"), format!("--user-data-dir={}", driver.profile.display()),
        ]});
        let wish =
            json!({ "capabilities": { "alwaysMatch": { "browserName": "chrome", "goog:chromeOptions": options } } });
        let session = eventually_every(Duration::from_millis(200), "Chromium starts", SOON, || async {
            let told = driver.post("session", &wish).await.ok()?;
            told["sessionId"].as_str().map(str::to_owned)
        })
        .await;
        driver.session = format!("{base}/session/{session}");
        driver
    }

    /// A command with a body. The error is WebDriver's own text.
    pub async fn post(&self, command: &str, body: &Value) -> Result<Value, String> {
        self.send(self.http.post(format!("{}/{command}", self.session)).json(body)).await
    }

    /// A command that asks.
    pub async fn get(&self, command: &str) -> Result<Value, String> {
        self.send(self.http.get(format!("{}/{command}", self.session))).await
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Value, String> {
        let response = request.send().await.map_err(|error| error.to_string())?;
        let succeeded = response.status().is_success();
        let mut told: Value = response.json().await.map_err(|error| error.to_string())?;
        let value = told["value"].take();
        if succeeded { Ok(value) } else { Err(value.to_string()) }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Chromium ends with the session, not with chromedriver. Nothing can be awaited here.
        let (host, path) = self.session.trim_start_matches("http://").split_once('/').unwrap_or((&self.session, ""));
        if let Ok(mut stream) = TcpStream::connect(host) {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
            let _ = write!(stream, "DELETE /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
            let _ = stream.read(&mut [0; 64]);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.profile);
    }
}
