//! Parts of entries: noted with a fill, and asked for with a lease.

use super::check::{Finding, LONG, SHORT, ensure, entry, fault};
use crate::protocol::ports::{Clock, Fill, Known, Lease, Parts, Registry, Store};

/// Fills an entry of two parts under the generations of its tag, and gives these.
async fn fill_with_parts<P: Store + Clock>(
    ports: &P,
    key: &'static str,
    tags: &'static [&'static str],
    parts: &[&str],
    fill: u128,
) -> Result<Vec<u128>, String> {
    let holder = ports.token();
    let Lease::Granted(generations) = ports.lease(key, Known::Nothing, tags, holder, LONG).await.map_err(fault)? else {
        return Err("the lease was free".to_owned());
    };
    store(ports, key, tags, generations.clone(), parts, (fill, holder)).await?;
    Ok(generations)
}

async fn store<P: Store>(
    ports: &P,
    key: &'static str,
    tags: &'static [&'static str],
    generations: Vec<u128>,
    parts: &[&str],
    (fill, holder): (u128, u128),
) -> Finding {
    let parts = parts.iter().map(|part| (*part).to_owned()).collect();
    let parts = Some(Parts { tags, generations, parts, fill });
    let fill = Fill { key, bytes: entry(fill)?, ttl_ms: LONG.as_millis() as u64, parts };
    ports.fill(&[fill], Some(holder)).await.map_err(fault)
}

/// True if the entry is current by its parts. A lease is given back at once.
async fn stands<P: Store + Clock>(ports: &P, key: &str, fill: u128, tags: &[&str]) -> Result<bool, String> {
    let holder = ports.token();
    match ports.lease(key, Known::Outdated(fill), tags, holder, LONG).await.map_err(fault)? {
        Lease::Current(standing) => {
            let seen = ports.look(&[], tags).await.map_err(fault)?;
            let same = seen.generations == standing.generations.iter().copied().map(Some).collect::<Vec<_>>();
            ensure(same && standing.certificate == seen.certificate && standing.run == seen.run, "told as it stands")?;
            Ok(true)
        }
        Lease::Granted(generations) => {
            ensure(generations.len() == tags.len(), "a lease like any other")?;
            ports.release(key, holder).await.map_err(fault)?;
            Ok(false)
        }
        other => Err(format!("neither a lease nor current: {other:?}")),
    }
}

pub(super) async fn an_entry_is_current_while_its_parts_stand<P: Store + Registry + Clock>(ports: &P) -> Finding {
    let (key, tags) = ("contract:parts", &["contract:parts:tag"][..]);
    let parts = ["contract:parts:a", "contract:parts:b"];
    for gone in parts {
        let before = fill_with_parts(ports, key, tags, &parts, 1).await?;
        ensure(stands(ports, key, 1, tags).await?, "nothing was announced")?;
        ensure(!stands(ports, "contract:parts:none", 1, tags).await?, "of another entry nothing is noted")?;
        ports.invalidate(tags).await.map_err(fault)?;
        ensure(stands(ports, key, 1, tags).await?, "its tag was announced, and its parts stand")?;
        let seen = ports.look(&[], tags).await.map_err(fault)?;
        ensure(seen.generations[0].is_some_and(|now| now != before[0]), "the tag has another generation")?;
        ports.invalidate(&[gone]).await.map_err(fault)?;
        ensure(!stands(ports, key, 1, tags).await?, "a part was announced")?;
        ports.generations(&parts, ports.token()).await.map_err(fault)?;
        ensure(!stands(ports, key, 1, tags).await?, "and has another generation")?;
        ports.discard(&[key]).await.map_err(fault)?;
        ensure(!stands(ports, key, 2, tags).await?, "the parts of one fill say nothing of another")?;
    }
    Ok(())
}

pub(super) async fn parts_are_noted_only_if_tags_stand<P: Store + Registry + Clock>(ports: &P) -> Finding {
    let (key, tags, parts) = ("contract:noted", &["contract:noted:tag"][..], ["contract:noted:part"]);
    let earlier = fill_with_parts(ports, key, tags, &parts, 1).await?;
    ports.discard(&[key]).await.map_err(fault)?;
    // A change is applied while a second filler loads.
    ports.invalidate(&[tags[0], parts[0]]).await.map_err(fault)?;
    store(ports, key, tags, earlier, &parts, (2, ports.token())).await?;
    ensure(!stands(ports, key, 2, tags).await?, "what was loaded before the change")?;
    ensure(!stands(ports, key, 2, tags).await?, "once more, with generations that stand")?;
    ports.discard(&[key]).await.map_err(fault)
}

pub(super) async fn a_restamp_keeps_to_its_fill<P: Store + Registry + Clock>(ports: &P) -> Finding {
    let key = "contract:restamp";
    ports.restamp(key, 1, entry(1)?).await.map_err(fault)?;
    ensure(ports.look(&[key], &[]).await.map_err(fault)?.entries == [None], "there is none to be replaced")?;
    let first = Fill { key, bytes: entry(1)?, ttl_ms: 10 * SHORT.as_millis() as u64, parts: None };
    ports.fill(&[first], None).await.map_err(fault)?;
    ports.restamp(key, 2, entry(2)?).await.map_err(fault)?;
    ensure(ports.look(&[key], &[]).await.map_err(fault)?.entries == [Some(entry(1)?)], "another fill stays")?;
    ports.restamp(key, 1, entry(3)?).await.map_err(fault)?;
    ensure(ports.look(&[key], &[]).await.map_err(fault)?.entries == [Some(entry(3)?)], "its own is replaced")?;
    ports.sleep(SHORT * 20).await;
    ensure(ports.look(&[key], &[]).await.map_err(fault)?.entries == [None], "and ends when it would have")
}
