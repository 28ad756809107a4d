use std::collections::BTreeMap;

use tokio_postgres::Client;

/// How often each of our statements ran in one database, by `pg_stat_statements`.
///
/// Spin's pool adds statements of its own to each checkout (recycling, type look-ups). They name no
/// table of ours and are left out.
#[derive(Clone, Debug, Default)]
pub struct Statements {
    calls: BTreeMap<String, i64>,
    loans: i64,
}

impl Statements {
    /// Reads the counters of `database` through a connection to another database, which keeps this
    /// query out of them.
    pub(crate) async fn read(admin: &Client, database: &str) -> Statements {
        let rows = admin
            .query(
                "SELECT s.query, sum(s.calls)::bigint FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
                 WHERE d.datname = $1 AND s.toplevel AND s.query !~ 'pg_catalog|pg_type|e2e:'
                   AND s.query !~* '^\\s*(SELECT 1|BEGIN|COMMIT|ROLLBACK|START TRANSACTION|SET |RESET |SHOW |CLOSE ALL|UNLISTEN|DISCARD|DEALLOCATE|SELECT pg_advisory_unlock_all|;|$)'
                 GROUP BY 1",
                &[&database],
            )
            .await
            .expect("pg_stat_statements is there");
        let loans = admin
            .query_one(
                "SELECT coalesce(sum(s.calls), 0)::bigint FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
                 WHERE d.datname = $1 AND s.query = 'DISCARD TEMP'",
                &[&database],
            )
            .await
            .expect("pg_stat_statements is there");
        Statements { calls: rows.iter().map(|row| (row.get(0), row.get(1))).collect(), loans: loans.get(0) }
    }

    /// How often the pool has lent a connection again since `earlier`: it cleans each before that.
    /// The first loan of a connection isn't counted.
    pub fn loans_since(&self, earlier: &Statements) -> i64 {
        self.loans - earlier.loans
    }

    /// The statements since `earlier`, each as often as it ran, less the renewals of the
    /// certificate, the sequencer of the feed and what jobs do of themselves: no request tells when
    /// these come.
    pub fn since(&self, earlier: &Statements) -> Vec<String> {
        let mut ran = Vec::new();
        for (text, calls) in &self.calls {
            let count = calls - earlier.calls.get(text).copied().unwrap_or(0);
            if !is_renewal(text) && !text.contains("event_sequence") && !text.contains(" job_") {
                ran.extend((0..count).map(|_| text.clone()));
            }
        }
        ran
    }

    /// How many renewals of the certificate ran since `earlier`.
    pub fn renewals_since(&self, earlier: &Statements) -> i64 {
        let total = |from: &Statements| {
            from.calls.iter().filter(|(text, _)| text.contains("cache_renew")).map(|(_, n)| n).sum::<i64>()
        };
        total(self) - total(earlier)
    }
}

/// A renewal reads the outbox by `cache_renew` and deletes the applied rows by `cache_forget`; a
/// writer deletes by `cache_forget_transactions`.
fn is_renewal(text: &str) -> bool {
    text.contains("cache_renew") || text.contains("cache_forget(")
}
