//! The stored form of an entry in Redis: the bytes to send, then a versioned trailer.
//!
//! The trailer stands at the end so that a hit is sent by cutting it off: no copy, nothing parsed
//! but the trailer. Layout (little endian, sizes in bytes):
//!
//! ```text
//! payload | etag | owner | generations, 16 each | created 8 | fresh until 8 | load 4 | epoch 16
//! | payload length 4 | etag length 1 | owner length 1 | number of generations 1 | encoding 1
//! | fill id 16 | checksum of all before 4 | version 1 | "EOC"
//! ```
//!
//! Version 1 is a payload as it is sent. Version 2 is a payload whose encoding byte says how it was
//! packed. Only packed entries are written as version 2: a program that knows only version 1 still
//! reads all others, and takes packed ones for unknown, which is a miss.

use crate::protocol::certificate::{Epoch, Generation, ServerId};
use crate::protocol::freshness::Millis;
use std::time::Duration;

const MAGIC: [u8; 3] = *b"EOC";
const PLAIN: u8 = 1;
const PACKED: u8 = 2;
const GZIP: u8 = 1;
const FIXED: usize = 8 + 8 + 4 + 16 + 4 + 4 + 16 + 4 + 4;

/// The place of the fill id, counted from the end as `GETRANGE` counts: the lease script compares
/// it.
pub const FILL_ID_RANGE: (i64, i64) = (-24, -9);

/// A value as the origin gives it and the client gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The exact bytes of the response.
    pub payload: Vec<u8>,
    /// The entity tag, quotes included (RFC 9110, section 8.8.3). At most 255 bytes.
    pub etag: String,
    /// The owner, for the access check. At most 255 bytes.
    pub owner: Option<String>,
}

impl Value {
    /// Bytes without entity tag and owner: for values that never leave the program.
    pub fn of_bytes(payload: Vec<u8>) -> Self {
        Self { payload, etag: String::new(), owner: None }
    }

    /// The same value in another encoding.
    pub(crate) fn encoded(&self, payload: Vec<u8>) -> Self {
        Self { payload, etag: self.etag.clone(), owner: self.owner.clone() }
    }
}

/// The answer of the origin: a value, and how long it may be kept if the value itself says so. A
/// plain [`Value`] turns into one that lives as its policy says.
///
/// ```
/// use cache_logic::entry::{OriginValue, Value};
/// use std::time::Duration;
///
/// fn keep(order: Value, delivered: bool) -> OriginValue {
///     // Nothing happens to a delivered order any more.
///     OriginValue { ttl: delivered.then_some(Duration::from_secs(24 * 3600)), ..order.into() }
/// }
/// # let value = Value { payload: vec![], etag: String::new(), owner: None };
/// # assert!(keep(value.clone(), true).ttl.is_some() && keep(value, false).ttl.is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginValue {
    /// The value.
    pub value: Value,
    /// Its own hard limit, in place of the policy's TTL. Jitter and soft limit stay the policy's.
    /// At most 30 days count.
    pub ttl: Option<Duration>,
    /// The server that gave it. It may be stored only under a certificate of that one.
    pub server: ServerId,
    /// The tags of its parts, for an entry whose own tags say too much: they are announced by
    /// changes that it doesn't show, too. While all its parts stand it is current, whatever has
    /// become of its tags. Empty: it has none, and its tags alone decide.
    ///
    /// Whatever changes the entry has to announce one of its parts at the least, and one of its
    /// tags beside it, in one row of the outbox.
    pub parts: Vec<String>,
}

impl From<Value> for OriginValue {
    fn from(value: Value) -> Self {
        Self { value, ttl: None, server: 0, parts: Vec::new() }
    }
}

/// How a stored payload is encoded (RFC 9110, section 8.4.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Encoding {
    /// As it is.
    #[default]
    Identity,
    /// `gzip` (RFC 1952).
    Gzip,
}

/// The facts that a filler adds to a value.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// When it was filled.
    pub created: Millis,
    /// Its soft limit.
    pub fresh_until: Millis,
    /// How long the load took.
    pub load_ms: u32,
    /// The epoch of the certificate that it was loaded under.
    pub epoch: Epoch,
    /// The generations of its tags in the order of the tags, obtained before the load.
    pub generations: &'a [Generation],
    /// Random: tells one fill from the next.
    pub fill: u128,
}

/// The bytes to store. `None` if a part is longer than the format can say: then the value is not
/// cached.
pub fn encode(value: &Value, stamp: &Stamp<'_>) -> Option<Vec<u8>> {
    encode_as(value, stamp, Encoding::Identity)
}

/// As [`encode`], for a value whose payload is encoded already.
pub fn encode_as(value: &Value, stamp: &Stamp<'_>, encoding: Encoding) -> Option<Vec<u8>> {
    let (version, flag) = match encoding {
        Encoding::Identity => (PLAIN, 0),
        Encoding::Gzip => (PACKED, GZIP),
    };
    let owner = value.owner.as_deref().unwrap_or_default().as_bytes();
    let (etag_len, owner_len) = (u8::try_from(value.etag.len()).ok()?, u8::try_from(owner.len()).ok()?);
    let (payload_len, count) = (u32::try_from(value.payload.len()).ok()?, u8::try_from(stamp.generations.len()).ok()?);
    let size = value.payload.len() + value.etag.len() + owner.len() + 16 * stamp.generations.len() + FIXED;
    let mut bytes = Vec::with_capacity(size);
    bytes.extend_from_slice(&value.payload);
    bytes.extend_from_slice(value.etag.as_bytes());
    bytes.extend_from_slice(owner);
    for generation in stamp.generations {
        bytes.extend_from_slice(&generation.to_le_bytes());
    }
    bytes.extend_from_slice(&stamp.created.to_le_bytes());
    bytes.extend_from_slice(&stamp.fresh_until.to_le_bytes());
    bytes.extend_from_slice(&stamp.load_ms.to_le_bytes());
    bytes.extend_from_slice(&stamp.epoch.to_le_bytes());
    bytes.extend_from_slice(&payload_len.to_le_bytes());
    bytes.extend_from_slice(&[etag_len, owner_len, count, flag]);
    bytes.extend_from_slice(&stamp.fill.to_le_bytes());
    bytes.extend_from_slice(&checksum(&bytes).to_le_bytes());
    bytes.push(version);
    bytes.extend_from_slice(&MAGIC);
    Some(bytes)
}

/// The lower half of XXH64 (Y. Collet, xxHash specification 0.2). XXH3 takes six times as long
/// without vectors, as in WebAssembly under Spin. The checksum tells damage, not malice: a program
/// that can write to Redis can write entries.
fn checksum(bytes: &[u8]) -> u32 {
    xxhash_rust::xxh64::xxh64(bytes, 0) as u32
}

/// Why stored bytes are no entry. Each of these is a miss, and the key is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// Written by another program, or cut off.
    NoTrailer,
    /// Written by another version of the format.
    UnknownVersion(u8),
    /// Packed in a way that is not known here.
    UnknownEncoding(u8),
    /// The lengths do not add up.
    Lengths,
    /// The checksum does not fit.
    Checksum,
}

/// The facts in an entry's trailer.
#[derive(Debug, Clone, Copy)]
pub struct Trailer {
    payload_len: usize,
    etag_len: usize,
    owner_len: usize,
    count: usize,
    /// How its payload is encoded.
    pub encoding: Encoding,
    /// When it was filled.
    pub created: Millis,
    /// Its soft limit.
    pub fresh_until: Millis,
    /// How long the load took.
    pub load_ms: u32,
    /// The epoch that it belongs to.
    pub epoch: Epoch,
    /// The fill that it came from.
    pub fill: u128,
}

impl Trailer {
    /// Reads and checks the trailer of stored bytes. Of the payload only the checksum is computed.
    ///
    /// # Errors
    /// [`Damage`]: treat it as a miss and delete the key.
    pub fn parse(bytes: &[u8]) -> Result<Self, Damage> {
        let [.., version, m0, m1, m2] = *bytes else { return Err(Damage::NoTrailer) };
        if [m0, m1, m2] != MAGIC {
            return Err(Damage::NoTrailer);
        }
        if !matches!(version, PLAIN | PACKED) {
            return Err(Damage::UnknownVersion(version));
        }
        let start = bytes.len().checked_sub(FIXED).ok_or(Damage::NoTrailer)?;
        let mut fields = Fields(&bytes[start..]);
        let created = u64::from_le_bytes(fields.take()?);
        let fresh_until = u64::from_le_bytes(fields.take()?);
        let load_ms = u32::from_le_bytes(fields.take()?);
        let epoch = u128::from_le_bytes(fields.take()?);
        let payload_len = u32::from_le_bytes(fields.take()?) as usize;
        let [lengths @ .., flag] = fields.take::<4>()?;
        let [etag_len, owner_len, count] = lengths.map(usize::from);
        let encoding = match (version, flag) {
            // Version 1 reserved the byte, so any value may stand there.
            (PLAIN, _) => Encoding::Identity,
            (_, GZIP) => Encoding::Gzip,
            (_, other) => return Err(Damage::UnknownEncoding(other)),
        };
        let fill = u128::from_le_bytes(fields.take()?);
        let checksum = u32::from_le_bytes(fields.take()?);
        let lengths = payload_len.checked_add(etag_len + owner_len + 16 * count);
        if lengths != Some(start) {
            return Err(Damage::Lengths);
        }
        if self::checksum(&bytes[..bytes.len() - 8]) != checksum {
            return Err(Damage::Checksum);
        }
        Ok(Self { payload_len, etag_len, owner_len, count, encoding, created, fresh_until, load_ms, epoch, fill })
    }

    /// The generations that the entry was loaded under, in the order of its tags. `bytes` are those
    /// that were parsed.
    pub fn generations(self, bytes: &[u8]) -> impl ExactSizeIterator<Item = Generation> + '_ {
        let start = self.payload_len + self.etag_len + self.owner_len;
        let (generations, _) = bytes[start..start + 16 * self.count].as_chunks::<16>();
        generations.iter().map(|chunk| u128::from_le_bytes(*chunk))
    }
}

/// The bytes that this trailer was parsed from, under other generations of the entry's tags: of the
/// same fill, and no younger. `None` if the entry has another number of tags.
pub(crate) fn restamped(mut bytes: Vec<u8>, trailer: &Trailer, generations: &[Generation]) -> Option<Vec<u8>> {
    if trailer.count != generations.len() {
        return None;
    }
    let start = trailer.payload_len + trailer.etag_len + trailer.owner_len;
    for (place, generation) in bytes[start..].as_chunks_mut::<16>().0.iter_mut().zip(generations) {
        *place = generation.to_le_bytes();
    }
    let end = bytes.len() - 8;
    let checksum = checksum(&bytes[..end]).to_le_bytes();
    bytes[end..end + 4].copy_from_slice(&checksum);
    Some(bytes)
}

/// An entry as it is stored, its trailer checked.
#[derive(Debug)]
pub struct StoredEntry {
    bytes: Vec<u8>,
    /// The facts in its trailer.
    pub trailer: Trailer,
}

impl StoredEntry {
    /// From stored bytes.
    ///
    /// # Errors
    /// As [`Trailer::parse`].
    pub fn parse(bytes: Vec<u8>) -> Result<Self, Damage> {
        let trailer = Trailer::parse(&bytes)?;
        Ok(Self { bytes, trailer })
    }

    /// From the bytes that this trailer was parsed from.
    pub(crate) fn of(bytes: Vec<u8>, trailer: Trailer) -> Self {
        Self { bytes, trailer }
    }

    /// The generations that it was loaded under, in the order of its tags.
    pub fn generations(&self) -> impl ExactSizeIterator<Item = Generation> + '_ {
        self.trailer.generations(&self.bytes)
    }

    /// The value. The payload's bytes stay in their buffer.
    pub fn into_value(mut self) -> Value {
        let Trailer { payload_len, etag_len, owner_len, .. } = self.trailer;
        let text = |range: std::ops::Range<usize>| String::from_utf8_lossy(&self.bytes[range]).into_owned();
        let owner_start = payload_len + etag_len;
        let etag = text(payload_len..owner_start);
        let owner = (owner_len > 0).then(|| text(owner_start..owner_start + owner_len));
        self.bytes.truncate(payload_len);
        Value { payload: self.bytes, etag, owner }
    }
}

/// Takes fields of fixed size off the front.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Damage> {
        let (field, rest) = self.0.split_first_chunk::<N>().ok_or(Damage::NoTrailer)?;
        self.0 = rest;
        Ok(*field)
    }
}

#[cfg(test)]
mod tests;
