//! The contract of the ports: one suite that every adapter passes, in memory and over a real Redis.
//!
//! A check gives an error instead of panicking, so that it can run inside a component. Each works
//! on keys and tags of its own, named after it. The certificate is one per namespace, so its checks
//! need a namespace that nobody has used.
//!
//! [`run`] asks for nothing but the ports. [`damage::run`] also writes past them: values that an
//! adapter did not write must never keep it from working.

mod check;
pub mod damage;
#[cfg(feature = "lock")]
mod locks;
mod more;
mod parts;
mod put;

pub use check::Finding;
#[cfg(feature = "lock")]
pub use locks::run_locks;
pub use put::run_write_through;

use check::{BRIEFLY, LONG, RECORD, SHORT, claim_token, ensure, entry, fault, fill};

use crate::protocol::certificate::{Certificate, Coverage};
use crate::protocol::ports::{Clock, Known, Lease, Registry, Store};

/// Runs every check; gives each by name with what it found.
pub async fn run<P: Store + Registry + Clock>(ports: &P) -> Vec<(&'static str, Finding)> {
    vec![
        ("nothing_is_seen_before_a_fill", nothing_is_seen_before_a_fill(ports).await),
        ("a_fill_is_seen_until_its_ttl_and_discarded_at_once", a_fill_is_seen_until_its_ttl(ports).await),
        ("a_lease_is_held_by_one_and_ends_by_itself", a_lease_is_held_by_one(ports).await),
        ("a_lease_is_given_back_by_its_holder_only", a_lease_is_given_back_by_its_holder_only(ports).await),
        ("an_entry_filled_since_the_look_is_changed", an_entry_filled_since_the_look_is_changed(ports).await),
        ("a_generation_stays_until_it_is_invalidated", a_generation_stays_until_it_is_invalidated(ports).await),
        ("a_claim_is_abandoned_by_its_holder_only", a_claim_is_abandoned_by_its_holder_only(ports).await),
        ("a_certificate_is_set_by_the_holder_of_the_claim_only", a_certificate_is_set_by_its_claimant(ports).await),
        ("a_record_comes_and_goes_with_the_certificate_alone", more::a_record_goes_with_its_certificate(ports).await),
        ("a_claim_ends_by_itself_and_certifies_nothing_then", more::a_claim_ends_by_itself(ports).await),
        ("the_certificate_of_a_slow_renewal_ends_no_later", more::a_slow_renewal_ends_no_later(ports).await),
        (
            "a_certificate_outlives_its_freshness_and_is_replaced",
            more::a_certificate_outlives_its_freshness(ports).await,
        ),
        ("answers_stand_in_the_order_of_what_was_asked", more::answers_stand_in_order(ports).await),
        ("any_bytes_and_many_of_them_come_back", more::any_bytes_come_back(ports).await),
        ("many_fills_are_one_call_and_end_one_lease", more::many_fills_end_one_lease(ports).await),
        ("a_lease_keeps_generations_that_stand_and_makes_the_others", more::a_lease_keeps_what_stands(ports).await),
        ("an_entry_is_current_while_its_parts_stand", parts::an_entry_is_current_while_its_parts_stand(ports).await),
        ("parts_are_noted_only_if_no_tag_was_announced", parts::parts_are_noted_only_if_tags_stand(ports).await),
        ("an_entry_is_stored_again_in_its_own_place_alone", parts::a_restamp_keeps_to_its_fill(ports).await),
        ("many_tags_are_invalidated_at_once", more::many_tags_at_once(ports).await),
        ("the_clock_goes_on_and_chance_is_chance", more::the_clock_goes_on(ports).await),
    ]
}

async fn nothing_is_seen_before_a_fill<P: Store>(ports: &P) -> Finding {
    let seen = ports.look(&["contract:none:a", "contract:none:b"], &["contract:none"]).await.map_err(fault)?;
    ensure(seen.entries == [None, None], "one answer for each key, and nothing in it")?;
    ensure(seen.generations == [None], "a missing generation is missing, not zero")
}

async fn a_fill_is_seen_until_its_ttl<P: Store + Clock>(ports: &P) -> Finding {
    let keys = ["contract:fill:short", "contract:fill:long"];
    fill(ports, keys[0], 1, SHORT, None).await?;
    fill(ports, keys[1], 2, LONG, None).await?;
    let seen = ports.look(&keys, &[]).await.map_err(fault)?;
    ensure(seen.entries == [Some(entry(1)?), Some(entry(2)?)], "the very bytes that were filled")?;
    ports.sleep(SHORT * 2).await;
    let seen = ports.look(&keys, &[]).await.map_err(fault)?;
    ensure(seen.entries == [None, Some(entry(2)?)], "gone after its TTL, and only then")?;
    ports.discard(&[keys[1]]).await.map_err(fault)?;
    let seen = ports.look(&keys, &[]).await.map_err(fault)?;
    ensure(seen.entries == [None, None], "discarded is gone")
}

async fn a_lease_is_held_by_one<P: Store + Clock>(ports: &P) -> Finding {
    let key = "contract:lease";
    let (first, second) = (ports.token(), ports.token());
    let granted = ports.lease(key, Known::Nothing, &["contract:lease"], first, SHORT).await.map_err(fault)?;
    ensure(matches!(granted, Lease::Granted(ref generations) if generations.len() == 1), "granted, with a generation")?;
    let held = ports.lease(key, Known::Nothing, &["contract:lease"], second, LONG).await.map_err(fault)?;
    ensure(held == Lease::Held, "held by the first")?;
    ports.sleep(SHORT * 2).await;
    let again = ports.lease(key, Known::Nothing, &["contract:lease"], second, LONG).await.map_err(fault)?;
    ensure(again == granted, "after its time it is the second's, under the generation that stands")?;
    ports.release(key, second).await.map_err(fault)
}

async fn a_lease_is_given_back_by_its_holder_only<P: Store + Clock>(ports: &P) -> Finding {
    let key = "contract:release";
    let (holder, other) = (ports.token(), ports.token());
    ports.lease(key, Known::Nothing, &[], holder, LONG).await.map_err(fault)?;
    ports.release(key, other).await.map_err(fault)?;
    fill(ports, key, 1, LONG, Some(other)).await?;
    let held = ports.lease(key, Known::Fill(1), &[], other, LONG).await.map_err(fault)?;
    ensure(held == Lease::Held, "another holder gives nothing back, filling or not")?;
    fill(ports, key, 2, LONG, Some(holder)).await?;
    let free = ports.lease(key, Known::Fill(2), &[], other, LONG).await.map_err(fault)?;
    ensure(matches!(free, Lease::Granted(_)), "the holder's fill gave it back")?;
    ports.release(key, other).await.map_err(fault)
}

async fn an_entry_filled_since_the_look_is_changed<P: Store + Clock>(ports: &P) -> Finding {
    let key = "contract:changed";
    fill(ports, key, 1, LONG, None).await?;
    let holder = ports.token();
    for known in [Known::Nothing, Known::Fill(2)] {
        let changed = ports.lease(key, known, &[], holder, LONG).await.map_err(fault)?;
        ensure(changed == Lease::Changed, "another fill than the one that was seen")?;
    }
    let granted = ports.lease(key, Known::Fill(1), &[], holder, LONG).await.map_err(fault)?;
    ensure(matches!(granted, Lease::Granted(_)), "the fill that was seen may be replaced")?;
    ports.release(key, holder).await.map_err(fault)
}

async fn a_generation_stays_until_it_is_invalidated<P: Store + Registry + Clock>(ports: &P) -> Finding {
    let tags = ["contract:generation:a", "contract:generation:b"];
    let made = ports.generations(&tags, ports.token()).await.map_err(fault)?;
    let again = ports.generations(&tags, ports.token()).await.map_err(fault)?;
    ensure(made.len() == 2 && made == again, "made once")?;
    ports.invalidate(&tags[..1]).await.map_err(fault)?;
    let seen = ports.look(&[], &tags).await.map_err(fault)?;
    ensure(seen.generations == [None, Some(made[1])], "gone, and the other one isn't")?;
    let anew = ports.generations(&tags, ports.token()).await.map_err(fault)?;
    ensure(anew[0] != made[0] && anew[1] == made[1], "a new value, never an old one again")
}

async fn a_claim_is_abandoned_by_its_holder_only<P: Store + Registry + Clock>(ports: &P) -> Finding {
    let (token, other) = (claim_token(ports), claim_token(ports));
    ports.claim(token, LONG).await.map_err(fault)?.ok_or("the namespace is in use")?;
    ports.abandon(other).await.map_err(fault)?;
    ensure(ports.look(&[], &[]).await.map_err(fault)?.claimed, "another holder gives nothing back")?;
    ports.abandon(token).await.map_err(fault)?;
    ensure(!ports.look(&[], &[]).await.map_err(fault)?.claimed, "given back by its holder it is free at once")
}

async fn a_certificate_is_set_by_its_claimant<P: Store + Registry + Clock>(ports: &P) -> Finding {
    let (token, other) = (claim_token(ports), claim_token(ports));
    let run = ports.claim(token, LONG).await.map_err(fault)?.ok_or("the namespace is in use")?.run;
    ensure(ports.claim(other, LONG).await.map_err(fault)?.is_none(), "claimed once")?;
    ensure(ports.look(&[], &[]).await.map_err(fault)?.claimed, "the claim is seen")?;
    let foreign = Certificate { epoch: 1, run, token: other, coverage: Coverage::Every, server: 9 };
    ensure(!ports.certify(&foreign, RECORD, BRIEFLY).await.map_err(fault)?, "without the claim nothing is certified")?;
    let certificate = Certificate { epoch: 2, run, token, coverage: Coverage::Every, server: 9 };
    ensure(ports.certify(&certificate, RECORD, BRIEFLY).await.map_err(fault)?, "with it, it is")?;
    let seen = ports.look(&[], &[]).await.map_err(fault)?;
    ensure(seen.certificate == Some(certificate) && seen.run == run, "the certificate that was set, on this run")?;
    ensure(seen.fresh && !seen.claimed, "fresh, and the claim has ended")?;
    ports.sleep(BRIEFLY.total()).await;
    let seen = ports.look(&[], &[]).await.map_err(fault)?;
    ensure(seen.certificate.is_none() && !seen.fresh, "both end by themselves")?;
    let last = ports.last_certificate().await.map_err(fault)?;
    ensure(last == Some(certificate), "the last one is remembered")
}
