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
}
