//! Many entries at once.

use super::{Cache, Entry, Keeping, server_of, value};
use crate::postgres::Param;
use cache_logic::entry::OriginValue;
use cache_logic::origin::OriginFault;
use cache_logic::policy::{Limits, Policy};
use cache_logic::read::{Beside, EntrySpec, Outcome, Read, Refresh, SeenBeside};
use spin_sdk::wasip3::spawn;

impl Cache {
    /// Many entries of one kind, each with an id: one look, one call for all that is missing (its
    /// rows carry `id` beside what [`super::Source`] names), one fill. Answers in the order of the
    /// ids.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn read_many(
        &'static self,
        entries: &[(String, Entry)],
        function: &'static str,
        params: impl Fn(&[String]) -> Vec<Param> + 'static,
        keeping: impl Keeping,
    ) -> Result<Vec<Option<Read>>, OriginFault> {
        Ok(self.read_many_beside(entries, Beside::default(), function, params, keeping).await?.0)
    }

    /// As [`Self::read_many`], with a look that sees what stands in `beside`, too: its tags come
    /// behind those of all entries.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn read_many_beside(
        &'static self,
        entries: &[(String, Entry)],
        beside: Beside<'_>,
        function: &'static str,
        params: impl Fn(&[String]) -> Vec<Param> + 'static,
        keeping: impl Keeping,
    ) -> Result<(Vec<Option<Read>>, SeenBeside), OriginFault> {
        let Some(entity) = entries.first().map(|(_, first)| first.entity) else {
            return Ok((Vec::new(), SeenBeside::default()));
        };
        let (policy, terms) = (keeping.policy().await?, (self.terms)().await?);
        let reads = self.look_up_many(entries, beside, function, &params, (&policy, &terms.limits)).await;
        match &reads {
            Ok((reads, _)) => {
                self.recorder.count_reads(entity, reads.iter().map(|read| Ok::<_, &OriginFault>(read.as_ref())))
            }
            Err(error) => self.recorder.count_reads(entity, entries.iter().map(|_| Err(error))),
        }
        let (reads, seen) = reads?;
        if let Some(first) = reads.iter().flatten().next() {
            self.renew_behind(first.renew);
        }
        let stale = stale(entries, &reads);
        if !stale.is_empty() {
            spawn(async move {
                let _ = self.refresh_many(entity, &stale, function, params, keeping).await;
            });
        }
        Ok((reads, seen))
    }

    /// Makes those of these entries that aren't there, and those that are near their end. Nobody
    /// has asked for them. It is an ordinary bulk read: generations are taken before the load, so a
    /// change that comes meanwhile outdates what is stored here. Each is counted as a refresh.
    ///
    /// How many were made; `None` if the cache can't be used for now.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn fill_many(
        &'static self,
        entries: &[(String, Entry)],
        function: &'static str,
        params: impl Fn(&[String]) -> Vec<Param> + 'static,
        keeping: impl Keeping,
    ) -> Result<Option<usize>, OriginFault> {
        let Some(entity) = entries.first().map(|(_, first)| first.entity) else { return Ok(Some(0)) };
        let (policy, terms) = (keeping.policy().await?, (self.terms)().await?);
        let beside = Beside::default();
        let (reads, _) = self.look_up_many(entries, beside, function, &params, (&policy, &terms.limits)).await?;
        if let Some(first) = reads.iter().flatten().next() {
            self.renew_behind(first.renew);
        }
        let mut made = 0;
        for read in reads.iter().flatten() {
            match read.outcome {
                Outcome::Miss { stored } => {
                    self.recorder.count(|statistics| statistics.refresh(entity, stored));
                    made += usize::from(stored);
                }
                Outcome::Bypass(_) => return Ok(None),
                Outcome::Hit { .. } | Outcome::Revalidated { .. } | Outcome::StaleIfError => {}
            }
        }
        let stale = stale(entries, &reads);
        if !stale.is_empty() && self.refresh_many(entity, &stale, function, params, keeping).await {
            made += stale.len();
        }
        Ok(Some(made))
    }

    async fn look_up_many(
        &'static self,
        entries: &[(String, Entry)],
        beside: Beside<'_>,
        function: &'static str,
        params: &impl Fn(&[String]) -> Vec<Param>,
        (policy, limits): (&Policy, &Limits),
    ) -> Result<(Vec<Option<Read>>, SeenBeside), OriginFault> {
        let entity = entries.first().map_or(0, |(_, first)| first.entity);
        let tags: Vec<Vec<&str>> =
            entries.iter().map(|(_, entry)| entry.tags.iter().map(String::as_str).collect()).collect();
        let wanted: Vec<EntrySpec<'_>> =
            entries.iter().zip(&tags).map(|((_, entry), tags)| wanted(policy, entry, tags)).collect();
        let load = async |missing: &[usize]| {
            let ids: Vec<String> = missing.iter().map(|&index| entries[index].0.clone()).collect();
            self.load_many(entity, &ids, function, params(&ids)).await
        };
        cache_logic::read_many::read_many_by(&self.ports, &wanted, beside, limits, load).await
    }

    /// Behind a bulk read: makes anew what is near its end or past it. True if it was stored.
    async fn refresh_many(
        &'static self,
        entity: usize,
        stale: &[((String, Entry), Refresh)],
        function: &'static str,
        params: impl Fn(&[String]) -> Vec<Param>,
        keeping: impl Keeping,
    ) -> bool {
        let (Ok(policy), Ok(terms)) = (keeping.policy().await, (self.terms)().await) else { return false };
        let ids: Vec<String> = stale.iter().map(|((id, _), _)| id.clone()).collect();
        let tags: Vec<Vec<&str>> =
            stale.iter().map(|((_, entry), _)| entry.tags.iter().map(String::as_str).collect()).collect();
        let wanted: Vec<_> =
            stale.iter().zip(&tags).map(|(((_, entry), what), tags)| (wanted(&policy, entry, tags), *what)).collect();
        let load = async || self.load_many(entity, &ids, function, params(&ids)).await;
        // If it fails, the entries stay as they are, and the next reader tries again.
        let stored = cache_logic::read_many::refresh_many(&self.ports, &wanted, &terms.limits, load).await;
        let stored = stored.unwrap_or(false);
        self.recorder.count(|statistics| stale.iter().for_each(|_| statistics.refresh(entity, stored)));
        stored
    }

    /// The values of these ids, in their order.
    async fn load_many(
        &'static self,
        entity: usize,
        ids: &[String],
        function: &'static str,
        params: Vec<Param>,
    ) -> Result<Vec<Option<OriginValue>>, OriginFault> {
        let mut values: Vec<Option<OriginValue>> = ids.iter().map(|_| None).collect();
        let terms = (self.terms)().await?;
        let load = self.recorder.timed(entity, self.ports.postgres.load(function, params));
        for row in self.loads.in_turn(terms, load).await? {
            let place = row.text("id")?.and_then(|id| ids.iter().position(|wanted| wanted == id));
            if let Some(place) = place {
                let server = server_of(&row)?;
                self.ports.store.hear(server);
                values[place] = Some(OriginValue { server, ..value(row)?.into() });
            }
        }
        Ok(values)
    }
}

/// The entries that are due for a refresh.
fn stale(entries: &[(String, Entry)], reads: &[Option<Read>]) -> Vec<((String, Entry), Refresh)> {
    let due = entries.iter().zip(reads).filter_map(|(entry, read)| Some((entry.clone(), read.as_ref()?.refresh?)));
    due.collect()
}

fn wanted<'a>(policy: &'a Policy, entry: &'a Entry, tags: &'a [&'a str]) -> EntrySpec<'a> {
    EntrySpec { key: &entry.key, tags, policy }
}
