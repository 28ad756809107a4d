//! Checks of locks.

use super::check::{Finding, LONG, SHORT, ensure, fault};
use crate::kit::lock::Locks;
use crate::protocol::ports::Clock;

/// Runs the checks of [`Locks`]; gives each by name with what it found.
pub async fn run_locks<P: Locks + Clock>(ports: &P) -> Vec<(&'static str, Finding)> {
    vec![
        ("a_lock_is_held_by_one_and_ends_by_itself", a_lock_is_held_by_one(ports).await),
        ("a_lock_is_extended_and_given_back_by_its_owner_only", a_lock_obeys_its_owner_only(ports).await),
        ("a_fence_is_greater_than_all_before_it", a_fence_is_greater_than_all_before_it(ports).await),
    ]
}

async fn a_lock_is_held_by_one<P: Locks + Clock>(ports: &P) -> Finding {
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

async fn a_lock_obeys_its_owner_only<P: Locks + Clock>(ports: &P) -> Finding {
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

async fn a_fence_is_greater_than_all_before_it<P: Locks + Clock>(ports: &P) -> Finding {
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
