//! Times as they stand in requests: RFC 3339, or a bare date, which means its first moment in UTC.

const MICROS: i64 = 1_000_000;

/// A moment, in microseconds since 1970 in UTC, without leap seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

impl Moment {
    /// The moment that many milliseconds after the beginning of 1970; the last one if there are too
    /// many.
    pub fn of_millis(millis: u64) -> Self {
        Self(i64::try_from(millis).unwrap_or(i64::MAX / 1000).saturating_mul(1000))
    }

    /// Reads `2026-01-31`, `2026-01-31T12:00:00Z`, or with a fraction (cut after six digits) and an
    /// offset such as `+02:00`.
    ///
    /// Years 1 to 9999. A leap second, `23:59:60` in UTC, is the first second of the next day, as
    /// in Postgres; no other minute has one.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let days = days_since_1970(number(bytes, 0, 4)?, number(bytes, 5, 2)?, number(bytes, 8, 2)?)?;
        if (bytes.get(4), bytes.get(7)) != (Some(&b'-'), Some(&b'-')) {
            return None;
        }
        let midnight = days * 86_400 * MICROS;
        if bytes.len() == 10 {
            return Some(Self(midnight));
        }
        if !matches!(bytes.get(10)?, b'T' | b't' | b' ') || (bytes.get(13), bytes.get(16)) != (Some(&b':'), Some(&b':'))
        {
            return None;
        }
        let (hour, minute, second) = (number(bytes, 11, 2)?, number(bytes, 14, 2)?, number(bytes, 17, 2)?);
        if hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        let (fraction, at) = fraction(bytes, 19)?;
        let offset = offset_seconds(bytes.get(at..)?)?;
        let moment = midnight + ((hour * 60 + minute) * 60 + second - offset) * MICROS + fraction;
        if second == 60 && (moment - fraction).rem_euclid(86_400 * MICROS) != 0 {
            return None;
        }
        // An offset can reach beyond the years that Postgres and RFC 3339 share.
        (FIRST..=LAST).contains(&moment).then_some(Self(moment))
    }

    /// The moment in RFC 3339, in UTC, with six digits.
    pub fn to_rfc3339(self) -> String {
        let (days, micros) = (self.0.div_euclid(86_400 * MICROS), self.0.rem_euclid(86_400 * MICROS));
        let (year, month, day) = civil(days);
        let (seconds, fraction) = (micros / MICROS, micros % MICROS);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let mut text = String::with_capacity("0001-01-01T00:00:00.000000Z".len());
        let parts = [(year, 4), (month, 2), (day, 2), (hour, 2), (minute, 2), (second, 2), (fraction, 6)];
        for ((number, digits), end) in parts.into_iter().zip("--T::.Z".chars()) {
            push_digits(&mut text, number, digits);
            text.push(end);
        }
        text
    }
}

/// 0001-01-01T00:00:00Z.
const FIRST: i64 = -62_135_596_800 * MICROS;
/// The last microsecond of the year 9999.
const LAST: i64 = 253_402_300_800 * MICROS - 1;

/// Appends the last `digits` decimal digits of a number, without the formatter: pages that begin at
/// a time have it in their keys.
fn push_digits(text: &mut String, number: i64, digits: u32) {
    text.extend((0..digits).rev().map(|place| char::from(b'0' + (number / 10_i64.pow(place) % 10) as u8)));
}

/// The decimal number of exactly `length` digits at `at`.
fn number(bytes: &[u8], at: usize, length: usize) -> Option<i64> {
    let digits = bytes.get(at..at + length)?;
    digits.iter().try_fold(0, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + i64::from(digit - b'0')))
}

/// A fraction of a second at `at`, if there is one, in microseconds, and the place at which it
/// ends.
fn fraction(bytes: &[u8], at: usize) -> Option<(i64, usize)> {
    if bytes.get(at) != Some(&b'.') {
        return Some((0, at));
    }
    let digits = bytes.get(at + 1..)?.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 {
        return None;
    }
    let kept = digits.min(6);
    let micros = number(bytes, at + 1, kept)? * 10_i64.pow(6 - kept as u32);
    Some((micros, at + 1 + digits))
}

/// `Z`, `+hh:mm` or `-hh:mm`, in seconds east of UTC.
fn offset_seconds(bytes: &[u8]) -> Option<i64> {
    let sign = match bytes {
        b"Z" | b"z" => return Some(0),
        [b'+', _, _, b':', _, _] => 1,
        [b'-', _, _, b':', _, _] => -1,
        _ => return None,
    };
    let (hours, minutes) = (number(bytes, 1, 2)?, number(bytes, 4, 2)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes) * 60)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar; `None` if there is no such date.
/// (Howard Hinnant, "chrono-compatible low-level date algorithms", `days_from_civil`.)
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if year < 1 || day < 1 || day > length {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// The date that is so many days from 1970-01-01 (the same source, `civil_from_days`).
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_moment_has_one_canonical_text() {
        let table = [
            ("1970-01-01", "1970-01-01T00:00:00.000000Z"),
            ("2026-11-21T08:30:00Z", "2026-11-21T08:30:00.000000Z"),
            ("2026-11-21t08:30:00z", "2026-11-21T08:30:00.000000Z"),
            ("2026-11-21 08:30:00Z", "2026-11-21T08:30:00.000000Z"),
            ("2026-11-21T08:30:00.5+02:00", "2026-11-21T06:30:00.500000Z"),
            ("2026-01-01T00:00:00+00:01", "2025-12-31T23:59:00.000000Z"),
            ("2024-02-28T23:30:00-01:00", "2024-02-29T00:30:00.000000Z"),
            ("2026-11-21T08:30:00.123456789Z", "2026-11-21T08:30:00.123456Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"),
            ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
            ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
            ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"),
            ("2016-12-31T23:59:60.25Z", "2017-01-01T00:00:00.250000Z"),
            ("2017-01-01T01:59:60+02:00", "2017-01-01T00:00:00.000000Z"),
        ];
        for (text, expected) in table {
            assert_eq!(Moment::parse(text).map(Moment::to_rfc3339).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        let table = [
            "",
            "2026",
            "2026-1-1",
            "2026-13-01",
            "2026-00-01",
            "2026-02-29",
            "2026-02-30",
            "2026-04-31",
            "0000-01-01",
            "2026-01-01T",
            "2026-01-01T00:00Z",
            "2026-01-01T00:00:00",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T23:58:60Z",
            "2026-01-01T23:59:60+02:00",
            "2026-01-01T23:59:61Z",
            "9999-12-31T23:59:60Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+2:00",
            "2026-01-01T00:00:00+0200",
            "2026-01-01T00:00:00+24:00",
            "2026-01-01T00:00:00Zx",
            "+2026-01-01",
            "2026/01/01",
            "infinity",
            "now",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "2026-01-01é",
            "２０２６-01-01",
        ];
        for text in table {
            assert_eq!(Moment::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn every_day_of_eight_centuries_survives_the_round_trip() {
        for days in -150_000..150_000 {
            let (year, month, day) = civil(days);
            assert_eq!(days_since_1970(year, month, day), Some(days), "{year}-{month}-{day}");
        }
    }
}
