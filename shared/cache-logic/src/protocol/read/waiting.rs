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
    /// What was seen, and the certificate that it counts under.
    Certified(Snapshot, Certificate),
    Bypass(Bypass),
    /// Redis answers, and no certificate can be had, be it that Postgres is away: what was seen.
    Uncertified(Snapshot),
}

/// Looks, or takes `first` for the first look; where there is no certificate, renews it, or waits while somebody else does.
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
        // Somebody is at it. After the time that a claim can last one asks for it all the same: this one may never end.
        if seen.claimed && !waiting.outlasts_a_claim(ports, limits) {
            waiting.pause(ports).await;
            continue;
        }
        waiting.renewed = true;
        match renew(ports, limits.timing).await {
            Renewal::Certified(_) => {}
            Renewal::Busy | Renewal::TooLate => waiting.pause(ports).await,
            Renewal::Mismatch => return Look::Bypass(Bypass::Misconfigured),
            Renewal::Cache(fault) => return Look::Bypass(Bypass::Fault(fault)),
            Renewal::Ledger(_) => return Look::Uncertified(seen),
        }
    }
}

/// How many times as long as its last question took a reader pauses before the next one.
const REST: u64 = 2;

/// No pause is longer, in milliseconds.
const LONGEST_PAUSE: Millis = 500;

/// A reader that waits. Its limits count pauses rather than the clock: where the machine is busy, whoever renews or fills needs longer, too,
/// and who gives up early makes it slower. Asks for the time only where it does wait: a hit doesn't.
#[derive(Default)]
pub(crate) struct WaitBudget {
    /// Pauses so far, in this phase.
    pauses: u32,
    /// All of them, in milliseconds.
    waited: Millis,
    /// What counts of those of this phase: as long as they would have been on a machine that isn't busy.
    counted: Millis,
    /// When it began to wait.
    begun: Option<Millis>,
    /// When the last pause was over.
    woken: Option<Millis>,
    /// It has tried to renew the certificate.
    renewed: bool,
}

impl WaitBudget {
    /// Waiting for something else than before: its own limit counts anew.
    pub(crate) fn begin_phase(&mut self) {
        (self.pauses, self.counted) = (0, 0);
    }

    /// Milliseconds of all pauses.
    pub(crate) fn waited_ms(&self) -> Millis {
        self.waited
    }

    /// The pause before the next question. Where the answer to the last one was long in coming the machine is busy, and the pause is longer
    /// than that: readers who wait must leave it to the one that they are waiting for.
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

    /// It has waited long enough to go to the origin itself.
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
