//! What a text that a person writes may hold: what whoever reads it later can see. Pure.

/// Whether a text is free of characters that show nothing, or have others shown in another order.
#[must_use]
pub fn is_plain(text: &str) -> bool {
    !text.contains(is_hidden)
}

/// As [`is_plain`], of a text of several lines.
#[must_use]
pub fn is_plain_lines(text: &str) -> bool {
    !text.contains(|c| is_hidden(c) && c != '\n' && c != '\t')
}

/// Control characters, and those of Unicode's general category Cf that are no part of a script.
fn is_hidden(c: char) -> bool {
    let formats = ['\u{ad}', '\u{61c}', '\u{180e}', '\u{200b}', '\u{200e}', '\u{200f}', '\u{feff}'];
    c.is_control()
        || formats.contains(&c)
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_not_plain() {
        // A joiner is part of how Persian and Hindi are written.
        for text in ["ask the person", "äußerst, 2 %", "می\u{200c}خواهم", "क्\u{200d}ष", "本人", ""]
        {
            assert!(is_plain(text) && is_plain_lines(text), "{text}");
        }
        for hidden in [
            '\u{1b}',
            '\r',
            '\u{ad}',
            '\u{200b}',
            '\u{2028}',
            '\u{202e}',
            '\u{2066}',
            '\u{feff}',
            '\u{e0041}',
        ] {
            let text = format!("a{hidden}b");
            assert!(!is_plain(&text) && !is_plain_lines(&text), "{text:?}");
        }
        assert!(is_plain_lines("two\n\tlines") && !is_plain("two\nlines"));
    }
}
