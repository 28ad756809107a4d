//! Many entries at once.

use super::{Answer, Backend, value};
use crate::config::Rules;
use crate::postgres::Param;
use cache_logic::entry::Value;
use cache_logic::read::{Refresh, Wanted};
use commerce::entries::{Class, Entry};
use commerce::error::Error;
use spin_sdk::wasip3::spawn;

impl Backend {
    /// Many entries, each with an id: one look, one statement for all that is missing (its rows carry `id`), one fill. The answers stand in
    /// the order of the ids.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub async fn read_many(
        &'static self,
        entries: &[(String, Entry)],
        statement: &'static str,
        params: impl Fn(&[String]) -> Vec<Param> + 'static,
    ) -> Result<Vec<Option<Answer>>, Error> {
        let rules = Rules::ready().await?;
        let tags: Vec<Vec<&str>> =
            entries.iter().map(|(_, entry)| entry.tags.iter().map(String::as_str).collect()).collect();
        let wanted: Vec<Wanted<'_>> =
            entries.iter().zip(&tags).map(|((_, entry), tags)| wanted(rules, entry, tags)).collect();
        let Some(class) = entries.first().map(|(_, first)| first.class) else { return Ok(Vec::new()) };
        let load = async |missing: &[usize]| {
            let ids: Vec<String> = missing.iter().map(|&index| entries[index].0.clone()).collect();
            self.load_many(class, &ids, statement, params(&ids)).await
        };
        let reads = cache_logic::read_many::read_many(&self.ports, &wanted, &rules.limits, load).await;
        match &reads {
            Ok(reads) => self.count_reads(class, reads.iter().map(|read| Ok::<_, &Error>(read.as_ref()))),
            Err(error) => self.count_reads(class, entries.iter().map(|_| Err(error))),
        }
        let reads = reads?;
        if let Some(first) = reads.iter().flatten().next() {
            self.renew_behind(first.renew);
        }
        let stale =
            entries.iter().zip(&reads).filter_map(|(entry, read)| Some((entry.clone(), read.as_ref()?.refresh?)));
        let stale: Vec<((String, Entry), Refresh)> = stale.collect();
        if !stale.is_empty() {
            spawn(async move { self.refresh_many(&stale, statement, params).await });
        }
        Ok(reads.into_iter().map(|read| read.map(Answer::from)).collect())
    }

    /// Behind a bulk read: makes anew what is near its end or past it.
    async fn refresh_many(
        &'static self,
        stale: &[((String, Entry), Refresh)],
        statement: &'static str,
        params: impl Fn(&[String]) -> Vec<Param>,
    ) {
        let Ok(rules) = Rules::get().await else { return };
        let ids: Vec<String> = stale.iter().map(|((id, _), _)| id.clone()).collect();
        let tags: Vec<Vec<&str>> =
            stale.iter().map(|((_, entry), _)| entry.tags.iter().map(String::as_str).collect()).collect();
        let wanted: Vec<_> =
            stale.iter().zip(&tags).map(|(((_, entry), what), tags)| (wanted(rules, entry, tags), *what)).collect();
        let Some(class) = stale.first().map(|((_, first), _)| first.class) else { return };
        let load = async || self.load_many(class, &ids, statement, params(&ids)).await;
        // Where it fails the entries stay as they are, and the next reader tries again.
        let stored = cache_logic::read_many::refresh_many(&self.ports, &wanted, &rules.limits, load).await;
        let stored = stored.unwrap_or(false);
        self.count(|statistics| stale.iter().for_each(|_| statistics.refresh(class as usize, stored)));
    }

    /// The values of these ids, in their order.
    async fn load_many(
        &'static self,
        class: Class,
        ids: &[String],
        statement: &'static str,
        params: Vec<Param>,
    ) -> Result<Vec<Option<Value>>, Error> {
        let mut values: Vec<Option<Value>> = ids.iter().map(|_| None).collect();
        for row in self.timed(class, self.ports.postgres.query(statement, params)).await? {
            let place = row.text("id")?.and_then(|id| ids.iter().position(|wanted| wanted == id));
            if let Some(place) = place {
                values[place] = Some(value(row)?);
            }
        }
        Ok(values)
    }
}

fn wanted<'a>(rules: &'a Rules, entry: &'a Entry, tags: &'a [&'a str]) -> Wanted<'a> {
    Wanted { key: &entry.key, tags, policy: rules.policies.of(entry.class) }
}
