//! Every screen for everyone: by axe-core's rules, by keyboard, on narrow screens. With
//! CONSOLE_PICTURES, a folder, the pictures of the documents are made on the way.

use std::path::PathBuf;

use browser_tests::Browser;
use e2e::Caller;
use serde_json::json;

use crate::shop::Shop;

async fn picture(browser: &Browser, name: &str) {
    if let Some(folder) = std::env::var_os("CONSOLE_PICTURES") {
        browser.picture(&PathBuf::from(folder).join(format!("{name}.png"))).await;
    }
}

/// Chooses colours, as the list at the top does.
async fn colours(browser: &mut Browser, which: &str) {
    browser.click(&format!("//label[contains(@class, 'colours')]//option[.='{which}']")).await;
    browser.script("document.activeElement.blur()").await;
}

#[tokio::test]
async fn no_screen_breaks_a_rule_of_accessibility_in_light_or_dark() {
    let Some(shop) = Shop::open().await else { return };
    shop.traffic().await;
    let reader = shop.reader();
    let mut browser = shop.operator().await;
    let event = shop.app.operator().events("status=needs_review").await.expect(200).items()[0]["id"].clone();
    let screens = [
        ("overview", "overview".to_owned(), "Certified"),
        ("cache", "cache".to_owned(), "By entity"),
        ("events", "events?status=received".to_owned(), "provider away"),
        ("event", format!("events/{}", event.as_str().expect("an id")), "What it changed"),
        ("payments", "payments?kind=held".to_owned(), "velocity"),
        ("refunds", "payments?kind=refunds&status=all".to_owned(), "Nothing here."),
        ("captures", "payments?kind=captures".to_owned(), "paid"),
        ("orders", "orders".to_owned(), "Latest orders"),
        ("order", format!("orders/{}", shop.review.id), "An event waits for a decision"),
        ("products", "products".to_owned(), "SKU"),
        ("holds", "products?view=holds".to_owned(), "doesn’t have the pieces"),
        ("product", format!("products/{}", shop.app.sample.product), "stocktaking"),
        ("jobs", "jobs".to_owned(), "redrive"),
        ("configuration", "configuration".to_owned(), "cors_origins"),
    ];
    let mut broken = Vec::new();
    for theme in ["Light", "Dark"] {
        colours(&mut browser, theme).await;
        for (name, place, shown) in &screens {
            browser.script(&format!("location.hash = '#/{place}'")).await;
            browser.shows(shown).await;
            browser.hides("Loading …").await;
            let rules = browser.broken_rules().await;
            broken.extend(rules.into_iter().map(|rule| format!("{name}, {theme}: {rule}")));
            picture(&browser, &format!("{name}-{}", theme.to_lowercase())).await;
        }
        browser.script("location.hash = '#/events?status=received'").await;
        browser.click_button("Replay all …").await;
        browser.shows("The filter finds 5 events.").await;
        broken.extend(browser.broken_rules().await.into_iter().map(|rule| format!("dialog, {theme}: {rule}")));
        picture(&browser, &format!("replay-{}", theme.to_lowercase())).await;
        browser.click_button("Cancel").await;
    }
    reader.abort();
    for page in ["", "console/api", "console?"] {
        browser.go(&format!("{}/{page}", shop.app.base_url)).await;
        browser.hides("Asking …").await;
        broken.extend(browser.broken_rules().await.into_iter().map(|rule| format!("/{page}: {rule}")));
        picture(
            &browser,
            if page.is_empty() {
                "front"
            } else if page.ends_with('?') {
                "login"
            } else {
                "api"
            },
        )
        .await;
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[tokio::test]
async fn on_a_narrow_screen_nothing_is_wider_than_the_screen() {
    let Some(shop) = Shop::open().await else { return };
    let mut browser = shop.operator().await;
    browser.resize(500, 900).await;
    for (place, shown) in [
        ("overview", "Needs attention"),
        ("cache", "By entity"),
        ("events?status=received", "provider away"),
        ("jobs", "redrive"),
        ("products?view=holds", "doesn’t have the pieces"),
    ] {
        browser.script(&format!("location.hash = '#/{place}'")).await;
        browser.shows(shown).await;
        let spare =
            browser.script("return document.documentElement.clientWidth - document.documentElement.scrollWidth").await;
        assert_eq!(spare, json!(0), "{place}");
    }
    picture(&browser, "narrow").await;
    shop.find(&mut browser, &shop.held).await;
    browser.shows("A payment is held for review").await;
}

#[tokio::test]
async fn an_order_without_its_pieces_is_found_and_the_service_asked_by_keyboard_alone() {
    let Some(shop) = Shop::open().await else { return };
    let browser = shop.operator().await;
    let (tab, enter) = ("\u{e004}", "\u{e007}");
    let focused = "return document.activeElement.innerText.trim()";
    browser.script("location.hash = '#/products?view=holds'").await;
    browser.shows("doesn’t have the pieces").await;
    let reach = async |text: &str| {
        browser.script("document.querySelector('h1').focus()").await;
        for _ in 0..20 {
            browser.press(tab).await;
            if browser.script(focused).await == json!(text) {
                return browser.press(enter).await;
            }
        }
        panic!("{text} is not reached by Tab");
    };
    reach("Not verified").await;
    browser.shows("It is asked again by itself.").await;
    browser.hides("Loading …").await;
    reach("Ask the service now").await;
    browser.shows("Ask the product-service now?").await;
    // Cancel, then the button that confirms.
    browser.press(tab).await;
    browser.press(enter).await;
    browser.shows("1 verified, 0 missing, 0 released, 0 deducted.").await;
    browser.shows("No hold waits so.").await;
    assert_eq!(shop.standin.pieces(&shop.app.sample.sku), Some(0));
}

#[tokio::test]
async fn an_event_is_replayed_by_keyboard_alone() {
    let Some(shop) = Shop::open().await else { return };
    let browser = Browser::open(1360, 900).await;
    browser.go(&format!("{}/console", shop.app.base_url)).await;
    browser.shows("Operator’s token").await;
    let (tab, enter, escape) = ("\u{e004}", "\u{e007}", "\u{e00c}");
    let focused = "const one = document.activeElement; return (one.innerText || one.labels?.[0]?.innerText || one.tagName).trim()";
    // The field has the focus.
    let operator = Caller::operator(&shop.app.sample.org);
    browser.press(&shop.app.token_of(&operator)).await;
    browser.press(enter).await;
    browser.shows("Log out").await;
    let first =
        "const one = document.querySelector('a[href], button, input, select'); one.focus(); return one.innerText";
    assert_eq!(browser.script(first).await, json!("Skip to the content"));
    browser.press(enter).await;
    assert_eq!(browser.script(focused).await, json!("Overview"));
    browser.script("location.hash = '#/events?status=received'").await;
    browser.shows("provider away").await;
    let mut reached = false;
    for _ in 0..60 {
        browser.press(tab).await;
        let outline = browser.script("return getComputedStyle(document.activeElement).outlineStyle").await;
        assert_ne!(outline, json!("none"), "the focus is seen on {}", browser.script(focused).await);
        reached = browser.script(focused).await == json!("Replay");
        if reached {
            break;
        }
    }
    assert!(reached, "no button is reached by Tab");
    browser.press(enter).await;
    browser.shows("Replay this event?").await;
    browser.press(escape).await;
    browser.closes().await;
    assert_eq!(browser.script(focused).await, json!("Replay"), "the focus is where it was");
    browser.press(enter).await;
    browser.shows("Replay this event?").await;
    // Cancel, then the button that confirms.
    browser.press(tab).await;
    browser.press(enter).await;
    browser.shows("The event is processed.").await;
}
