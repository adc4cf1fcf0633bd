//! The links and anchors of one page, by the tokenizer of the HTML standard: comments, scripts,
//! character references and sloppy quotes mean what they mean to a browser.

use std::collections::HashSet;

use html5gum::emitters::default::DefaultEmitter;
use html5gum::{StartTag, Token, Tokenizer};

/// A link as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Link {
    /// Of the tag, from 1.
    pub(crate) line: usize,
    pub(crate) address: String,
    /// A link to nothing is a page's own address; an image from nothing is a mistake.
    pub(crate) may_be_empty: bool,
}

/// What a page has.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) links: Vec<Link>,
    pub(crate) anchors: HashSet<String>,
    /// The address that relative links count from, where the page says so.
    pub(crate) base: Option<String>,
}

/// Reads a page.
pub(crate) fn read(html: &[u8]) -> Page {
    let starts: Vec<usize> = html
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .map(|(at, _)| at)
        .collect();
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    let mut page = Page::default();
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        if let Token::StartTag(tag) = token {
            let line = starts.partition_point(|at| *at < tag.span.start) + 1;
            page.add(&tag, line);
        }
    }
    page
}

impl Page {
    fn add(&mut self, tag: &StartTag<usize>, line: usize) {
        if let Some(id) = value(tag, "id") {
            self.anchors.insert(id);
        }
        let mut link = |address: String, may_be_empty| {
            let address = address.trim().to_owned();
            self.links.push(Link {
                line,
                address,
                may_be_empty,
            });
        };
        let name = String::from_utf8_lossy(&tag.name);
        match name.as_ref() {
            "base" => {
                // Only the first counts.
                if self.base.is_none() {
                    self.base = value(tag, "href");
                }
                return;
            }
            "a" | "area" | "link" => {
                if let Some(address) = value(tag, "href") {
                    link(address, name != "link");
                }
            }
            "object" => {
                if let Some(address) = value(tag, "data") {
                    link(address, false);
                }
            }
            "meta" => {
                if let Some(address) = refresh(tag) {
                    link(address, true);
                }
            }
            "img" | "script" | "iframe" | "source" | "audio" | "video" | "track" | "embed"
            | "input" => {
                for attribute in ["src", "poster"] {
                    if let Some(address) = value(tag, attribute) {
                        link(address, false);
                    }
                }
                let set = value(tag, "srcset").unwrap_or_default();
                for address in set_of_sources(&set) {
                    link(address, false);
                }
            }
            _ => {}
        }
        if name == "a"
            && let Some(anchor) = value(tag, "name")
        {
            self.anchors.insert(anchor);
        }
    }
}

fn value(tag: &StartTag<usize>, name: &str) -> Option<String> {
    let value = tag.attributes.get(name.as_bytes())?;
    Some(String::from_utf8_lossy(&value.value).into_owned())
}

/// The address in `<meta http-equiv="refresh" content="0; url=...">`.
fn refresh(tag: &StartTag<usize>) -> Option<String> {
    let refresh = value(tag, "http-equiv")?.eq_ignore_ascii_case("refresh");
    let content = value(tag, "content").filter(|_| refresh)?;
    let (_, rest) = content.split_once([';', ','])?;
    let (name, address) = rest.split_once('=')?;
    let address = address.trim().trim_matches(['"', '\'']);
    name.trim()
        .eq_ignore_ascii_case("url")
        .then(|| address.to_owned())
}

/// The addresses of a `srcset`: `a.png 1x, b.png 2x`. An address may hold commas (`data:` has them);
/// one at its end, or a comma after the descriptor, ends the candidate.
fn set_of_sources(set: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = set;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || c == ',');
        if rest.is_empty() {
            return found;
        }
        let end = rest
            .find(|c: char| c.is_ascii_whitespace())
            .unwrap_or(rest.len());
        let (address, after) = rest.split_at(end);
        let bare = address.trim_end_matches(',');
        found.push(bare.to_owned());
        rest = if bare.len() < address.len() {
            after
        } else {
            after.split_once(',').map_or("", |(_, after)| after)
        };
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn links(html: &str) -> Vec<(usize, String)> {
        read(html.as_bytes())
            .links
            .into_iter()
            .map(|link| (link.line, link.address))
            .collect()
    }

    #[test]
    fn links_are_found_with_their_lines() {
        let html = "<!doctype html>\r\n<a href=' a.html '>x</a>\r\n<img\n src=b.png><p\n><A HREF=\"?a&amp;b\">";
        assert_eq!(
            links(html),
            [
                (2, "a.html".to_owned()),
                (3, "b.png".to_owned()),
                (5, "?a&b".to_owned())
            ]
        );
    }

    #[test]
    fn what_is_no_markup_has_no_links() {
        let html = "<!-- <a href=x> --><script>\"<a href=y>\"</script><style>a::after{content:'<img src=z>'}</style><title><a href=t></title>";
        assert_eq!(links(html), []);
    }

    #[test]
    fn every_kind_of_reference_is_one() {
        let html = "<link href=1><script src=2></script><video src=3 poster=4></video><object data=5></object>\
            <img srcset='6 1x, 7, data:a,b 2x,8'><meta http-equiv=Refresh content='0; URL=\"9\"'><area href=10>";
        let addresses: Vec<String> = links(html)
            .into_iter()
            .map(|(_, address)| address)
            .collect();
        assert_eq!(
            addresses,
            [
                "1", "2", "3", "4", "5", "6", "7", "data:a,b", "8", "9", "10"
            ]
        );
    }

    #[test]
    fn anchors_are_ids_and_names() {
        let page =
            read("<base href='/x/'><base href=y><h2 id='a b'><a name=n></a><p name=p>".as_bytes());
        assert_eq!(
            page.anchors,
            HashSet::from(["a b".to_owned(), "n".to_owned()])
        );
        assert_eq!(page.base.as_deref(), Some("/x/"));
    }

    #[test]
    fn bytes_that_are_no_text_are_read_over() {
        assert_eq!(read(b"\xff\xfe<a href=\xff>\n<a href=b>").links.len(), 2);
    }

    proptest! {
        #[test]
        fn a_link_is_found_behind_any_text_on_its_line(before in "[^<>&\r\n]{0,20}", lines in 0_usize..5) {
            let html = format!("{}{before}<a href='x'>", "\n".repeat(lines));
            prop_assert_eq!(links(&html), [(lines + 1, "x".to_owned())]);
        }

        #[test]
        fn no_bytes_make_it_panic(html in prop::collection::vec(any::<u8>(), 0..200)) {
            read(&html);
        }
    }
}
