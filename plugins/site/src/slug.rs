//! Anchors of headings: the ones that code hosts make, so that links written for them keep working.

use std::collections::HashSet;

/// The anchors of one page.
#[derive(Debug, Default)]
pub(crate) struct Anchors {
    taken: HashSet<String>,
}

impl Anchors {
    /// Takes an anchor that the author wrote. False when it was taken before.
    pub(crate) fn reserve(&mut self, anchor: &str) -> bool {
        self.taken.insert(anchor.to_owned())
    }

    /// A new anchor for a heading's text: lower case, words joined by `-`, and a number where that is
    /// taken.
    pub(crate) fn make(&mut self, text: &str) -> String {
        let mut slug = String::new();
        for c in text.trim().chars() {
            if c.is_alphanumeric() || matches!(c, '_' | '-') {
                slug.extend(c.to_lowercase());
            } else if c.is_whitespace() {
                slug.push('-');
            }
        }
        if slug.is_empty() {
            slug.push_str("section");
        }
        let mut anchor = slug.clone();
        let mut number = 0_u32;
        while !self.taken.insert(anchor.clone()) {
            number += 1;
            anchor = format!("{slug}-{number}");
        }
        anchor
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn anchors_are_those_of_code_hosts() {
        let mut anchors = Anchors::default();
        for (text, anchor) in [
            ("Getting started", "getting-started"),
            ("What's `new`, in 2.0?", "whats-new-in-20"),
            ("Über Größe", "über-größe"),
            ("a - b", "a---b"),
            ("Getting Started", "getting-started-1"),
            ("Getting started 1", "getting-started-1-1"),
            ("!!!", "section"),
        ] {
            assert_eq!(anchors.make(text), anchor);
        }
    }

    #[test]
    fn what_the_author_reserved_is_not_given_away() {
        let mut anchors = Anchors::default();
        assert!(anchors.reserve("intro"));
        assert!(!anchors.reserve("intro"));
        assert_eq!(anchors.make("Intro"), "intro-1");
    }

    proptest! {
        #[test]
        fn no_two_headings_share_an_anchor(texts in prop::collection::vec("[aA1 -]{0,3}|\\PC{0,6}", 0..30)) {
            let mut anchors = Anchors::default();
            let made: HashSet<String> = texts.iter().map(|text| anchors.make(text)).collect();
            prop_assert_eq!(made.len(), texts.len());
            prop_assert!(made.iter().all(|anchor| !anchor.contains([' ', '"', '<'])));
        }
    }
}
