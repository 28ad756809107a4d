//! Hits that are compared with Postgres behind their answer, in a running system.
//!
//! Only a hit that renews a certificate may be one: these are at most three a second over all
//! instances, and have something to do behind their answer in any case. So no other hit pays for
//! it, not even by reading a setting.

use super::{Cache, Entry, Keeping, Source};
use crate::clock::draw;
use cache_logic::compare::{Comparison, compare};
use cache_logic::read::EntrySpec;
use spin_sdk::wasip3::spawn;

impl Cache {
    /// Behind the response: compares the entry with its source, if the settings and chance say so.
    pub(super) fn compare_behind(&'static self, entry: Entry, load: impl Source, keeping: impl Keeping) {
        spawn(async move {
            let Ok(terms) = (self.terms)().await else { return };
            if draw() >= terms.compared {
                return;
            }
            let Ok(policy) = keeping.policy().await else { return };
            let tags: Vec<&str> = entry.tags.iter().map(String::as_str).collect();
            let wanted = EntrySpec { key: &entry.key, tags: &tags, policy: &policy };
            let once = async || self.load(&entry, load.clone()).await;
            let found = compare(&self.ports, &wanted, &terms.limits, once).await;
            let is_equal = match found {
                Ok(Comparison::Equal) => true,
                Ok(Comparison::Different { fill }) => {
                    self.tell_difference(&entry, fill);
                    false
                }
                Ok(Comparison::Unsure) | Err(_) => return,
            };
            self.recorder.count(|statistics| statistics.compared(entry.entity, is_equal));
        });
    }
}
