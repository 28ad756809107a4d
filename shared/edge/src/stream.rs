//! A body that is made while it is sent: the one exception from Content-Length. It ends either
//! whole or, if its maker fails, with a connection that breaks, so that its reader can tell.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use cache_spin::log::{self, Level};
use commerce::error::Error;
use spin_sdk::wasip3::http::types::{ErrorCode, Trailers};
use spin_sdk::wasip3::wit_bindgen::{StreamReader, StreamWriter};
use spin_sdk::wasip3::{spawn, wit_future, wit_stream};

use crate::outgoing::End;

/// The work that makes a body.
type Work = Pin<Box<dyn Future<Output = Result<(), Error>>>>;

/// Takes the parts of a body, one after the other.
pub struct Sink(StreamWriter<u8>);

/// The reader of a body has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

impl Sink {
    /// Sends a part. It returns when the other side has taken it, so nothing piles up here.
    ///
    /// # Errors
    /// [`Gone`]: nobody reads any more.
    pub async fn send(&mut self, part: Vec<u8>) -> Result<(), Gone> {
        if self.0.write_all(part).await.is_empty() { Ok(()) } else { Err(Gone) }
    }
}

/// A body in parts.
pub struct Parts(Box<dyn FnOnce(Sink) -> Work>);

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parts")
    }
}

impl Parts {
    /// A body that `make` sends part by part. If it fails, so does the body.
    pub fn new<F>(make: impl FnOnce(Sink) -> F + 'static) -> Self
    where
        F: Future<Output = Result<(), Error>> + 'static,
    {
        Self(Box::new(|sink| Box::pin(make(sink))))
    }

    /// Both ends that the host reads of the body. `what` names it in the log.
    pub(crate) fn ends(self, what: String) -> (Option<StreamReader<u8>>, End) {
        let (end_writer, end) = wit_future::new::<Result<Option<Trailers>, ErrorCode>>(|| Ok(None));
        let (writer, reader) = wit_stream::new();
        spawn(async move {
            let end = (self.0)(Sink(writer)).await.map(|()| None).map_err(|error| {
                log::say(Level::Error, "stream", format_args!("{what} ended before its time: {error}"));
                ErrorCode::InternalError(None)
            });
            let _ = end_writer.write(end).await;
        });
        (Some(reader), end)
    }
}
