//! Checks of the write-through.

use super::check::{Finding, LONG, ensure, entry, fault};
use crate::protocol::ports::{Clock, Fill, Store};
use crate::protocol::write_through::{GenerationSwap, WriteThrough};

/// Runs the checks of [`WriteThrough`].
pub async fn run_write_through<P: WriteThrough + Store + Clock>(ports: &P) -> Vec<(&'static str, Finding)> {
    vec![
        ("a_put_under_the_generations_that_stand_is_stored", a_put_is_stored(ports).await),
        ("a_put_under_another_generation_only_invalidates", a_late_put_only_invalidates(ports).await),
    ]
}

async fn a_put_is_stored<P: WriteThrough + Store + Clock>(ports: &P) -> Finding {
    let (key, tags) = ("contract:put", ["contract:put:swapped", "contract:put:kept", "contract:put:other"]);
    let before = ports.generations(&tags, ports.token()).await.map_err(fault)?;
    let next = ports.token();
    let swaps = [
        GenerationSwap { tag: tags[0], seen: before[0], next },
        GenerationSwap { tag: tags[1], seen: before[1], next: before[1] },
    ];
    let fill = Fill { key, bytes: entry(7)?, ttl_ms: LONG.as_millis() as u64, parts: None };
    ensure(ports.put(&fill, &swaps, &tags[2..]).await.map_err(fault)?.0, "every generation stands: stored")?;
    let seen = ports.look(&[key], &tags).await.map_err(fault)?;
    ensure(seen.entries == [Some(entry(7)?)], "the very bytes")?;
    ensure(seen.generations == [Some(next), Some(before[1]), None], "swapped, kept, deleted")
}

async fn a_late_put_only_invalidates<P: WriteThrough + Store + Clock>(ports: &P) -> Finding {
    let (key, tags) = ("contract:put:late", ["contract:put:late:a", "contract:put:late:b", "contract:put:late:c"]);
    let before = ports.generations(&tags[..2], ports.token()).await.map_err(fault)?;
    let fill = Fill { key, bytes: entry(8)?, ttl_ms: LONG.as_millis() as u64, parts: None };
    for (tag, seen) in [(tags[1], before[1] ^ 1), (tags[2], before[0])] {
        let next = ports.token();
        let swaps = [GenerationSwap { tag: tags[0], seen: before[0], next }, GenerationSwap { tag, seen, next: seen }];
        ensure(!ports.put(&fill, &swaps, &[]).await.map_err(fault)?.0, "another generation, or none: not stored")?;
        let now = ports.look(&[key], &tags[..2]).await.map_err(fault)?;
        ensure(now.entries == [None], "there is no entry")?;
        ensure(now.generations == [None, Some(before[1])], "what was announced is gone, what was not stays")?;
    }
    Ok(())
}
