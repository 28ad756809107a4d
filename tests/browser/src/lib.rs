//! A browser as a person uses it: what is seen is looked for, clicked and typed into. Every look
//! waits until what it looks for is there, and clicks are counted.

mod driver;

use std::path::Path;
use std::time::Duration;

use kit::{SOON, eventually_every};
use serde_json::{Value, json};

pub use driver::Driver;

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// A window of Chromium.
#[derive(Debug)]
pub struct Browser {
    driver: Driver,
    clicks: usize,
}

impl Browser {
    /// Opens one of this size.
    pub async fn open(width: u32, height: u32) -> Browser {
        Browser { driver: Driver::start(width, height).await, clicks: 0 }
    }

    /// Goes to an address.
    pub async fn go(&self, address: &str) {
        self.driver.post("url", &json!({ "url": address })).await.expect("the page");
    }

    /// Runs a script in the page and gives its result.
    pub async fn script(&self, script: &str) -> Value {
        self.driver.post("execute/sync", &json!({ "script": script, "args": [] })).await.expect("a result")
    }

    /// Runs a script that calls its last argument with its result.
    pub async fn script_later(&self, script: &str) -> Value {
        self.driver.post("execute/async", &json!({ "script": script, "args": [] })).await.expect("a result")
    }

    /// The elements that an XPath finds and that are seen.
    async fn seen(&self, path: &str) -> Vec<String> {
        let all = self.driver.post("elements", &json!({ "using": "xpath", "value": path })).await.unwrap_or_default();
        let mut seen = Vec::new();
        for element in all.as_array().into_iter().flatten().filter_map(driver::reference) {
            if self.driver.get(&format!("element/{element}/displayed")).await == Ok(Value::Bool(true)) {
                seen.push(element);
            }
        }
        seen
    }

    /// The first element that an XPath finds, once it is seen.
    async fn element(&self, path: &str) -> String {
        eventually_every(PAUSE, &format!("{path} is seen"), SOON, || async { self.seen(path).await.into_iter().next() })
            .await
    }

    /// Clicks what an XPath finds. What is drawn anew just then is looked for again.
    pub async fn click(&mut self, path: &str) {
        eventually_every(PAUSE, &format!("{path} can be clicked"), SOON, || async {
            let element = self.seen(path).await.into_iter().next()?;
            self.driver.post(&format!("element/{element}/click"), &json!({})).await.ok()
        })
        .await;
        self.clicks += 1;
    }

    /// Clicks a link by its text.
    pub async fn click_link(&mut self, text: &str) {
        self.click(&format!("//a[normalize-space()={text:?}]")).await;
    }

    /// Clicks a button by its text; in the dialog, if one is open.
    pub async fn click_button(&mut self, text: &str) {
        let path = format!("//button[normalize-space()={text:?} and not(@disabled)]");
        self.click(&format!("//dialog[@open]{path} | {path}[not(//dialog[@open])]")).await;
    }

    /// Types into the field with this label.
    pub async fn type_into(&self, label: &str, text: &str) {
        let path = format!("//*[@id=//label[starts-with(normalize-space(), {label:?})]/@for]");
        let element = self.element(&path).await;
        self.driver.post(&format!("element/{element}/value"), &json!({ "text": text })).await.expect("a field");
    }

    /// Presses keys, wherever the focus is.
    pub async fn press(&self, keys: &str) {
        let actions: Vec<Value> = keys
            .chars()
            .flat_map(|key| [json!({"type": "keyDown", "value": key}), json!({"type": "keyUp", "value": key})])
            .collect();
        let body = json!({ "actions": [{ "type": "key", "id": "keyboard", "actions": actions }] });
        self.driver.post("actions", &body).await.expect("keys");
    }

    /// Waits until the page shows a text.
    pub async fn shows(&self, text: &str) {
        eventually_every(PAUSE, &format!("{text:?} is shown"), SOON, || async {
            self.text().await.contains(text).then_some(())
        })
        .await;
    }

    /// Waits until the page shows a text no longer.
    pub async fn hides(&self, text: &str) {
        eventually_every(PAUSE, &format!("{text:?} is gone"), SOON, || async {
            (!self.text().await.contains(text)).then_some(())
        })
        .await;
    }

    /// Waits until no dialog is there.
    pub async fn closes(&self) {
        eventually_every(PAUSE, "the dialog is closed", SOON, || async {
            (self.script("return document.querySelector('dialog') === null").await == Value::Bool(true)).then_some(())
        })
        .await;
    }

    /// The text that is seen.
    pub async fn text(&self) -> String {
        let text = self.script("return document.body.innerText").await;
        text.as_str().unwrap_or_default().to_owned()
    }

    /// The clicks since the last look.
    pub fn clicks(&mut self) -> usize {
        std::mem::take(&mut self.clicks)
    }

    /// Makes the window another size.
    pub async fn resize(&self, width: u32, height: u32) {
        self.driver.post("window/rect", &json!({ "width": width, "height": height })).await.expect("a window");
    }

    /// Stores a picture of what is seen.
    pub async fn picture(&self, place: &Path) {
        use base64::Engine as _;
        let picture = self.driver.get("screenshot").await.expect("a picture");
        let bytes =
            base64::engine::general_purpose::STANDARD.decode(picture.as_str().expect("a text")).expect("base64");
        std::fs::write(place, bytes).unwrap_or_else(|error| panic!("{}: {error}", place.display()));
    }

    /// The rules of accessibility that the page breaks, by axe-core: each with the elements.
    pub async fn broken_rules(&self) -> Vec<String> {
        let place =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../functions/console/web/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(&place).unwrap_or_else(|e| panic!("{}: {e}; npm ci", place.display()));
        self.script(&axe).await;
        let ask = "const done = arguments[arguments.length - 1];
            axe.run(document, { resultTypes: ['violations'] }).then(
                (told) => done(told.violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.html + ' ' + node.failureSummary).join(' | '))),
                (error) => done(['axe failed: ' + error]))";
        let told = self.script_later(ask).await;
        told.as_array().expect("a list").iter().map(|rule| rule.as_str().unwrap_or_default().to_owned()).collect()
    }
}
