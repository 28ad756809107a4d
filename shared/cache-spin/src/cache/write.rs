//! Writes.

use super::tell::tell_write;
use super::{Cache, Entry, Keeping, server_of, value_of};
use crate::params;
use crate::ports;
use crate::postgres::{Param, Row, SERVER, Statement};
use crate::store::server_id;
use cache_logic::entry::OriginValue;
use cache_logic::origin::OriginFault;
use cache_logic::policy::Limits;
use cache_logic::ports::CacheFault;
use cache_logic::read::EntrySpec;
use cache_logic::write::{Commit, Invalidation, NamedRun};
use spin_sdk::wasip3::spawn;
use std::time::Duration;

impl Cache {
    /// One call of a function in Postgres that changes something. Its rows carry `xid` and `tags`:
    /// what the triggers of its transaction announced. Returns when no reader is served the old
    /// state any more; tidies up behind the answer.
    ///
    /// # Errors
    /// The fault of Postgres: then nothing has changed, or the error says that it may have.
    pub async fn write(&'static self, function: &'static str, params: Vec<Param>) -> Result<Vec<Row>, OriginFault> {
        let limits = (self.terms)().await?.limits;
        let commit = async || self.commit(function, params).await;
        let (rows, invalidation) = cache_logic::write::write(&self.ports, &limits, commit).await?;
        self.tidy_after(function, &rows, invalidation, &limits);
        Ok(rows)
    }

    /// As [`Self::write`], for a function whose row is what a [`Source`](super::Source) would give
    /// of this entry from now on, as far as its `body` isn't NULL. It becomes the entry, unless
    /// something else has changed meanwhile: the flag says whether it did.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn write_through(
        &'static self,
        function: &'static str,
        params: Vec<Param>,
        entry: &Entry,
        keeping: impl Keeping,
    ) -> Result<(Vec<Row>, bool), OriginFault> {
        let (policy, limits) = (keeping.policy().await?, (self.terms)().await?.limits);
        let tags: Vec<&str> = entry.tags.iter().map(String::as_str).collect();
        let wanted = EntrySpec { key: &entry.key, tags: &tags, policy: &policy };
        let commit = async || self.commit(function, params).await;
        let value = |rows: &Vec<Row>| rows.first().and_then(|row| written_value(row).ok().flatten());
        let written = cache_logic::write_through::write_through(&self.ports, &wanted, &limits, commit, value).await;
        let (rows, invalidation, stored) = written?;
        if stored {
            self.recorder.count(|statistics| statistics.refresh(entry.entity, true));
        }
        self.tidy_after(function, &rows, invalidation, &limits);
        Ok((rows, stored))
    }

    /// One statement that changes something: INSERT, UPDATE, DELETE or MERGE, with RETURNING. Its
    /// parameters come as texts, so one that isn't a text is cast: `$1::bigint`. Gives the returned
    /// rows, each as JSON. Returns when no reader is served the old state any more.
    ///
    /// `cache_write` of `sql/outbox.sql` runs it, and gives back in the same round trip what its
    /// triggers have announced.
    ///
    /// # Errors
    /// The fault of Postgres: then nothing has changed, or the error says that it may have.
    pub async fn write_statement(&'static self, statement: Statement) -> Result<Vec<String>, OriginFault> {
        let texts: Vec<Option<String>> = statement.params.into_iter().map(Param::into_text).collect();
        let rows = self.write("cache_write", params![statement.text, texts]).await?;
        // If nothing changed there is one row without a body.
        rows.iter().filter_map(|row| row.text("body").map(|body| body.map(str::to_owned)).transpose()).collect()
    }

    async fn commit(&self, function: &str, params: Vec<Param>) -> Result<Commit<Vec<Row>>, OriginFault> {
        let rows = self.ports.postgres.change_announced(function, params, &self.ports.cache_name).await?;
        let (xid, tags, named) = match rows.first() {
            Some(row) => {
                let xid = row.text("xid")?.unwrap_or_default();
                let server = row.text(SERVER)?.unwrap_or_default();
                self.ports.store.hear(server_id(server));
                (ports::transaction(server, xid), row.texts("tags")?, named_run(row)?)
            }
            None => (String::new(), Vec::new(), NamedRun::Never),
        };
        Ok(Commit { value: rows, xid, tags, named })
    }

    /// Counts a write, tells the log, and does behind the answer what is left to do.
    fn tidy_after(&'static self, function: &str, rows: &[Row], invalidation: Invalidation, limits: &Limits) {
        self.recorder.count(|statistics| statistics.write(&invalidation, limits.outage_wait));
        if !matches!(invalidation, Invalidation::Nothing) {
            self.ports.note_change();
        }
        tell_write(function, rows.first(), &invalidation);
        match invalidation {
            Invalidation::Done(settled) => spawn(async move {
                // If it fails, the next renewal applies the rows once more.
                let _ = cache_logic::write::settle(&self.ports, &settled).await;
            }),
            // Without readers nobody else names the run that answers, or finds out that this server
            // gives the certificates.
            Invalidation::WaitedOut(CacheFault::AnotherRun) => self.renew_unasked(),
            Invalidation::WaitedOut(_) | Invalidation::Nothing => {}
        }
    }
}

/// The run that the database named to a write.
fn named_run(row: &Row) -> Result<NamedRun, OriginFault> {
    let Some(run) = row.text("named_run")? else { return Ok(NamedRun::Unknown) };
    if run.is_empty() {
        return Ok(NamedRun::Never);
    }
    let run = u128::from_str_radix(run, 16).map_err(|_| OriginFault::internal("the named run is no run"))?;
    let ms = row.int("named_ms")?.unwrap_or_default();
    let named_for = Duration::from_millis(u64::try_from(ms).unwrap_or_default());
    Ok(NamedRun::Run { run, server: server_of(row)?, named_for })
}

/// What a write has made, as a value; `None` if it has made nothing.
fn written_value(row: &Row) -> Result<Option<OriginValue>, OriginFault> {
    let Some(body) = row.text("body")? else { return Ok(None) };
    Ok(Some(OriginValue { server: server_of(row)?, ..value_of(body.as_bytes().to_vec(), row)?.into() }))
}
