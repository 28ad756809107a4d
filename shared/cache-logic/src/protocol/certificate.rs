//! The certificate: "when this was begun, every invalidation committed until then had been
//! applied".

use std::time::Duration;

/// The state of the whole cache, by name: entries of another epoch are misses. Random, made by
/// Postgres.
pub type Epoch = u128;

/// Redis' run id: a restart or a failover draws another one. The first 128 bits of the 160 that
/// Redis draws.
pub type RunId = u128;

/// A server of the origin, from its start to its end: a hash of when it was started. Two of them
/// may answer to one name, such as an old primary and its successor. 0 stands for the only one
/// there ever is.
pub type ServerId = u64;

/// The token of a renewal's claim. Random.
pub type ClaimToken = u64;

/// The value of a tag's generation key. Random; a missing one is a miss, never "zero".
pub type Generation = u128;

/// The value of `cache:certificate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Certificate {
    /// Entries of this epoch may be served.
    pub epoch: Epoch,
    /// The run of Redis that it was given to. Under any other run it counts for nothing.
    pub run: RunId,
    /// The token of the renewal that set it: tells one certificate from the next.
    pub token: ClaimToken,
    /// The server of the origin that it was given by. It covers what was committed there, and
    /// nothing that another one says.
    pub server: ServerId,
    /// The entries that it covers.
    pub coverage: Coverage,
}

/// The entries that a certificate covers. It depends on how changes of many rows are announced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Coverage {
    /// All entries: such a change moves the epoch.
    #[default]
    Every,
    /// Entries that depend on their tenant's tag beside their own: such a change names tenants. A
    /// program whose entries don't depend on it takes this certificate for none.
    Tenants,
}

impl Coverage {
    /// The number of the narrowest coverage that this program's entries can do with, as it tells
    /// Postgres.
    pub const NARROWEST: i32 = 2;

    /// The coverage of that number, as Postgres tells it.
    pub fn of_number(number: i64) -> Option<Self> {
        match number {
            1 => Some(Self::Every),
            2 => Some(Self::Tenants),
            _ => None,
        }
    }
}

/// Stands behind the numbers of a certificate that covers [`Coverage::Tenants`].
const TENANTS: &[u8] = b" tenants";

impl Certificate {
    /// The bytes kept in Redis: numbers in hexadecimal, so that an operator can read them, and the
    /// coverage if it isn't every entry. A program that knows of no servers takes the last two
    /// numbers for one token.
    pub fn encode(&self) -> String {
        let coverage = match self.coverage {
            Coverage::Every => "",
            Coverage::Tenants => " tenants",
        };
        format!("{:032x} {:032x} {:016x}{:016x}{coverage}", self.epoch, self.run, self.token, self.server)
    }

    /// The inverse of [`Self::encode`]; `None` for any other bytes.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (numbers, coverage) = match bytes.strip_suffix(TENANTS) {
            Some(numbers) => (numbers, Coverage::Tenants),
            None => (bytes, Coverage::Every),
        };
        if numbers.len() != 98 || numbers[32] != b' ' || numbers[65] != b' ' {
            return None;
        }
        let (epoch, run) = (parse_hex(&numbers[..32])?, parse_hex(&numbers[33..65])?);
        let last = parse_hex(&numbers[66..])?;
        Some(Self { epoch, run, token: (last >> 64) as ClaimToken, server: last as ServerId, coverage })
    }
}

/// The value of each byte as a hexadecimal digit; above 15 for a byte that is none.
const DIGITS: [u8; 256] = {
    let mut digits = [u8::MAX; 256];
    let mut value = 0;
    while value < 16 {
        digits[b"0123456789abcdef"[value] as usize] = value as u8;
        digits[b"0123456789ABCDEF"[value] as usize] = value as u8;
        value += 1;
    }
    digits
};

/// Reads exactly 32 hexadecimal digits. It reads them by halves, since a product of 128 bits is a
/// function call in WebAssembly and every look reads four of these numbers.
pub fn parse_hex(digits: &[u8]) -> Option<u128> {
    let (halves, []) = digits.as_chunks::<16>() else { return None };
    let &[upper, lower] = halves else { return None };
    let mut wrong = 0;
    let mut half = |digits: [u8; 16]| {
        digits.iter().fold(0u64, |number, &digit| {
            let value = DIGITS[usize::from(digit)];
            wrong |= value;
            number << 4 | u64::from(value)
        })
    };
    let number = u128::from(half(upper)) << 64 | u128::from(half(lower));
    (wrong < 16).then_some(number)
}

/// How long the pieces of a certificate live. A certificate ends [`Timing::total`] after its claim
/// was made, however long the renewal took. That is the bound of the whole protocol. A change whose
/// writer died before it told Redis is seen within it. A writer that cannot reach Redis waits that
/// long, and a tenth more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    total: Duration,
}

impl Default for Timing {
    /// The longest: a second.
    fn default() -> Self {
        Self { total: Duration::from_secs(1) }
    }
}

impl Timing {
    /// From `certificate_ms`. Below 100 ms the renewals would be most of the traffic; above a
    /// second "seen within a second" breaks.
    ///
    /// # Errors
    /// The bound that the number breaks, as a sentence.
    pub fn from_millis(total: u64) -> Result<Self, String> {
        if (100..=1000).contains(&total) {
            Ok(Self { total: Duration::from_millis(total) })
        } else {
            Err(format!("must be from 100 to 1000 milliseconds, is {total}"))
        }
    }

    /// Of any length: for the contract's checks, which must not depend on how fast a machine is.
    #[cfg(feature = "testing")]
    pub(crate) const fn of(total: Duration) -> Self {
        Self { total }
    }

    /// From the claim to the end of the certificate.
    pub fn total(self) -> Duration {
        self.total
    }

    /// How long a claim is held at most. It is long, since a busy machine takes its time over a
    /// renewal, too, and a renewal that comes too late was for nothing.
    pub fn claim(self) -> Duration {
        self.total * 3 / 5
    }

    /// How long a certificate lives at most after it is set.
    pub fn life(self) -> Duration {
        self.total * 4 / 5
    }

    /// How long a certificate lives that is set `elapsed` after its claim: to the end of the whole,
    /// and never longer than [`Self::life`].
    pub fn life_after(self, elapsed: Duration) -> Duration {
        self.total.saturating_sub(elapsed).min(self.life())
    }

    /// How long a certificate that was set at once needs no renewal: half its life, as with any
    /// other.
    pub fn fresh(self) -> Duration {
        self.life() / 2
    }

    /// How long a writer waits if it cannot invalidate: the whole, and 10 % for clocks that run at
    /// different speeds.
    pub fn outage_wait(self) -> Duration {
        self.total + self.total / 10
    }
}

/// The certificate that an instance saw last, and since when. A machine that is paused may stop the
/// clock of its Redis: then a certificate outlives its time, and this tells.
#[derive(Debug, Default, Clone, Copy)]
pub struct Sighting {
    token: ClaimToken,
    since: u64,
}

impl Sighting {
    /// True if it is the certificate that was seen last.
    pub fn is_of(self, certificate: &Certificate) -> bool {
        self.token == certificate.token
    }

    /// Notes a certificate that is seen `now`, in milliseconds of the instance's own monotonic
    /// clock. False if it has been seen for longer than one lives: then it counts for nothing.
    pub fn trusts(&mut self, certificate: &Certificate, now: u64, timing: Timing) -> bool {
        if !self.is_of(certificate) {
            *self = Self { token: certificate.token, since: now };
        }
        Duration::from_millis(now.saturating_sub(self.since)) <= timing.total()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_is_seen_for_longer_than_it_lives_counts_for_nothing() {
        let (timing, mut seen) = (Timing::default(), Sighting::default());
        let every = Coverage::Every;
        let [first, second] = [1, 2].map(|token| Certificate { epoch: 1, run: 1, token, server: 0, coverage: every });
        let looks = [(&first, 5_000, true), (&first, 6_000, true), (&first, 6_001, false), (&first, 9_000, false)];
        for (certificate, now, trusted) in looks.into_iter().chain([(&second, 9_000, true), (&second, 10_001, false)]) {
            assert_eq!(seen.trusts(certificate, now, timing), trusted, "{certificate:?} at {now}");
        }
    }

    #[test]
    fn a_certificate_ends_within_the_bound_however_long_its_renewal_took() {
        for total in [100, 250, 999, 1000] {
            let timing = Timing::from_millis(total).unwrap();
            for elapsed in (0..=timing.claim().as_millis() as u64).map(Duration::from_millis) {
                let life = timing.life_after(elapsed);
                assert!(elapsed + life <= timing.total() && life <= timing.life(), "{total} {elapsed:?}");
                assert!(life >= timing.total() / 5 * 2, "one that is set in time is worth having");
            }
        }
        let timing = Timing::from_millis(1000).unwrap();
        let lives = [0, 200, 201, 600].map(|elapsed| timing.life_after(Duration::from_millis(elapsed)).as_millis());
        assert_eq!(lives, [800, 800, 799, 400]);
        assert_eq!((timing.claim().as_millis(), timing.fresh().as_millis()), (600, 400));
        assert_eq!(timing.outage_wait().as_millis(), 1100);
        assert!(Timing::from_millis(99).is_err() && Timing::from_millis(1001).is_err());
    }

    #[test]
    fn numbers_are_read_as_they_were_written() {
        for number in [0, 1, u128::MAX, 0x0123_4567_89ab_cdef_fedc_ba98_7654_3210] {
            assert_eq!(parse_hex(format!("{number:032x}").as_bytes()), Some(number));
            assert_eq!(parse_hex(format!("{number:032X}").as_bytes()), Some(number));
        }
        let one = format!("{:032x}", 1);
        for place in 0..32 {
            for byte in [b'g', b'G', b' ', b'/', b':', b'@', b'`', 0, 0xff] {
                let mut bad = one.clone().into_bytes();
                bad[place] = byte;
                assert_eq!(parse_hex(&bad), None, "{byte} at {place}");
            }
        }
        assert_eq!((parse_hex(&one.as_bytes()[1..]), parse_hex(format!("{one}0").as_bytes())), (None, None));
        assert_eq!((parse_hex(b""), parse_hex(format!("{one}{one}").as_bytes())), (None, None));
    }

    #[test]
    fn a_certificate_survives_its_encoding_and_nothing_else_is_one() {
        let (token, coverage) = (1 << 50, Coverage::Every);
        let certificate = Certificate { epoch: 7, run: u128::MAX, token, server: 1, coverage };
        let encoded = certificate.encode();
        assert_eq!(Certificate::decode(encoded.as_bytes()), Some(certificate));
        let narrow = Certificate { coverage: Coverage::Tenants, ..certificate };
        assert_eq!(Certificate::decode(narrow.encode().as_bytes()), Some(narrow));
        assert_ne!(narrow.encode().len(), 98, "programs of before take nothing but these for one");
        for bad in [
            &format!("{encoded} tenant"),
            &format!("{encoded} tenants tenants"),
            "",
            "x",
            &encoded[1..],
            &format!("{encoded} "),
            &format!("{encoded} {:032x}", 1),
            &encoded.replace('f', "g"),
            &encoded.replace(' ', "0"),
        ] {
            assert_eq!(Certificate::decode(bad.as_bytes()), None, "{bad:?}");
        }
        assert_eq!(Certificate::decode(&[0xff; 98]), None);
    }
}
