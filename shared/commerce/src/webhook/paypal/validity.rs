//! The end of a certificate's validity. webpki tells whether a certificate is valid at a time, and
//! not until when it will be.

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::time::Moment;

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The second since 1970 at which the first certificate of a PEM bundle ends; `None` if it can't be
/// read.
pub fn pem_ends(pem: &[u8]) -> Option<i64> {
    ends(&CertificateDer::pem_slice_iter(pem).next()?.ok()?)
}

/// The second since 1970 at which a certificate ends (RFC 5280, section 4.1).
pub(super) fn ends(certificate: &[u8]) -> Option<i64> {
    let signed = inside(certificate, SEQUENCE)?.0;
    let mut rest = inside(signed, SEQUENCE)?.0;
    if rest.first() == Some(&VERSION) {
        rest = element(rest)?.2;
    }
    // Serial number, algorithm, issuer.
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let validity = inside(rest, SEQUENCE)?.0;
    let (tag, text, _) = element(element(validity)?.2)?;
    let text = std::str::from_utf8(text).ok().filter(|text| text.is_ascii())?;
    let (century, text) = match tag {
        // Two digits of the year: those below 50 are of this century.
        UTC_TIME => (if text < "5" { "20" } else { "19" }, text),
        GENERALIZED_TIME => text.split_at_checked(2)?,
        _ => return None,
    };
    let part = |from: usize| text.get(from..from + 2);
    let [year, month, day, hour, minute, second] = [part(0)?, part(2)?, part(4)?, part(6)?, part(8)?, part(10)?];
    let moment = Moment::parse(&format!("{century}{year}-{month}-{day}T{hour}:{minute}:{second}Z"))?;
    Some(moment.0.div_euclid(1_000_000))
}

/// The inside of an element that has this tag, and what follows it.
fn inside(der: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = element(der)?;
    (tag == wanted).then_some((content, rest))
}

/// The first element: its tag, its content, and what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, first], rest) = der.split_first_chunk()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x83 => {
            let (length, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (length.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Until 2029-08-26T15:25:28Z, as UTCTime.
    const NEAR: &str = "-----BEGIN CERTIFICATE-----
MIIBMjCB5aADAgECAhRnCuXDy2WlCSK/SP3OXO9Bv8KHADAFBgMrZXAwDzENMAsG
A1UEAwwEVGVzdDAeFw0yNjExMzAxNTI1MjhaFw0yOTA4MjYxNTI1MjhaMA8xDTAL
BgNVBAMMBFRlc3QwKjAFBgMrZXADIQBPcJRNRc90KWYyRE1JsDjr6Jirkxkzzp+y
c+3CFZHi5aNTMFEwHQYDVR0OBBYEFKC7Zuo7S48jJM5CgZH+n/8Q27X+MB8GA1Ud
IwQYMBaAFKC7Zuo7S48jJM5CgZH+n/8Q27X+MA8GA1UdEwEB/wQFMAMBAf8wBQYD
K2VwA0EAobq5S60q/SCktmtIiruWWmSTnLF6d1ypkZf+pJdsUuaofhbUHOXNO4ZT
7JMblHnBrp5nGzf5pJ2kobTQzsPlCw==
-----END CERTIFICATE-----";
    /// Until 2081-09-02T15:25:28Z, as GeneralizedTime.
    const FAR: &str = "-----BEGIN CERTIFICATE-----
MIIBNDCB56ADAgECAhQl5GHPa9gKQT59jEjURP7ji9KR+zAFBgMrZXAwDzENMAsG
A1UEAwwEVGVzdDAgFw0yNjExMzAxNTI1MjhaGA8yMDgxMDkwMjE1MjUyOFowDzEN
MAsGA1UEAwwEVGVzdDAqMAUGAytlcAMhAM36DwnmNaOTFgd0he172YUlGb5s8Uqe
xQwSyPIU9/0do1MwUTAdBgNVHQ4EFgQUacNJnP8OgoDbN7ZMLIX01QzvsdAwHwYD
VR0jBBgwFoAUacNJnP8OgoDbN7ZMLIX01QzvsdAwDwYDVR0TAQH/BAUwAwEB/zAF
BgMrZXADQQBN7+BgB6TL1o8quqVw/cz4UD/8p2kMMHZcEYlTygiDR10OzqyNFRYv
0MdkHpSVGvI5chnJ9CAhFei0NhYxa1sP
-----END CERTIFICATE-----";

    #[test]
    fn both_forms_of_a_certificates_end_are_read() {
        assert_eq!(pem_ends(NEAR.as_bytes()), Some(1_882_452_328));
        assert_eq!(pem_ends(FAR.as_bytes()), Some(3_524_052_328));
        assert_eq!(pem_ends(b"no certificate"), None);
    }

    #[test]
    fn a_cut_certificate_has_no_end_and_harms_nothing() {
        let whole = CertificateDer::from_pem_slice(NEAR.as_bytes()).expect("a certificate");
        for length in 0..whole.len() {
            assert_eq!(ends(&whole[..length]), None, "{length} bytes of {}", whole.len());
        }
    }
}
