//! Patterns of links.

/// Whether `text` as a whole matches `pattern`: `*` stands for any text, `?` for one character.
pub(crate) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    // Where the last `*` is, and up to where of the text it stands for.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                // Let the last star take one more: an earlier one cannot do better.
                let Some((at, upto)) = star else { return false };
                star = Some((at, upto + 1));
                p = at + 1;
                t = upto + 1;
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::matches;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "a/b"),
            ("/api/*", "/api/v1/x"),
            ("*.pdf", "a.b.pdf"),
            ("a?c", "aéc"),
            ("*a*b*", "xxaxbx"),
            ("**", "x"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("a", ""),
            ("/api/*", "/apx/v1"),
            ("*.pdf", "a.pdfx"),
            ("a?c", "ac"),
            ("*a*b*", "ba"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
    }

    /// What the pattern means, word for word; it takes exponential time.
    fn meant(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => true,
            (Some((b'*', rest)), None) => meant(rest, text),
            (Some((b'*', rest)), Some((_, after))) => meant(rest, text) || meant(pattern, after),
            (Some((b'?', rest)), Some((_, after))) => meant(rest, after),
            (Some((p, rest)), Some((t, after))) => p == t && meant(rest, after),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn it_is_what_the_pattern_means(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
            prop_assert_eq!(matches(&pattern, &text), meant(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
