//! Customer service finds orders by whatever a customer says of one.

use e2e::{App, Caller};
use serde_json::{Value, json};

use crate::new_key;

/// The ids of the orders that are found.
async fn found(app: &App, sought: &str) -> Vec<Value> {
    let items = app.client.search_orders(sought).await.expect(200).items();
    items.into_iter().map(|item| item["id"].clone()).collect()
}

#[tokio::test]
async fn an_order_is_found_as_soon_as_a_change_is_acknowledged() {
    let app = App::spawn_alone().await;
    let order = app.new_order_id().await;
    let shown = app.client.order(&order).await.expect(200).json();
    let number = shown["orderNumber"].as_str().expect("a number").to_owned();
    assert_eq!(found(&app, &number).await, [json!(order)]);
    let tracking = format!("TRACK{}", &order.replace('-', "")[20..]);
    assert_eq!(found(&app, &tracking).await, Vec::<Value>::new());
    app.client.ship(&order, &json!({"carrier": "DHL", "trackingNumber": tracking}), &new_key()).await.expect(201);
    let answer = app.client.search_orders(&tracking.to_lowercase()).await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let item = answer.items()[0].clone();
    assert_eq!((&item["id"], &item["matched"]), (&json!(order), &json!(["tracking"])));
    assert_eq!(item["customer"]["id"], app.sample.customer.as_str());
    assert_eq!(answer.json()["more"], false);
    let email = format!("found.{}@example.com", &order[..8]);
    app.client.patch_customer(&app.sample.customer, &json!({"email": email})).await.expect(200);
    assert!(
        found(&app, &email).await.contains(&json!(order))
            || app.client.search_orders(&email).await.json()["more"] == true
    );
    app.client.delete(&order).await.expect(204);
    assert_eq!(found(&app, &tracking).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_telephone_number_is_found_with_its_country_and_without() {
    let app = App::spawn().await;
    let line = new_key().bytes().fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 9_999_991);
    let (subscriber, other) = (format!("72{line:07}"), format!("75{line:07}"));
    for (stored, sought) in [
        (format!("+40 {subscriber}"), [format!("0{subscriber}"), format!("0040{subscriber}")]),
        (format!("0{}.{}", &other[..3], &other[3..]), [format!("+40 {other}"), format!("0040-{other}")]),
    ] {
        let mut request = app.order_request();
        request["shippingAddress"] =
            json!({"name": "x", "phone": stored, "line1": "Strada Lunga 5", "city": "Brasov", "country": "RO"});
        let order = app.client.create(request, &new_key()).await.expect(201).json()["id"].clone();
        for sought in sought {
            assert_eq!(found(&app, &sought).await, std::slice::from_ref(&order), "{stored} by {sought}");
        }
    }
    assert_eq!(found(&app, &format!("+49 {subscriber}")).await, Vec::<Value>::new(), "of another country");
}

#[tokio::test]
async fn only_staff_searches_and_only_its_own_organisation() {
    let app = App::spawn().await;
    let number = app.client.order(&app.sample.order).await.expect(200).json()["orderNumber"].clone();
    let number = number.as_str().expect("a number");
    assert_eq!(found(&app, number).await, [json!(app.sample.order)]);
    let stranger = app.as_caller(&Caller::service(&app.sample.other_org));
    assert!(stranger.search_orders(number).await.expect(200).items().is_empty());
    let customer = app.as_caller(&Caller::customer(&app.sample.org, &app.sample.customer));
    customer.search_orders(number).await.expect_problem(403);
    app.client.anonymous().search_orders(number).await.expect_problem(401);
    for wrong in ["", "ab", &"a".repeat(101), "a\u{0}bc"] {
        app.client.search_orders(wrong).await.expect_problem_naming(400, "q");
    }
    app.client.get("/orders/search").await.expect_problem_naming(400, "q");
}
