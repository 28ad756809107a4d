use std::path::Path;

use crate::process::Child;
use crate::server::up;
use crate::{App, SOON, eventually, free_port};

/// The component that takes messages, beside a server.
#[derive(Debug)]
pub struct Refresher {
    child: Child,
}

impl Refresher {
    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.runs()
    }
}

impl App {
    /// Starts the component that takes messages, with the server's own settings, and waits until it
    /// has subscribed.
    pub async fn refresher(&self) -> Refresher {
        let (mut command, spin) = up(Path::new("functions/cache-refresh/spin.toml"), free_port());
        let settings = self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in settings.chain([("REDIS_SUBSCRIBE_URL", self.redis_url.as_str())]) {
            command.env(format!("SPIN_VARIABLE_{name}"), value);
        }
        let mut child = Child::start(&mut command, &self.log, spin);
        eventually("the component has subscribed", SOON, || async {
            let channels = [self.channel("changes"), self.channel("refresh")];
            let mut connection = self.redis().await?;
            let subscribers: Vec<(String, i64)> =
                redis::cmd("PUBSUB").arg("NUMSUB").arg(&channels).query_async(&mut connection).await.ok()?;
            subscribers.iter().all(|(_, count)| *count > 0).then_some(())
        })
        .await;
        assert!(child.runs(), "it ended at once: {}", self.log());
        Refresher { child }
    }

    /// Sends a message on one of the channels below the key prefix.
    pub async fn publish(&self, channel: &str, message: &str) {
        let mut connection = self.redis().await.expect("Redis answers");
        let mut command = redis::cmd("PUBLISH");
        let taken: i64 =
            command.arg(self.channel(channel)).arg(message).query_async(&mut connection).await.expect("PUBLISH");
        assert_eq!(taken, 1, "one subscriber");
    }

    fn channel(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    async fn redis(&self) -> Option<redis::aio::MultiplexedConnection> {
        let client = redis::Client::open(self.redis_url.as_str()).expect("a Redis address");
        client.get_multiplexed_async_connection().await.ok()
    }
}
