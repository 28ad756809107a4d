//! One PayPal vector of a file: its headers, body, certificates and what is expected of it.

use std::path::{Path, PathBuf};

use base64ct::{Base64, Encoding};
use commerce::time::Moment;
use commerce::webhook::paypal::{
    CertificateUrls, Characters, Delivery, Environment, PassedCertificate, PayPalPolicy, SIMULATOR_WEBHOOK_ID,
    Simulator, Trust, Verdict, verify,
};
use commerce::webhook::{Headers, Reason};
use serde_json::Value;

use super::text;

pub struct Vector {
    pub name: String,
    pub expect: String,
    /// The reason of its refusal, if the file says it by one of our names:
    /// `reject:signature-mismatch`, or a `reason` of its own.
    pub reason: Option<Reason>,
    pub webhook_id: String,
    pub environment: Environment,
    /// Made by a test CA: its certificate URLs don't follow PayPal's naming.
    pub own_ca: bool,
    pub body: Vec<u8>,
    /// Seconds since 1970.
    pub sent_at: i64,
    /// The time after that at which it is judged: at once, unless the file says when.
    pub after: i64,
    headers: Vec<(String, String)>,
    pub certificate_url: String,
    /// The answer of the URL: nothing, if the file has none for it.
    pub certificate: String,
    pub trust: Trust,
}

impl Vector {
    /// `None` for an entry that has no delivery of its own.
    pub fn read(entry: &Value, file: &Path) -> Option<Self> {
        let name = text(entry, "name").unwrap_or("unnamed").to_owned();
        let headers: Vec<_> = entry
            .get("headers")?
            .as_object()?
            .iter()
            .flat_map(|(header, value)| {
                let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
                values
                    .into_iter()
                    .map(|value| (header.clone(), value.as_str().unwrap_or_default().to_owned()))
                    .collect::<Vec<_>>()
            })
            .collect();
        let header = |wanted: &str| {
            let found = headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| value.trim()).unwrap_or_default()
        };
        let body = match text(entry, "body_base64") {
            Some(encoded) => Base64::decode_vec(encoded).unwrap_or_else(|_| panic!("{name}: body_base64")),
            None => text(entry, "body_utf8").unwrap_or_else(|| panic!("{name}: no body")).into(),
        };
        let verifies = entry.get("verifies").and_then(Value::as_bool).unwrap_or(true);
        let said = text(entry, "environment").or_else(|| text(entry, "mode"));
        let sandbox = said.unwrap_or_else(|| header("paypal-cert-url")).contains("sandbox");
        let leaf = text(entry, "cert_file").or_else(|| text(entry, "leaf_cert_file"));
        let leaf = leaf.map(|leaf| beside(file, leaf));
        let own_ca = text(entry, "trust_root").is_some();
        let sent_at =
            Moment::parse(header("paypal-transmission-time")).map_or(0, |moment| moment.0.div_euclid(1_000_000));
        let expect = text(entry, "expect").unwrap_or(if verifies { "accept" } else { "reject" }).to_owned();
        let said = expect.split_once(':').map(|(_, why)| why.trim());
        Some(Self {
            reason: said.and_then(reason_of).or_else(|| text(entry, "reason").and_then(reason_of)),
            certificate_url: header("paypal-cert-url").to_owned(),
            expect,
            webhook_id: text(entry, "webhook_id").unwrap_or_else(|| panic!("{name}: no webhook_id")).to_owned(),
            environment: if sandbox { Environment::Sandbox } else { Environment::Live },
            own_ca,
            body,
            sent_at,
            after: entry.get("now_unix").and_then(Value::as_i64).map_or(0, |now| now - sent_at),
            certificate: leaf.as_deref().map(load).unwrap_or_default(),
            trust: trust(entry, file, leaf.as_deref()),
            headers,
            name,
        })
    }

    /// The policy of the receiver that the vector was sent to.
    pub fn policy(&self) -> PayPalPolicy {
        // The simulator's id is nobody's own: its events are recognised by a receiver with another
        // id.
        let simulated = self.webhook_id == SIMULATOR_WEBHOOK_ID;
        let own = if simulated { "0AA00000AA000000A" } else { &self.webhook_id };
        let policy = PayPalPolicy::new(self.environment, own).unwrap_or_else(|| panic!("{}: webhook id", self.name));
        let policy = policy.with_simulator(if simulated { Simulator::Ignore } else { Simulator::Refuse });
        if !self.own_ca {
            return policy;
        }
        let characters = Characters::AlphanumericAndDash;
        policy.with_urls(CertificateUrls { prefix: String::new(), characters, ..Default::default() })
    }

    pub fn headers(&self) -> Headers<'_> {
        Headers::new(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())))
    }

    /// The verdict `after` seconds after it was sent.
    pub fn judge(&self, policy: &PayPalPolicy, after: i64) -> Verdict {
        let now = self.sent_at + after;
        let delivery = match Delivery::read(&self.headers(), policy, now) {
            Ok(delivery) => delivery,
            Err(reason) => return Verdict::Refused(reason),
        };
        let (trust, name) = (&self.trust, delivery.certificate_name());
        match PassedCertificate::check(self.certificate.as_bytes(), trust, name, delivery.transmission().time) {
            Ok(certificate) => verify(&delivery, &self.body, &certificate, trust, policy, now),
            Err(reason) => Verdict::Refused(reason),
        }
    }
}

/// The reason of this name, in whatever case and punctuation.
fn reason_of(name: &str) -> Option<Reason> {
    let name = name.to_ascii_lowercase().replace(['_', ' '], "-");
    REASONS.into_iter().find(|reason| reason.as_str() == name)
}

const REASONS: [Reason; 12] = [
    Reason::HeaderMissing,
    Reason::HeaderDuplicated,
    Reason::HeaderMalformed,
    Reason::AlgorithmNotAllowed,
    Reason::CertificateUrlNotAllowed,
    Reason::CertificateUnreadable,
    Reason::CertificateUntrusted,
    Reason::CertificateNameMismatch,
    Reason::CertificateNotValidAtTransmission,
    Reason::TransmissionInFuture,
    Reason::TransmissionTooOld,
    Reason::SignatureMismatch,
];

/// The vector's own root and intermediate, or all of the folders' CA certificates: a root is one by
/// its file's name.
fn trust(entry: &Value, file: &Path, leaf: Option<&Path>) -> Trust {
    let bundle = |key: &str| text(entry, key).map(|name| load(&beside(file, name)));
    let (mut roots, mut intermediates) = (bundle("trust_root"), bundle("intermediate"));
    if roots.is_none() {
        let parent = file.parent().unwrap_or(Path::new("."));
        for folder in [leaf.and_then(Path::parent).unwrap_or(parent), parent, &parent.join("certs")] {
            for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
                let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
                if path.extension().is_some_and(|extension| extension == "pem" || extension == "crt") {
                    let pem = load(&path);
                    let bundle = if name.contains("root") { &mut roots } else { &mut intermediates };
                    // A file that can't be read as certificates is somebody's broken leaf.
                    if Trust::from_pem(pem.as_bytes(), b"").is_ok() {
                        bundle.get_or_insert_default().push_str(&pem);
                    }
                }
            }
        }
    }
    let (roots, intermediates) = (roots.unwrap_or_default(), intermediates.unwrap_or_default());
    Trust::from_pem(roots.as_bytes(), intermediates.as_bytes()).expect("roots beside the vectors")
}

/// A file named in a vector, relative to the vectors' file or to the folder above it.
fn beside(file: &Path, name: &str) -> PathBuf {
    let folder = file.parent().unwrap_or(Path::new("."));
    let base = Path::new(name).file_name().unwrap_or_default();
    let candidates =
        [folder.join(name), folder.join("..").join(name), folder.join(base), folder.join("certs").join(base)];
    candidates
        .into_iter()
        .find(|path| path.exists())
        .unwrap_or_else(|| panic!("{name} is not beside {}", file.display()))
}

fn load(path: &Path) -> String {
    let bytes = std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    format!("{}\n", String::from_utf8_lossy(&bytes))
}
