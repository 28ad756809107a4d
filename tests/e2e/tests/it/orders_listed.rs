//! Lists, histories and statistics.

use std::collections::BTreeSet;

use e2e::App;
use serde_json::Value;

fn texts(items: &[Value], field: &str) -> Vec<String> {
    items.iter().map(|item| item[field].as_str().unwrap_or_else(|| panic!("no {field} in {item}")).to_owned()).collect()
}

#[tokio::test]
async fn pages_hold_every_order_once() {
    let app = App::spawn().await;
    let first = app.client.orders("limit=50&page=1").await.expect(200).json();
    let total = first["total"].as_i64().expect("a total");
    assert_eq!((first["page"].as_i64(), first["limit"].as_i64()), (Some(1), Some(50)));
    let pages = (total + 49) / 50;
    let (mut ids, mut count) = (BTreeSet::new(), 0);
    for page in 1..=pages.min(20) {
        let items = app.client.orders(&format!("limit=50&page={page}")).await.expect(200).items();
        count += items.len();
        ids.extend(texts(&items, "id"));
    }
    assert_eq!(ids.len(), count, "an order is on two pages");
    assert_eq!(count as i64, total.min(1000));
    let beyond = app.client.orders(&format!("limit=50&page={}", pages + 1)).await.expect(200);
    assert!(beyond.items().is_empty());
}

#[tokio::test]
async fn filters_narrow_the_list() {
    let app = App::spawn().await;
    let all = app.client.orders("limit=1").await.expect(200).json()["total"].as_i64().expect("a total");
    let some = app.client.orders("limit=100").await.expect(200).items();
    for (parameter, field) in [
        ("status", "status"),
        ("paymentStatus", "paymentStatus"),
        ("currency", "currency"),
        ("customerId", "customerId"),
    ] {
        let wanted = texts(&some, field)[0].clone();
        let found = app.client.orders(&format!("{parameter}={wanted}&limit=100")).await.expect(200);
        assert!(texts(&found.items(), field).iter().all(|value| *value == wanted), "{parameter}={wanted}");
        let total = found.json()["total"].as_i64().expect("a total");
        assert!(total >= 1 && total <= all, "{parameter}={wanted}: {total} of {all}");
    }
    let number = texts(&some, "orderNumber")[0].clone();
    assert_eq!(
        texts(&app.client.orders(&format!("search={number}")).await.expect(200).items(), "orderNumber")[0],
        number
    );
    let created = texts(&some, "createdAt");
    let (from, to) = (&created[created.len() - 1], &created[0]);
    let between = app.client.orders(&format!("createdFrom={from}&createdTo={to}&limit=100")).await.expect(200).items();
    assert!(texts(&between, "createdAt").iter().all(|at| at >= from && at < to));
}

#[tokio::test]
async fn sorting_sorts() {
    let app = App::spawn().await;
    for field in ["createdAt", "updatedAt", "orderNumber"] {
        for direction in ["asc", "desc"] {
            let items =
                app.client.orders(&format!("sort={field}&order={direction}&limit=100")).await.expect(200).items();
            let values = texts(&items, field);
            let mut sorted = values.clone();
            sorted.sort();
            if direction == "desc" {
                sorted.reverse();
            }
            assert_eq!(values, sorted, "{field} {direction}");
        }
    }
    let items = app.client.orders("sort=totalAmount&order=asc&limit=100").await.expect(200).items();
    let amounts: Vec<f64> = texts(&items, "totalAmount").iter().map(|text| text.parse().expect("a number")).collect();
    assert!(amounts.windows(2).all(|pair| pair[0] <= pair[1]), "{amounts:?}");
}

#[tokio::test]
async fn a_history_is_the_customers_list() {
    let app = App::spawn().await;
    let customer = &app.sample.customer;
    let history = app.client.history(customer, "page=1&size=100").await.expect(200);
    let list = app.client.orders(&format!("customerId={customer}&limit=100")).await.expect(200);
    assert_eq!(history.json()["total"], list.json()["total"]);
    assert_eq!(texts(&history.items(), "id"), texts(&list.items(), "id"));
    app.client.history(&uuid::Uuid::new_v4().to_string(), "").await.expect_problem(404);
}

#[tokio::test]
async fn statistics_add_up_to_the_list() {
    let app = App::spawn().await;
    let stats = app.client.stats("").await.expect(200).json();
    let total = app.client.orders("limit=1").await.expect(200).json()["total"].clone();
    assert_eq!(stats["totalOrders"], total);
    let by_status = stats["ordersByStatus"].as_object().unwrap_or_else(|| panic!("no ordersByStatus in {stats}"));
    assert_eq!(by_status.values().filter_map(Value::as_i64).sum::<i64>(), total.as_i64().expect("a total"));
    let shipped = app.client.orders("status=shipped&limit=1").await.expect(200).json()["total"].as_i64();
    assert_eq!(by_status.get("shipped").and_then(Value::as_i64).unwrap_or(0), shipped.unwrap_or(0));
    for field in ["ordersByPaymentStatus", "totalRevenue", "averageOrderValue"] {
        assert!(stats.to_string().contains(field), "no {field} in {stats}");
    }
}

#[tokio::test]
async fn cursors_lead_to_the_end_and_a_page_far_behind_asks_for_one() {
    let app = App::spawn().await;
    let mut seen = Vec::new();
    let mut query = "status=shipped&sort=totalAmount&limit=100".to_owned();
    loop {
        let page = app.client.orders(&query).await.expect(200);
        seen.extend(texts(&page.items(), "id"));
        let page = page.json();
        let Some(next) = page["next"].as_str() else {
            assert_eq!((page["total"].as_u64(), page["totalIsExact"].as_bool()), (Some(seen.len() as u64), Some(true)));
            break;
        };
        query = format!("status=shipped&sort=totalAmount&limit=100&cursor={next}");
    }
    let distinct: std::collections::HashSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len(), "no order is shown twice");
    app.client.orders("sort=orderNumber&cursor=2026-01-01").await.expect_problem_naming(400, "cursor");
}
