//! The keys that tokens are verified with: a JWK Set (RFC 7517) of OKP, EC, RSA and oct keys.

use base64ct::{Base64UrlUnpadded, Encoding};
use hmac::{Hmac, Mac};
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The shortest secret for HS256 (RFC 7518, section 3.2), in bytes.
const MIN_SECRET: usize = 32;
/// The shortest modulus for RS256 (RFC 7518, section 3.3), in bytes.
const MIN_MODULUS: usize = 256;

/// The signature schemes that are accepted (RFC 7518, RFC 8037). `none` isn't one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// Ed25519.
    EdDsa,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// RSA, PKCS #1 v1.5, with SHA-256.
    Rs256,
    /// HMAC with SHA-256.
    Hs256,
}

impl Algorithm {
    /// The scheme of that name, as the `alg` of a token or a key has it.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "EdDSA" | "Ed25519" => Some(Self::EdDsa),
            "ES256" => Some(Self::Es256),
            "RS256" => Some(Self::Rs256),
            "HS256" => Some(Self::Hs256),
            _ => None,
        }
    }
}

/// The keys of one issuer, read and checked once. The empty set verifies nothing.
#[derive(Debug, Clone, Default)]
pub struct KeySet {
    keys: Vec<Key>,
    /// Keys that were passed over, each with its mistake.
    unusable: Vec<String>,
}

#[derive(Debug, Clone)]
struct Key {
    kid: Option<String>,
    material: Material,
}

/// The material of a key. It fits exactly one [`Algorithm`], so that no public key can be taken for
/// a secret.
#[derive(Clone)]
enum Material {
    Ed25519(Box<ed25519_dalek::VerifyingKey>),
    P256(Box<p256::ecdsa::VerifyingKey>),
    Rsa(Box<RsaPublicKey>),
    Secret(Vec<u8>),
}

impl std::fmt::Debug for Material {
    /// The kind only: a secret must not reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.algorithm())
    }
}

#[derive(Deserialize)]
struct Jwks {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    k: Option<String>,
}

impl KeySet {
    /// Reads a JWK Set. Keys of unknown kinds and keys that aren't for signatures are passed over;
    /// so are keys with a mistake, which [`Self::unusable`] names (RFC 7517, section 5).
    ///
    /// # Errors
    /// A text that is no JWK Set, or one that leaves no key; never a part of the text, which may be
    /// a secret.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("is empty; it must be a JWK Set".to_owned());
        }
        // serde_json quotes values in type errors: say the place, never the value.
        let set: Jwks = serde_json::from_str(text)
            .map_err(|error| format!("is not a JWK Set (line {}, column {})", error.line(), error.column()))?;
        let mut all = Self::default();
        for (index, key) in set.keys.into_iter().enumerate() {
            match Jwk::read(key).and_then(|jwk| Ok(jwk.material()?.map(|material| Key { kid: jwk.kid, material }))) {
                Ok(key) => all.keys.extend(key),
                Err(detail) => all.unusable.push(format!("keys[{index}].{detail}")),
            }
        }
        match (all.keys.is_empty(), all.unusable.is_empty()) {
            (false, _) => Ok(all),
            (true, true) => Err("holds no key for EdDSA, ES256, RS256 or HS256".to_owned()),
            (true, false) => Err(format!("holds no key that can be used: {}", all.unusable.join("; "))),
        }
    }

    /// The keys that were passed over, each by its place and its mistake, never its value.
    pub fn unusable(&self) -> &[String] {
        &self.unusable
    }

    /// Whether there is no key: then nothing verifies.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether one of the keys made `signature` over `message`. With a `kid` only the keys of that
    /// name are tried.
    pub fn verify(&self, algorithm: Algorithm, kid: Option<&str>, message: &[u8], signature: &[u8]) -> bool {
        self.keys
            .iter()
            .filter(|key| key.material.algorithm() == algorithm)
            .filter(|key| kid.is_none() || key.kid.as_deref() == kid)
            .any(|key| key.material.verify(message, signature))
    }
}

impl Jwk {
    /// Reads one key. The mistake names the member, never its value.
    fn read(key: serde_json::Value) -> Result<Self, String> {
        const TEXTS: [&str; 10] = ["kty", "kid", "alg", "use", "crv", "x", "y", "n", "e", "k"];
        if key.get("kty").is_none() {
            return Err("kty: is missing".to_owned());
        }
        let wrong = TEXTS.iter().find(|name| key.get(name).is_some_and(|value| !value.is_string() && !value.is_null()));
        if let Some(name) = wrong {
            return Err(format!("{name}: must be a text"));
        }
        serde_json::from_value(key).map_err(|_| "key_ops: must be a list of texts".to_owned())
    }

    /// The key, `None` if it is none of ours, or its mistake.
    fn material(&self) -> Result<Option<Material>, String> {
        let for_signatures = self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify" || op == "sign"));
        if !for_signatures {
            return Ok(None);
        }
        let material = match (self.kty.as_str(), self.crv.as_deref()) {
            ("OKP", Some("Ed25519")) => {
                let bytes: [u8; 32] = fixed("x", &self.x)?;
                let key = ed25519_dalek::VerifyingKey::from_bytes(&bytes).map_err(|_| "x: is no point of Ed25519")?;
                Material::Ed25519(Box::new(key))
            }
            ("EC", Some("P-256")) => {
                let (x, y): ([u8; 32], [u8; 32]) = (fixed("x", &self.x)?, fixed("y", &self.y)?);
                let point = p256::EncodedPoint::from_affine_coordinates(&x.into(), &y.into(), false);
                let key =
                    p256::ecdsa::VerifyingKey::from_encoded_point(&point).map_err(|_| "x, y: are no point of P-256")?;
                Material::P256(Box::new(key))
            }
            ("RSA", _) => {
                let (n, e) = (bytes("n", &self.n)?, bytes("e", &self.e)?);
                if n.len() < MIN_MODULUS {
                    return Err(format!("n: must have at least {} bits", MIN_MODULUS * 8));
                }
                let key = RsaPublicKey::new(BigUint::from_bytes_be(&n), BigUint::from_bytes_be(&e))
                    .map_err(|_| "n, e: are no RSA key of at most 4096 bits")?;
                Material::Rsa(Box::new(key))
            }
            ("oct", _) => {
                let secret = bytes("k", &self.k)?;
                if secret.len() < MIN_SECRET {
                    return Err(format!("k: must have at least {MIN_SECRET} bytes"));
                }
                Material::Secret(secret)
            }
            _ => return Ok(None),
        };
        let same_algorithm = self.alg.as_deref().is_none_or(|alg| Algorithm::parse(alg) == Some(material.algorithm()));
        Ok(same_algorithm.then_some(material))
    }
}

impl Material {
    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::EdDsa,
            Self::P256(_) => Algorithm::Es256,
            Self::Rsa(_) => Algorithm::Rs256,
            Self::Secret(_) => Algorithm::Hs256,
        }
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            Self::P256(key) => {
                use p256::ecdsa::signature::Verifier;
                p256::ecdsa::Signature::from_slice(signature)
                    .is_ok_and(|signature| key.verify(message, &signature).is_ok())
            }
            Self::Rsa(key) => key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message), signature).is_ok(),
            Self::Secret(secret) => Hmac::<Sha256>::new_from_slice(secret)
                .is_ok_and(|mac| mac.chain_update(message).verify_slice(signature).is_ok()),
        }
    }
}

fn bytes(field: &str, value: &Option<String>) -> Result<Vec<u8>, String> {
    let text = value.as_deref().ok_or_else(|| format!("{field}: is missing"))?;
    Base64UrlUnpadded::decode_vec(text).map_err(|_| format!("{field}: is not base64url without padding"))
}

fn fixed<const N: usize>(field: &str, value: &Option<String>) -> Result<[u8; N], String> {
    bytes(field, value)?.try_into().map_err(|_| format!("{field}: must have {N} bytes"))
}
