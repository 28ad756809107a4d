//! The suspicion of an attempt to pay: a port, and a simple score behind it that is documented in
//! full. [`check`]: a shop's own check, which is asked by HTTP.

pub mod check;

use strum::{EnumString, VariantArray, VariantNames};

use crate::text::text_forms;

/// The facts that are known about an attempt to pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Facts {
    /// Payment sessions that the customer has begun within the last hour, this one not included.
    pub sessions_last_hour: u32,
    /// Payments of the customer that failed within the last day.
    pub failed_last_day: u32,
    /// Payments of the customer in this currency that went through, ever.
    pub paid_before: u32,
    /// The order's total in percent of the largest of those; `None` if there is none.
    pub percent_of_largest: Option<u32>,
    /// Customers that have tried to pay from the same address within a day, this one included;
    /// `None` if the address isn't known.
    pub customers_on_address: Option<u32>,
}

/// Something that makes an attempt suspicious.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "kebab-case")]
pub enum Signal {
    /// Many attempts in a short time, or many that failed: somebody tries out cards.
    Velocity,
    /// Far more than the customer has ever paid: somebody else uses the account.
    AmountJump,
    /// Many customers on one address: somebody tries out accounts.
    SharedAddress,
}

text_forms!(Signal);

/// A score and what it is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Score {
    /// From 0, nothing is known against it, to 100.
    pub value: u32,
    /// The signals that have contributed.
    pub signals: Vec<Signal>,
}

/// The port: a better judge than [`SimpleScore`] implements it. Pure and quick; a judge that has to
/// be called is a [`check`].
pub trait Scorer {
    /// Judges an attempt.
    fn score(&self, facts: &Facts) -> Score;
}

/// The default. Each signal gives at most 40, so no signal alone reaches the default threshold of
/// 70; two strong ones do.
///
/// | signal | points |
/// | --- | --- |
/// | velocity | 10 each: sessions of an hour beyond two, failed payments of a day beyond one |
/// | amount jump | after three paid payments: 20 from 3 times the largest on, 40 from 10 times on |
/// | shared address | 10 for each customer beyond three |
#[derive(Debug, Clone, Copy, Default)]
pub struct SimpleScore;

/// The most that one signal gives.
const MOST: u32 = 40;
/// Fewer paid payments are no history to compare with.
const HISTORY: u32 = 3;

impl Scorer for SimpleScore {
    fn score(&self, facts: &Facts) -> Score {
        let beyond = |count: u32, usual: u32| count.saturating_sub(usual).saturating_mul(10).min(MOST);
        let velocity = (beyond(facts.sessions_last_hour, 2) + beyond(facts.failed_last_day, 1)).min(MOST);
        let jump = match facts.percent_of_largest {
            Some(percent) if facts.paid_before >= HISTORY && percent >= 1000 => MOST,
            Some(percent) if facts.paid_before >= HISTORY && percent >= 300 => MOST / 2,
            _ => 0,
        };
        let shared = beyond(facts.customers_on_address.unwrap_or_default(), 3);
        let points = [(Signal::Velocity, velocity), (Signal::AmountJump, jump), (Signal::SharedAddress, shared)];
        Score {
            value: points.iter().map(|(_, points)| points).sum::<u32>().min(100),
            signals: points.iter().filter(|(_, points)| *points > 0).map(|(signal, _)| *signal).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Signal::*;

    fn facts(sessions: u32, failed: u32, paid: u32, percent: Option<u32>, customers: Option<u32>) -> Facts {
        Facts {
            sessions_last_hour: sessions,
            failed_last_day: failed,
            paid_before: paid,
            percent_of_largest: percent,
            customers_on_address: customers,
        }
    }

    #[test]
    fn the_default_score_is_that_of_its_table() {
        let table: [(Facts, u32, &[Signal]); 14] = [
            (Facts::default(), 0, &[]),
            (facts(2, 1, 0, None, Some(3)), 0, &[]),
            (facts(3, 0, 0, None, None), 10, &[Velocity]),
            (facts(2, 3, 0, None, None), 20, &[Velocity]),
            (facts(4, 3, 0, None, None), 40, &[Velocity]),
            (facts(100, 100, 0, None, None), 40, &[Velocity]),
            (facts(0, 0, 2, Some(5000), None), 0, &[]),
            (facts(0, 0, 3, Some(299), None), 0, &[]),
            (facts(0, 0, 3, Some(300), None), 20, &[AmountJump]),
            (facts(0, 0, 3, Some(1000), None), 40, &[AmountJump]),
            (facts(0, 0, 0, None, Some(5)), 20, &[SharedAddress]),
            (facts(0, 0, 0, None, Some(u32::MAX)), 40, &[SharedAddress]),
            (facts(5, 0, 3, Some(1000), None), 70, &[Velocity, AmountJump]),
            (facts(9, 9, 9, Some(9999), Some(9)), 100, &[Velocity, AmountJump, SharedAddress]),
        ];
        for (facts, value, signals) in table {
            assert_eq!(SimpleScore.score(&facts), Score { value, signals: signals.to_vec() }, "{facts:?}");
        }
    }

    #[test]
    fn no_signal_alone_reaches_the_default_threshold() {
        for alone in [facts(99, 99, 0, None, None), facts(0, 0, 99, Some(99_999), None), facts(0, 0, 0, None, Some(99))]
        {
            assert!(SimpleScore.score(&alone).value < 70, "{alone:?}");
        }
    }

    #[test]
    fn another_score_can_take_its_place() {
        struct Wary;
        impl Scorer for Wary {
            fn score(&self, _: &Facts) -> Score {
                Score { value: 100, signals: vec![] }
            }
        }
        let scorer: &dyn Scorer = &Wary;
        assert_eq!(scorer.score(&Facts::default()).value, 100);
    }
}
