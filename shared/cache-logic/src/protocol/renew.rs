//! The renewal of the certificate: apply what was committed, then certify it.

use crate::protocol::certificate::{Certificate, ClaimToken, Timing};
use crate::protocol::event::Event;
use crate::protocol::ports::{CacheFault, Clock, Ledger, OutboxState, Registry};

/// How a renewal ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renewal<E> {
    /// There is a new certificate.
    Certified(Certificate),
    /// Somebody else has the claim.
    Busy,
    /// The claim ran out on the way: nothing was certified, and nothing is lost.
    TooLate,
    /// The database serves another cache.
    Mismatch,
    /// Postgres gives no certificate now.
    Withheld,
    /// Redis failed.
    Cache(CacheFault),
    /// Postgres failed.
    Ledger(E),
}

/// Renews the certificate: claim, read the outbox, apply it, certify, delete what was applied. The
/// order matters. Rows are deleted only after the certificate that covers them is set. It is set
/// only by the holder of the claim that was begun before the outbox was read. The record goes with
/// the certificate, never before it: it says what has been applied.
pub async fn renew<P: Registry + Ledger + Clock>(ports: &P, timing: Timing) -> Renewal<P::Error> {
    let token = ports.token() as ClaimToken;
    let claim = match ports.claim(token, timing.claim()).await {
        Ok(Some(claim)) => claim,
        Ok(None) => return Renewal::Busy,
        Err(fault) => return Renewal::Cache(fault),
    };
    let (epoch, server, coverage, record, ids, tags) = match ports.pending(&claim).await {
        Ok(OutboxState::Rows { epoch, server, coverage, record, ids, tags }) => {
            (epoch, server, coverage, record, ids, tags)
        }
        Ok(OutboxState::Mismatch) => return Renewal::Mismatch,
        Ok(OutboxState::Withheld) => {
            let _ = ports.abandon(token).await;
            return Renewal::Withheld;
        }
        Err(error) => {
            // If this fails the claim ends by itself.
            let _ = ports.abandon(token).await;
            return Renewal::Ledger(error);
        }
    };
    if !tags.is_empty() {
        let tags: Vec<&str> = tags.iter().map(String::as_str).collect();
        if let Err(fault) = ports.invalidate(&tags).await {
            return Renewal::Cache(fault);
        }
    }
    let certificate = Certificate { epoch, run: claim.run, token, server, coverage };
    match ports.certify(&certificate, &record, timing).await {
        Ok(true) => {}
        Ok(false) => return Renewal::TooLate,
        Err(fault) => return Renewal::Cache(fault),
    }
    if !ids.is_empty() {
        // If this fails the rows are applied once more at the next renewal: harmless.
        let _ = ports.forget(&ids).await;
    }
    ports.observe(&Event::Renewal { tags: tags.len() });
    Renewal::Certified(certificate)
}
