//! JSON that others have written, read for what can be read in it: a signed event isn't lost over
//! half a character in a text.

use serde_json::Value;

/// Half a character: the replacement character stands for it.
const REPLACED: &[u8] = b"\\ufffd";

/// Reads JSON in which strings may hold lone surrogates (RFC 8259, section 8.2, lets them stand).
/// Programs whose strings are UTF-16 write them when they cut a text short. `None` if it is no JSON
/// even so.
pub fn parse(bytes: &[u8]) -> Option<Value> {
    serde_json::from_slice(bytes).ok().or_else(|| serde_json::from_slice(&without_lone_surrogates(bytes)?).ok())
}

/// `None` if there are none.
fn without_lone_surrogates(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut whole, mut found, mut rest) = (Vec::with_capacity(bytes.len()), false, bytes);
    while let [first, ..] = rest {
        let length = match (first, escaped(rest)) {
            (_, Some(0xd800..=0xdbff)) if matches!(rest.get(6..).and_then(escaped), Some(0xdc00..=0xdfff)) => 12,
            (_, Some(0xd800..=0xdfff)) => {
                found = true;
                whole.extend_from_slice(REPLACED);
                rest = rest.get(6..).unwrap_or_default();
                continue;
            }
            (_, Some(_)) => 6,
            // An escaped backslash begins no other escape.
            (b'\\', None) => 2,
            _ => 1,
        };
        let (taken, left) = rest.split_at(length.min(rest.len()));
        whole.extend_from_slice(taken);
        rest = left;
    }
    found.then_some(whole)
}

/// The code unit of an escape `\uXXXX` that the bytes begin with.
fn escaped(bytes: &[u8]) -> Option<u32> {
    let digits = bytes.strip_prefix(b"\\u")?.get(..4)?;
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_character_is_replaced_and_nothing_else() {
        let table = [
            (r#"{"a":"\ud83d"}"#, "\u{fffd}"),
            (r#"{"a":"x\uD800"}"#, "x\u{fffd}"),
            (r#"{"a":"\udc00\ud83d\ude00\ud83d"}"#, "\u{fffd}\u{1f600}\u{fffd}"),
            (r#"{"a":"\ud83d\ud83d\ude00"}"#, "\u{fffd}\u{1f600}"),
            (r#"{"a":"\\ud83d \ud800"}"#, "\\ud83d \u{fffd}"),
            (r#"{"a":"\\\ud83d"}"#, "\\\u{fffd}"),
            (r#"{"a":"\u00e9\ud83d\u00e9"}"#, "é\u{fffd}é"),
            (r#"{"a":"plain"}"#, "plain"),
        ];
        for (text, expected) in table {
            let read = parse(text.as_bytes()).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(read["a"], expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_json_stays_none() {
        for text in [
            "",
            "{",
            "\\",
            "\\u",
            "\\ud8",
            r#"{"a":"\ud83"}"#,
            r#"{"a":"\ud83d"#,
            r#"{"a":"\ud83d\"}"#,
            "\u{ff}\\ud800",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(parse(b"\xff"), None);
    }
}
