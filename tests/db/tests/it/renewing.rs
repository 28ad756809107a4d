//! A cache that renews its certificate, as the database sees it.

use tokio_postgres::Client;
use tokio_postgres::types::ToSql;

use crate::database::call;

/// The coverage that entries of this release can do with: they depend on their tenants.
const TENANTS: i32 = 2;

/// A cache that renews, as one Redis sees it: the record that it keeps.
#[derive(Clone, Debug, Default)]
pub struct Cache {
    pub name: &'static str,
    pub run: &'static str,
    pub replication: &'static str,
    pub record: String,
}

/// The answer to a renewal.
#[derive(Debug)]
pub struct Renewal {
    pub outcome: String,
    pub epoch: Option<String>,
    pub ids: Vec<i64>,
    pub tags: Vec<String>,
    pub reason: Option<String>,
    pub coverage: i32,
}

impl Cache {
    pub fn new() -> Self {
        Self { name: "redis://a a:", run: "run", replication: "data", record: String::new() }
    }

    /// One that has been certified: the second renewal has nothing to say.
    pub async fn certified(client: &Client) -> Self {
        let mut cache = Self::new();
        cache.renew(client).await;
        let second = cache.renew(client).await;
        assert_eq!((second.outcome.as_str(), second.reason), ("ok", None));
        cache
    }

    /// Asks, and dies before it certifies.
    pub async fn ask(&self, client: &Client) -> (Renewal, Option<String>) {
        let record = self.record.as_str();
        let params: [&(dyn ToSql + Sync); 5] = [&self.name, &self.run, &record, &self.replication, &TENANTS];
        let row = client.query_one(&call("cache_renew", 5), &params).await.unwrap();
        let mut tags: Vec<String> = row.get("tags");
        tags.sort();
        let (outcome, epoch, ids, reason) = (row.get("outcome"), row.get("epoch"), row.get("ids"), row.get("reason"));
        let coverage = row.get("coverage");
        (Renewal { outcome, epoch, ids, tags, reason, coverage }, row.get("record"))
    }

    /// Asks, certifies, and forgets what it has applied.
    pub async fn renew(&mut self, client: &Client) -> Renewal {
        let (renewal, record) = self.ask(client).await;
        if let Some(record) = record {
            self.record = record;
        }
        client.execute(&call("cache_forget", 1), &[&renewal.ids]).await.unwrap();
        renewal
    }

    /// The record with one of its parts changed, as if it had been given for something else.
    pub fn with_part(&self, place: usize, part: &str) -> Self {
        let mut parts: Vec<&str> = self.record.split(' ').collect();
        parts[place] = part;
        Self { record: parts.join(" "), ..self.clone() }
    }
}
