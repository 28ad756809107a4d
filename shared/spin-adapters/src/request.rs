//! What functions ask of a request beyond its parts: whether it reads, and its body as JSON.

use commerce::error::Error;
use commerce::preconditions::require_json;
use http::Method;

use crate::config::Rules;
use crate::http::Incoming;

impl Incoming {
    /// Every value of a header, as bytes.
    pub fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.headers().get_all(name).iter().map(|value| value.as_bytes())
    }

    /// Whether it only reads. HEAD is answered like GET; the server leaves the body out.
    pub fn reads(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }

    /// The part of the path at `index` below `/api/v1`; `None` where the path is shorter.
    pub fn segment(&self, index: usize) -> Option<&str> {
        let below = self.path.strip_prefix("/api/v1/")?;
        below.split('/').nth(index).filter(|segment| !segment.is_empty())
    }

    /// The body, whatever it is.
    ///
    /// # Errors
    /// [`Error::TooLarge`] above `max_body_bytes`, [`Error::Misconfigured`] where that is wrong.
    pub async fn whole_body(&self) -> Result<Vec<u8>, Error> {
        self.body(Rules::ready().await?.max_body_bytes, "body").await
    }

    /// The body of a request that says that it is JSON.
    ///
    /// # Errors
    /// [`Error::UnsupportedMediaType`], and as [`Incoming::whole_body`].
    pub async fn json(&self) -> Result<Vec<u8>, Error> {
        let limit = Rules::ready().await?.max_body_bytes;
        require_json(self.values("content-type"))?;
        self.body(limit, "body").await
    }

    /// The body of a request that needn't have one: `None` where it is empty, else it has to say that it is JSON.
    ///
    /// # Errors
    /// As [`Incoming::json`].
    pub async fn optional_json(&self) -> Result<Option<Vec<u8>>, Error> {
        let body = self.whole_body().await?;
        if body.trim_ascii().is_empty() {
            return Ok(None);
        }
        require_json(self.values("content-type"))?;
        Ok(Some(body))
    }
}
