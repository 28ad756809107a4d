//! RSASSA-PKCS1-v1_5 with SHA-256, the only signature accepted, on messages and on certificates
//! alike.

use rsa::RsaPublicKey;
use rsa::pkcs1::DecodeRsaPublicKey;
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::signature::Verifier;
use rsa::traits::PublicKeyParts;
use rustls_pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};
use sha2::Sha256;

/// Smallest modulus accepted, in bits. The `rsa` crate itself refuses more than 4096.
const SMALLEST_BITS: usize = 2048;

/// The algorithm as `webpki` takes it.
#[derive(Debug)]
pub(super) struct RsaSha256;

impl SignatureVerificationAlgorithm for RsaSha256 {
    fn verify_signature(&self, public_key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), InvalidSignature> {
        let key = RsaPublicKey::from_pkcs1_der(public_key).map_err(|_| InvalidSignature)?;
        if key.n().bits() < SMALLEST_BITS {
            return Err(InvalidSignature);
        }
        let signature = Signature::try_from(signature).map_err(|_| InvalidSignature)?;
        VerifyingKey::<Sha256>::new(key).verify(message, &signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_PKCS1_SHA256
    }
}
