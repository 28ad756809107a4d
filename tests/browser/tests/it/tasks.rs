//! What operators come for, each in four clicks at most from where they have logged in.

use e2e::{SOON, eventually};

use crate::shop::Shop;

#[tokio::test]
async fn each_task_of_an_operator_takes_four_clicks_at_most() {
    let Some(shop) = Shop::open().await else { return };
    let reader = shop.reader();
    let mut browser = shop.operator().await;
    let mut took: Vec<(&str, usize)> = Vec::new();

    // All on the first screen.
    browser.shows("Certified").await;
    took.push(("is the cache certified", browser.clicks()));
    browser.shows("Hit rate, last hour").await;
    eventually("the hit rate is a number", SOON, || async {
        let text = browser.text().await;
        let (_, rate) = text.split_once("Hit rate, last hour")?;
        rate.trim_start().starts_with(|c: char| c.is_ascii_digit()).then_some(())
    })
    .await;
    took.push(("hit rate of the last hour", browser.clicks()));
    browser.shows("cors_origins").await;
    took.push(("what is misconfigured", browser.clicks()));

    // Its event is in review: why, and replayed. It stays there, since the money is still too
    // little.
    let order = &shop.review;
    shop.find(&mut browser, order).await;
    browser.shows("Why it is unpaid").await;
    browser.shows("An event waits for a decision: payment_intent.succeeded, underpaid.").await;
    took.push(("why is this order unpaid", browser.clicks()));
    browser.click_button("Replay").await;
    browser.shows("Replay this event?").await;
    browser.click_button("Replay").await;
    browser.shows("The event is needs review").await;
    took.push(("replay its event", browser.clicks() + 1));

    browser.click_link("Events").await;
    browser.click_link("Waiting").await;
    browser.click_button("Replay all …").await;
    browser.shows("The filter finds 5 events.").await;
    assert_eq!(shop.payment_status(&shop.waiting[1]).await, "unpaid", "a dry run does nothing");
    browser.click_button("Replay 5 events").await;
    browser.shows("5 events replayed, 0 skipped.").await;
    took.push(("replay all of an outage", browser.clicks()));
    for order in &shop.waiting {
        assert_eq!(shop.payment_status(order).await, "paid");
    }

    browser.click_link("Events").await;
    browser.shows("underpaid").await;
    browser.click_button("Dismiss").await;
    browser.type_into("Note", "paid the rest at the till").await;
    browser.click_button("Dismiss").await;
    browser.shows("The event is dismissed.").await;
    took.push(("settle a review", browser.clicks()));
    browser.click_link("Payments").await;
    browser.click_button("Release").await;
    browser.click_button("Release").await;
    browser.shows("The payment goes on.").await;
    took.push(("release a held payment", browser.clicks()));

    shop.find(&mut browser, &shop.paid).await;
    browser.click_button("Refund").await;
    browser.shows("Give money back?").await;
    browser.type_into("Sum", "0.01").await;
    browser.click_button("Refund").await;
    browser.shows("is sent.").await;
    took.push(("refund", browser.clicks()));
    eventually("the refund counts", SOON, || async {
        (shop.payment_status(&shop.paid).await == "partially_refunded").then_some(())
    })
    .await;

    browser.click_link("Overview").await;
    browser.click_link("Orders whose stock is missing").await;
    browser.click("//td/a[starts-with(@href, '#/orders/')]").await;
    browser.shows(&shop.missing.number).await;
    browser.shows("Missing").await;
    took.push(("an order whose stock is missing", browser.clicks()));
    browser.click_link("Jobs").await;
    browser.click("//tr[td//b='stock holds']//button").await;
    browser.shows("Run stock holds now?").await;
    browser.click_button("Run now").await;
    browser.shows("stock holds: done.").await;
    took.push(("verify what was let through", browser.clicks()));
    assert!(shop.app.client.order(&shop.optimistic.id).await.expect(200).json()["stockState"].is_null());

    reader.abort();
    assert!(took.iter().all(|(_, clicks)| *clicks <= 4), "{took:?}");
    assert_eq!(took.len(), 11, "{took:?}");
}

#[tokio::test]
async fn a_first_view_waits_for_four_answers_in_a_row_at_most() {
    let Some(shop) = Shop::open().await else { return };
    let browser = shop.operator().await;
    browser.shows("Needs attention").await;
    browser.shows("Events waiting").await;
    // Requests that begin before others have ended are waited for together.
    let script = "const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
            .filter((one) => one.initiatorType !== 'other').map((one) => [one.startTime, one.responseEnd]).sort((a, b) => a[0] - b[0]);
        let [rows, end] = [0, -1];
        for (const [start, over] of all) { if (start >= end) { rows += 1; end = over; } else end = Math.min(end, over); }
        return rows";
    let rows = browser.script(script).await.as_u64().expect("a number");
    assert!((2..=4).contains(&rows), "{rows} rows of requests");
}
