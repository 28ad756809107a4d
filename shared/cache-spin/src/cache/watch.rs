//! Watching: whether entries may have changed, without reading them.

use super::Cache;
use cache_logic::certificate::{Epoch, Generation};
use cache_logic::ports::{Clock, Snapshot, Store};
use cache_logic::read::{certified, due};
use cache_logic::renew::Renewal;

/// Everything that an entry depends on, as it was at one moment. While its mark stays the same, no
/// change of the entry was acknowledged. A value that is read after its mark was taken is at least
/// as new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    epoch: Epoch,
    generations: Vec<Generation>,
}

impl Cache {
    /// The marks of things that depend on these tags, all by one look. A generation that is missing
    /// is made, by one command for all. The certificate is renewed where that is due: behind, or at
    /// once if there is none. `None`: Redis can't tell for now.
    pub async fn marks(&'static self, of: &[&[String]]) -> Option<Vec<Mark>> {
        let mut tags: Vec<&str> = of.iter().flat_map(|tags| tags.iter().map(String::as_str)).collect();
        tags.sort_unstable();
        tags.dedup();
        let mut seen = self.ports.look(&[], &tags).await.ok()?;
        if certified(&seen).is_none() {
            if seen.claimed || !matches!(self.renew().await, Renewal::Certified(_)) {
                return None;
            }
            seen = self.ports.look(&[], &tags).await.ok()?;
        }
        let certificate = certified(&seen)?;
        if due(&seen) {
            self.renew_behind(Some(certificate));
        }
        let generations = self.whole(&tags, seen).await?;
        let generation = |tag: &String| generations.get(tags.binary_search(&tag.as_str()).ok()?).copied();
        let mark = |tags: &&[String]| {
            let generations = tags.iter().map(generation).collect::<Option<Vec<_>>>()?;
            Some(Mark { epoch: certificate.epoch, generations })
        };
        of.iter().map(mark).collect()
    }

    /// The generations of these tags, in their order.
    async fn whole(&self, tags: &[&str], seen: Snapshot) -> Option<Vec<Generation>> {
        let missing: Vec<&str> =
            tags.iter().zip(&seen.generations).filter(|(_, known)| known.is_none()).map(|(tag, _)| *tag).collect();
        let made = match missing.is_empty() {
            true => Vec::new(),
            false => self.ports.generations(&missing, self.ports.token()).await.ok()?,
        };
        let mut made = made.into_iter();
        seen.generations.into_iter().map(|known| known.or_else(|| made.next())).collect()
    }
}
