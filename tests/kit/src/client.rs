use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::{Answer, Description};

/// A caller of the API: one method per endpoint.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

impl Client {
    /// A client without a token.
    pub fn new(base: &str) -> Client {
        // A proxy from the environment has nothing to do with a server on loopback.
        // Where an answer sends a shopper, the scenario looks itself.
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("an HTTP client");
        Client { http, base: base.to_owned(), token: None }
    }

    /// The same client with this token.
    pub fn with_token(&self, token: &str) -> Client {
        Client { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same client without a token.
    pub fn anonymous(&self) -> Client {
        Client { token: None, ..self.clone() }
    }

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

    /// `GET /orders` with this query string, `""` or `a=b&c=d`
    pub async fn orders(&self, query: &str) -> Answer {
        self.get(&format!("/orders?{query}")).await
    }

    /// `POST /orders` with an idempotency key
    pub async fn create(&self, order: Value, idempotency_key: &str) -> Answer {
        let request = self.request(Method::POST, "/orders").header("idempotency-key", idempotency_key);
        self.send(request.json(&order)).await
    }

    /// `GET /orders/stats` with this query string
    pub async fn stats(&self, query: &str) -> Answer {
        self.get(&format!("/orders/stats?{query}")).await
    }

    /// `POST /orders/statuses`
    pub async fn statuses(&self, ids: &[&str]) -> Answer {
        self.send(self.request(Method::POST, "/orders/statuses").json(&json!({"ids": ids}))).await
    }

    /// `PATCH /orders/statuses`
    pub async fn set_statuses(&self, ids: &[&str], status: &str) -> Answer {
        self.send(self.request(Method::PATCH, "/orders/statuses").json(&json!({"ids": ids, "status": status}))).await
    }

    /// `GET /customers/:id/orders` with this query string
    pub async fn history(&self, customer: &str, query: &str) -> Answer {
        self.get(&format!("/customers/{customer}/orders?{query}")).await
    }

    /// `GET /health`
    pub async fn health(&self) -> Answer {
        self.get("/health").await
    }

    /// `GET` of any path below `/api/v1`
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// `GET` of any path of the server
    pub async fn root(&self, path: &str) -> Answer {
        self.send(self.authorized(self.http.get(format!("{}{path}", self.base)))).await
    }

    /// `GET` with `If-None-Match`
    pub async fn get_if_none_match(&self, path: &str, etag: &str) -> Answer {
        self.send(self.request(Method::GET, path).header("if-none-match", etag)).await
    }

    /// A request of any kind to a path below `/api/v1`, with the token; for [`Client::send`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.authorized(self.http.request(method, format!("{}/api/v1{path}", self.base)))
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends it, reads all of the answer, and checks what holds for every answer: its length is declared, so that the server's
    /// last packet isn't held back by Nagle's algorithm; an error has a body; status and body are as `openapi.yaml` says.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        self.try_send(request).await.unwrap_or_else(|e| panic!("no answer: {e:?}"))
    }

    /// Like [`Client::send`]; an error where the connection fails.
    pub async fn try_send(&self, request: RequestBuilder) -> Result<Answer, reqwest::Error> {
        let request = request.build()?;
        let name = format!("{} {}", request.method(), request.url());
        let method = request.method().to_string();
        let described = request.url().path().strip_prefix("/api/v1").map(str::to_owned);
        let response = self.http.execute(request).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let answer = Answer { request: name, status, headers, body: response.bytes().await? };
        if !matches!(status, 204 | 304) {
            assert!(answer.headers.contains_key("content-length"), "{} has no Content-Length", answer.request);
        }
        assert!(!answer.headers.contains_key("transfer-encoding"), "{} is chunked", answer.request);
        assert!(
            status < 400 || method == "HEAD" || !answer.body.is_empty(),
            "{}: {status} with an empty body",
            answer.request
        );
        if let Some(path) = described {
            let kind = answer.header("content-type");
            let checked = Description::get().check(&method, &path, status, kind, &answer.unpacked());
            checked.unwrap_or_else(|wrong| panic!("{}: {wrong}", answer.request));
        }
        Ok(answer)
    }
}
