//! Links between source files become links between pages.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};

use crate::source::Source;

/// What may not stand as it is in the path of an address in HTML.
const IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'\\')
    .add(b'^')
    .add(b'|');

/// Rewrites the links of one page.
#[derive(Debug)]
pub(crate) struct Links<'a> {
    source: &'a Source,
    /// Source files that become no page.
    drafts: &'a BTreeSet<String>,
    /// The directory of the source file, without `/` at its end.
    directory: &'a str,
}

/// What became of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// It stays as it is.
    Kept,
    /// It goes to a page or file of the site.
    Rewritten(String),
    /// It stays as it is, and goes nowhere. The text says why.
    Lost(String),
}

impl<'a> Links<'a> {
    pub(crate) fn new(source: &'a Source, drafts: &'a BTreeSet<String>, file: &'a str) -> Self {
        let directory = file.rsplit_once('/').map_or("", |(directory, _)| directory);
        Self {
            source,
            drafts,
            directory,
        }
    }

    pub(crate) fn resolve(&self, link: &str) -> Link {
        let end = link.find(['#', '?']).unwrap_or(link.len());
        let (path, tail) = link.split_at(end);
        if path.is_empty() || path.starts_with("//") || has_scheme(path) {
            return Link::Kept;
        }
        let Ok(decoded) = percent_decode_str(path).decode_utf8() else {
            return Link::Lost(format!("`{link}` is not UTF-8"));
        };
        let Some(target) = self.target(&decoded) else {
            return Link::Lost(format!("`{link}` leaves the source folder"));
        };
        if self.drafts.contains(&target) {
            return Link::Lost(format!("`{link}` goes to a draft"));
        }
        let page = self.source.pages.get(&target).map(String::as_str);
        let Some(page) = page.or_else(|| self.source.index_of(&target)) else {
            let is_there = self.source.files.contains(&target) || self.source.has_files_in(&target);
            return match is_there {
                // From the root of the source, which need not be that of the host.
                true if path.starts_with('/') => Link::Rewritten(self.address(&target, tail)),
                true => Link::Kept,
                false => Link::Lost(format!("`{link}` goes to no file")),
            };
        };
        Link::Rewritten(self.address(page, tail))
    }

    /// A path of the source, from the page's directory or, with `/` in front, from the root.
    fn target(&self, path: &str) -> Option<String> {
        let mut parts: Vec<&str> = Vec::new();
        if !path.starts_with('/') {
            parts.extend(self.directory.split('/').filter(|part| !part.is_empty()));
        }
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop()?;
                }
                part => parts.push(part),
            }
        }
        Some(parts.join("/"))
    }

    fn address(&self, target: &str, tail: &str) -> String {
        format!("{}{tail}", encoded(&relative(self.directory, target)))
    }
}

/// `target` as seen from `directory`.
fn relative(directory: &str, target: &str) -> String {
    let from: Vec<&str> = directory
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    let to: Vec<&str> = target.split('/').collect();
    let last = to.len() - 1;
    let common = from
        .iter()
        .zip(&to[..last])
        .take_while(|(a, b)| a == b)
        .count();
    let mut parts = vec![".."; from.len() - common];
    parts.extend(&to[common..]);
    let path = parts.join("/");
    // A colon in the first part would read as a scheme.
    if path
        .split('/')
        .next()
        .is_some_and(|part| part.contains(':'))
    {
        format!("./{path}")
    } else {
        path
    }
}

/// A path as the path of an address.
pub(crate) fn encoded(path: &str) -> String {
    utf8_percent_encode(path, IN_PATH).to_string()
}

fn has_scheme(link: &str) -> bool {
    link.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn source() -> Source {
        let page = |(file, page): (&str, &str)| (file.to_owned(), page.to_owned());
        Source {
            pages: [
                ("README.md", "index.html"),
                ("a/one.md", "a/one.html"),
                ("a/two words.md", "a/two words.html"),
                ("b/README.md", "b/index.html"),
                ("b/draft.md", "b/draft.html"),
            ]
            .map(page)
            .into(),
            indexes: [("", "index.html"), ("b", "b/index.html")].map(page).into(),
            files: ["img/x.png", "a/data.csv"].map(str::to_owned).into(),
            ..Source::default()
        }
    }

    #[test]
    fn links_between_files_become_links_between_pages() {
        let (source, drafts) = (source(), BTreeSet::from(["b/draft.md".to_owned()]));
        let links = Links::new(&source, &drafts, "a/one.md");
        for (link, to) in [
            ("one.md#top", "one.html#top"),
            ("two%20words.md", "two%20words.html"),
            ("../README.md?x=1#y", "../index.html?x=1#y"),
            ("/b/README.md", "../b/index.html"),
            ("../b", "../b/index.html"),
            ("../b/", "../b/index.html"),
            ("/img/x.png", "../img/x.png"),
            ("./../a/./one.md", "one.html"),
        ] {
            assert_eq!(
                links.resolve(link),
                Link::Rewritten(to.to_owned()),
                "{link}"
            );
        }
        for link in [
            "#top",
            "https://x.example/a.md",
            "mailto:a@b.example",
            "//x.example/a.md",
            "data.csv",
            "../img/x.png",
            "../img/",
            "",
        ] {
            assert_eq!(links.resolve(link), Link::Kept, "{link}");
        }
        for link in [
            "gone.md",
            "../b/draft.md",
            "../../x.md",
            "%ff.md",
            "gone.png",
        ] {
            assert!(matches!(links.resolve(link), Link::Lost(_)), "{link}");
        }
    }

    #[test]
    fn a_colon_does_not_become_a_scheme() {
        assert_eq!(relative("", "a:b.html"), "./a:b.html");
        assert_eq!(relative("x/y", "x/z/a.html"), "../z/a.html");
    }

    proptest! {
        /// Following the way from a directory leads to the file.
        #[test]
        fn a_way_leads_to_its_goal(
            from in prop::collection::vec("[ab:]{1,2}", 0..4),
            to in prop::collection::vec("[ab:]{1,2}", 1..5),
        ) {
            let (from, to) = (from.join("/"), to.join("/"));
            let way = relative(&from, &to);
            prop_assert!(!has_scheme(&way), "{way}");
            let mut at: Vec<&str> = from.split('/').filter(|part| !part.is_empty()).collect();
            for part in way.split('/').filter(|part| *part != ".") {
                if part == ".." {
                    prop_assert!(at.pop().is_some());
                } else {
                    at.push(part);
                }
            }
            prop_assert_eq!(at.join("/"), to);
        }

        #[test]
        fn any_link_is_resolved(link in "([a-z/.#?%:]|\\PC){0,24}") {
            let (source, drafts) = (source(), BTreeSet::new());
            Links::new(&source, &drafts, "a/one.md").resolve(&link);
        }
    }
}
