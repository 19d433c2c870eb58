//! Sound samples with a few bytes changed: what gets past the first checks of a decoder. Shared by the crates' property tests.

use proptest::prelude::*;

/// What takes the place of a number or a word.
const ODD: [&str; 14] = [
    "0",
    "-1",
    "1e308",
    "-1e308",
    "1e-320",
    "0.5",
    "65535",
    "4294967295",
    "-2147483648",
    "9223372036854775807",
    "18446744073709551615",
    "null",
    "[]",
    "\"\"",
];

/// Any bytes, or one of the samples with up to eight changes.
pub(crate) fn any_or_mutated(samples: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), 0u8..6, any::<u8>());
    let mutated = (prop::sample::select(samples), prop::collection::vec(change, 0..8));
    let mutated = mutated.prop_map(|(mut bytes, changes)| {
        changes.into_iter().for_each(|(at, what, byte)| change_at(&mut bytes, at, what, byte));
        bytes
    });
    prop_oneof![1 => prop::collection::vec(any::<u8>(), 0..400), 4 => mutated]
}

fn change_at(bytes: &mut Vec<u8>, at: prop::sample::Index, what: u8, byte: u8) {
    let at = at.index(bytes.len() + 1);
    let rest = bytes.len() - at;
    match what {
        0 => bytes.insert(at, byte),
        1 if rest > 0 => bytes[at] = byte,
        2 => drop(bytes.drain(at..at + rest.min(usize::from(byte % 8)))),
        3 if byte < 64 => bytes.truncate(at),
        4 => {
            let again = bytes[at..at + rest.min(usize::from(byte))].to_vec();
            bytes.splice(at..at, again);
        }
        _ => {
            let part = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+' | b'_');
            let begin = at - bytes[..at].iter().rev().take_while(part).count();
            let end = at + bytes[at..].iter().take_while(part).count();
            bytes.splice(begin..end, ODD[usize::from(byte) % ODD.len()].bytes());
        }
    }
}
