//! Wakes requests of the same instance. A waker between two requests traps, so each waits beside a stream of the component model whose other
//! end the bell holds, and drops when it rings: that wakes a request through its own set of waitables. (A stream of bytes, because within
//! one component wasmtime passes on numbers only.)

use spin_sdk::wasip3::wit_bindgen::{StreamReader, StreamWriter};
use spin_sdk::wasip3::wit_stream;
use std::cell::RefCell;

/// Nothing is ever written to it: it rings when it is dropped.
pub(crate) type Rope = StreamWriter<u8>;

/// Whoever waits for a rope to be let go.
pub(crate) struct Rung(StreamReader<u8>);

impl Rung {
    /// Ends when it rings. Not to be waited for again then.
    pub(crate) async fn wait(&mut self) {
        self.0.read(Vec::with_capacity(1)).await;
    }
}

/// A rope, and who hears it.
pub(crate) fn rope() -> (Rope, Rung) {
    let (rope, reader) = wit_stream::new::<u8>();
    (rope, Rung(reader))
}

/// Many who wait for one thing.
#[derive(Default)]
pub(crate) struct Bell(RefCell<Vec<Rope>>);

impl Bell {
    /// Waits until it rings next.
    pub(crate) async fn heard(&self) {
        let (rope, mut rung) = rope();
        self.0.borrow_mut().push(rope);
        rung.wait().await;
    }

    /// Wakes everybody who waits.
    pub(crate) fn ring(&self) {
        // Dropped outside of the borrow: each wakes a request.
        let ropes = self.0.take();
        drop(ropes);
    }
}
