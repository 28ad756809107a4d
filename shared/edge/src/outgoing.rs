//! A body on its way out, of a response or of a request.

use spin_sdk::wasip3::http::types::{ErrorCode, Trailers};
use spin_sdk::wasip3::wit_bindgen::{FutureReader, StreamReader};
use spin_sdk::wasip3::{spawn, wit_future, wit_stream};

/// What follows a body: here always nothing.
pub type End = FutureReader<Result<Option<Trailers>, ErrorCode>>;

/// Both ends that the host reads of a body, whose write begins with the next yields. Who sends it
/// yields until then: a head that leaves alone makes the body wait for the other side's delayed
/// acknowledgement, 40 ms.
pub fn written(body: Option<Vec<u8>>) -> (Option<StreamReader<u8>>, End) {
    let (end_writer, end) = wit_future::new::<Result<Option<Trailers>, ErrorCode>>(|| Ok(None));
    let contents = body.map(|body| {
        let (mut writer, reader) = wit_stream::new();
        spawn(async move {
            // What is left over is what the other side didn't wait for.
            drop(writer.write_all(body).await);
            drop(writer);
            // In the same task and after the body: dropped unwritten it would begin a write of its
            // own, and the body's would be late (seen on Spin 4.1: head and body in two packets, 44
            // ms instead of 0.2 ms).
            let _ = end_writer.write(Ok(None)).await;
        });
        reader
    });
    (contents, end)
}
