//! Bodies that are kept packed: sent so to clients that take gzip, unpacked for all others.

use crate::request::Incoming;
use cache_logic::entry::Encoding;
use cache_logic::gzip::{accepts_gzip, weak};
use cache_logic::policy::Packer;
use commerce::error::Error;

/// How the body of an answer is encoded, if its policy packs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packing {
    encoding: Encoding,
    packer: Packer,
}

/// An answer as one client gets it, packed or not (RFC 9110, section 3.2).
pub(crate) struct Representation {
    pub body: Vec<u8>,
    pub etag: String,
    /// `Content-Encoding`; `None` for plain bytes.
    pub coding: Option<&'static str>,
}

impl Packing {
    pub(crate) fn new(encoding: Encoding, packer: Packer) -> Self {
        Self { encoding, packer }
    }

    /// The body and the entity tag for this client. The tag of the packed bytes is weak: a strong
    /// one may not name two sequences of bytes (RFC 9110, section 8.8.3.3). By weak comparison
    /// either tag matches the other.
    ///
    /// # Errors
    /// [`Error::Internal`] if the bytes, whose checksum was right, can't be unpacked.
    pub(crate) fn send(self, body: Vec<u8>, etag: String, request: &Incoming) -> Result<Representation, Error> {
        if self.encoding == Encoding::Identity {
            return Ok(Representation { body, etag, coding: None });
        }
        if accepts_gzip(request.header("accept-encoding").as_deref()) {
            return Ok(Representation { body, etag: weak(&etag), coding: Some("gzip") });
        }
        let plain = (self.packer.unpack)(&body).ok_or_else(|| Error::internal("a packed entry can't be unpacked"))?;
        Ok(Representation { body: plain, etag, coding: None })
    }
}
