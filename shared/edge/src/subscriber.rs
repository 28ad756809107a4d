//! Messages of Redis: a component that takes them, one at a time in an instance of its own.

/// Exports a component that takes the messages of a Redis trigger. The operation gets the bytes of
/// one. A message is never tried again, so it has no outcome.
#[macro_export]
macro_rules! subscriber {
    ($operation:path) => {
        #[cfg(target_family = "wasm")]
        mod exported {
            #[::spin_sdk::redis_subscriber]
            async fn on_message(message: Vec<u8>) -> Result<(), ::std::convert::Infallible> {
                super::receive(&message).await;
                Ok(())
            }
        }

        #[cfg_attr(not(target_family = "wasm"), expect(dead_code, reason = "only a component gets messages"))]
        async fn receive(message: &[u8]) {
            $crate::route::enter(env!("CARGO_PKG_NAME"));
            $crate::clock::begin_request();
            $operation(message).await;
        }
    };
}
