//! A provider's secrets while one is being replaced by another.

use std::cell::Cell;

use commerce::gateway::{Answer, GatewayError, Secret};

/// Secrets of which a provider takes one, the newest first.
pub(super) struct Secrets {
    all: Vec<Secret>,
    /// The one that was taken last.
    taken: Cell<usize>,
}

impl Secrets {
    pub(super) fn new(all: &[Secret]) -> Self {
        Self { all: all.to_vec(), taken: Cell::new(0) }
    }

    /// Asks with one after the other, until one isn't refused with 401. The one that was taken last
    /// is the first.
    pub(super) async fn ask(
        &self,
        mut send: impl AsyncFnMut(&Secret) -> Result<Answer, GatewayError>,
    ) -> Result<Answer, GatewayError> {
        let (first, mut last) = (self.taken.get(), Err(GatewayError::Unexpected));
        for turn in 0..self.all.len() {
            let at = (first + turn) % self.all.len();
            last = send(&self.all[at]).await;
            match &last {
                Ok(answer) if answer.status == 401 => {}
                Ok(_) => {
                    self.taken.set(at);
                    return last;
                }
                Err(_) => return last,
            }
        }
        last
    }
}
