//! A shop that takes payments, and its customers' actions.

use std::time::Duration;

use e2e::{Answer, App, Private, SHOP, eventually};
use serde_json::{Value, json};
use standin::{Provider, Standin};

/// A server with both providers.
pub struct Shop {
    pub app: App,
    pub standin: Standin,
}

/// An order that waits for its money.
pub struct Order {
    pub id: String,
    pub total: String,
    pub currency: String,
}

impl Shop {
    /// A usual shop; `None` if a server is given.
    pub async fn open() -> Option<Shop> {
        Shop::like(App::private()).await
    }

    /// A shop of this kind.
    pub async fn like(private: Private) -> Option<Shop> {
        Shop::at(Standin::start().await, private).await
    }

    /// The same, at these providers.
    pub async fn at(standin: Standin, private: Private) -> Option<Shop> {
        // One customer pays for all scenarios of a shop.
        let private = private.variable("limit_customer_hour", "1000").variable("limit_customer_day", "1000");
        let app = private.payments(&standin).spawn().await?;
        Some(Shop { app, standin })
    }

    pub async fn order(&self) -> Order {
        let order = self.app.new_order().await.json();
        let text = |name: &str| order[name].as_str().unwrap_or_else(|| panic!("{name} in {order}")).to_owned();
        Order { id: text("id"), total: text("totalAmount"), currency: text("currency") }
    }

    /// Asks for a payment session.
    pub async fn ask(&self, order: &Order, provider: Provider, key: &str) -> Answer {
        let body = json!({"orderId": order.id, "paymentGateway": provider.name(), "returnUrl": format!("{SHOP}done")});
        self.app.client.begin_session(&body, key).await
    }

    /// A payment session whose shopper is at the provider's page: its id, and the page.
    pub async fn checkout(&self, order: &Order, provider: Provider) -> (String, String) {
        let session = self.ask(order, provider, &crate::new_key()).await.expect(201).json();
        let id = session["id"].as_str().expect("an id").to_owned();
        let sent = self.app.client.redirect(&id).await.expect(303);
        (id, sent.header("location").to_owned())
    }

    /// The shopper presses the button on the provider's page. Gives the address that the provider
    /// then sends the browser to.
    pub async fn press(&self, page: &str) -> String {
        let browser = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        let shown = browser.get(page).send().await.expect("the page");
        assert_eq!(shown.status(), 200, "{page}");
        let sent = browser.post(page).send().await.expect("the button");
        assert_eq!(sent.status(), 303, "{page}");
        sent.headers()["location"].to_str().expect("an address").to_owned()
    }

    /// The readers' view of an order's payments.
    pub async fn money(&self, order: &Order) -> Value {
        self.app.client.payment_status(&order.id).await.expect(200).json()
    }

    /// Waits until readers see this payment status.
    pub async fn becomes(&self, order: &Order, status: &str, within: Duration) -> Value {
        eventually(&format!("{} becomes {status}", order.id), within, || async {
            let money = self.money(order).await;
            (money["paymentStatus"] == status).then_some(money)
        })
        .await
    }

    /// The only payment of an order, by our id.
    pub async fn payment(&self, order: &Order) -> String {
        let money = self.money(order).await;
        assert_eq!(money["payments"].as_array().map(Vec::len), Some(1), "{money}");
        money["payments"][0]["id"].as_str().expect("an id").to_owned()
    }

    /// An operator asks for a refund.
    pub async fn refund(&self, payment: &str, amount: Option<&str>, key: &str) -> Answer {
        let body = amount.map_or(json!({}), |amount| json!({"amount": amount}));
        self.app.operator().refund(payment, &body, key).await
    }

    /// How many events are in this state.
    pub async fn events(&self, state: &str) -> i64 {
        let sql = format!("SELECT count(*)::text FROM webhook_events WHERE state = '{state}'");
        self.app.psql_value(&sql).await.parse().expect("a number")
    }
}
