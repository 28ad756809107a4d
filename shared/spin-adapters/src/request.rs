//! What functions ask of a request beyond its parts: whether it reads, and its body as JSON.

use commerce::error::Error;
use commerce::preconditions::require_json;
use http::Method;

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

    /// The body of a request that says that it is JSON.
    ///
    /// # Errors
    /// [`Error::UnsupportedMediaType`]; [`Error::TooLarge`] above `limit` bytes.
    pub async fn json(&self, limit: usize) -> Result<Vec<u8>, Error> {
        require_json(self.values("content-type"))?;
        self.body(limit, "body").await
    }

    /// The body of a request that needn't have one: `None` where it is empty, else it has to say that it is JSON.
    ///
    /// # Errors
    /// As [`Incoming::json`].
    pub async fn optional_json(&self, limit: usize) -> Result<Option<Vec<u8>>, Error> {
        let body = self.body(limit, "body").await?;
        if body.trim_ascii().is_empty() {
            return Ok(None);
        }
        require_json(self.values("content-type"))?;
        Ok(Some(body))
    }
}
