//! Payloads as gzip (RFC 1952), for policies that pack and clients that can unpack.
//!
//! The caller chooses which representation a client gets. If [`accepts_gzip`], send the stored
//! bytes with `Content-Encoding: gzip`, else [`GZIP`]`.unpack` of them. In either case send `Vary:
//! Accept-Encoding`. The two may not share a strong entity tag (RFC 9110, section 8.8.3.3): see
//! [`weak`].

use crate::protocol::policy::Packer;
use miniz_oxide::inflate::decompress_slice_iter_to_slice;

/// A DEFLATE level that costs little, since the answer waits for it.
const LEVEL: u8 = 4;
/// Magic, DEFLATE, no flags, no time, unknown system.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
/// CRC-32 and length, both little endian.
const TRAILER: usize = 8;
/// No more than this is ever unpacked: it is far above what a policy stores.
const MOST: usize = 64 << 20;
/// DEFLATE makes no more than so many bytes of one (258 by two bits).
const MOST_PER_BYTE: usize = 1032;

/// Gzip, for [`crate::policy::Policy::compressed`].
///
/// ```
/// use cache_logic::gzip::GZIP;
/// let body = br#"{"status":"shipped"}"#.repeat(100);
/// let packed = (GZIP.pack)(&body).unwrap();
/// assert!(packed.len() * 10 < body.len());
/// assert_eq!((GZIP.unpack)(&packed), Some(body));
/// ```
pub const GZIP: Packer = Packer { pack, unpack };

fn pack(bytes: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length as usize <= MOST)?;
    let mut packed = HEADER.to_vec();
    packed.extend(miniz_oxide::deflate::compress_to_vec(bytes, LEVEL));
    packed.extend(crc32fast::hash(bytes).to_le_bytes());
    packed.extend(length.to_le_bytes());
    Some(packed)
}

fn unpack(packed: &[u8]) -> Option<Vec<u8>> {
    let (deflated, trailer) = packed.strip_prefix(&HEADER)?.split_last_chunk::<TRAILER>()?;
    let [checksum @ .., l0, l1, l2, l3] = *trailer;
    let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
    if length > MOST.min(deflated.len().saturating_mul(MOST_PER_BYTE)) {
        return None;
    }
    // Into its whole length at once: a buffer that grows is copied, and WebAssembly never gives
    // memory back.
    let mut bytes = vec![0; length];
    let written = decompress_slice_iter_to_slice(&mut bytes, std::iter::once(deflated), false, true).ok()?;
    (written == length && crc32fast::hash(&bytes) == u32::from_le_bytes(checksum)).then_some(bytes)
}

/// Whether an `Accept-Encoding` (RFC 9110, section 12.5.3) takes gzip: named, or by `*`, and not
/// with `q=0`. A request without the header takes nothing, since its client may not be able to
/// unpack.
///
/// ```
/// use cache_logic::gzip::accepts_gzip;
/// assert!(accepts_gzip(Some("br;q=1.0, gzip;q=0.8")) && accepts_gzip(Some("*")));
/// assert!(!accepts_gzip(None) && !accepts_gzip(Some("gzip;q=0, *")) && !accepts_gzip(Some("br")));
/// ```
pub fn accepts_gzip(accept_encoding: Option<&str>) -> bool {
    let mut any = false;
    for one in accept_encoding.unwrap_or_default().split(',') {
        let mut parts = one.split(';').map(str::trim);
        let coding = parts.next().unwrap_or_default();
        let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
        let wanted = weight.is_none_or(is_above_zero);
        match coding {
            _ if coding.eq_ignore_ascii_case("gzip") || coding.eq_ignore_ascii_case("x-gzip") => return wanted,
            "*" => any = wanted,
            _ => {}
        }
    }
    any
}

/// Whether a weight (RFC 9110, section 12.4.2) is more than 0. A malformed one counts as 0, which
/// gives plain bytes. It is read by digits, since the parser of floating-point numbers is 20 kB of
/// a component.
fn is_above_zero(weight: &str) -> bool {
    let mut characters = weight.trim().bytes();
    let plain =
        weight.trim().starts_with(['0', '1']) && characters.clone().all(|byte| matches!(byte, b'0'..=b'9' | b'.'));
    plain && characters.any(|byte| matches!(byte, b'1'..=b'9'))
}

/// The entity tag of the packed representation: the weak form of the plain one's. A strong tag may
/// not name two sequences of bytes. `If-None-Match` compares weakly, so either tag finds the other.
pub fn weak(etag: &str) -> String {
    if etag.starts_with("W/") { etag.to_owned() } else { format!("W/{etag}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_bytes_come_back_and_damaged_ones_do_not() {
        for body in [Vec::new(), b"x".to_vec(), br#"{"a":1},"#.repeat(1000), (0..=255).collect()] {
            let packed = pack(&body).unwrap();
            assert_eq!(unpack(&packed), Some(body));
            for cut in [0, 1, 10, packed.len() - 1] {
                assert_eq!(unpack(&packed[..cut]), None, "cut to {cut}");
            }
            for at in 0..packed.len().min(40) {
                let mut damaged = packed.clone();
                damaged[at] ^= 1;
                assert_ne!(unpack(&damaged), unpack(&packed), "byte {at}");
            }
        }
    }

    #[test]
    fn a_length_that_lies_makes_no_large_allocation() {
        let mut packed = pack(&[0; 1000]).unwrap();
        let at = packed.len() - 4;
        packed[at..].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(unpack(&packed), None);
    }

    #[test]
    fn gzip_is_taken_if_it_is_named_and_not_refused() {
        for (header, taken) in [
            ("gzip", true),
            ("GZIP", true),
            ("deflate, gzip;q=1.0, *;q=0.5", true),
            ("gzip;q=0", false),
            ("gzip; q=0.000", false),
            ("*;q=0", false),
            ("*, gzip;q=0", false),
            ("identity", false),
            ("gzip;q=x", false),
            ("", false),
        ] {
            assert_eq!(accepts_gzip(Some(header)), taken, "{header}");
        }
    }

    #[test]
    fn the_two_representations_share_a_weak_tag_and_no_strong_one() {
        assert_eq!((weak("\"1\""), weak("W/\"1\"")), ("W/\"1\"".to_owned(), "W/\"1\"".to_owned()));
    }
}
