//! Reference data: kept in the instance, in front of Redis.

use super::{Cache, Entry, Source};
use cache_logic::entry::Value;
use cache_logic::l1::{L1, NearRead, Reference};
use cache_logic::origin::OriginFault;
use cache_logic::policy::Policy;
use cache_logic::read::{EntrySpec, Outcome};
use std::cell::RefCell;
use std::rc::Rc;

impl Cache {
    /// As [`Cache::read`], for data that never decides anything: a value that this instance was
    /// given is served without a round trip until it is as old as `near` lets it be, whatever was
    /// written since. The outcome is `None` then. Such reads aren't counted.
    ///
    /// # Errors
    /// As [`Cache::read`].
    pub async fn read_near(
        &'static self,
        near: &RefCell<L1>,
        entry: &Entry,
        load: impl Source,
        policy: Policy,
    ) -> Result<Option<(Rc<Value>, Option<Outcome>)>, OriginFault> {
        let limits = (self.terms)().await?.limits;
        let tags: Vec<&str> = entry.tags.iter().map(String::as_str).collect();
        let wanted = Reference(EntrySpec { key: &entry.key, tags: &tags, policy: &policy });
        let once = async || self.load(entry, load.clone()).await;
        let found = cache_logic::l1::read(near, &self.ports, &wanted, &limits, once).await;
        let counted = match &found {
            Ok(Some(NearRead { read: None, .. })) => None,
            Ok(Some(NearRead { read, .. })) => Some(Ok(read.as_ref())),
            Ok(None) => Some(Ok(None)),
            Err(fault) => Some(Err(fault)),
        };
        if let Some(read) = counted {
            self.recorder.count_reads(entry.entity, [read]);
        }
        let Some(NearRead { value, read }) = found? else { return Ok(None) };
        if let Some(read) = &read {
            self.tidy_behind(entry, load, policy, read);
        }
        Ok(Some((value, read.map(|read| read.outcome))))
    }
}
