//! A guest's text, made safe to show: one line, no control or ANSI codes, valid UTF-8, of bounded length.
//! And numbers, as people write them.

use std::time::Duration;

/// A text without ANSI escape sequences, control characters (tabs stay) and the characters that turn the
/// writing direction or break lines, which make a log read other than it is.
pub(crate) fn clean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => match chars.next() {
                Some('[') => skip_control_sequence(&mut chars),
                Some(']' | 'P' | 'X' | '^' | '_') => skip_string(&mut chars),
                Some(' '..='/') => while chars.next().is_some_and(|c| matches!(c, ' '..='/')) {},
                _ => {}
            },
            '\u{9b}' => skip_control_sequence(&mut chars),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => skip_string(&mut chars),
            '\t' => out.push(c),
            '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// CSI: parameters and intermediates up to one final character.
fn skip_control_sequence(chars: &mut Chars<'_>) {
    while chars.next_if(|c| matches!(c, ' '..='?')).is_some() {}
    let _last = chars.next_if(|c| matches!(c, '@'..='~'));
}

/// OSC, DCS and the like: up to BEL or ST. One without an end takes the rest of its line.
fn skip_string(chars: &mut Chars<'_>) {
    while let Some(c) = chars.next() {
        match c {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                let _backslash = chars.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

/// The beginning of `text` with at most `limit` bytes, whole characters only.
pub(crate) fn first_bytes(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// The beginning of `text` with at most `limit` characters.
pub(crate) fn first_chars(text: &str, limit: usize) -> &str {
    text.char_indices()
        .nth(limit)
        .map_or(text, |(at, _)| &text[..at])
}

/// The same, and a mark where there was more: whoever masks secrets looks for what is left of one before it.
pub(crate) fn shortened(text: &str, limit: usize) -> String {
    let first = first_chars(text, limit);
    let mark = if first.len() < text.len() { "…" } else { "" };
    format!("{first}{mark}")
}

/// A size in the largest unit that leaves no fraction: `256 MiB`, `1 KiB`, `1500 bytes`.
pub(crate) fn size(bytes: u64) -> String {
    for (unit, name) in [(30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if bytes != 0 && bytes.is_multiple_of(1 << unit) {
            return format!("{} {name}", bytes >> unit);
        }
    }
    format!("{bytes} bytes")
}

/// A time in the largest unit that leaves no fraction: `15 min`, `90 s`, `500 ms`.
pub(crate) fn duration(time: Duration) -> String {
    let millis = time.as_millis();
    for (unit, name) in [(3_600_000, "h"), (60_000, "min"), (1000, "s")] {
        if millis != 0 && millis.is_multiple_of(unit) {
            return format!("{} {name}", millis / unit);
        }
    }
    format!("{millis} ms")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn nothing_that_steers_a_terminal_is_left(text in any::<String>()) {
            let cleaned = clean(&text);
            prop_assert!(!cleaned.chars().any(|c| c.is_control() && c != '\t'));
            prop_assert_eq!(clean(&cleaned), cleaned.clone());
        }

        #[test]
        fn plain_text_stays(text in "[ -~äöü漢字🎉]{0,80}") {
            prop_assert_eq!(clean(&text), text);
        }

        #[test]
        fn beginnings_keep_whole_characters(text in any::<String>(), limit in 0..40_usize) {
            prop_assert!(first_bytes(&text, limit).len() <= limit);
            prop_assert!(text.starts_with(first_bytes(&text, limit)));
            prop_assert_eq!(
                first_chars(&text, limit).chars().count(),
                limit.min(text.chars().count())
            );
        }
    }

    #[test]
    fn escape_sequences_are_taken_out_whole() {
        for (text, is) in [
            ("\u{1b}[1;31merror\u{1b}[0m: x", "error: x"),
            ("\u{1b}]0;title\u{7}after", "after"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{9b}2Jgone", "gone"),
            ("\u{1b}(Bascii", "ascii"),
            ("a\u{8}b\u{0}c\td", "abc\td"),
            ("\u{202e}txt.exe", "txt.exe"),
            ("\u{1b}[31", ""),
            ("\u{1b}", ""),
        ] {
            assert_eq!(clean(text), is, "{text:?}");
        }
    }

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(size(256 << 20), "256 MiB");
        assert_eq!(size(1500), "1500 bytes");
        assert_eq!(size(0), "0 bytes");
        assert_eq!(duration(Duration::from_secs(900)), "15 min");
        assert_eq!(duration(Duration::from_secs(90)), "90 s");
        assert_eq!(duration(Duration::from_millis(1500)), "1500 ms");
    }
}
