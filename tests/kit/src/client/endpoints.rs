//! One method per endpoint, in the order of `openapi/`.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::Client;
use crate::Answer;

impl Client {
    /// `GET /orders/:id`
    pub async fn order(&self, id: &str) -> Answer {
        self.get(&format!("/orders/{id}")).await
    }

    /// `GET /orders/:id/summary`
    pub async fn summary(&self, id: &str) -> Answer {
        self.get(&format!("/orders/{id}/summary")).await
    }

    /// `GET /orders/:id/payment-status`
    pub async fn payment_status(&self, id: &str) -> Answer {
        self.get(&format!("/orders/{id}/payment-status")).await
    }

    /// `GET /orders/:id/tracking`
    pub async fn tracking(&self, id: &str) -> Answer {
        self.get(&format!("/orders/{id}/tracking")).await
    }

    /// `GET /orders/:id/invoice`
    pub async fn invoice(&self, id: &str) -> Answer {
        self.get(&format!("/orders/{id}/invoice")).await
    }

    /// `POST /orders/:id/invoice`
    pub async fn issue_invoice(&self, order: &str, invoice: &Value) -> Answer {
        self.send(self.request(Method::POST, &format!("/orders/{order}/invoice")).json(invoice)).await
    }

    /// `POST /orders/:id/invoice/credit-note` with an idempotency key
    pub async fn credit(&self, order: &str, note: &Value, idempotency_key: &str) -> Answer {
        self.keyed(&format!("/orders/{order}/invoice/credit-note"), note, idempotency_key).await
    }

    /// `PATCH /orders/:id`
    pub async fn patch(&self, id: &str, change: Value) -> Answer {
        self.send(self.request(Method::PATCH, &format!("/orders/{id}")).json(&change)).await
    }

    /// `PATCH /orders/:id` with `If-Match`
    pub async fn patch_if(&self, id: &str, if_match: &str, change: Value) -> Answer {
        let request = self.request(Method::PATCH, &format!("/orders/{id}")).header("if-match", if_match);
        self.send(request.json(&change)).await
    }

    /// `DELETE /orders/:id`: soft
    pub async fn delete(&self, id: &str) -> Answer {
        self.send(self.request(Method::DELETE, &format!("/orders/{id}"))).await
    }

    /// `DELETE /orders/:id?hard=true`
    pub async fn delete_hard(&self, id: &str) -> Answer {
        self.send(self.request(Method::DELETE, &format!("/orders/{id}?hard=true"))).await
    }

    /// `POST /orders/:id/shipments` with an idempotency key
    pub async fn ship(&self, order: &str, shipment: &Value, idempotency_key: &str) -> Answer {
        self.keyed(&format!("/orders/{order}/shipments"), shipment, idempotency_key).await
    }

    /// `PATCH /orders/:id/shipments/:shipmentId`
    pub async fn patch_shipment(&self, order: &str, shipment: &str, change: &Value) -> Answer {
        self.send(self.request(Method::PATCH, &format!("/orders/{order}/shipments/{shipment}")).json(change)).await
    }

    /// `GET /orders` with this query string, `""` or `a=b&c=d`
    pub async fn orders(&self, query: &str) -> Answer {
        self.get(&format!("/orders?{query}")).await
    }

    /// `POST /orders` with an idempotency key
    pub async fn create(&self, order: Value, idempotency_key: &str) -> Answer {
        let request = self.request(Method::POST, "/orders").header("idempotency-key", idempotency_key);
        self.send(request.json(&order)).await
    }

    /// `GET /orders/search`
    pub async fn search_orders(&self, sought: &str) -> Answer {
        self.send(self.request(Method::GET, "/orders/search").query(&[("q", sought)])).await
    }

    /// `GET /orders/stats` with this query string
    pub async fn stats(&self, query: &str) -> Answer {
        self.get(&format!("/orders/stats?{query}")).await
    }

    /// `POST /orders/statuses`
    pub async fn statuses(&self, ids: &[&str]) -> Answer {
        self.send(self.request(Method::POST, "/orders/statuses").json(&json!({"ids": ids}))).await
    }

    /// `POST /orders/summaries`
    pub async fn summaries(&self, ids: &[&str]) -> Answer {
        self.send(self.request(Method::POST, "/orders/summaries").json(&json!({"ids": ids}))).await
    }

    /// `POST /orders/tracking`
    pub async fn trackings(&self, ids: &[&str]) -> Answer {
        self.send(self.request(Method::POST, "/orders/tracking").json(&json!({"ids": ids}))).await
    }

    /// `PATCH /orders/statuses`
    pub async fn set_statuses(&self, ids: &[&str], status: &str) -> Answer {
        self.send(self.request(Method::PATCH, "/orders/statuses").json(&json!({"ids": ids, "status": status}))).await
    }

    /// `GET /customers` with this query string
    pub async fn customers(&self, query: &str) -> Answer {
        self.get(&format!("/customers?{query}")).await
    }

    /// `POST /customers` with an idempotency key
    pub async fn create_customer(&self, customer: &Value, idempotency_key: &str) -> Answer {
        self.keyed("/customers", customer, idempotency_key).await
    }

    /// `GET /customers/:id`
    pub async fn customer(&self, id: &str) -> Answer {
        self.get(&format!("/customers/{id}")).await
    }

    /// `PATCH /customers/:id`
    pub async fn patch_customer(&self, id: &str, change: &Value) -> Answer {
        self.send(self.request(Method::PATCH, &format!("/customers/{id}")).json(change)).await
    }

    /// `GET /organizations` with this query string
    pub async fn organizations(&self, query: &str) -> Answer {
        self.get(&format!("/organizations?{query}")).await
    }

    /// `POST /organizations` with an idempotency key
    pub async fn create_organization(&self, organization: &Value, idempotency_key: &str) -> Answer {
        self.keyed("/organizations", organization, idempotency_key).await
    }

    /// `GET /organizations/:id`
    pub async fn organization(&self, id: &str) -> Answer {
        self.get(&format!("/organizations/{id}")).await
    }

    /// `PATCH /organizations/:id`
    pub async fn patch_organization(&self, id: &str, change: &Value) -> Answer {
        self.send(self.request(Method::PATCH, &format!("/organizations/{id}")).json(change)).await
    }

    /// `GET /provider-accounts` with this query string
    pub async fn provider_accounts(&self, query: &str) -> Answer {
        self.get(&format!("/provider-accounts?{query}")).await
    }

    /// `POST /provider-accounts`
    pub async fn create_provider_account(&self, account: &Value) -> Answer {
        self.send(self.request(Method::POST, "/provider-accounts").json(account)).await
    }

    /// `GET /provider-accounts/:id`
    pub async fn provider_account(&self, id: &str) -> Answer {
        self.get(&format!("/provider-accounts/{id}")).await
    }

    /// `PATCH /provider-accounts/:id`
    pub async fn patch_provider_account(&self, id: &str, change: &Value) -> Answer {
        self.send(self.request(Method::PATCH, &format!("/provider-accounts/{id}")).json(change)).await
    }

    /// `GET /customers/:id/orders` with this query string
    pub async fn history(&self, customer: &str, query: &str) -> Answer {
        self.get(&format!("/customers/{customer}/orders?{query}")).await
    }

    /// `GET /products/:id`
    pub async fn product(&self, id: &str) -> Answer {
        self.get(&format!("/products/{id}")).await
    }

    /// `GET /products` with this query string
    pub async fn products(&self, query: &str) -> Answer {
        self.get(&format!("/products?{query}")).await
    }

    /// `POST /products` with an idempotency key
    pub async fn create_product(&self, product: &Value, idempotency_key: &str) -> Answer {
        self.keyed("/products", product, idempotency_key).await
    }

    /// `PATCH /products/:id`
    pub async fn patch_product(&self, id: &str, change: &Value) -> Answer {
        self.send(self.request(Method::PATCH, &format!("/products/{id}")).json(change)).await
    }

    /// `DELETE /products/:id`
    pub async fn delete_product(&self, id: &str) -> Answer {
        self.send(self.request(Method::DELETE, &format!("/products/{id}"))).await
    }

    /// `GET /products/:id/details`
    pub async fn product_details(&self, id: &str) -> Answer {
        self.get(&format!("/products/{id}/details")).await
    }

    /// `POST /products/bulk-delete`
    pub async fn bulk_delete_products(&self, ids: &[&str]) -> Answer {
        self.send(self.request(Method::POST, "/products/bulk-delete").json(&json!({"ids": ids}))).await
    }

    /// `GET /organizations/:id/products` with this query string
    pub async fn organization_products(&self, organization: &str, query: &str) -> Answer {
        self.get(&format!("/organizations/{organization}/products?{query}")).await
    }

    /// `GET /schemas/:id`
    pub async fn schema(&self, id: &str) -> Answer {
        self.get(&format!("/schemas/{id}")).await
    }

    /// `POST /schemas` with an idempotency key
    pub async fn create_schema(&self, schema: &Value, idempotency_key: &str) -> Answer {
        self.keyed("/schemas", schema, idempotency_key).await
    }

    /// `PATCH /schemas/:id`
    pub async fn patch_schema(&self, id: &str, change: &Value) -> Answer {
        self.send(self.request(Method::PATCH, &format!("/schemas/{id}")).json(change)).await
    }

    /// `GET /schemas/:id/products` with this query string
    pub async fn schema_products(&self, schema: &str, query: &str) -> Answer {
        self.get(&format!("/schemas/{schema}/products?{query}")).await
    }

    /// `GET /payments/sessions` with this query string
    pub async fn sessions(&self, query: &str) -> Answer {
        self.get(&format!("/payments/sessions?{query}")).await
    }

    /// `POST /payments/sessions` with an idempotency key
    pub async fn begin_session(&self, session: &Value, idempotency_key: &str) -> Answer {
        self.keyed("/payments/sessions", session, idempotency_key).await
    }

    /// `POST /payments/sessions/sweep`
    pub async fn sweep_sessions(&self) -> Answer {
        self.post("/payments/sessions/sweep").await
    }

    /// `GET /payments/sessions/:id`
    pub async fn session(&self, id: &str) -> Answer {
        self.get(&format!("/payments/sessions/{id}")).await
    }

    /// `GET /payments/sessions/:id/redirect`
    pub async fn redirect(&self, session: &str) -> Answer {
        self.get(&format!("/payments/sessions/{session}/redirect")).await
    }

    /// `POST /payments/sessions/:id/cancel`
    pub async fn cancel_session(&self, id: &str) -> Answer {
        self.post(&format!("/payments/sessions/{id}/cancel")).await
    }

    /// `POST /payments/sessions/:id/release`
    pub async fn release_session(&self, id: &str) -> Answer {
        self.post(&format!("/payments/sessions/{id}/release")).await
    }

    /// `GET /checkout/sessions/:id`
    pub async fn cart(&self, id: &str) -> Answer {
        self.get(&format!("/checkout/sessions/{id}")).await
    }

    /// `PUT /checkout/sessions/:id`
    pub async fn put_cart(&self, id: &str, cart: &Value) -> Answer {
        self.send(self.request(Method::PUT, &format!("/checkout/sessions/{id}")).json(cart)).await
    }

    /// `DELETE /checkout/sessions/:id`
    pub async fn drop_cart(&self, id: &str) -> Answer {
        self.send(self.request(Method::DELETE, &format!("/checkout/sessions/{id}"))).await
    }

    /// `POST /checkout/sessions/:id/cart`
    pub async fn fetch_cart(&self, id: &str, user: &str) -> Answer {
        let request = self.request(Method::POST, &format!("/checkout/sessions/{id}/cart"));
        self.send(request.json(&json!({"userId": user}))).await
    }

    /// `POST /checkout/sessions/:id/order`
    pub async fn order_cart(&self, id: &str) -> Answer {
        self.post(&format!("/checkout/sessions/{id}/order")).await
    }

    /// `POST /orders/:id/live-ticket`
    pub async fn live_ticket(&self, order: &str) -> Answer {
        self.send(self.request(Method::POST, &format!("/orders/{order}/live-ticket"))).await
    }

    /// `POST /guest/checkouts`
    pub async fn begin_guest_checkout(&self, guest: &Value) -> Answer {
        self.send(self.request(Method::POST, "/guest/checkouts").json(guest)).await
    }

    /// A request below `/guest` with a guest's token, for [`Client::send`].
    pub fn guest_request(&self, method: Method, path: &str, token: &str) -> RequestBuilder {
        self.anonymous().request(method, &format!("/guest{path}")).header("authorization", format!("Guest {token}"))
    }

    /// `PUT /guest/cart`
    pub async fn put_guest_cart(&self, token: &str, cart: &Value) -> Answer {
        self.send(self.guest_request(Method::PUT, "/cart", token).json(cart)).await
    }

    /// `GET /guest/cart`
    pub async fn guest_cart(&self, token: &str) -> Answer {
        self.send(self.guest_request(Method::GET, "/cart", token)).await
    }

    /// `DELETE /guest/cart`
    pub async fn drop_guest_cart(&self, token: &str) -> Answer {
        self.send(self.guest_request(Method::DELETE, "/cart", token)).await
    }

    /// `POST /guest/order`
    pub async fn order_guest_cart(&self, token: &str) -> Answer {
        self.send(self.guest_request(Method::POST, "/order", token)).await
    }

    /// `POST /guest/payments/sessions`
    pub async fn begin_guest_payment(&self, token: &str, session: &Value, key: &str) -> Answer {
        let request = self.guest_request(Method::POST, "/payments/sessions", token);
        self.send(request.header("idempotency-key", key).json(session)).await
    }

    /// `GET /guest/payments/sessions/:id`
    pub async fn guest_payment(&self, token: &str, id: &str) -> Answer {
        self.send(self.guest_request(Method::GET, &format!("/payments/sessions/{id}"), token)).await
    }

    /// `POST /orders/:id/guest-token`
    pub async fn guest_token(&self, order: &str) -> Answer {
        self.post(&format!("/orders/{order}/guest-token")).await
    }

    /// `DELETE /orders/:id/guest-token`
    pub async fn revoke_guest_tokens(&self, order: &str) -> Answer {
        self.send(self.request(Method::DELETE, &format!("/orders/{order}/guest-token"))).await
    }

    /// `GET /guest/order` with this `Authorization`, in place of the client's own token
    pub async fn guest_order(&self, authorization: &str) -> Answer {
        let guest = self.anonymous();
        guest.send(guest.request(Method::GET, "/guest/order").header("authorization", authorization)).await
    }

    /// `GET /payments/refunds` with this query string
    pub async fn all_refunds(&self, query: &str) -> Answer {
        self.get(&format!("/payments/refunds?{query}")).await
    }

    /// `GET /payments/captures` with this query string
    pub async fn captures(&self, query: &str) -> Answer {
        self.get(&format!("/payments/captures?{query}")).await
    }

    /// `POST /payments/prune` with this query string
    pub async fn prune(&self, query: &str) -> Answer {
        self.post(&format!("/payments/prune?{query}")).await
    }

    /// `GET /payments/:id/transactions`
    pub async fn payment_transactions(&self, payment: &str) -> Answer {
        self.get(&format!("/payments/{payment}/transactions")).await
    }

    /// `GET /transactions` with this query string
    pub async fn transactions(&self, query: &str) -> Answer {
        self.get(&format!("/transactions?{query}")).await
    }

    /// `GET /transactions/:id`
    pub async fn transaction(&self, id: &str) -> Answer {
        self.get(&format!("/transactions/{id}")).await
    }

    /// `GET /payments/differences` with this query string
    pub async fn differences(&self, query: &str) -> Answer {
        self.get(&format!("/payments/differences?{query}")).await
    }

    /// `GET /transactions/export` with this query string
    pub async fn export(&self, query: &str) -> Answer {
        self.get(&format!("/transactions/export?{query}")).await
    }

    /// `GET /payments/:id`
    pub async fn payment(&self, id: &str) -> Answer {
        self.get(&format!("/payments/{id}")).await
    }

    /// `GET /orders/:id/timeline` with this query string
    pub async fn timeline(&self, order: &str, query: &str) -> Answer {
        self.get(&format!("/orders/{order}/timeline?{query}")).await
    }

    /// `GET /payments/:id/refunds`
    pub async fn refunds(&self, payment: &str) -> Answer {
        self.get(&format!("/payments/{payment}/refunds")).await
    }

    /// `POST /payments/:id/refunds` with an idempotency key
    pub async fn refund(&self, payment: &str, refund: &Value, idempotency_key: &str) -> Answer {
        self.keyed(&format!("/payments/{payment}/refunds"), refund, idempotency_key).await
    }

    /// `POST /orders/:id/payments`
    pub async fn record_payment(&self, order: &str, payment: &Value, idempotency_key: &str) -> Answer {
        self.keyed(&format!("/orders/{order}/payments"), payment, idempotency_key).await
    }

    /// `POST /payments/:id/correct`
    pub async fn correct_payment(&self, payment: &str, correction: &Value) -> Answer {
        self.send(self.request(Method::POST, &format!("/payments/{payment}/correct")).json(correction)).await
    }

    /// `POST /payments/refunds/:id/settle`
    pub async fn settle_refund(&self, refund: &str, settlement: &Value) -> Answer {
        let path = format!("/payments/refunds/{refund}/settle");
        self.send(self.request(Method::POST, &path).json(settlement)).await
    }

    /// `POST /payments/refunds/send`
    pub async fn send_refunds(&self) -> Answer {
        self.post("/payments/refunds/send").await
    }

    /// `POST /payments/:id/capture` with an idempotency key, by the id of a payment or of a session
    pub async fn capture(&self, id: &str, capture: &Value, idempotency_key: &str) -> Answer {
        self.keyed(&format!("/payments/{id}/capture"), capture, idempotency_key).await
    }

    /// `POST /webhooks/paypal` or `/webhooks/stripe`, as the provider delivers: without a token,
    /// with the headers that it signs with
    pub async fn deliver<'a>(
        &self,
        provider: &str,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        body: impl Into<Vec<u8>>,
    ) -> Answer {
        let request = self.anonymous().request(Method::POST, &format!("/webhooks/{provider}")).body(body.into());
        self.send(headers.into_iter().fold(request, |request, (name, value)| request.header(name, value))).await
    }

    /// `GET /webhooks/events` with this query string
    pub async fn events(&self, query: &str) -> Answer {
        self.get(&format!("/webhooks/events?{query}")).await
    }

    /// `GET /webhooks/events/:id`
    pub async fn event(&self, event: &str) -> Answer {
        self.get(&format!("/webhooks/events/{event}")).await
    }

    /// `GET /webhooks/events/:id/body`
    pub async fn event_body(&self, event: &str) -> Answer {
        self.get(&format!("/webhooks/events/{event}/body")).await
    }

    /// `POST /webhooks/events/replay` with this query string
    pub async fn replay_all(&self, query: &str) -> Answer {
        self.post(&format!("/webhooks/events/replay?{query}")).await
    }

    /// `POST /webhooks/events/dismiss` with this query string and body
    pub async fn dismiss_all(&self, query: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, &format!("/webhooks/events/dismiss?{query}"));
        self.send(request.json(body)).await
    }

    /// `POST /webhooks/events/:id/replay`
    pub async fn replay(&self, event: &str) -> Answer {
        self.post(&format!("/webhooks/events/{event}/replay")).await
    }

    /// `POST /webhooks/events/:id/dismiss`, with a body or without
    pub async fn dismiss(&self, event: &str, body: Option<&Value>) -> Answer {
        let request = self.request(Method::POST, &format!("/webhooks/events/{event}/dismiss"));
        self.send(if let Some(body) = body { request.json(body) } else { request }).await
    }

    /// `POST /webhooks/redrive` with this query string
    pub async fn redrive(&self, query: &str) -> Answer {
        self.post(&format!("/webhooks/redrive?{query}")).await
    }

    /// `POST /webhooks/reconcile` with this query string
    pub async fn reconcile(&self, query: &str) -> Answer {
        self.post(&format!("/webhooks/reconcile?{query}")).await
    }

    /// `GET /health`
    pub async fn health(&self) -> Answer {
        self.get("/health").await
    }

    /// `GET /events` with this query string
    pub async fn feed(&self, query: &str) -> Answer {
        self.get(&format!("/events?{query}")).await
    }

    /// Has cached answers made anew.
    pub async fn invalidate_cache(&self, what: &Value) -> Answer {
        self.send(self.request(Method::POST, "/cache/invalidate").json(what)).await
    }

    /// `GET /health/cache`
    pub async fn cache_health(&self) -> Answer {
        self.get("/health/cache").await
    }

    /// `GET /metrics`
    pub async fn metrics(&self) -> Answer {
        self.get("/metrics").await
    }

    /// `GET /openapi.yaml`
    pub async fn description(&self) -> Answer {
        self.get("/openapi.yaml").await
    }

    /// `POST` without a body
    pub async fn post(&self, path: &str) -> Answer {
        self.send(self.request(Method::POST, path)).await
    }

    /// `POST` with a body and an idempotency key
    async fn keyed(&self, path: &str, body: &Value, key: &str) -> Answer {
        self.send(self.request(Method::POST, path).header("idempotency-key", key).json(body)).await
    }

    /// `GET /products/:id/stock`
    pub async fn stock(&self, product: &str) -> Answer {
        self.get(&format!("/products/{product}/stock")).await
    }

    /// `PUT /products/:id/stock`
    pub async fn count_stock(&self, product: &str, count: &Value) -> Answer {
        self.send(self.request(Method::PUT, &format!("/products/{product}/stock")).json(count)).await
    }

    /// `DELETE /products/:id/stock`
    pub async fn forget_stock(&self, product: &str) -> Answer {
        self.send(self.request(Method::DELETE, &format!("/products/{product}/stock"))).await
    }

    /// `POST /products/:id/stock/movements`
    pub async fn book_stock(&self, product: &str, movement: &Value, idempotency_key: &str) -> Answer {
        let request = self.request(Method::POST, &format!("/products/{product}/stock/movements")).json(movement);
        self.send(request.header("idempotency-key", idempotency_key)).await
    }

    /// `GET /products/:id/stock/movements`
    pub async fn stock_movements(&self, product: &str, query: &str) -> Answer {
        self.get(&format!("/products/{product}/stock/movements{query}")).await
    }

    /// `GET /orders/:id/stock`
    pub async fn order_stock(&self, order: &str) -> Answer {
        self.get(&format!("/orders/{order}/stock")).await
    }

    /// `POST /stock/expire`
    pub async fn expire_stock(&self) -> Answer {
        self.post("/stock/expire").await
    }

    /// `GET /stock/holds`
    pub async fn stock_holds(&self, query: &str) -> Answer {
        self.get(&format!("/stock/holds{query}")).await
    }

    /// `POST /stock/holds/send`
    pub async fn send_stock_holds(&self) -> Answer {
        self.post("/stock/holds/send").await
    }

    /// `GET /auth/revocations`
    pub async fn revocations(&self, query: &str) -> Answer {
        self.get(&format!("/auth/revocations{query}")).await
    }

    /// `POST /auth/revocations`
    pub async fn revoke(&self, tokens: &Value) -> Answer {
        self.send(self.request(Method::POST, "/auth/revocations").json(tokens)).await
    }

    /// `DELETE /auth/revocations/:id`
    pub async fn restore_tokens(&self, revocation: &str) -> Answer {
        self.send(self.request(Method::DELETE, &format!("/auth/revocations/{revocation}"))).await
    }

    /// `POST /auth/logout`
    pub async fn log_out(&self) -> Answer {
        self.post("/auth/logout").await
    }

    /// `POST /sessions`
    pub async fn create_user_session(&self, data: &Value) -> Answer {
        self.send(self.request(Method::POST, "/sessions").json(data)).await
    }

    /// `GET /sessions/:id`
    pub async fn user_session(&self, id: &str) -> Answer {
        self.get(&format!("/sessions/{id}")).await
    }

    /// `PUT /sessions/:id`
    pub async fn put_user_session(&self, id: &str, data: &Value) -> Answer {
        self.send(self.request(Method::PUT, &format!("/sessions/{id}")).json(data)).await
    }

    /// `PUT /sessions/:id` with If-Match
    pub async fn put_user_session_if(&self, id: &str, if_match: &str, data: &Value) -> Answer {
        let request = self.request(Method::PUT, &format!("/sessions/{id}")).json(data);
        self.send(request.header("if-match", if_match)).await
    }

    /// `DELETE /sessions/:id`
    pub async fn delete_user_session(&self, id: &str) -> Answer {
        self.send(self.request(Method::DELETE, &format!("/sessions/{id}"))).await
    }

    /// `GET /jobs`
    pub async fn jobs(&self) -> Answer {
        self.get("/jobs").await
    }

    /// `POST /jobs/{component}/tick`
    pub async fn tick(&self, component: &str) -> Answer {
        self.post(&format!("/jobs/{component}/tick")).await
    }
}
