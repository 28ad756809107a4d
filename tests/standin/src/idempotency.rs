//! Requests that are sent again get the first answer, even if the object has changed since.

use std::collections::HashMap;

use crate::exchange::Reply;

/// The state of an idempotency key when a request comes with it.
#[derive(Debug)]
pub(crate) enum KeyState {
    /// The key is new.
    New,
    /// The first answer.
    Replay(Reply),
    /// The key was used for another request.
    Mismatch,
    /// The first request is still being worked on.
    InFlight,
}

#[derive(Debug, Default)]
pub(crate) struct Keys(HashMap<String, (Vec<u8>, Option<Reply>)>);

impl Keys {
    /// Takes the key for this request. `request` holds the parts that must be the same in a
    /// repetition.
    pub(crate) fn begin(&mut self, key: &str, request: &[u8]) -> KeyState {
        match self.0.get(key) {
            None => {
                self.0.insert(key.to_owned(), (request.to_vec(), None));
                KeyState::New
            }
            Some((first, _)) if first != request => KeyState::Mismatch,
            Some((_, None)) => KeyState::InFlight,
            Some((_, Some(reply))) => KeyState::Replay(reply.clone()),
        }
    }

    /// Keeps the answer. The key of a request without one (`None`) is free again.
    pub(crate) fn finish(&mut self, key: &str, reply: Option<&Reply>) {
        match (reply, self.0.get_mut(key)) {
            (Some(reply), Some((_, kept))) => *kept = Some(reply.clone()),
            (None, _) => drop(self.0.remove(key)),
            (Some(_), None) => {}
        }
    }
}
