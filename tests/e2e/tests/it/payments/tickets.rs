//! Links of a session that a shopper's browser follows without a token.

use e2e::{App, Caller};
use reqwest::Response;
use standin::Provider;

use super::shop::Shop;
use crate::new_key;

/// A browser: no token, and redirects are looked at.
fn browser() -> reqwest::Client {
    let none = reqwest::redirect::Policy::none();
    reqwest::Client::builder().no_proxy().redirect(none).build().expect("a client")
}

async fn visit(app: &App, link: &str) -> Response {
    let address = format!("{}{link}", app.base_url);
    browser().get(&address).header("accept", "text/html").send().await.expect("an answer")
}

/// A session's redirect link and return link.
async fn links(shop: &Shop, provider: Provider) -> (serde_json::Value, String, String) {
    let session = shop.ask(&shop.order().await, provider, &new_key()).await.expect(201).json();
    let link = |name: &str| session[name].as_str().expect("a link").to_owned();
    let (redirect, page) = (link("redirectLink"), link("returnLink"));
    (session, redirect, page)
}

#[tokio::test]
async fn a_browser_follows_the_redirect_link_as_often_as_it_likes_until_the_session_ends() {
    let Some(shop) = Shop::open().await else { return };
    for provider in Provider::ALL {
        let (session, redirect, _) = links(&shop, provider).await;
        let id = session["id"].as_str().expect("an id");
        for _ in 0..3 {
            let answer = visit(&shop.app, &redirect).await;
            assert_eq!(answer.status(), 303);
            assert_eq!(answer.headers()["location"], session["redirectUrl"].as_str().expect("a page"));
            assert_eq!(answer.headers()["cache-control"], "no-store");
            let text = answer.text().await.expect("a body");
            assert!(!text.contains(id), "it shows nothing of the session: {text}");
        }
        let shown = shop.app.client.session(id).await.json();
        assert_eq!((&shown["status"], &shown["redirectLink"]), (&"awaiting_callback".into(), &session["redirectLink"]));
        shop.app.client.cancel_session(id).await.expect(200);
        assert_eq!(visit(&shop.app, &redirect).await.status(), 409);
        assert!(shop.app.client.session(id).await.json()["redirectLink"].is_null());
    }
}

#[tokio::test]
async fn a_ticket_opens_one_thing_of_one_session() {
    let Some(shop) = Shop::open().await else { return };
    let (one, redirect, page) = links(&shop, Provider::PayPal).await;
    let (other, ..) = links(&shop, Provider::Stripe).await;
    let ticket = |link: &str| link.split_once("ticket=").expect("a ticket").1.to_owned();
    let (of_redirect, of_page) = (ticket(&redirect), ticket(&page));
    let path = |session: &serde_json::Value, what: &str| {
        format!("/api/v1/payments/sessions/{}{what}", session["id"].as_str().expect("an id"))
    };
    for wrong in [
        path(&other, &format!("/redirect?ticket={of_redirect}")),
        path(&one, &format!("/redirect?ticket={of_page}")),
        path(&one, &format!("/return?ticket={of_redirect}")),
        path(&one, &format!("/redirect?ticket={}", of_redirect.to_uppercase())),
        path(&one, "/redirect?ticket="),
        path(&one, "/redirect"),
        path(&one, "/return"),
        path(&one, &format!("?ticket={of_redirect}")),
    ] {
        let status = visit(&shop.app, &wrong).await.status();
        assert_eq!(status, 401, "{wrong}");
    }
    let cancel = format!("{}{}", shop.app.base_url, path(&one, &format!("/cancel?ticket={of_redirect}")));
    assert_eq!(browser().post(&cancel).send().await.expect("an answer").status(), 401);
    // A token opens its own organisation's only, with or without a ticket.
    let stranger = shop.app.as_caller(&Caller::service(&shop.app.sample.other_org));
    stranger.redirect(one["id"].as_str().expect("an id")).await.expect_problem(404);
}

#[tokio::test]
async fn the_return_page_shows_the_state_and_runs_nothing() {
    let Some(shop) = Shop::open().await else { return };
    let (session, _, page) = links(&shop, Provider::Stripe).await;
    let shown = visit(&shop.app, &page).await;
    assert_eq!((shown.status().as_u16(), &shown.headers()["refresh"]), (200, &"5".parse().expect("a value")));
    let header = |name: &str| shown.headers()[name].to_str().expect("a text").to_owned();
    assert!(header("content-security-policy").starts_with("default-src 'none'"));
    assert_eq!((header("x-content-type-options"), header("referrer-policy")), ("nosniff".into(), "no-referrer".into()));
    assert_eq!(header("cache-control"), "no-store");
    assert!(shown.text().await.expect("a page").contains("not confirmed yet"));
    shop.standin.pay(session["externalTransactionId"].as_str().expect("an id"));
    let paid = e2e::eventually("it is paid", kit::SOON, || async {
        let text = visit(&shop.app, &page).await.text().await.expect("a page");
        text.contains("has been received").then_some(text)
    })
    .await;
    assert!(paid.contains(session["orderTotal"].as_str().expect("a sum")) && paid.contains("Back to the shop"));
    let address = format!("{}{page}", shop.app.base_url);
    let json = browser().get(&address).header("accept", "application/json").send().await.expect("an answer");
    let json: serde_json::Value = json.json().await.expect("JSON");
    assert_eq!((&json["status"], &json["amount"]), (&"completed".into(), &session["orderTotal"]));
}
