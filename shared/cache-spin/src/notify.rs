//! Wakes requests of the same instance.
//!
//! A waker that crosses requests traps. So a waiting request reads a stream of the component model,
//! and the other side holds the stream's writer. Dropping the writer ends the read and wakes the
//! request through its own set of waitables. (The stream carries bytes, since within one component
//! wasmtime passes on numbers only.)

use spin_sdk::wasip3::wit_bindgen::{StreamReader, StreamWriter};
use spin_sdk::wasip3::wit_stream;
use std::cell::RefCell;

/// Wakes its [`Wait`] when it is dropped; nothing is ever written to it.
pub type Waker = StreamWriter<u8>;

/// The end that waits for its [`Waker`].
pub struct Wait(StreamReader<u8>);

impl Wait {
    /// Ends when the waker is dropped. A wait that has ended can't be used again.
    pub async fn wait(&mut self) {
        self.0.read(Vec::with_capacity(1)).await;
    }
}

/// A waker, and the end that it wakes.
pub fn waker() -> (Waker, Wait) {
    let (waker, reader) = wit_stream::new::<u8>();
    (waker, Wait(reader))
}

/// Many requests that wait for one thing.
#[derive(Default)]
pub struct Notify(RefCell<Vec<Waker>>);

impl Notify {
    /// Waits for the next [`Self::notify`].
    pub async fn notified(&self) {
        let (waker, mut wait) = waker();
        self.0.borrow_mut().push(waker);
        wait.wait().await;
    }

    /// Wakes every request that waits.
    pub fn notify(&self) {
        // Dropped outside of the borrow, since each drop wakes a request.
        let wakers = self.0.take();
        drop(wakers);
    }
}
