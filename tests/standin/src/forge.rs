//! Bodies with a forged CRC-32, which show how little PayPal's signature proves. CRC-32 is linear,
//! so any body can be padded with blanks to any checksum.

/// How many characters the padding has. 32 suffice in most cases; more make sure.
const PADDING: usize = 96;

/// `altered`, followed by blanks and tabs such that its CRC-32 is that of `genuine`. JSON ignores
/// them.
pub fn with_the_crc_of(genuine: &[u8], altered: &[u8]) -> Vec<u8> {
    let mut body = [altered, &[b' '; PADDING]].concat();
    let begin = altered.len();
    let blank = crc32fast::hash(&body);
    // Turning a blank into a tab changes the checksum by a value that doesn't depend on the others.
    // So this solves a linear system.
    let mut basis: Vec<(u32, u128)> = Vec::new();
    for at in 0..PADDING {
        body[begin + at] = b'\t';
        let (mut value, mut which) = (crc32fast::hash(&body) ^ blank, 1_u128 << at);
        body[begin + at] = b' ';
        for (row, used) in &basis {
            if value ^ row < value {
                (value, which) = (value ^ row, which ^ used);
            }
        }
        if value != 0 {
            basis.push((value, which));
            basis.sort_unstable_by_key(|(row, _)| std::cmp::Reverse(*row));
        }
    }
    let (mut missing, mut chosen) = (crc32fast::hash(genuine) ^ blank, 0_u128);
    for (row, used) in &basis {
        if missing ^ row < missing {
            (missing, chosen) = (missing ^ row, chosen ^ used);
        }
    }
    for at in (0..PADDING).filter(|at| chosen >> at & 1 == 1) {
        body[begin + at] = b'\t';
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_body_gets_any_checksum() {
        for genuine in [&b"{}"[..], b"{\"amount\":\"30.00\"}", b"", &[7; 1000]] {
            for altered in [&b"{\"amount\":\"9999.00\"}"[..], b"[]", &[b'x'; 333]] {
                let forged = with_the_crc_of(genuine, altered);
                assert_eq!(crc32fast::hash(&forged), crc32fast::hash(genuine));
                assert!(forged.starts_with(altered));
                assert!(forged[altered.len()..].iter().all(|b| matches!(b, b' ' | b'\t')));
            }
        }
    }
}
