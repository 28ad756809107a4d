//! The certificates that sign PayPal's messages: known to this instance, else to all of them in
//! Redis, else to the database, else fetched. A URL stands in an unsigned header, so anybody can
//! name one: fetches are few a minute for all instances together, and what has passed once is never
//! in want of one.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use commerce::error::Error;
use commerce::gateway::GatewayError;
use commerce::webhook::Reason;
use commerce::webhook::certificates::{Certificates, FETCHES, RESERVED};
use commerce::webhook::keys;
use commerce::webhook::paypal::{Delivery, LARGEST_CERTIFICATE, PassedCertificate, Trust};
use edge::clock::{monotonic_millis, now_millis, sleep, token};
use edge::state::{Argument, Script, Value, hex, millis, text};
use edge::{App, params};
use payments::client::Client;

use crate::verify::refused;

/// How long Redis keeps a certificate that has passed.
const SHARED: Duration = Duration::from_secs(7 * 86_400);
/// How long it is remembered that a URL serves no certificate that passes.
const FAILED: Duration = Duration::from_secs(60);
/// How long what the database knows is taken for all it knows.
const DURABLE_MS: u64 = 60_000;
/// The same where there is no fetch left: another instance may have kept it since.
const DURABLE_LIMITED_MS: u64 = 5_000;
/// How long to wait for somebody else's fetch.
const WAIT_MS: u64 = 2_000;
/// How soon to look again.
const POLL: Duration = Duration::from_millis(50);
/// With Redis away: how long an instance doesn't ask the database again after a no, in
/// milliseconds.
const REST_MS: u64 = 1_000;
/// For how long a URL counts as seen before: twice this.
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

/// What the instances together know of a URL.
enum Look {
    Passed(String),
    Unknown,
    Failed(Reason),
    Busy,
    Fetch(u128),
    Limited(u64),
    /// Redis is away.
    Alone,
}

/// Says that one request reads what the database knows, until it is dropped: at the end, or where
/// the request is given up.
struct Loading<'a>(&'a Cell<bool>);

impl<'a> Loading<'a> {
    fn begin(flag: &'a Cell<bool>) -> Self {
        flag.set(true);
        Self(flag)
    }
}

impl Drop for Loading<'_> {
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
    /// [`Error::Refused`] where the URL serves none that passes; [`Error::Unavailable`] where it
    /// can't be had now.
    pub async fn get(
        &self,
        app: &'static App,
        client: &Client,
        delivery: &Delivery,
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
            // Before Redis is asked: it may have lost what the database keeps, and have no fetch
            // left for it.
            if let Some(pem) = self.remembered(url) {
                let certificate = self.judge(&pem, delivery, trust).map_err(refused)?;
                self.tell(app, url, 0, Ok(&pem)).await;
                return Ok(certificate);
            }
            match self.look(app, url, hold).await {
                Look::Passed(pem) => return self.judge(&pem, delivery, trust).map_err(refused),
                Look::Failed(reason) => return Err(refused(reason)),
                Look::Limited(millis) => {
                    self.load(app, DURABLE_LIMITED_MS).await?;
                    if self.remembered(url).is_none() {
                        return Err(later(millis.div_ceil(1000).clamp(1, 60) as u32));
                    }
                }
                Look::Fetch(holder) => return self.fetch(app, client, delivery, trust, Some(holder)).await,
                Look::Busy if monotonic_millis().saturating_sub(began) < WAIT_MS => sleep(POLL).await,
                Look::Busy => return Err(later(1)),
                Look::Unknown => self.load(app, DURABLE_MS).await?,
                Look::Alone => {
                    self.load(app, DURABLE_MS).await?;
                    if self.remembered(url).is_none() {
                        return self.fetch(app, client, delivery, trust, None).await;
                    }
                }
            }
        }
    }

    /// A delivery with this certificate was genuine.
    pub fn held(&self, delivery: &Delivery, trust: &Trust) {
        self.known.borrow_mut().held_at(delivery.certificate_url(), trust, delivery.transmission().time);
    }

    async fn look(&self, app: &App, url: &str, hold: Duration) -> Look {
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
        let Ok((answer, _)) = app.state.redis().script(&self.look, &keys, arguments).await else { return Look::Alone };
        let mut answer = answer.into_iter();
        let mut next = || match answer.next() {
            Some(Value::Binary(bytes)) => String::from_utf8(bytes).unwrap_or_default(),
            Some(Value::Status(text)) => text,
            Some(Value::Int64(number)) => number.to_string(),
            Some(Value::Nil) | None => String::new(),
        };
        match next().as_str() {
            "passed" => Look::Passed(next()),
            "unknown" => Look::Unknown,
            "failed" => Look::Failed(named(&next())),
            "busy" => Look::Busy,
            "fetch" => Look::Fetch(holder),
            "limited" => Look::Limited(next().parse().unwrap_or(60_000)),
            _ => Look::Alone,
        }
    }

    /// Fetches, checks, and tells everybody what came of it.
    async fn fetch(
        &self,
        app: &'static App,
        client: &Client,
        delivery: &Delivery,
        trust: &Trust,
        holder: Option<u128>,
    ) -> Result<PassedCertificate, Error> {
        let url = delivery.certificate_url();
        let granted = self.may_fetch(app, url, holder.is_none()).await;
        let holder = holder.unwrap_or_default();
        if !matches!(granted, Ok(true)) {
            self.tell(app, url, holder, Err(None)).await;
            return Err(granted.err().unwrap_or_else(|| later(5)));
        }
        let outcome = match client.get_limited(url, LARGEST_CERTIFICATE).await {
            Ok(answer) if answer.status == 200 => {
                let pem = String::from_utf8(answer.body).map_err(|_| Reason::CertificateUnreadable);
                pem.and_then(|pem| Ok((self.judge(&pem, delivery, trust)?, pem)))
            }
            // A redirect, too: PayPal's URLs have none.
            Ok(answer) if answer.status < 500 && answer.status != 429 => Err(Reason::CertificateUnreadable),
            Err(GatewayError::Unexpected) => Err(Reason::CertificateUnreadable),
            Ok(_) | Err(_) => {
                self.tell(app, url, holder, Err(None)).await;
                return Err(later(5));
            }
        };
        match outcome {
            Ok((certificate, pem)) => {
                self.tell(app, url, holder, Ok(&pem)).await;

                // Where it fails, it is fetched again when Redis has lost it.
                let _ = edge::change(app, "certificate_keep", params![url, pem]).await;
                Ok(certificate)
            }
            Err(reason) => {
                self.tell(app, url, holder, Err(Some(reason))).await;
                Err(refused(reason))
            }
        }
    }

    /// Checks what a URL served, here or to somebody else. It has passed where it is valid at the
    /// transmission time or now: the time is an unsigned header, too, and a wrong one mustn't make
    /// a good certificate a bad one.
    fn judge(&self, pem: &str, delivery: &Delivery, trust: &Trust) -> Result<PassedCertificate, Reason> {
        let (name, now) = (delivery.certificate_name(), (now_millis() / 1000) as i64);
        let at = |at: i64| PassedCertificate::check(pem.as_bytes(), trust, name, at);
        let certificate = at(delivery.transmission().time).or_else(|reason| at(now).map_err(|_| reason))?;
        self.known.borrow_mut().keep(delivery.certificate_url(), certificate.clone());
        Ok(certificate)
    }

    /// Has been read what the database knows, at most so many milliseconds ago?
    fn is_loaded(&self, within_ms: u64) -> bool {
        self.durable_at.get().is_some_and(|at| monotonic_millis() < at + within_ms)
    }

    /// Reads what the database knows, unless that was done lately. One request does it, the others
    /// look again in a moment.
    async fn load(&self, app: &App, within_ms: u64) -> Result<(), Error> {
        while self.loading.get() {
            sleep(POLL).await;
        }
        if self.is_loaded(within_ms) {
            return Ok(());
        }
        let _loading = Loading::begin(&self.loading);
        let rows = edge::query(app, "certificate_list", Vec::new()).await;
        let mut durable = Vec::new();
        for row in rows? {
            durable.extend(row.text("url")?.map(str::to_owned).zip(row.text("pem")?.map(str::to_owned)));
        }
        self.durable.replace(durable);
        self.durable_at.set(Some(monotonic_millis()));
        Ok(())
    }

    fn remembered(&self, url: &str) -> Option<String> {
        self.durable.borrow().iter().find(|(known, _)| known == url).map(|(_, pem)| pem.clone())
    }

    /// Fetches are few, so each is counted in the database, too: the limit holds whatever becomes
    /// of Redis. Whoever can't reach that has no part in what is reserved.
    async fn may_fetch(&self, app: &'static App, url: &str, alone: bool) -> Result<bool, Error> {
        if alone && monotonic_millis() < self.resting_until.get() {
            return Ok(false);
        }
        if alone {
            // Until the answer is there nobody else of this instance asks.
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

    /// Tells all instances. A reason is remembered for a while; none means that the next one may
    /// try again.
    async fn tell(&self, app: &App, url: &str, holder: u128, outcome: Result<&str, Option<Reason>>) {
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

/// The reason of that name, as it was told.
fn named(name: &str) -> Reason {
    let known =
        [Reason::CertificateUntrusted, Reason::CertificateNameMismatch, Reason::CertificateNotValidAtTransmission];
    known.into_iter().find(|reason| reason.as_str() == name).unwrap_or(Reason::CertificateUnreadable)
}

fn later(retry_after_seconds: u32) -> Error {
    Error::Unavailable { detail: "the certificate of this delivery can't be had now".into(), retry_after_seconds }
}
