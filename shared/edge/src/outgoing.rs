//! A body on its way out, of a response or of a request.

use spin_sdk::wasip3::http::types::{ErrorCode, Trailers};
use spin_sdk::wasip3::wit_bindgen::{FutureReader, StreamReader};
use spin_sdk::wasip3::{spawn, wit_future, wit_stream};

/// The trailers behind a body: always none here.
pub type End = FutureReader<Result<Option<Trailers>, ErrorCode>>;

/// Both ends that the host reads of a body. The write begins with the sender's next yields, so the
/// sender yields until then. A head that leaves alone makes the body wait for the other side's
/// delayed acknowledgement, 40 ms.
pub fn body_ends(body: Option<Vec<u8>>) -> (Option<StreamReader<u8>>, End) {
    let (end_writer, end) = wit_future::new::<Result<Option<Trailers>, ErrorCode>>(|| Ok(None));
    let contents = body.map(|body| {
        let (mut writer, reader) = wit_stream::new();
        spawn(async move {
            // The rest is lost if the other side didn't wait for it.
            drop(writer.write_all(body).await);
            drop(writer);
            // In the same task and after the body. If it were dropped unwritten, it would begin a
            // write of its own, and the body's would be late. Seen on Spin 4.1: head and body in
            // two packets, 44 ms instead of 0.2 ms.
            let _ = end_writer.write(Ok(None)).await;
        });
        reader
    });
    (contents, end)
}
