//! How a reader waits for others: for their renewal, and for their fill.

use super::judge::certified;
use super::outcome::Bypass;
use crate::protocol::certificate::Certificate;
use crate::protocol::freshness::{self, Millis};
use crate::protocol::policy::Limits;
use crate::protocol::ports::{CacheFault, Clock, Ledger, Registry, Snapshot, Store};
use crate::protocol::renew::{Renewal, renew};
use std::time::Duration;

/// How a look for certified entries ended.
pub(crate) enum Look {
    /// The answer to the look, and the certificate that it counts under.
    Certified(Snapshot, Certificate),
    Bypass(Bypass),
    /// Redis answers, but there is no certificate, perhaps since Postgres is away.
    Uncertified(Snapshot),
}

/// Looks, or takes `first` for the first look. Without a certificate it renews it, or waits while
/// somebody else does.
pub(crate) async fn look_certified<P: Store + Registry + Ledger + Clock>(
    ports: &P,
    keys: &[&str],
    tags: &[&str],
    limits: &Limits,
    waiting: &mut WaitBudget,
    mut first: Option<Result<Snapshot, CacheFault>>,
) -> Look {
    waiting.begin_phase();
    loop {
        let looked = match first.take() {
            Some(looked) => looked,
            None => ports.look(keys, tags).await,
        };
        let seen = match looked {
            Ok(seen) => seen,
            Err(fault) => return Look::Bypass(Bypass::Fault(fault)),
        };
        if let Some(certificate) = certified(&seen) {
            return Look::Certified(seen, certificate);
        }
        if waiting.renewed && waiting.is_over(ports, limits) {
            return Look::Uncertified(seen);
        }
        // Somebody is at it. After the longest life of a claim this reader tries all the same,
        // since the other one may have died.
        if seen.claimed && !waiting.outlasts_a_claim(ports, limits) {
            waiting.pause(ports).await;
            continue;
        }
        waiting.renewed = true;
        match renew(ports, limits.timing).await {
            Renewal::Certified(_) if !std::mem::replace(&mut waiting.certified, true) => {}
            // Given by another server than this instance hears, if it doesn't count.
            Renewal::Certified(_) | Renewal::Busy | Renewal::TooLate => waiting.pause(ports).await,
            Renewal::Mismatch => return Look::Bypass(Bypass::Misconfigured),
            Renewal::Withheld => return Look::Bypass(Bypass::NoCertificate),
            Renewal::Cache(fault) => return Look::Bypass(Bypass::Fault(fault)),
            Renewal::Ledger(_) => return Look::Uncertified(seen),
        }
    }
}

/// The pause before the next question, as a multiple of the time that the last answer took.
const REST: u64 = 2;

/// No pause is longer, in milliseconds.
const LONGEST_PAUSE: Millis = 500;

/// How long one reader has waited. Its limits count pauses rather than the clock: on a busy machine
/// the other one needs longer, too, and a reader that gives up early makes it slower. The clock is
/// read only by a reader that waits; a hit does not.
#[derive(Default)]
pub(crate) struct WaitBudget {
    /// Pauses so far, in this phase.
    pauses: u32,
    /// All pauses, in milliseconds.
    waited: Millis,
    /// The pauses of this phase that count: as long as they would be on an idle machine.
    counted: Millis,
    /// When it began to wait.
    begun: Option<Millis>,
    /// When the last pause ended.
    woken: Option<Millis>,
    /// It has tried to renew the certificate.
    renewed: bool,
    /// It has renewed it.
    certified: bool,
}

impl WaitBudget {
    /// Begins to wait for something else: its limit counts anew.
    pub(crate) fn begin_phase(&mut self) {
        (self.pauses, self.counted) = (0, 0);
    }

    /// Milliseconds of all pauses.
    pub(crate) fn waited_ms(&self) -> Millis {
        self.waited
    }

    /// Pauses before the next question. A late answer to the last one shows a busy machine, so the
    /// pause is longer than that answer took: waiting readers must leave the machine to the one
    /// that works.
    pub(crate) async fn pause<P: Clock>(&mut self, ports: &P) {
        let usual = freshness::poll_pause_ms(self.pauses, ports.draw());
        let now = ports.monotonic();
        let answer = self.woken.map_or(0, |woken| now.saturating_sub(woken));
        let pause = usual.max((answer * REST).min(LONGEST_PAUSE));
        self.begun.get_or_insert(now);
        self.pauses += 1;
        self.counted += usual;
        self.waited += pause;
        ports.sleep(Duration::from_millis(pause)).await;
        self.woken = Some(ports.monotonic());
    }

    /// True if it has waited long enough and should ask the origin itself.
    pub(crate) fn is_over<P: Clock>(&mut self, ports: &P, limits: &Limits) -> bool {
        Duration::from_millis(self.counted) >= limits.wait
            || self.spent(ports) >= limits.timing.claim() + 4 * limits.wait
    }

    fn outlasts_a_claim<P: Clock>(&mut self, ports: &P, limits: &Limits) -> bool {
        let claim = limits.timing.claim();
        Duration::from_millis(self.counted) >= claim || self.spent(ports) >= claim + limits.wait
    }

    fn spent<P: Clock>(&mut self, ports: &P) -> Duration {
        let now = ports.monotonic();
        Duration::from_millis(now.saturating_sub(*self.begun.get_or_insert(now)))
    }
}
