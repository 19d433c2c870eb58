//! What a person may ask for, and what whoever does it must say. Pure.

use crate::domain::plain::is_plain;
use crate::{Error, Result};

/// Characters of a reason.
const REASON: std::ops::RangeInclusive<usize> = 10..=500;
/// Letters and digits of a reason at least.
const LEAST_SAID: usize = 6;
/// Characters of an account's name at most; what a directory allows.
const LONGEST_NAME: usize = 256;

/// A reason as it is kept: without space around it.
///
/// # Errors
/// Invalid argument for one that is too short to say anything, too long, or no plain text.
pub fn check_reason(reason: &str) -> Result<String> {
    let reason = reason.trim();
    let said = reason.chars().filter(|c| c.is_alphanumeric()).count();
    if !REASON.contains(&reason.chars().count()) || said < LEAST_SAID || !is_plain(reason) {
        return Err(Error::of_field(
            "reason",
            "reason must say why in 10 to 500 characters; the audit log keeps it, so name nobody in it",
        ));
    }
    Ok(reason.to_owned())
}

/// An account's name, as the directory has it.
///
/// # Errors
/// Invalid argument for one that cannot be a name.
pub fn check_name(name: &str) -> Result<&str> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME || name.contains(char::is_control) {
        return Err(Error::of_field(
            "name",
            format!("name must be the account as the directory has it, 1 to {LONGEST_NAME} characters"),
        ));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::check_reason;

    #[test]
    fn a_reason_can_be_read() {
        for said in
            ["asked for by the person", "Auskunft nach Art. 15, Nr. 7", "本人からの依頼による開示請求"]
        {
            assert_eq!(check_reason(&format!(" {said} ")).unwrap(), said);
        }
        let reversed = format!("asked for by {}", '\u{202e}');
        for unread in
            ["too short", "............", &"\u{200b}".repeat(12), &reversed, "asked\nfor by somebody"]
        {
            check_reason(unread).unwrap_err();
        }
    }
}
