//! Text of a plugin on its way to the service, a terminal or a page.
//!
//! Two questions, answered apart: what may be in it ([`clean_text`]) and how long it may be
//! ([`cut_utf16`]). CodePipeline counts a field's length as Java does, in UTF-16 code units, so an emoji
//! counts twice; cutting is by whole characters all the same. Both functions are idempotent, and a
//! cleaned text stays clean when it is cut.

use std::iter::Peekable;
use std::str::Chars;

const ESCAPE: char = '\u{1b}';
const BELL: char = '\u{7}';
const STRING_TERMINATOR: char = '\u{9c}';

/// The text without control characters, ANSI escape sequences and characters that turn its direction.
///
/// Newline and tab stay; `\r\n` and a lone `\r` become a newline, so that lines drawn over each other in
/// a terminal stay apart. A sequence goes whole, its parameters included (ECMA-48: CSI, and the string
/// kinds DCS, SOS, OSC, PM and APC, in their 7-bit and 8-bit forms). A string that nothing ends is
/// dropped to the end of its line and no further, so that a stray introducer cannot swallow a log.
#[must_use]
pub fn clean_text(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '\n' | '\t' => clean.push(next),
            '\r' => {
                rest.next_if_eq(&'\n');
                clean.push('\n');
            }
            ESCAPE => skip_escape(&mut rest),
            '\u{9b}' => skip_control_sequence(&mut rest),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => skip_string(&mut rest),
            _ if next.is_control() || turns_direction(next) => {}
            _ => clean.push(next),
        }
    }
    clean
}

/// The text in at most `max` UTF-16 code units.
///
/// A text that is too long ends with `... (cut from N characters)`, N being what it had, in the same
/// unit; where `max` has no room for that, it is cut without a word.
#[must_use]
pub fn cut_utf16(text: &str, max: usize) -> String {
    let had = utf16_len(text);
    if had <= max {
        return text.to_owned();
    }
    let marker = format!("... (cut from {had} characters)");
    match max.checked_sub(marker.len()) {
        Some(room) => format!("{}{marker}", head(text, room)),
        None => head(text, max).to_owned(),
    }
}

/// The length as the service counts it.
pub(crate) fn utf16_len(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

fn head(text: &str, max: usize) -> &str {
    let mut units = 0;
    let end = text.char_indices().find_map(|(at, c)| {
        units += c.len_utf16();
        (units > max).then_some(at)
    });
    &text[..end.unwrap_or(text.len())]
}

/// Bidirectional embeddings, overrides and isolates: they make a page show another text than is there.
fn turns_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// After ESC: an introducer's sequence, or intermediates and one final character.
fn skip_escape(rest: &mut Peekable<Chars<'_>>) {
    match rest.peek() {
        Some('[') => {
            rest.next();
            skip_control_sequence(rest);
        }
        Some('P' | 'X' | ']' | '^' | '_') => {
            rest.next();
            skip_string(rest);
        }
        _ => {
            while rest.next_if(|c| matches!(c, ' '..='/')).is_some() {}
            rest.next_if(|c| matches!(c, '0'..='~'));
        }
    }
}

/// After CSI: parameters and intermediates, then one final character. Anything else ends it unread.
fn skip_control_sequence(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|c| matches!(c, ' '..='?')).is_some() {}
    rest.next_if(|c| matches!(c, '@'..='~'));
}

fn skip_string(rest: &mut Peekable<Chars<'_>>) {
    while let Some(next) = rest.next_if(|c| !matches!(c, '\n' | '\r')) {
        match next {
            BELL | STRING_TERMINATOR => return,
            ESCAPE => {
                // ESC \ ends the string; any other sequence ends it too and is skipped as itself.
                if rest.next_if_eq(&'\\').is_none() {
                    skip_escape(rest);
                }
                return;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sequences_go_whole() {
        for (given, clean) in [
            ("plain text, äöü, 日本", "plain text, äöü, 日本"),
            ("\u{1b}[1;31mred\u{1b}[0m", "red"),
            ("\u{9b}31mred\u{9b}0m", "red"),
            ("\u{1b}]0;a title\u{7}after", "after"),
            ("\u{1b}]8;;https://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}Psome data\u{9c}after", "after"),
            ("\u{1b}cafter", "after"),
            ("\u{1b}(Bafter", "after"),
            ("\u{1b}[31", ""),
            ("\u{1b}", ""),
            ("\u{1b}[3\u{1b}[31mred", "red"),
            ("\u{1b}[12\nnext", "\nnext"),
            ("\u{1b}]never ended\nnext line", "\nnext line"),
            ("10%\r20%\r\ndone\tnow", "10%\n20%\ndone\tnow"),
            ("a\u{0}b\u{7f}c\u{85}d\u{8}", "abcd"),
            ("gpj.\u{202e}exe\u{202c}", "gpj.exe"),
        ] {
            assert_eq!(clean_text(given), clean, "{given:?}");
        }
    }

    #[test]
    fn a_cut_says_so_within_the_limit() {
        let cut = cut_utf16(&"x".repeat(100), 40);
        assert_eq!(
            cut,
            format!("{}... (cut from 100 characters)", "x".repeat(11))
        );
        assert_eq!(utf16_len(&cut), 40);
        assert_eq!(cut_utf16("fits", 4), "fits");
        assert_eq!(cut_utf16("no room for a marker", 5), "no ro");
        // Each of these is two units, and half of one is not a character.
        assert_eq!(cut_utf16("😀😀😀", 5), "😀😀");
        assert_eq!(cut_utf16("😀", 1), "");
        assert_eq!(cut_utf16("anything", 0), "");
    }

    /// Text rich in what the functions treat apart.
    fn nasty() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<char>().prop_map(String::from),
            "[a-z ]{1,8}",
            "\\PC{1,4}",
            prop::sample::select(vec![
                "\u{1b}",
                "\u{1b}[",
                "\u{1b}]",
                "\u{9b}",
                "\u{9d}",
                "\u{90}",
                "\u{7}",
                "\u{9c}",
                "\u{1b}\\",
                "\n",
                "\r",
                "\r\n",
                "\t",
                "\u{0}",
                "31m",
                ";",
                "😀",
                "\u{202e}",
                "... (cut from 9 characters)",
            ])
            .prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn cutting_never_exceeds_and_never_splits(text in nasty(), max in 0usize..200) {
            let cut = cut_utf16(&text, max);
            prop_assert!(cut.encode_utf16().count() <= max);
            prop_assert_eq!(&cut_utf16(&cut, max), &cut);
            if text.encode_utf16().count() <= max {
                prop_assert_eq!(&cut, &text);
            } else {
                let marker = format!("... (cut from {} characters)", text.encode_utf16().count());
                let kept = cut.strip_suffix(&marker).unwrap_or(&cut);
                prop_assert!(text.starts_with(kept));
                prop_assert!(max < marker.len() || cut.ends_with(&marker));
            }
        }

        #[test]
        fn cleaning_leaves_no_control(text in nasty()) {
            let clean = clean_text(&text);
            prop_assert!(clean.chars().all(|c| !c.is_control() || c == '\n' || c == '\t'));
            prop_assert_eq!(&clean_text(&clean), &clean);
        }

        #[test]
        fn what_is_cleaned_stays_clean_when_cut(text in nasty(), max in 0usize..200) {
            let short = cut_utf16(&clean_text(&text), max);
            prop_assert_eq!(&clean_text(&short), &short);
        }

        #[test]
        fn printable_text_is_left_alone(text in "[ -~äöü日本😀\n\t]{0,80}") {
            prop_assert_eq!(&clean_text(&text), &text);
        }
    }
}
