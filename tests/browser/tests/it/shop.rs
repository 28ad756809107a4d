//! A shop with something of everything that operators have to do, and a browser before its console.

use browser_tests::Browser;
use e2e::{App, Caller, Private, SHOP, SOON, eventually};
use reqwest::Method;
use serde_json::{Value, json};
use standin::{Fault, FaultKind, Payment, Provider, Standin};
use uuid::Uuid;

/// An order, as the console shows it.
pub struct Order {
    pub id: String,
    pub number: String,
}

pub struct Shop {
    pub app: App,
    /// Paid for.
    pub paid: Order,
    /// Their events wait, since PayPal was away for a while.
    pub waiting: Vec<Order>,
    /// Paid in part: its event is in review.
    pub review: Order,
    /// Its payment is held.
    pub held: Order,
    /// Let through while the product-service was away, which then didn't have its pieces.
    pub missing: Order,
    /// Its pieces are still to be asked for. What the product-service gets is seen here.
    pub optimistic: Order,
    pub standin: Standin,
}

/// An order of the sample's customer, with its sum.
async fn order(app: &App) -> (Order, String) {
    let order = app.new_order().await.json();
    let text = |name: &str| order[name].as_str().expect(name).to_owned();
    (Order { id: text("id"), number: text("orderNumber") }, text("totalAmount"))
}

async fn begin(app: &App, order: &Order, gateway: &str, status: u16) {
    let shopper = app.as_caller(&Caller::customer(&app.sample.org, &app.sample.customer));
    let body = json!({ "orderId": order.id, "paymentGateway": gateway, "returnUrl": format!("{SHOP}done") });
    let request =
        shopper.request(Method::POST, "/payments/sessions").header("idempotency-key", Uuid::new_v4().to_string());
    shopper.send(request.json(&body)).await.expect(status);
}

impl Shop {
    pub async fn open() -> Option<Shop> {
        Self::like(App::private()).await
    }

    pub async fn like(private: Private) -> Option<Shop> {
        let standin = Standin::start().await;
        let private =
            private.payments(&standin).variable("payment_timeout_ms", "300").variable("payment_breaker_ms", "20");
        let private = private.variable("fraud_review_score", "10").variable("limit_customer_hour", "1000");
        let private = private.variable("limit_customer_day", "1000").variable("limit_address_hour", "1000");
        // Stock is counted here; a product-service is set for what it held before.
        let private = standin
            .stock_variables()
            .into_iter()
            .fold(private, |private, (name, value)| private.variable(name, &value));
        // One setting is wrong, and stops nothing.
        let private = private.variable("inventory_mode", "own").variable("cors_origins", "https://shop.example/path");
        let app = private.spawn().await?;
        let currency = app.sample.currency.clone();

        let (paid, total) = order(&app).await;
        standin.pay_directly(&Payment::new(Provider::Stripe, &paid.id, &total, &currency));
        eventually("the first order is paid", SOON, || async {
            let money = app.client.payment_status(&paid.id).await.expect(200).json();
            (money["paymentStatus"] == "paid").then_some(())
        })
        .await;
        standin.automatic(false);

        let mut waiting = Vec::new();
        standin.fail(Fault::new(FaultKind::Status(503)).on("/v2/payments/captures/"));
        for _ in 0..5 {
            let (order, total) = order(&app).await;
            let happened = standin.pay_directly(&Payment::new(Provider::PayPal, &order.id, &total, &currency));
            standin.deliver(&standin.of_kind(&happened, "PAYMENT.CAPTURE.COMPLETED").id).await;
            waiting.push(order);
        }
        standin.heal();

        let (review, _) = order(&app).await;
        let part = standin.pay_directly(&Payment::new(Provider::Stripe, &review.id, "0.05", &currency));
        standin.deliver(&standin.of_kind(&part, "payment_intent.succeeded").id).await;

        for _ in 0..3 {
            begin(&app, &order(&app).await.0, "other", 201).await;
        }
        let (held, _) = order(&app).await;
        begin(&app, &held, "stripe", 202).await;

        for _ in 0..40 {
            app.client.order(&paid.id).await.expect(200);
        }
        let product = format!("/products/{}/stock", app.sample.product);
        let count = app.operator().request(Method::PUT, &product).json(&json!({ "onHand": 40, "note": "stocktaking" }));
        app.client.send(count).await.expect(200);
        // Nobody calls the jobs here, since they would do what the operators are to do.
        app.psql("UPDATE jobs SET last_run = now() - interval '20 s', next_run = now() + interval '1 hour'").await;
        let (missing, _) = order(&app).await;
        let (optimistic, _) = order(&app).await;
        for (order, state) in [(&missing, "stock_missing"), (&optimistic, "optimistic")] {
            let sql = format!(
                "INSERT INTO stock_holds (id, organization_id, order_id, items, state, reservation, next_attempt_at)
                SELECT h, '{org}', '{id}', '[{{\"sku\": \"{sku}\", \"quantity\": 2}}]', 'asked', 'optimistic_' || h, now()
                FROM gen_random_uuid() AS h; UPDATE stock_holds SET state = '{state}' WHERE order_id = '{id}'",
                org = app.sample.org,
                id = order.id,
                sku = app.sample.sku
            );
            app.psql(&sql).await;
        }
        standin.set_pieces(&app.sample.sku, 2);
        Some(Shop { app, paid, waiting, review, held, missing, optimistic, standin })
    }

    /// Reads an order all the time: without readers there is no certificate.
    pub fn reader(&self) -> tokio::task::JoinHandle<()> {
        let (client, order) = (self.app.client.clone(), self.paid.id.clone());
        tokio::spawn(async move {
            loop {
                client.order(&order).await;
                tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            }
        })
    }

    /// Adds an hour of made-up traffic to what was counted, so that charts have something to show.
    pub async fn traffic(&self) {
        let client = redis::Client::open(self.app.redis_url.as_str()).expect("an address");
        let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
        let now = std::time::UNIX_EPOCH.elapsed().expect("now").as_secs() / 60;
        for minute in 0..60_u64 {
            let bucket = format!("{}cache:statistics:60:{}", self.app.prefix(), now - 1 - minute);
            let wave = 100.0 + 40.0 * (minute as f64 / 9.0).sin() + 12.0 * (minute as f64 * 1.7).cos();
            let mut add = redis::pipe();
            for (entity, share) in [("order", 9.0), ("payment_status", 4.0), ("orders_list", 2.0), ("product", 1.0)] {
                let hits = (wave * share) as u64;
                let misses = hits / 24 + minute % 3;
                let micros = misses * (2_900 + 70 * ((minute * 7) % 11));
                let bypasses = if (21..25).contains(&minute) { hits / 5 } else { 0 };
                for (field, count) in [
                    ("h", hits),
                    ("m", misses),
                    ("b", bypasses),
                    ("l", misses + bypasses),
                    ("u", micros + bypasses * 5_100),
                ] {
                    add.hincr(&bucket, format!("{entity}:{field}"), count).ignore();
                }
            }
            add.expire(&bucket, 90_000).ignore();
            add.query_async::<()>(&mut connection).await.expect("counts");
        }
    }

    /// A browser in which an operator has logged in.
    pub async fn operator(&self) -> Browser {
        self.logged_in(&Caller::operator(&self.app.sample.org).claim("sub", json!("ana@shop.example")), 1360, 900).await
    }

    pub async fn logged_in(&self, caller: &Caller, width: u32, height: u32) -> Browser {
        let mut browser = Browser::open(width, height).await;
        browser.go(&format!("{}/console", self.app.base_url)).await;
        self.log_in(&mut browser, caller).await;
        browser
    }

    pub async fn log_in(&self, browser: &mut Browser, caller: &Caller) {
        browser.type_into("Operator’s token", &self.app.token_of(caller)).await;
        browser.click_button("Log in").await;
        browser.shows("Log out").await;
        browser.clicks();
    }

    /// What the API says of an order's payment.
    pub async fn payment_status(&self, order: &Order) -> Value {
        self.app.client.payment_status(&order.id).await.expect(200).json()["paymentStatus"].take()
    }

    /// Finds an order by its number: typed, and sent by Enter.
    pub async fn find(&self, browser: &mut Browser, order: &Order) {
        browser.script("document.getElementById('find').select()").await;
        browser.type_into("Find an order", &format!("{}\u{e007}", order.number)).await;
        browser.shows(&format!("Orders for “{}”", order.number)).await;
        browser.click_link(&order.number).await;
        browser.shows("Timeline").await;
    }
}
