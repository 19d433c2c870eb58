//! When certificates end. Reads the one field and judges nothing: whether a chain is sound is for TLS to say.

use std::io;
use std::path::Path;

use time::{Date, Month, OffsetDateTime, Time};

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// `[0]`, the version.
const VERSION: u8 = 0xa0;

/// When the first certificate of a PEM chain to end does.
///
/// # Errors
/// When the file cannot be read or holds no certificate.
pub fn chain_ends_at(chain: &Path) -> io::Result<OffsetDateTime> {
    let certificates = super::certificates(chain)?;
    let ends: Option<Vec<OffsetDateTime>> = certificates.iter().map(|der| not_after(der)).collect();
    ends.and_then(|ends| ends.into_iter().min())
        .ok_or_else(|| super::bad(chain, "a certificate does not say when it ends"))
}

/// `Certificate.tbsCertificate.validity.notAfter` (RFC 5280, section 4.1).
fn not_after(der: &[u8]) -> Option<OffsetDateTime> {
    let (certificate, _) = expect(der, SEQUENCE)?;
    let (signed, _) = expect(certificate, SEQUENCE)?;
    let rest = match next(signed)? {
        (VERSION, _, rest) => rest,
        _ => signed,
    };
    let (_, rest) = expect(rest, INTEGER)?; // serialNumber
    let (_, rest) = expect(rest, SEQUENCE)?; // signature
    let (_, rest) = expect(rest, SEQUENCE)?; // issuer
    let (validity, _) = expect(rest, SEQUENCE)?;
    let (_, _, rest) = next(validity)?; // notBefore
    let (tag, text, _) = next(rest)?;
    moment(tag, text)
}

fn expect(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    next(der).filter(|found| found.0 == tag).map(|(_, content, rest)| (content, rest))
}

/// Tag, content and what follows.
fn next(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) =
            rest.split_at_checked(usize::from(first & 0x7f)).filter(|(d, _)| d.len() <= 4)?;
        (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

/// `YYMMDDHHMMSSZ` (of 1950 to 2049) or `YYYYMMDDHHMMSSZ`.
fn moment(tag: u8, text: &[u8]) -> Option<OffsetDateTime> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let (year, rest) = match tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: i32 = year.parse().ok()?;
            (if year < 50 { 2_000 + year } else { 1_900 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    let pair = |at: usize| rest.get(at..at + 2)?.parse::<u8>().ok();
    let date = Date::from_calendar_date(year, Month::try_from(pair(0)?).ok()?, pair(2)?).ok()?;
    Some(date.with_time(Time::from_hms(pair(4)?, pair(6)?, pair(8)?).ok()?).assume_utc())
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};
    use time::macros::datetime;

    use super::*;

    fn certificate(not_after: OffsetDateTime) -> rcgen::Certificate {
        let mut params = CertificateParams::new(vec!["tacit.example".to_owned()]).unwrap();
        params.not_before = datetime!(2020-01-01 00:00 UTC);
        params.not_after = not_after;
        params.self_signed(&KeyPair::generate().unwrap()).unwrap()
    }

    #[test]
    fn the_end_is_read_in_both_notations() {
        for end in [
            datetime!(2027-02-28 23:59:59 UTC),
            datetime!(2049-12-31 00:00 UTC),
            datetime!(2051-03-04 05:06:07 UTC),
        ] {
            assert_eq!(not_after(certificate(end).der()), Some(end));
        }
    }

    #[test]
    fn a_chain_ends_with_its_first_certificate_to_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("chain.pem");
        let (late, early) = (datetime!(2040-01-01 00:00 UTC), datetime!(2031-01-01 00:00 UTC));
        std::fs::write(&path, certificate(late).pem() + &certificate(early).pem()).unwrap();
        assert_eq!(chain_ends_at(&path).unwrap(), early);
        std::fs::write(&path, "no certificate").unwrap();
        assert!(chain_ends_at(&path).is_err());
    }

    #[test]
    fn what_is_cut_short_says_nothing() {
        let certificate = certificate(datetime!(2030-01-01 00:00 UTC));
        let der: &[u8] = certificate.der();
        for length in 0..der.len().min(200) {
            assert_eq!(not_after(&der[..length]), None);
        }
    }
}
