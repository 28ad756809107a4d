//! The rest of the checks: order, size, several at once, and values that end by themselves.

use super::check::{BRIEFLY, Finding, LONG, RECORD, SHORT, claim_token, ensure, entry, fault, fill};
use crate::protocol::certificate::{Certificate, Coverage, Timing};
use crate::protocol::ports::{Clock, Fill, Known, Lease, Registry, Store};
use std::time::Duration;

pub(super) async fn a_claim_ends_by_itself<P: Store + Registry + Clock>(ports: &P) -> Finding {
    let (late, next) = (claim_token(ports), claim_token(ports));
    let run = ports.claim(late, SHORT).await.map_err(fault)?.ok_or("the namespace is in use")?.run;
    ports.sleep(SHORT * 2).await;
    ensure(!ports.look(&[], &[]).await.map_err(fault)?.claimed, "it has ended")?;
    let certificate = Certificate { epoch: 3, run, token: late, coverage: Coverage::Every, server: 9 };
    ensure(!ports.certify(&certificate, RECORD, BRIEFLY).await.map_err(fault)?, "too late: nothing is certified")?;
    ensure(ports.claim(next, LONG).await.map_err(fault)?.is_some(), "the next one has it")?;
    ensure(!ports.certify(&certificate, RECORD, BRIEFLY).await.map_err(fault)?, "nor under another's claim")?;
    ensure(ports.look(&[], &[]).await.map_err(fault)?.claimed, "which stays as it is")?;
    ports.abandon(next).await.map_err(fault)
}

pub(super) async fn a_record_goes_with_its_certificate<P: Store + Registry + Clock>(ports: &P) -> Finding {
    for (record, certifies) in [("first", true), ("not to be had", false), ("second", true), ("", true)] {
        let token = claim_token(ports);
        let claim = ports.claim(token, LONG).await.map_err(fault)?.ok_or("the namespace is in use")?;
        let by = if certifies { token } else { token ^ 1 };
        let certificate = Certificate { epoch: 7, run: claim.run, token: by, coverage: Coverage::Every, server: 9 };
        let certified = ports.certify(&certificate, record, BRIEFLY).await.map_err(fault)?;
        ensure(certified == certifies, "certified by the claim's holder alone")?;
        ports.abandon(token).await.map_err(fault)?;
        let token = claim_token(ports);
        let next = ports.claim(token, LONG).await.map_err(fault)?.ok_or("the claim has ended")?;
        ensure(next.run == claim.run && next.replication == claim.replication, "on the same Redis")?;
        ensure((next.record.as_deref() == Some(record)) == certifies, "the record of the last certificate")?;
        ports.abandon(token).await.map_err(fault)?;
    }
    ports.sleep(BRIEFLY.total()).await;
    let token = claim_token(ports);
    let claim = ports.claim(token, LONG).await.map_err(fault)?.ok_or("the claim was free")?;
    ensure(claim.record.as_deref() == Some(""), "it outlives the certificate")?;
    ports.abandon(token).await.map_err(fault)
}

pub(super) async fn a_certificate_outlives_its_freshness<P: Store + Registry + Clock>(ports: &P) -> Finding {
    let mut previous = None;
    for (epoch, coverage) in [(4, Coverage::Every), (5, Coverage::Tenants)] {
        let token = claim_token(ports);
        let run = ports.claim(token, LONG).await.map_err(fault)?.ok_or("the namespace is in use")?.run;
        let seen = ports.look(&[], &[]).await.map_err(fault)?;
        ensure(seen.certificate == previous, "while it is renewed the one before it counts")?;
        let certificate = Certificate { epoch, run, token, server: 9, coverage };
        ensure(ports.certify(&certificate, RECORD, BRIEFLY).await.map_err(fault)?, "certified")?;
        ensure(ports.last_certificate().await.map_err(fault)? == Some(certificate), "the newest one is the last")?;
        ports.sleep(BRIEFLY.fresh() + SHORT / 2).await;
        let seen = ports.look(&[], &[]).await.map_err(fault)?;
        ensure(seen.certificate == Some(certificate) && !seen.fresh, "it lives, and is due")?;
        previous = Some(certificate);
    }
    ports.sleep(BRIEFLY.total()).await;
    ensure(ports.look(&[], &[]).await.map_err(fault)?.certificate.is_none(), "it ends")
}

pub(super) async fn a_slow_renewal_ends_no_later<P: Store + Registry + Clock>(ports: &P) -> Finding {
    let timing = Timing::of(Duration::from_millis(1500));
    let token = claim_token(ports);
    let run = ports.claim(token, timing.claim()).await.map_err(fault)?.ok_or("the namespace is in use")?.run;
    let claimed = ports.monotonic();
    // It has used up more than the difference between the whole and the longest life.
    ports.sleep(timing.claim() * 3 / 5).await;
    let certificate = Certificate { epoch: 6, run, token, coverage: Coverage::Every, server: 9 };
    ensure(ports.certify(&certificate, RECORD, timing).await.map_err(fault)?, "slow, and still in time")?;
    ensure(ports.look(&[], &[]).await.map_err(fault)?.certificate == Some(certificate), "it counts")?;
    let gone = Duration::from_millis(ports.monotonic() - claimed);
    ports.sleep(timing.total().saturating_sub(gone) + SHORT / 5).await;
    let seen = ports.look(&[], &[]).await.map_err(fault)?;
    ensure(seen.certificate.is_none(), "it has ended so long after its claim as any other")
}

pub(super) async fn answers_stand_in_order<P: Store + Clock>(ports: &P) -> Finding {
    let (a, b, none) = ("contract:order:a", "contract:order:b", "contract:order:none");
    fill(ports, a, 1, LONG, None).await?;
    fill(ports, b, 2, LONG, None).await?;
    let made = ports.generations(&["contract:order:1"], ports.token()).await.map_err(fault)?;
    let other = ports.generations(&["contract:order:2"], ports.token()).await.map_err(fault)?;
    let tags = ["contract:order:2", "contract:order:none", "contract:order:1", "contract:order:2"];
    let seen = ports.look(&[b, none, a, b], &tags).await.map_err(fault)?;
    let (first, second) = (Some(entry(1)?), Some(entry(2)?));
    ensure(seen.entries == [second.clone(), None, first, second], "entries, one asked for twice")?;
    ensure(seen.generations == [Some(other[0]), None, Some(made[0]), Some(other[0])], "generations likewise")?;
    let both = ports.generations(&["contract:order:1", "contract:order:2"], ports.token()).await.map_err(fault)?;
    ensure(both == [made[0], other[0]] && made != other, "and those of two tags, which are two")
}

pub(super) async fn any_bytes_come_back<P: Store>(ports: &P) -> Finding {
    let key = "contract:bytes";
    for length in [0, 1, 256, 70_000, 999_000] {
        // Every byte value, line ends and zeros among them.
        let bytes: Vec<u8> = (0..length).map(|at: u32| (at % 256) as u8).collect();
        let fill = Fill { key, bytes: bytes.clone(), ttl_ms: 60_000, parts: None };
        ports.fill(&[fill], None).await.map_err(fault)?;
        let seen = ports.look(&[key], &[]).await.map_err(fault)?;
        ensure(seen.entries == [Some(bytes)], &format!("{length} bytes"))?;
    }
    ports.discard(&[key, "contract:bytes:never"]).await.map_err(fault)?;
    ensure(ports.look(&[key], &[]).await.map_err(fault)?.entries == [None], "discarded beside one that wasn't there")
}

pub(super) async fn many_fills_end_one_lease<P: Store + Clock>(ports: &P) -> Finding {
    let names: Vec<String> = (0..50).map(|n| format!("contract:many:{n}")).collect();
    let keys: Vec<&str> = names.iter().map(String::as_str).collect();
    let (holder, other) = (ports.token(), ports.token());
    ports.lease(keys[0], Known::Nothing, &[], holder, LONG).await.map_err(fault)?;
    ports.lease(keys[1], Known::Nothing, &[], holder, LONG).await.map_err(fault)?;
    let bytes = (0..50).map(entry).collect::<Result<Vec<_>, _>>()?;
    let fills: Vec<Fill<'_>> = keys
        .iter()
        .zip(&bytes)
        .map(|(&key, bytes)| Fill { key, bytes: bytes.clone(), ttl_ms: 60_000, parts: None })
        .collect();
    ports.fill(&fills, Some(holder)).await.map_err(fault)?;
    let seen = ports.look(&keys, &[]).await.map_err(fault)?;
    ensure(seen.entries.iter().flatten().eq(bytes.iter()), "all of them are there")?;
    let first = ports.lease(keys[0], Known::Fill(0), &[], other, LONG).await.map_err(fault)?;
    let second = ports.lease(keys[1], Known::Fill(1), &[], other, LONG).await.map_err(fault)?;
    ensure(first == Lease::Granted(vec![]) && second == Lease::Held, "the first one's lease has ended, no other")?;
    ports.release(keys[0], other).await.map_err(fault)?;
    ports.release(keys[1], holder).await.map_err(fault)
}

pub(super) async fn a_lease_keeps_what_stands<P: Store + Registry + Clock>(ports: &P) -> Finding {
    let (key, tags) = ("contract:keeps", ["contract:keeps:a", "contract:keeps:b"]);
    let stands = ports.generations(&tags[..1], ports.token()).await.map_err(fault)?;
    let holder = ports.token();
    let Lease::Granted(granted) = ports.lease(key, Known::Nothing, &tags, holder, LONG).await.map_err(fault)? else {
        return Err("the lease was free".to_owned());
    };
    ensure(granted.len() == 2 && granted[0] == stands[0] && granted[1] != stands[0], "one as it was, one made")?;
    let seen = ports.look(&[], &tags).await.map_err(fault)?;
    ensure(seen.generations == [Some(granted[0]), Some(granted[1])], "readers see the same")?;
    ports.invalidate(&tags).await.map_err(fault)?;
    fill(ports, key, 1, LONG, Some(holder)).await?;
    let seen = ports.look(&[key], &tags).await.map_err(fault)?;
    ensure(seen.generations == [None, None], "a fill makes no generation: what was invalidated meanwhile stays so")
}

pub(super) async fn many_tags_at_once<P: Store + Registry + Clock>(ports: &P) -> Finding {
    let names: Vec<String> = (0..1000).map(|n| format!("contract:tags:{n}")).collect();
    let tags: Vec<&str> = names.iter().map(String::as_str).collect();
    let made = ports.generations(&tags, ports.token()).await.map_err(fault)?;
    ensure(made.len() == tags.len(), "a generation for each")?;
    ports.invalidate(&tags).await.map_err(fault)?;
    ports.invalidate(&tags).await.map_err(fault)?;
    let seen = ports.look(&[], &tags).await.map_err(fault)?;
    ensure(seen.generations.iter().all(Option::is_none), "all gone; what is gone already is no error")
}

pub(super) async fn the_clock_goes_on<P: Clock>(ports: &P) -> Finding {
    let (wall, monotonic) = (ports.now(), ports.monotonic());
    ports.sleep(SHORT).await;
    let slept = ports.monotonic() - monotonic;
    // A millisecond less: both ends are cut to whole ones.
    ensure(slept + 1 >= SHORT.as_millis() as u64, "nobody wakes early")?;
    ensure(ports.now() >= wall, "the wall clock isn't behind")?;
    ensure((0..100).all(|_| (0.0..1.0).contains(&ports.draw())), "draws are from [0, 1)")?;
    let mut tokens: Vec<u128> = (0..100).map(|_| ports.token()).collect();
    tokens.sort_unstable();
    tokens.dedup();
    ensure(tokens.len() == 100, "no token comes twice")
}
