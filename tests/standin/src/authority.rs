//! A certificate authority that lives as long as the process, and the certificates that PayPal's
//! webhooks are signed with.

use std::fmt;
use std::sync::LazyLock;

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyUsagePurpose, PublicKeyData,
    SerialNumber, SignatureAlgorithm, SigningKey,
};
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPublicKey;
use rsa::pkcs1v15;
use rsa::signature::{SignatureEncoding, Signer, Verifier};
use sha2::Sha256;
use time::{Duration, OffsetDateTime};

const LIVE_NAME: &str = "messageverificationcerts.paypal.com";
const SANDBOX_NAME: &str = "messageverificationcerts.sandbox.paypal.com";

/// The certificate that a delivery names. All but the last two are the provider's and carry the key
/// that signs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Certificate {
    /// The sandbox's.
    #[default]
    Sandbox,
    /// The live one.
    Live,
    /// The sandbox's, which expired over a month ago.
    Expired,
    /// The provider's, for another host of its own.
    OtherName,
    /// An attacker's own, with the right name.
    SelfSigned,
    /// A name under which nothing is served.
    Missing,
}

const SERVED: [Certificate; 5] =
    [Certificate::Sandbox, Certificate::Live, Certificate::Expired, Certificate::OtherName, Certificate::SelfSigned];

impl Certificate {
    /// The last part of its address.
    pub fn file_name(self) -> &'static str {
        match self {
            Certificate::Sandbox => "CERT-360caa42-fca2a594-00000001",
            Certificate::Live => "CERT-360caa42-fca2a594-00000002",
            Certificate::Expired => "CERT-360caa42-fca2a594-00000003",
            Certificate::OtherName => "CERT-360caa42-fca2a594-00000004",
            Certificate::SelfSigned => "CERT-360caa42-fca2a594-00000005",
            Certificate::Missing => "CERT-360caa42-fca2a594-ffffffff",
        }
    }
}

/// One RSA key.
pub(crate) struct RsaKey {
    private: RsaPrivateKey,
    public_der: Vec<u8>,
}

impl RsaKey {
    #[expect(clippy::expect_used, reason = "a stand-in without keys is of no use")]
    fn new() -> RsaKey {
        let private = RsaPrivateKey::new(&mut rand::thread_rng(), 2048).expect("an RSA key can be made");
        let public_der = private.to_public_key().to_pkcs1_der().expect("it can be written").into_vec();
        RsaKey { private, public_der }
    }

    /// RSA with SHA-256, PKCS#1 v1.5.
    pub(crate) fn signature(&self, message: &[u8]) -> Vec<u8> {
        pkcs1v15::SigningKey::<Sha256>::new(self.private.clone()).sign(message).to_vec()
    }

    /// Whether this is its signature.
    pub(crate) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let Ok(signature) = pkcs1v15::Signature::try_from(signature) else { return false };
        pkcs1v15::VerifyingKey::<Sha256>::new(self.private.to_public_key()).verify(message, &signature).is_ok()
    }
}

impl PublicKeyData for RsaKey {
    fn der_bytes(&self) -> &[u8] {
        &self.public_der
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl SigningKey for RsaKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(self.signature(message))
    }
}

/// Root, intermediate and leaves. They are made at the first use, because making a key takes a
/// while.
pub(crate) struct Authority {
    /// Root and intermediate, PEM.
    pub(crate) anchors: String,
    /// Signs the provider's deliveries.
    pub(crate) key: RsaKey,
    /// An attacker's key.
    pub(crate) wrong_key: RsaKey,
    leaves: Vec<(&'static str, String)>,
}

pub(crate) static AUTHORITY: LazyLock<Authority> = LazyLock::new(Authority::new);

impl Authority {
    #[expect(clippy::expect_used, reason = "a stand-in without certificates is of no use")]
    fn new() -> Authority {
        let (ca_key, key, wrong_key) = (RsaKey::new(), RsaKey::new(), RsaKey::new());
        let root = ca("Stand-in Root", 1);
        let intermediate = ca("Stand-in Intermediate", 2);
        let root_pem = pem(root.clone().self_signed(&ca_key).expect("a root").der());
        let root = Issuer::new(root, &ca_key);
        let intermediate_pem = pem(intermediate.clone().signed_by(&ca_key, &root).expect("an intermediate").der());
        let issuer = Issuer::new(intermediate, &ca_key);
        let leaves = SERVED.map(|certificate| {
            let (name, valid) = match certificate {
                Certificate::Live => (LIVE_NAME, (-30, 300)),
                Certificate::Expired => (SANDBOX_NAME, (-400, -30)),
                Certificate::OtherName => ("api.sandbox.paypal.com", (-30, 300)),
                _ => (SANDBOX_NAME, (-30, 300)),
            };
            let params = leaf(name, valid);
            let made = match certificate {
                Certificate::SelfSigned => params.self_signed(&wrong_key),
                _ => params.signed_by(&key, &issuer),
            };
            (certificate.file_name(), pem(made.expect("a leaf").der()))
        });
        Authority { anchors: format!("{root_pem}{intermediate_pem}"), key, wrong_key, leaves: leaves.to_vec() }
    }

    /// The file with this name: the leaf alone, as PayPal serves it.
    pub(crate) fn leaf(&self, file_name: &str) -> Option<&str> {
        self.leaves.iter().find(|(name, _)| *name == file_name).map(|(_, pem)| pem.as_str())
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority")
    }
}

fn params(common_name: &str, valid: (i64, i64), serial: u64) -> CertificateParams {
    let mut params = CertificateParams::default();
    let now = OffsetDateTime::now_utc();
    (params.not_before, params.not_after) = (now + Duration::days(valid.0), now + Duration::days(valid.1));
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.serial_number = Some(SerialNumber::from(serial));
    params
}

fn ca(common_name: &str, serial: u64) -> CertificateParams {
    let mut params = params(common_name, (-3650, 3650), serial);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

fn leaf(name: &str, valid: (i64, i64)) -> CertificateParams {
    let mut params = params(name, valid, 3);
    if let Ok(named) = CertificateParams::new([name.to_owned()]) {
        params.subject_alt_names = named.subject_alt_names;
    }
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params
}

fn pem(der: &[u8]) -> String {
    let text = BASE64.encode(der).into_bytes();
    let lines: Vec<_> = text.chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
