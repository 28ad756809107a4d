//! Checks with values that the adapter did not write: other types, other values, no end.

use super::check::{BRIEFLY, Finding, LONG, RECORD, claim_token, ensure, entry, fault, fill};
use crate::protocol::certificate::{Certificate, Coverage};
use crate::protocol::key::{generation_key, lease_key};
use crate::protocol::ports::{CacheFault, Clock, Known, Lease, Registry, Store};

/// Writes past the ports, as another program would. Keys are those of the ports, without the
/// namespace's prefix.
#[allow(async_fn_in_trait)] // As the ports.
pub trait Tamper {
    /// Sets this value without an end.
    async fn put(&self, key: &str, value: &[u8]) -> Result<(), CacheFault>;

    /// Puts a value of another type there (a list).
    async fn put_list(&self, key: &str) -> Result<(), CacheFault>;

    /// Whether the key has an end; `None` if there is no such key.
    async fn has_end(&self, key: &str) -> Result<Option<bool>, CacheFault>;
}

const CERTIFICATE: &str = "cache:certificate";
const CLAIM: &str = "cache:claim";
const KEPT: &str = "cache:record";
const LAST: &str = "cache:last";

/// Runs every check; gives each by name with what it found.
pub async fn run<P: Store + Registry + Clock + Tamper>(ports: &P) -> Vec<(&'static str, Finding)> {
    vec![
        ("all_that_is_written_ends_by_itself", all_ends_by_itself(ports).await),
        ("an_entry_of_another_type_is_absent_and_replaced", an_entry_of_another_type(ports).await),
        ("what_is_no_generation_is_missing_and_replaced", what_is_no_generation(ports).await),
        ("a_lease_without_an_end_belongs_to_nobody", a_lease_without_an_end(ports).await),
        ("a_claim_without_an_end_belongs_to_nobody", a_claim_without_an_end(ports).await),
        ("what_is_no_certificate_counts_for_nothing", what_is_no_certificate(ports).await),
    ]
}

async fn all_ends_by_itself<P: Store + Registry + Clock + Tamper>(ports: &P) -> Finding {
    let (key, tags) = ("damage:ends", ["damage:ends", "damage:ends:other"]);
    let (holder, token) = (ports.token(), claim_token(ports));
    ports.lease(key, Known::Nothing, &tags[..1], holder, LONG).await.map_err(fault)?;
    ports.generations(&tags[1..], holder).await.map_err(fault)?;
    fill(ports, "damage:ends:entry", 1, LONG, None).await?;
    let run = ports.claim(token, LONG).await.map_err(fault)?.ok_or("the namespace is in use")?.run;
    let generations = tags.map(|tag| generation_key("", tag));
    for key in [&lease_key(key), "damage:ends:entry", &generations[0], &generations[1], CLAIM] {
        ensure(ports.has_end(key).await.map_err(fault)? == Some(true), &format!("{key} ends"))?;
    }
    ports
        .certify(&Certificate { epoch: 1, run, token, coverage: Coverage::Every, server: 9 }, RECORD, BRIEFLY)
        .await
        .map_err(fault)?;
    for key in [CERTIFICATE, "cache:fresh", LAST, KEPT] {
        ensure(ports.has_end(key).await.map_err(fault)? == Some(true), &format!("{key} ends"))?;
    }
    ensure(ports.has_end(CLAIM).await.map_err(fault)?.is_none(), "the claim has ended with it")?;
    ports.sleep(BRIEFLY.total()).await;
    ports.release(key, holder).await.map_err(fault)
}

async fn an_entry_of_another_type<P: Store + Clock + Tamper>(ports: &P) -> Finding {
    let key = "damage:entry";
    ports.put_list(key).await.map_err(fault)?;
    ensure(ports.look(&[key], &[]).await.map_err(fault)?.entries == [None], "absent")?;
    let holder = ports.token();
    let lease = ports.lease(key, Known::Nothing, &[], holder, LONG).await.map_err(fault)?;
    ensure(lease == Lease::Granted(vec![]), "there is nothing that could have changed")?;
    fill(ports, key, 1, LONG, Some(holder)).await?;
    ensure(ports.look(&[key], &[]).await.map_err(fault)?.entries == [Some(entry(1)?)], "replaced")?;
    ports.put(key, b"x").await.map_err(fault)?;
    ensure(ports.look(&[key], &[]).await.map_err(fault)?.entries == [Some(b"x".to_vec())], "seen as it is")?;
    ports.discard(&[key]).await.map_err(fault)?;
    ensure(ports.has_end(key).await.map_err(fault)?.is_none(), "and discarded")
}

async fn what_is_no_generation<P: Store + Clock + Tamper>(ports: &P) -> Finding {
    let tag = "damage:generation";
    let key = generation_key("", tag);
    for value in [Some(&b""[..]), Some(b"short"), Some(&[b'z'; 32]), Some(&[0xff; 32]), None] {
        for by_lease in [false, true] {
            match value {
                Some(value) => ports.put(&key, value).await.map_err(fault)?,
                None => ports.put_list(&key).await.map_err(fault)?,
            }
            let seen = ports.look(&[], &[tag]).await.map_err(fault)?;
            ensure(seen.generations == [None], &format!("{value:?} is missing"))?;
            let token = ports.token();
            let made = if by_lease {
                let lease =
                    ports.lease("damage:generation", Known::Nothing, &[tag], token, LONG).await.map_err(fault)?;
                ports.release("damage:generation", token).await.map_err(fault)?;
                lease
            } else {
                Lease::Granted(ports.generations(&[tag], token).await.map_err(fault)?)
            };
            ensure(made == Lease::Granted(vec![token]), &format!("{value:?} is replaced"))?;
            let seen = ports.look(&[], &[tag]).await.map_err(fault)?;
            ensure(seen.generations == [Some(token)], "and seen by readers")?;
            ensure(ports.has_end(&key).await.map_err(fault)? == Some(true), "with an end")?;
        }
    }
    Ok(())
}

async fn a_lease_without_an_end<P: Store + Clock + Tamper>(ports: &P) -> Finding {
    let key = "damage:lease";
    for list in [false, true] {
        match list {
            true => ports.put_list(&lease_key(key)).await.map_err(fault)?,
            false => ports.put(&lease_key(key), b"somebody").await.map_err(fault)?,
        }
        let holder = ports.token();
        let lease = ports.lease(key, Known::Nothing, &[], holder, LONG).await.map_err(fault)?;
        ensure(lease == Lease::Granted(vec![]), "it is taken over")?;
        ensure(ports.has_end(&lease_key(key)).await.map_err(fault)? == Some(true), "with an end")?;
        ports.release(key, holder).await.map_err(fault)?;
    }
    Ok(())
}

async fn a_claim_without_an_end<P: Store + Registry + Clock + Tamper>(ports: &P) -> Finding {
    for list in [false, true] {
        match list {
            true => ports.put_list(CLAIM).await.map_err(fault)?,
            false => ports.put(CLAIM, b"somebody").await.map_err(fault)?,
        }
        let token = claim_token(ports);
        ensure(ports.claim(token, LONG).await.map_err(fault)?.is_some(), "it is taken over")?;
        ensure(ports.has_end(CLAIM).await.map_err(fault)? == Some(true), "with an end")?;
        ports.abandon(token).await.map_err(fault)?;
    }
    let token = claim_token(ports);
    let run = ports.claim(token, LONG).await.map_err(fault)?.ok_or("the claim was free")?.run;
    ports.put(CLAIM, format!("{token:032x}").as_bytes()).await.map_err(fault)?;
    let certified = ports
        .certify(&Certificate { epoch: 1, run, token, coverage: Coverage::Every, server: 9 }, RECORD, BRIEFLY)
        .await
        .map_err(fault)?;
    ensure(!certified, "nor does its holder know how long ago it was made")?;
    ensure(ports.look(&[], &[]).await.map_err(fault)?.certificate.is_none(), "nothing is certified")?;
    ensure(ports.has_end(CLAIM).await.map_err(fault)?.is_none(), "and the next one need not wait")
}

async fn what_is_no_certificate<P: Store + Registry + Clock + Tamper>(ports: &P) -> Finding {
    let cut = Certificate { epoch: 1, run: 2, token: 3, coverage: Coverage::Every, server: 9 }.encode();
    for value in [Some(&b""[..]), Some(b"x"), Some(&cut.as_bytes()[1..]), Some(&[0xff; 98]), None] {
        for key in [CERTIFICATE, LAST, KEPT] {
            match value {
                Some(value) => ports.put(key, value).await.map_err(fault)?,
                None => ports.put_list(key).await.map_err(fault)?,
            }
        }
        let seen = ports.look(&[], &[]).await.map_err(fault)?;
        ensure(seen.certificate.is_none(), &format!("{value:?} is none"))?;
        let last = ports.last_certificate().await;
        ensure(matches!(last, Ok(None) | Err(CacheFault::Protocol(_))), &format!("{value:?} is no last one"))?;
    }
    let token = claim_token(ports);
    let run = ports.claim(token, LONG).await.map_err(fault)?.ok_or("the claim was free")?.run;
    let certificate = Certificate { epoch: 1, run, token, coverage: Coverage::Every, server: 9 };
    ensure(ports.certify(&certificate, RECORD, BRIEFLY).await.map_err(fault)?, "a real one takes their place")?;
    ensure(ports.look(&[], &[]).await.map_err(fault)?.certificate == Some(certificate), "and is seen")?;
    ports.sleep(BRIEFLY.total()).await;
    Ok(())
}
