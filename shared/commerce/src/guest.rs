//! Guest tokens: 128 random bits that open one order to their holder.

use crate::error::Error;

/// A token. Neither `Debug` nor `Display`: it is shown once, to the caller that asked for it.
#[derive(Clone, PartialEq, Eq)]
pub struct GuestToken(u128);

impl GuestToken {
    /// From 128 random bits.
    pub fn new(random: u128) -> Self {
        Self(random)
    }

    /// As it is handed out: 32 hexadecimal digits.
    pub fn expose(&self) -> String {
        format!("{:032x}", self.0)
    }

    /// The bytes that its pseudonym is made of.
    pub fn bytes(&self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// Reads `Authorization: Guest <token>`; `Bearer` is taken, too, for clients that can send
    /// nothing else.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] without exactly one such header.
    pub fn from_authorization<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, Error> {
        let wanted = || Error::unauthenticated("one Authorization header with a Guest token is needed");
        let mut values = values.into_iter();
        let (Some(value), None) = (values.next(), values.next()) else { return Err(wanted()) };
        let value = std::str::from_utf8(value).map_err(|_| wanted())?;
        let (scheme, token) = value.trim().split_once(' ').ok_or_else(wanted)?;
        let known = scheme.eq_ignore_ascii_case("guest") || scheme.eq_ignore_ascii_case("bearer");
        let token = token.trim_start();
        let hex = token.len() == 32 && token.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        match u128::from_str_radix(token, 16) {
            Ok(token) if known && hex => Ok(Self(token)),
            _ => Err(wanted()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_its_way_there_and_back() {
        for random in [0, 1, u128::MAX, 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef] {
            let token = GuestToken::new(random);
            for scheme in ["Guest", "guest", "Bearer"] {
                let header = format!("{scheme} {}", token.expose());
                assert!(
                    GuestToken::from_authorization([header.as_bytes()]).is_ok_and(|read| read == token),
                    "{header}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_token_is_unauthenticated() {
        let token = GuestToken::new(7).expose();
        let table = [
            vec![],
            vec![format!("Guest {token}"), format!("Guest {token}")],
            vec![token.clone()],
            vec![format!("Basic {token}")],
            vec![format!("Guest {}", token.to_uppercase().replace('0', "A"))],
            vec![format!("Guest {token}0")],
            vec![format!("Guest {}", &token[1..])],
            vec![format!("Guest +{}", &token[1..])],
            vec!["Guest ".to_owned()],
        ];
        for values in table {
            let read = GuestToken::from_authorization(values.iter().map(|value| value.as_bytes()));
            assert!(matches!(read, Err(Error::Unauthenticated { .. })), "{values:?}");
        }
    }
}
