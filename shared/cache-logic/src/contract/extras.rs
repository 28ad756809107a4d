//! What locks and write-through must keep.

use super::{LONG, Outcome, SHORT, ensure, entry, fault};
use crate::lock::Locks;
use crate::ports::{Clock, Fill, Store};
use crate::write_through::{Turn, WriteThrough};

/// Runs the checks of [`Locks`]; gives each by name with what it found.
pub async fn run_locks<P: Locks + Clock>(ports: &P) -> Vec<(&'static str, Outcome)> {
    vec![
        ("a_lock_is_held_by_one_and_ends_by_itself", a_lock_is_held_by_one(ports).await),
        ("a_lock_is_extended_and_given_back_by_its_owner_only", a_lock_obeys_its_owner_only(ports).await),
        ("a_fence_is_greater_than_all_before_it", a_fence_is_greater_than_all_before_it(ports).await),
    ]
}

/// Runs the checks of [`WriteThrough`].
pub async fn run_write_through<P: WriteThrough + Store + Clock>(ports: &P) -> Vec<(&'static str, Outcome)> {
    vec![
        ("a_put_under_the_generations_that_stand_is_stored", a_put_is_stored(ports).await),
        ("a_put_under_another_generation_only_invalidates", a_late_put_only_invalidates(ports).await),
    ]
}

async fn a_lock_is_held_by_one<P: Locks + Clock>(ports: &P) -> Outcome {
    let (name, first, second) = ("contract:lock:one", ports.token(), ports.token());
    ensure(ports.take(name, first, SHORT).await.map_err(fault)?.is_some(), "a free lock is taken")?;
    ensure(ports.take(name, second, LONG).await.map_err(fault)?.is_none(), "a taken one isn't")?;
    ensure(ports.take(name, first, LONG).await.map_err(fault)?.is_none(), "not even by who has it")?;
    ports.sleep(SHORT * 2).await;
    ensure(ports.take(name, second, LONG).await.map_err(fault)?.is_some(), "after its time it is free")?;
    ensure(!ports.give_back(name, first).await.map_err(fault)?, "who is late gives nothing back")?;
    ensure(!ports.extend(name, first, LONG).await.map_err(fault)?, "and extends nothing")?;
    ensure(ports.give_back(name, second).await.map_err(fault)?, "its owner gives it back")
}

async fn a_lock_obeys_its_owner_only<P: Locks + Clock>(ports: &P) -> Outcome {
    let (name, owner, other) = ("contract:lock:owner", ports.token(), ports.token());
    ensure(ports.take(name, owner, SHORT).await.map_err(fault)?.is_some(), "a free lock is taken")?;
    ensure(!ports.extend(name, other, LONG).await.map_err(fault)?, "another extends nothing")?;
    ensure(!ports.give_back(name, other).await.map_err(fault)?, "another gives nothing back")?;
    ensure(ports.extend(name, owner, LONG).await.map_err(fault)?, "its owner extends it")?;
    ports.sleep(SHORT * 2).await;
    ensure(ports.take(name, other, LONG).await.map_err(fault)?.is_none(), "extended, it lasts")?;
    ensure(ports.give_back(name, owner).await.map_err(fault)?, "its owner gives it back")?;
    ensure(!ports.give_back(name, owner).await.map_err(fault)?, "once")
}

async fn a_fence_is_greater_than_all_before_it<P: Locks + Clock>(ports: &P) -> Outcome {
    let mut last = None;
    for name in ["contract:lock:fence:a", "contract:lock:fence:b", "contract:lock:fence:a"] {
        let owner = ports.token();
        let fence = ports.take(name, owner, SHORT).await.map_err(fault)?;
        ensure(fence.is_some() && fence > last, "a free lock is taken, under a greater number")?;
        last = fence;
        if name.ends_with('b') {
            ports.sleep(SHORT * 2).await;
        } else {
            ports.give_back(name, owner).await.map_err(fault)?;
        }
    }
    Ok(())
}

async fn a_put_is_stored<P: WriteThrough + Store + Clock>(ports: &P) -> Outcome {
    let (key, tags) = ("contract:put", ["contract:put:turned", "contract:put:kept", "contract:put:other"]);
    let before = ports.generations(&tags, ports.token()).await.map_err(fault)?;
    let next = ports.token();
    let turns = [Turn { tag: tags[0], seen: before[0], next }, Turn { tag: tags[1], seen: before[1], next: before[1] }];
    let fill = Fill { key, bytes: entry(7)?, ttl_ms: LONG.as_millis() as u64 };
    ensure(ports.put(&fill, &turns, &tags[2..]).await.map_err(fault)?, "every generation stands: stored")?;
    let seen = ports.look(&[key], &tags).await.map_err(fault)?;
    ensure(seen.entries == [Some(entry(7)?)], "the very bytes")?;
    ensure(seen.generations == [Some(next), Some(before[1]), None], "turned, kept, deleted")
}

async fn a_late_put_only_invalidates<P: WriteThrough + Store + Clock>(ports: &P) -> Outcome {
    let (key, tags) = ("contract:put:late", ["contract:put:late:a", "contract:put:late:b", "contract:put:late:c"]);
    let before = ports.generations(&tags[..2], ports.token()).await.map_err(fault)?;
    let fill = Fill { key, bytes: entry(8)?, ttl_ms: LONG.as_millis() as u64 };
    for (tag, seen) in [(tags[1], before[1] ^ 1), (tags[2], before[0])] {
        let next = ports.token();
        let turns = [Turn { tag: tags[0], seen: before[0], next }, Turn { tag, seen, next: seen }];
        ensure(!ports.put(&fill, &turns, &[]).await.map_err(fault)?, "another generation, or none: not stored")?;
        let now = ports.look(&[key], &tags[..2]).await.map_err(fault)?;
        ensure(now.entries == [None], "there is no entry")?;
        ensure(now.generations == [None, Some(before[1])], "what was announced is gone, what was not stays")?;
    }
    Ok(())
}
