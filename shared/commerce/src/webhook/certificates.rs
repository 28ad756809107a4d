//! How often certificates are fetched, as a state machine: what passed is kept, what failed isn't, and a flood of
//! forged URLs costs no more than a few fetches a minute.

use std::collections::VecDeque;

use super::paypal::PassedCertificate;

/// How many passed certificates are kept.
const KEPT: usize = 16;
/// How many fetches may begin within [`WINDOW_MS`].
const FETCHES: usize = 10;
/// The window of that limit.
const WINDOW_MS: u64 = 60_000;
/// After this time a fetch that never reported back is given up: whoever began it was killed.
const GIVE_UP_MS: u64 = 10_000;

/// Passed certificates by URL, with the fetches that are under way. All times are milliseconds of one monotonic clock.
#[derive(Debug, Default)]
pub struct Certificates {
    /// The most recently used one last.
    passed: VecDeque<(String, PassedCertificate)>,
    in_flight: Vec<(String, u64)>,
    began: VecDeque<u64>,
}

/// What to do for a URL.
#[derive(Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Known: use it.
    Passed(PassedCertificate),
    /// Fetch it, check it, and report with [`Certificates::passed`] or [`Certificates::failed`].
    Fetch(Fetch),
    /// Somebody is fetching it: look again soon.
    InFlight,
    /// Too many fetches lately. Ask the provider to come back after so many milliseconds.
    Limited {
        /// When the next fetch may begin.
        retry_after_ms: u64,
    },
}

/// The right to fetch one URL once.
#[derive(Debug, PartialEq, Eq)]
pub struct Fetch {
    url: String,
    began: u64,
}

impl Fetch {
    /// What to fetch.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Certificates {
    /// Looks a URL up; it must have passed the URL rule.
    pub fn look_up(&mut self, url: &str, now_ms: u64) -> Lookup {
        if let Some(at) = self.passed.iter().position(|(known, _)| known == url)
            && let Some(entry) = self.passed.remove(at)
        {
            let certificate = entry.1.clone();
            self.passed.push_back(entry);
            return Lookup::Passed(certificate);
        }
        self.in_flight.retain(|(_, began)| now_ms.saturating_sub(*began) < GIVE_UP_MS);
        if self.in_flight.iter().any(|(fetching, _)| fetching == url) {
            return Lookup::InFlight;
        }
        while self.began.front().is_some_and(|began| now_ms.saturating_sub(*began) >= WINDOW_MS) {
            self.began.pop_front();
        }
        if let Some(oldest) = self.began.front()
            && self.began.len() >= FETCHES
        {
            return Lookup::Limited { retry_after_ms: (oldest + WINDOW_MS).saturating_sub(now_ms) };
        }
        self.began.push_back(now_ms);
        self.in_flight.push((url.to_owned(), now_ms));
        Lookup::Fetch(Fetch { url: url.to_owned(), began: now_ms })
    }

    /// The fetch brought a certificate that passed.
    pub fn passed(&mut self, fetch: Fetch, certificate: PassedCertificate) {
        self.finish(&fetch);
        self.passed.retain(|(known, _)| *known != fetch.url);
        self.passed.push_back((fetch.url, certificate));
        if self.passed.len() > KEPT {
            self.passed.pop_front();
        }
    }

    /// The fetch failed, or what it brought didn't pass. Nothing is remembered: the next delivery may try again.
    pub fn failed(&mut self, fetch: Fetch) {
        self.finish(&fetch);
    }

    fn finish(&mut self, fetch: &Fetch) {
        self.in_flight.retain(|(url, began)| !(*url == fetch.url && *began == fetch.began));
    }
}
