//! The certificates that sign PayPal's messages. One is looked for in this instance, then in Redis
//! for all instances, then in the database, then it is fetched.
//!
//! A URL stands in an unsigned header, so any sender can name one. So all instances together fetch
//! only a few times a minute, and a certificate that has passed once never needs a fetch again.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use commerce::error::Error;
use commerce::gateway::GatewayError;
use commerce::webhook::Reason;
use commerce::webhook::certificates::{Certificates, FETCHES, RESERVED};
use commerce::webhook::keys;
use commerce::webhook::paypal::{self, LARGEST_CERTIFICATE, PassedCertificate, Trust};
use edge::client::Client;
use edge::clock::{monotonic_millis, now_millis, sleep, token};
use edge::state::{Argument, Script, Value, hex, millis, text};
use edge::{App, params};

use crate::verify::refused;

/// How long Redis keeps a certificate that has passed.
const SHARED: Duration = Duration::from_secs(7 * 86_400);
/// How long it is remembered that a URL serves no certificate that passes.
const FAILED: Duration = Duration::from_secs(60);
/// How long the database's list is taken to be complete.
const DURABLE_MS: u64 = 60_000;
/// The same if no fetch is left: another instance may have stored the certificate since.
const DURABLE_LIMITED_MS: u64 = 5_000;
/// How long to wait for another request's fetch.
const WAIT_MS: u64 = 2_000;
/// How soon to look again.
const POLL: Duration = Duration::from_millis(50);
/// If Redis is away: how long an instance doesn't ask the database again after a no, in
/// milliseconds.
const REST_MS: u64 = 1_000;
/// A URL counts as seen before for twice this time.
const SEEN_MS: u64 = 120_000;

/// Certificates, as one instance sees them.
pub struct CertificateStore {
    known: RefCell<Certificates>,
    /// URLs and PEM in the database, and when they were read.
    durable: RefCell<Vec<(String, String)>>,
    durable_at: Cell<Option<u64>>,
    loading: Cell<bool>,
    resting_until: Cell<u64>,
    look: Script,
    report: Script,
}

/// The common knowledge of all instances about a URL.
enum Lookup {
    Passed(String),
    Unknown,
    Failed(Reason),
    Busy,
    Fetch(u128),
    Limited(u64),
    /// Redis is away.
    Alone,
}

/// Marks that one request reads the database's list, until it is dropped: at the end, or when the
/// request is given up.
struct LoadGuard<'a>(&'a Cell<bool>);

impl<'a> LoadGuard<'a> {
    fn begin(flag: &'a Cell<bool>) -> Self {
        flag.set(true);
        Self(flag)
    }
}

impl Drop for LoadGuard<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Default for CertificateStore {
    fn default() -> Self {
        Self {
            known: RefCell::default(),
            durable: RefCell::default(),
            durable_at: Cell::default(),
            loading: Cell::new(false),
            resting_until: Cell::new(0),
            look: Script::new(include_str!("lua/certificate_look.lua")),
            report: Script::new(include_str!("lua/certificate_report.lua")),
        }
    }
}

impl CertificateStore {
    /// The certificate that a delivery names.
    ///
    /// # Errors
    /// [`Error::Refused`] if the URL serves none that passes. [`Error::Unavailable`] if it can't be
    /// had now.
    pub async fn get(
        &self,
        app: &'static App,
        client: &Client,
        delivery: &paypal::Delivery,
        trust: &Trust,
        hold: Duration,
    ) -> Result<PassedCertificate, Error> {
        let url = delivery.certificate_url();
        let began = monotonic_millis();
        loop {
            let known = self.known.borrow_mut().known(url);
            if let Some(certificate) = known {
                return Ok(certificate);
            }
            // Comes before Redis is asked: Redis may have lost the certificate and have no fetch
            // left for it.
            if let Some(pem) = self.durable_pem(url) {
                let certificate = self.judge(&pem, delivery, trust).map_err(refused)?;
                self.report(app, url, 0, Ok(&pem)).await;
                return Ok(certificate);
            }
            match self.look_up(app, url, hold).await {
                Lookup::Passed(pem) => return self.judge(&pem, delivery, trust).map_err(refused),
                Lookup::Failed(reason) => return Err(refused(reason)),
                Lookup::Limited(millis) => {
                    self.load(app, DURABLE_LIMITED_MS).await?;
                    if self.durable_pem(url).is_none() {
                        return Err(later(millis.div_ceil(1000).clamp(1, 60) as u32));
                    }
                }
                Lookup::Fetch(holder) => return self.fetch(app, client, delivery, trust, Some(holder)).await,
                Lookup::Busy if monotonic_millis().saturating_sub(began) < WAIT_MS => sleep(POLL).await,
                Lookup::Busy => return Err(later(1)),
                Lookup::Unknown => self.load(app, DURABLE_MS).await?,
                Lookup::Alone => {
                    self.load(app, DURABLE_MS).await?;
                    if self.durable_pem(url).is_none() {
                        return self.fetch(app, client, delivery, trust, None).await;
                    }
                }
            }
        }
    }

    /// Notes that a delivery with this certificate was genuine.
    pub fn confirm(&self, delivery: &paypal::Delivery, trust: &Trust) {
        self.known.borrow_mut().held_at(delivery.certificate_url(), trust, delivery.transmission().time);
    }

    async fn look_up(&self, app: &App, url: &str, hold: Duration) -> Lookup {
        let holder = token();
        let slot = now_millis() / SEEN_MS;
        let keys = [
            keys::certificate(url),
            keys::certificate_lock(url),
            keys::certificate_fetches(),
            keys::certificates_seen(slot),
            keys::certificates_seen(slot.saturating_sub(1)),
        ];
        let keys = keys.map(|key| app.state.prefixed(&key));
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let may_fetch = self.is_loaded(DURABLE_MS);
        let arguments = vec![
            text(if may_fetch { "1" } else { "0" }),
            hex(holder),
            millis(hold + Duration::from_secs(1)),
            text(url),
            Argument::Int64(FETCHES.into()),
            Argument::Int64(RESERVED.into()),
        ];
        let Ok((answer, _)) = app.state.redis().script(&self.look, &keys, arguments).await else {
            return Lookup::Alone;
        };
        let mut answer = answer.into_iter();
        let mut next = || match answer.next() {
            Some(Value::Binary(bytes)) => String::from_utf8(bytes).unwrap_or_default(),
            Some(Value::Status(text)) => text,
            Some(Value::Int64(number)) => number.to_string(),
            Some(Value::Nil) | None => String::new(),
        };
        match next().as_str() {
            "passed" => Lookup::Passed(next()),
            "unknown" => Lookup::Unknown,
            "failed" => Lookup::Failed(reason_named(&next())),
            "busy" => Lookup::Busy,
            "fetch" => Lookup::Fetch(holder),
            "limited" => Lookup::Limited(next().parse().unwrap_or(60_000)),
            _ => Lookup::Alone,
        }
    }

    /// Fetches and checks a certificate, and reports the outcome to all instances.
    async fn fetch(
        &self,
        app: &'static App,
        client: &Client,
        delivery: &paypal::Delivery,
        trust: &Trust,
        holder: Option<u128>,
    ) -> Result<PassedCertificate, Error> {
        let url = delivery.certificate_url();
        let granted = self.may_fetch(app, url, holder.is_none()).await;
        let holder = holder.unwrap_or_default();
        if !matches!(granted, Ok(true)) {
            self.report(app, url, holder, Err(None)).await;
            return Err(granted.err().unwrap_or_else(|| later(5)));
        }
        let outcome = match client.get_limited(url, LARGEST_CERTIFICATE).await {
            Ok(answer) if answer.status == 200 => {
                let pem = String::from_utf8(answer.body).map_err(|_| Reason::CertificateUnreadable);
                pem.and_then(|pem| Ok((self.judge(&pem, delivery, trust)?, pem)))
            }
            // A redirect counts as unreadable too, since PayPal's URLs have none.
            Ok(answer) if answer.status < 500 && answer.status != 429 => Err(Reason::CertificateUnreadable),
            Err(GatewayError::Unexpected) => Err(Reason::CertificateUnreadable),
            Ok(_) | Err(_) => {
                self.report(app, url, holder, Err(None)).await;
                return Err(later(5));
            }
        };
        match outcome {
            Ok((certificate, pem)) => {
                self.report(app, url, holder, Ok(&pem)).await;

                // If this fails, the certificate is fetched again when Redis has lost it.
                let _ = edge::change(app, "certificate_keep", params![url, pem]).await;
                Ok(certificate)
            }
            Err(reason) => {
                self.report(app, url, holder, Err(Some(reason))).await;
                Err(refused(reason))
            }
        }
    }

    /// Checks a certificate that this or another instance was served. It passes if it is valid at
    /// the transmission time or now. That time is an unsigned header too, so a wrong one mustn't
    /// make a good certificate a bad one.
    fn judge(&self, pem: &str, delivery: &paypal::Delivery, trust: &Trust) -> Result<PassedCertificate, Reason> {
        let (name, now) = (delivery.certificate_name(), (now_millis() / 1000) as i64);
        let at = |at: i64| PassedCertificate::check(pem.as_bytes(), trust, name, at);
        let certificate = at(delivery.transmission().time).or_else(|reason| at(now).map_err(|_| reason))?;
        self.known.borrow_mut().keep(delivery.certificate_url(), certificate.clone());
        Ok(certificate)
    }

    /// Whether the database's list was read at most so many milliseconds ago.
    fn is_loaded(&self, within_ms: u64) -> bool {
        self.durable_at.get().is_some_and(|at| monotonic_millis() < at + within_ms)
    }

    /// Reads the database's list, unless that was done lately. One request does it; the others look
    /// again in a moment.
    async fn load(&self, app: &App, within_ms: u64) -> Result<(), Error> {
        while self.loading.get() {
            sleep(POLL).await;
        }
        if self.is_loaded(within_ms) {
            return Ok(());
        }
        let _loading = LoadGuard::begin(&self.loading);
        let rows = edge::query(app, "certificate_list", Vec::new()).await;
        let mut durable = Vec::new();
        for row in rows? {
            durable.extend(row.text("url")?.map(str::to_owned).zip(row.text("pem")?.map(str::to_owned)));
        }
        self.durable.replace(durable);
        self.durable_at.set(Some(monotonic_millis()));
        Ok(())
    }

    fn durable_pem(&self, url: &str) -> Option<String> {
        self.durable.borrow().iter().find(|(known, _)| known == url).map(|(_, pem)| pem.clone())
    }

    /// Fetches are few, so the database counts each of them too. So the limit holds even if Redis
    /// loses its data. An instance without Redis gets none of the reserved fetches.
    async fn may_fetch(&self, app: &'static App, url: &str, alone: bool) -> Result<bool, Error> {
        if alone && monotonic_millis() < self.resting_until.get() {
            return Ok(false);
        }
        if alone {
            // Until the answer is there, no other request of this instance asks.
            self.resting_until.set(monotonic_millis() + REST_MS);
        }
        let limit = if alone { FETCHES - RESERVED } else { FETCHES };
        let rows = edge::change(app, "certificate_fetch", params![url, limit]).await?;
        let granted = rows.first().map_or(Ok(None), |row| row.bool("granted"))?.unwrap_or(false);
        if granted && alone {
            self.resting_until.set(0);
        }
        Ok(granted)
    }

    /// Reports to all instances. A reason is remembered for a while; without one, the next request
    /// may try again.
    async fn report(&self, app: &App, url: &str, holder: u128, outcome: Result<&str, Option<Reason>>) {
        let (certificate, lock) =
            (app.state.prefixed(&keys::certificate(url)), app.state.prefixed(&keys::certificate_lock(url)));
        let (pem, reason) = match outcome {
            Ok(pem) => (pem, ""),
            Err(reason) => ("", reason.map_or("", Reason::as_str)),
        };
        let arguments = vec![hex(holder), text(pem), millis(SHARED), text(reason), millis(FAILED)];
        let _ = app.state.redis().script(&self.report, &[&certificate, &lock], arguments).await;
    }
}

/// The reason with that name, as another instance reported it.
fn reason_named(name: &str) -> Reason {
    let known =
        [Reason::CertificateUntrusted, Reason::CertificateNameMismatch, Reason::CertificateNotValidAtTransmission];
    known.into_iter().find(|reason| reason.as_str() == name).unwrap_or(Reason::CertificateUnreadable)
}

fn later(retry_after_seconds: u32) -> Error {
    Error::Unavailable { detail: "the certificate of this delivery can't be had now".into(), retry_after_seconds }
}
