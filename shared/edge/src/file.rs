//! Files that a component has in it. They are kept packed, since nearly all clients take gzip.

use cache_logic::gzip::{GZIP, accepts_gzip};
use commerce::error::Error;

use crate::answer::none_match;
use crate::reply::Reply;
use crate::request::Incoming;

/// A file that a component has in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File {
    /// Its `Content-Type`.
    pub content_type: &'static str,
    /// A weak entity tag: packed or not, it names the same file.
    pub etag: &'static str,
    /// Its bytes as gzip.
    pub packed: &'static [u8],
}

impl File {
    /// 200 with the file, packed if the client takes that, or 304 if it has the file. What a cache
    /// may do with it is left to the caller.
    ///
    /// # Errors
    /// [`Error::Internal`] if the packed bytes are damaged.
    pub fn reply(&self, request: &Incoming) -> Result<Reply, Error> {
        let taken = request.header("accept-encoding");
        let has_it = request.list("if-none-match").is_some_and(|tags| none_match(&tags, self.etag));
        self.answer(has_it, accepts_gzip(taken.as_deref()))
    }

    fn answer(&self, has_it: bool, packed: bool) -> Result<Reply, Error> {
        let reply = match (has_it, packed) {
            (true, _) => Reply::not_modified(),
            (false, true) => Reply::of_type(200, self.content_type, self.packed).with("content-encoding", "gzip"),
            (false, false) => Reply::of_type(200, self.content_type, self.unpacked()?),
        };
        Ok(reply.with("etag", self.etag).with("vary", "Accept-Encoding"))
    }

    /// Its bytes.
    ///
    /// # Errors
    /// [`Error::Internal`] if the packed bytes are damaged.
    pub fn unpacked(&self) -> Result<Vec<u8>, Error> {
        (GZIP.unpack)(self.packed).ok_or_else(|| Error::internal("a file can't be unpacked"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_sent_packed_or_unpacked_or_not_at_all() {
        let packed = (GZIP.pack)(b"a page").expect("packed").leak();
        let file = File { content_type: "text/html", etag: "W/\"1\"", packed };
        let header = |reply: &Reply, name| {
            reply.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_string())
        };
        let sent = file.answer(false, true).expect("a reply");
        assert_eq!((sent.status, sent.body.as_deref()), (200, Some(&*packed)));
        assert_eq!(header(&sent, "content-encoding").as_deref(), Some("gzip"));
        let sent = file.answer(false, false).expect("a reply");
        assert_eq!((sent.body.as_deref(), header(&sent, "content-encoding")), (Some(b"a page".as_slice()), None));
        let sent = file.answer(true, true).expect("a reply");
        assert_eq!((sent.status, sent.body.is_none()), (304, true));
        assert_eq!(header(&sent, "etag").as_deref(), Some("W/\"1\""));
        assert_eq!(header(&sent, "vary").as_deref(), Some("Accept-Encoding"));
        let damaged = File { packed: b"no gzip", ..file };
        assert!(damaged.answer(false, false).is_err());
    }
}
