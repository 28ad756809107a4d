//! Requests that are sent again: the first answer, whatever has changed since.

use std::collections::HashMap;

use crate::exchange::Reply;

/// What a request with an idempotency key meets.
#[derive(Debug)]
pub(crate) enum Begin {
    /// Nobody used the key.
    New,
    /// The first answer.
    Replay(Reply),
    /// The key was used for something else.
    Mismatch,
    /// The first request is still being worked on.
    InFlight,
}

#[derive(Debug, Default)]
pub(crate) struct Keys(HashMap<String, (Vec<u8>, Option<Reply>)>);

impl Keys {
    /// Takes the key for this request, given as what must not change between two of them.
    pub(crate) fn begin(&mut self, key: &str, request: &[u8]) -> Begin {
        match self.0.get(key) {
            None => {
                self.0.insert(key.to_owned(), (request.to_vec(), None));
                Begin::New
            }
            Some((first, _)) if first != request => Begin::Mismatch,
            Some((_, None)) => Begin::InFlight,
            Some((_, Some(reply))) => Begin::Replay(reply.clone()),
        }
    }

    /// The answer to keep; a key whose request nothing came of (`None`) is free again.
    pub(crate) fn finish(&mut self, key: &str, reply: Option<&Reply>) {
        match (reply, self.0.get_mut(key)) {
            (Some(reply), Some((_, kept))) => *kept = Some(reply.clone()),
            (None, _) => drop(self.0.remove(key)),
            (Some(_), None) => {}
        }
    }
}
