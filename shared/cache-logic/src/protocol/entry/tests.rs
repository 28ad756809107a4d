//! Encoding, decoding, damage.

use super::*;

fn value() -> Value {
    Value { payload: br#"{"id":1}"#.to_vec(), etag: "\"7\"".into(), owner: Some("customer".into()) }
}

fn stamp(generations: &[Generation]) -> Stamp<'_> {
    Stamp { created: 10, fresh_until: 20, load_ms: 3, epoch: 9, generations, fill: 0x0102 << 64 }
}

#[test]
fn a_stored_value_comes_back() {
    for value in [value(), Value { payload: vec![], etag: String::new(), owner: None }] {
        let stored = StoredEntry::parse(encode(&value, &stamp(&[5, u128::MAX])).unwrap()).unwrap();
        let trailer = stored.trailer;
        assert_eq!((trailer.created, trailer.fresh_until, trailer.load_ms, trailer.epoch), (10, 20, 3, 9));
        assert_eq!(stored.generations().collect::<Vec<_>>(), [5, u128::MAX]);
        assert_eq!(stored.into_value(), value);
    }
}

#[test]
fn a_hit_sends_the_very_bytes_that_redis_gave() {
    let stored = StoredEntry::parse(encode(&value(), &stamp(&[5])).unwrap()).unwrap();
    let before = stored.bytes.as_ptr();
    assert_eq!(stored.into_value().payload.as_ptr(), before, "no copy");
}

#[test]
fn the_fill_id_stands_at_the_place_that_the_lease_script_reads() {
    let bytes = encode(&value(), &stamp(&[])).unwrap();
    let at = |i: i64| (bytes.len() as i64 + i) as usize;
    assert_eq!(bytes[at(FILL_ID_RANGE.0)..=at(FILL_ID_RANGE.1)], (0x0102u128 << 64).to_le_bytes());
}

#[test]
fn every_flipped_bit_and_every_cut_is_damage() {
    let bytes = encode(&value(), &stamp(&[5])).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut damaged = bytes.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(StoredEntry::parse(damaged).is_err(), "bit {bit}");
    }
    for len in 0..bytes.len() {
        assert!(StoredEntry::parse(bytes[..len].to_vec()).is_err(), "cut to {len}");
        assert!(StoredEntry::parse(bytes[bytes.len() - len..].to_vec()).is_err(), "last {len}");
    }
}

#[test]
fn another_version_is_named() {
    let mut bytes = encode(&value(), &stamp(&[])).unwrap();
    let at = bytes.len() - 4;
    bytes[at] = 3;
    assert_eq!(StoredEntry::parse(bytes).unwrap_err(), Damage::UnknownVersion(3));
}

#[test]
fn only_a_packed_entry_is_of_the_second_version() {
    let (plain, packed) = (encode(&value(), &stamp(&[5])), encode_as(&value(), &stamp(&[5]), Encoding::Gzip));
    let (plain, packed) = (plain.unwrap(), packed.unwrap());
    let version = |bytes: &[u8]| bytes[bytes.len() - 4];
    assert_eq!((version(&plain), version(&packed)), (1, 2), "who knows the first only takes the other for a miss");
    assert_eq!(StoredEntry::parse(plain.clone()).unwrap().trailer.encoding, Encoding::Identity);
    let stored = StoredEntry::parse(packed.clone()).unwrap();
    assert_eq!((stored.trailer.encoding, stored.into_value()), (Encoding::Gzip, value()));
    for bit in 0..packed.len() * 8 {
        let mut damaged = packed.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(StoredEntry::parse(damaged).is_err(), "bit {bit}");
    }
    let mut other = plain;
    let at = other.len() - 4;
    other[at] = 2;
    assert_eq!(StoredEntry::parse(other).unwrap_err(), Damage::UnknownEncoding(0));
}

#[test]
fn a_value_that_the_format_cannot_say_is_not_cached() {
    let long = "x".repeat(256);
    assert!(encode(&Value { etag: long.clone(), ..value() }, &stamp(&[])).is_none());
    assert!(encode(&Value { owner: Some(long), ..value() }, &stamp(&[])).is_none());
    assert!(encode(&value(), &stamp(&[0; 256])).is_none());
}
