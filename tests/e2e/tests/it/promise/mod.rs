//! Promise 1 under fire: writers bump versions through the API and with SQL, readers record them,
//! faults strike. A read older than a write that was acknowledged before it began is a failure,
//! unless it is marked stale-if-error.
//!
//! `E2E_MINUTES=10` goes on for so long, in an order that the seed decides; `E2E_SEED` repeats a
//! run's order.

pub mod checker;
mod faults;
mod histories;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use checker::Checker;
use e2e::App;
use faults::Fault;

/// Random numbers that a seed repeats: SplitMix64 (Steele, Lea, Flood, "Fast Splittable
/// Pseudorandom Number Generators", 2014).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, limit: usize) -> usize {
        (self.roll() % limit as u64) as usize
    }

    pub fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.roll() % (to - from))
    }
}

pub fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_shows_an_old_value() {
    let Some(mut app) = App::private().own_redis().own_postgres().spawn().await else { return };
    let by_clock = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| since.as_secs());
    let seed = number("E2E_SEED").unwrap_or_else(by_clock);
    println!("seed {seed}");
    let mut dice = Dice::new(seed);
    let (begun, minutes) = (Instant::now(), Duration::from_secs(60 * number("E2E_MINUTES").unwrap_or(0)));
    let mut checker = Checker::start(&app, seed).await;
    loop {
        let mut left = Fault::ALL.to_vec();
        while !left.is_empty() {
            let fault = left.swap_remove(dice.below(left.len()));
            checker.enter(fault.name(), fault.excuses());
            fault.strike(&mut app, &mut dice).await;
            checker.recover().await;
        }
        if begun.elapsed() >= minutes {
            break;
        }
    }
    checker.end(500, 50).await;
}
