//! What the console does with a token, when the API is away, and when nothing may be changed.

use e2e::Caller;
use serde_json::json;

use crate::shop::Shop;

#[tokio::test]
async fn the_token_is_kept_nowhere_and_a_reload_forgets_it() {
    let Some(shop) = Shop::open().await else { return };
    let browser = shop.operator().await;
    let kept = browser
        .script("return JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href, history.state])")
        .await;
    let kept = kept.as_str().expect("a text");
    assert!(!kept.contains("eyJ"), "{kept}");
    browser.go(&format!("{}/console#/events", shop.app.base_url)).await;
    browser.script("location.reload()").await;
    browser.shows("a reload forgets it").await;
    assert!(!browser.text().await.contains("Log out"));
}

#[tokio::test]
async fn a_token_that_is_refused_or_no_token_is_said_to_be_so() {
    let Some(shop) = Shop::open().await else { return };
    let mut browser = browser_tests::Browser::open(1000, 800).await;
    browser.go(&format!("{}/console", shop.app.base_url)).await;
    browser.type_into("Operator’s token", "nonsense").await;
    browser.click_button("Log in").await;
    browser.shows("This is not a JSON Web Token").await;
    browser.go(&format!("{}/console?again", shop.app.base_url)).await;
    let foreign = Caller::operator(&shop.app.sample.org).token(&Caller::random_keys());
    browser.type_into("Operator’s token", &foreign).await;
    browser.click_button("Log in").await;
    browser.shows("Your token was refused").await;
    assert!(!browser.text().await.contains("Log out"));
}

#[tokio::test]
async fn the_console_says_when_the_api_is_away_and_when_it_is_back() {
    let Some(mut shop) = Shop::open().await else { return };
    let mut browser = shop.operator().await;
    browser.shows("Needs attention").await;
    let server = shop.app.server.as_mut().expect("a server of its own");
    server.kill();
    browser.click_link("Jobs").await;
    browser.shows("The API gives no answer.").await;
    server.restart().await;
    browser.shows("The API answers again.").await;
    browser.hides("The API gives no answer.").await;
    browser.shows("redrive").await;
}

#[tokio::test]
async fn read_only_nothing_that_changes_anything_is_there() {
    let Some(shop) = Shop::open().await else { return };
    let mut browser = shop.operator().await;
    let screens = [
        "events?status=received",
        "events?status=needs_review",
        "payments?kind=held",
        "payments?kind=captures",
        "jobs",
        "products?view=holds",
    ];
    let buttons = "return [...document.querySelectorAll('main button')].map((one) => one.innerText).filter((text) => text !== 'Show more').join(', ')";
    browser.click("//label[contains(., 'Read-only')]/input").await;
    for screen in screens
        .iter()
        .chain([&&*format!("orders/{}", shop.waiting[0].id), &&*format!("products/{}", shop.app.sample.product)])
    {
        browser.script(&format!("location.hash = '#/{screen}'")).await;
        browser.hides("Loading …").await;
        assert_eq!(browser.script(buttons).await, json!(""), "{screen}");
    }
    browser.click("//label[contains(., 'Read-only')]/input").await;
    browser.shows("Set the count").await;
    drop(browser);

    let service = shop.logged_in(&Caller::service(&shop.app.sample.org), 1200, 900).await;
    service.shows("changes need the role operator").await;
    service.script(&format!("location.hash = '#/products/{}'", shop.app.sample.product)).await;
    service.shows("Movements").await;
    assert_eq!(service.script(buttons).await, json!(""));
}

#[tokio::test]
async fn the_first_page_shows_an_orders_status_as_it_changes() {
    let Some(shop) = Shop::open().await else { return };
    let mut browser = browser_tests::Browser::open(1100, 900).await;
    browser.go(&format!("{}/", shop.app.base_url)).await;
    browser.shows("It serves, and something is wrong").await;
    browser.type_into("Token", &shop.app.token_of(&shop.app.service())).await;
    browser.type_into("Order", &shop.paid.id).await;
    browser.click_button("Watch").await;
    browser.shows("pending, paid, version").await;
    shop.app.client.patch(&shop.paid.id, json!({ "status": "confirmed" })).await.expect(200);
    browser.shows("confirmed, paid, version").await;
    browser.click_button("Stop").await;
    browser.shows("Stopped.").await;
    browser.click_link("API").await;
    browser.shows("All paths are below /api/v1").await;
    browser.click("//details[@id='getOrderPaymentStatus']/summary").await;
    browser.shows("Never served from the cache while Postgres can't be reached.").await;
}
