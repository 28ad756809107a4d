//! A certificate authority that lives for one test run, and PayPal deliveries signed under it.

use std::sync::LazyLock;

use base64ct::{Base64, Encoding};
use commerce::webhook::Headers;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, IsCa, Issuer, KeyUsagePurpose, PublicKeyData,
    SerialNumber, SignatureAlgorithm, SigningKey,
};
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs1v15;
use rsa::signature::{SignatureEncoding, Signer};
use sha2::Sha256;
use time::{Duration, OffsetDateTime};

/// The time around which everything happens: 2026-01-15T12:00:00Z.
pub const NOW: i64 = 1_768_478_400;
/// Our webhook.
pub const WEBHOOK_ID: &str = "1AB00000CD000000E";
/// The name that PayPal's live certificates carry.
pub const LIVE_NAME: &str = "messageverificationcerts.paypal.com";
/// The certificate URL of our deliveries.
pub const URL: &str = "https://api.paypal.com/v1/notifications/certs/CERT-0a1b-2c3d";

/// One RSA key.
pub struct Key {
    private: RsaPrivateKey,
    public_der: Vec<u8>,
}

impl Key {
    fn new(bits: usize) -> Self {
        let private = RsaPrivateKey::new(&mut rand::thread_rng(), bits).unwrap();
        let public_der = private.to_public_key().to_pkcs1_der().unwrap().into_vec();
        Self { private, public_der }
    }

    /// RSA-SHA256 PKCS#1 v1.5.
    pub fn signature(&self, message: &[u8]) -> Vec<u8> {
        pkcs1v15::SigningKey::<Sha256>::new(self.private.clone()).sign(message).to_vec()
    }
}

impl PublicKeyData for Key {
    fn der_bytes(&self) -> &[u8] {
        &self.public_der
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl SigningKey for Key {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(self.signature(message))
    }
}

/// Making keys takes a while without optimisation: three for the whole run.
pub static CA_KEY: LazyLock<Key> = LazyLock::new(|| Key::new(2048));
/// The signer's key.
pub static LEAF_KEY: LazyLock<Key> = LazyLock::new(|| Key::new(2048));
/// A key that is too short to be believed.
pub static SHORT_KEY: LazyLock<Key> = LazyLock::new(|| Key::new(1024));

/// The form of a leaf certificate; the default is right in every respect.
pub struct Leaf<'a> {
    pub key: &'a Key,
    pub names: Vec<&'a str>,
    /// Days from now.
    pub valid: (i64, i64),
    pub is_ca: bool,
    pub critical_extension: bool,
    /// Signed by itself instead of by the intermediate.
    pub self_signed: bool,
}

impl Default for Leaf<'_> {
    fn default() -> Self {
        Self {
            key: &LEAF_KEY,
            names: vec![LIVE_NAME],
            valid: (-30, 30),
            is_ca: false,
            critical_extension: false,
            self_signed: false,
        }
    }
}

fn params(common_name: &str, valid: (i64, i64), serial: u64) -> CertificateParams {
    let mut params = CertificateParams::default();
    let now = OffsetDateTime::from_unix_timestamp(NOW).unwrap();
    (params.not_before, params.not_after) = (now + Duration::days(valid.0), now + Duration::days(valid.1));
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.serial_number = Some(SerialNumber::from(serial));
    params
}

fn ca(common_name: &str, valid: (i64, i64), serial: u64) -> CertificateParams {
    let mut params = params(common_name, valid, serial);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

fn pem(der: &[u8]) -> String {
    let lines: Vec<_> =
        Base64::encode_string(der).into_bytes().chunks(64).map(|l| String::from_utf8_lossy(l).into_owned()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// The pinned root.
pub fn root_pem() -> String {
    pem(ca("Test Root", (-3650, 3650), 1).self_signed(&*CA_KEY).unwrap().der())
}

/// The intermediate, valid for some days around now.
pub fn intermediate_pem(valid: (i64, i64)) -> String {
    let root = Issuer::new(ca("Test Root", (-3650, 3650), 1), &*CA_KEY);
    pem(ca("Test Intermediate", valid, 2).signed_by(&*CA_KEY, &root).unwrap().der())
}

impl Leaf<'_> {
    /// The certificate as the URL would serve it.
    pub fn pem(&self) -> String {
        let mut params = params("leaf", self.valid, 3);
        params.subject_alt_names =
            CertificateParams::new(self.names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>())
                .unwrap()
                .subject_alt_names;
        if self.is_ca {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        if self.critical_extension {
            let mut unknown = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 99_999, 1], vec![5, 0]);
            unknown.set_criticality(true);
            params.custom_extensions.push(unknown);
        }
        if self.self_signed {
            return pem(params.self_signed(self.key).unwrap().der());
        }
        let issuer = Issuer::new(ca("Test Intermediate", (-365, 365), 2), &*CA_KEY);
        pem(params.signed_by(self.key, &issuer).unwrap().der())
    }
}

/// The headers and body of one delivery.
#[derive(Clone)]
pub struct Signed {
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Signed {
    /// A delivery sent at `time`, signed for `webhook_id`.
    pub fn new(key: &Key, webhook_id: &str, time: &str, body: &[u8]) -> Self {
        let id = "11111111-2222-11f0-8333-444455556666";
        let text = format!("{id}|{time}|{webhook_id}|{}", crc32fast::hash(body));
        let headers = [
            ("PayPal-Transmission-Id", id.to_owned()),
            ("PayPal-Transmission-Time", time.to_owned()),
            ("PayPal-Transmission-Sig", Base64::encode_string(&key.signature(text.as_bytes()))),
            ("PayPal-Cert-Url", URL.to_owned()),
            ("PayPal-Auth-Algo", "SHA256withRSA".to_owned()),
        ];
        Self { headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(), body: body.to_vec() }
    }

    /// With one header replaced, added (a new name) or removed (`None`).
    pub fn with(mut self, name: &str, value: Option<&str>) -> Self {
        self.headers.retain(|(n, _)| !n.eq_ignore_ascii_case(name));
        self.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        self
    }

    /// The headers as the verification takes them.
    pub fn headers(&self) -> Headers<'_> {
        Headers::new(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())))
    }
}
