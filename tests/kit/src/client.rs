mod endpoints;

use reqwest::{Method, RequestBuilder};

use crate::{Answer, Description};

/// A caller of the API. It has one method per endpoint; `endpoints` holds them.
#[derive(Clone, Debug)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

impl Client {
    /// A client without a token.
    pub fn new(base: &str) -> Client {
        // A proxy from the environment has nothing to do with a server on loopback. Redirects
        // aren't followed, because scenarios look at them.
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

    /// Sends it, reads the whole answer, and checks the rules for every answer. Its length is
    /// declared, so that Nagle's algorithm doesn't hold back the server's last packet. An error has
    /// a body. Status and body are as `openapi.yaml` says.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        self.try_send(request).await.unwrap_or_else(|e| panic!("no answer: {e:?}"))
    }

    /// Like [`Client::send`]; an error if the connection fails.
    pub async fn try_send(&self, request: RequestBuilder) -> Result<Answer, reqwest::Error> {
        let request = request.build()?;
        let name = format!("{} {}", request.method(), request.url());
        let method = request.method().to_string();
        let described = request.url().path().strip_prefix("/api/v1").map(str::to_owned);
        let response = self.http.execute(request).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let answer = Answer { request: name, status, headers, body: response.bytes().await? };
        // The one body that is made while it is sent.
        let in_parts = status == 200 && described.as_deref() == Some("/transactions/export");
        if !matches!(status, 204 | 304) && !in_parts {
            assert!(answer.headers.contains_key("content-length"), "{} has no Content-Length", answer.request);
        }
        assert_eq!(answer.headers.contains_key("transfer-encoding"), in_parts, "{} is chunked, or not", answer.request);
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
