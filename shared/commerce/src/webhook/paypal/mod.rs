//! PayPal's signature scheme: `id|time|webhook id|CRC-32 of the body`, RSA-SHA256, with a
//! certificate named in a header.
//!
//! In order: [`Delivery::read`] looks at the headers; the caller fetches
//! [`Delivery::certificate_url`] (see [`certificates`](super::certificates) for how often) and has
//! it checked by [`PassedCertificate::check`]; [`verify()`] gives the [`Verdict`].

mod algorithm;
mod certificate;
mod delivery;
mod policy;
mod url;
mod validity;
mod verify;

pub use certificate::{LARGEST_CERTIFICATE, PassedCertificate, Trust};
pub use delivery::{Delivery, Transmission};
pub use policy::{PayPalPolicy, SIMULATOR_WEBHOOK_ID, Simulator};
pub use url::{CertificateUrls, Characters, Environment};
pub use validity::pem_ends;
pub use verify::{Verdict, verify};
