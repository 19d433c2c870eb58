//! Public keys of devices: Ed25519, 32 bytes. Pure.

use crate::{Error, Result};

/// Length of a key.
const BYTES: usize = 32;
/// Sign of the point, in the last byte.
const SIGN: u8 = 0x80;
/// The y of every point whose order divides 8 (RFC 8032, section 5.1). Under such a key there are signatures that hold for any text,
/// which whoever knows of them can make.
const LOW_ORDER: [[u8; BYTES]; 5] = [
    of_small(0),
    of_small(1),
    of_p_less_one(),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ],
];

const fn of_small(y: u8) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    bytes[0] = y;
    bytes
}

/// p = 2^255 - 19.
const fn of_p_less_one() -> [u8; BYTES] {
    let mut bytes = [0xff; BYTES];
    bytes[0] = 0xec;
    bytes[BYTES - 1] = 0x7f;
    bytes
}

/// Checks that a key may stand for a device.
///
/// # Errors
/// Invalid argument for another length, a point of low order, or one that is not written as it must be.
pub fn check(public_key: &[u8]) -> Result<()> {
    let refuse = |what| Err(Error::invalid(format!("public_key must be an Ed25519 public key {what}")));
    let Ok(mut y) = <[u8; BYTES]>::try_from(public_key) else { return refuse("of 32 bytes") };
    y[BYTES - 1] &= !SIGN;
    if LOW_ORDER.contains(&y) {
        return refuse("of full order, not a weak one");
    }
    // From p on, y stands for a smaller one.
    let reduced = y.iter().rev().cmp(of_p_less_one().iter().rev()).is_le();
    if reduced { Ok(()) } else { refuse("in its canonical form") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

    #[test]
    fn what_anyone_can_sign_under_is_no_key() {
        // R = identity, S = 0: holds for any text under the identity, and for some under each of the others.
        let anyones = [of_small(1), [0; BYTES]].concat();
        UnparsedPublicKey::new(&ED25519, of_small(1)).verify(b"any text", &anyones).unwrap();
        for y in LOW_ORDER {
            let mut negative = y;
            negative[BYTES - 1] |= SIGN;
            assert!(check(&y).is_err() && check(&negative).is_err(), "{y:?}");
        }
        // p and p + 1 are 0 and 1.
        for low in [0xed, 0xee, 0xff] {
            let mut beyond = of_p_less_one();
            beyond[0] = low;
            assert!(check(&beyond).is_err(), "{low}");
        }
        assert!(check(&[2; 31]).is_err() && check(&[2; 33]).is_err());
        for _ in 0..100 {
            check(Ed25519KeyPair::generate().unwrap().public_key().as_ref()).unwrap();
        }
    }
}
