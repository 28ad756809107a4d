//! Scripts, and arguments of commands.

use super::Argument;
use std::sync::OnceLock;
use std::time::Duration;

/// A script and its digest. The digest is worked out when an instance first runs the script, since
/// most instances run one or two of them.
pub struct Script {
    pub(super) source: &'static str,
    digest: OnceLock<String>,
}

impl Script {
    /// From its source.
    pub const fn new(source: &'static str) -> Self {
        Self { source, digest: OnceLock::new() }
    }

    pub(super) fn digest(&self) -> &str {
        self.digest.get_or_init(|| sha1_smol::Sha1::from(self.source).digest().to_string())
    }
}

/// A text argument.
pub fn text(value: &str) -> Argument {
    Argument::Binary(value.as_bytes().to_vec())
}

/// 128 bits as an argument: 32 hexadecimal digits, so that an operator can read them.
pub fn hex(value: u128) -> Argument {
    text(&format!("{value:032x}"))
}

/// A number as an argument. Redis has none beyond an `i64`: a larger one is the largest.
pub fn number(value: u64) -> Argument {
    Argument::Int64(i64::try_from(value).unwrap_or(i64::MAX))
}

/// Milliseconds as an argument.
pub fn millis(duration: Duration) -> Argument {
    number(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX))
}
