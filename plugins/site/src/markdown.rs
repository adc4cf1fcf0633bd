//! Markdown to HTML, with what a page needs besides: anchors, contents, prose, rewritten links.

use std::ops::Range;

use pipefitter_sdk::log;
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use crate::links::{Link, Links};
use crate::page::Heading;
use crate::slug::Anchors;

/// A rendered text.
#[derive(Debug, Default)]
pub(crate) struct Rendered {
    pub(crate) html: String,
    pub(crate) headings: Vec<Heading>,
    pub(crate) text: String,
    pub(crate) words: usize,
}

impl Rendered {
    /// The heading that names the page.
    pub(crate) fn title(&self) -> Option<&Heading> {
        self.headings.first().filter(|heading| heading.level == 1)
    }
}

/// Renders `text`, which begins after `skipped` lines of `file`.
pub(crate) fn render(file: &str, text: &str, skipped: usize, links: &Links<'_>) -> Rendered {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_GFM
        | Options::ENABLE_HEADING_ATTRIBUTES;
    let events: Vec<(Event<'_>, Range<usize>)> =
        Parser::new_ext(text, options).into_offset_iter().collect();
    let lines = Lines::new(text, skipped);
    let mut rendered = Rendered::default();
    (rendered.text, rendered.words) = prose(&events);
    let mut anchors = reserved(file, &events, &lines);
    let mut out = Vec::with_capacity(events.len());
    for (at, (event, range)) in events.iter().enumerate() {
        match event {
            Event::Start(Tag::Heading {
                level,
                id,
                classes,
                attrs,
            }) => {
                let title = heading_text(&events[at + 1..]);
                let id = id
                    .as_ref()
                    .map_or_else(|| anchors.make(&title), CowStr::to_string);
                out.push(Event::Start(Tag::Heading {
                    level: *level,
                    id: Some(id.clone().into()),
                    classes: classes.clone(),
                    attrs: attrs.clone(),
                }));
                rendered.headings.push(Heading {
                    level: number(*level),
                    id,
                    title,
                });
            }
            Event::End(TagEnd::Heading(level)) => {
                if let Some(heading) = rendered.headings.last() {
                    out.push(Event::InlineHtml(anchor(&heading.id).into()));
                }
                out.push(Event::End(TagEnd::Heading(*level)));
            }
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                title,
                id,
            }) => {
                let dest_url = rewritten(dest_url, links, || lines.place(file, range.start));
                let (title, id) = (title.clone(), id.clone());
                out.push(Event::Start(Tag::Link {
                    link_type: *link_type,
                    dest_url,
                    title,
                    id,
                }));
            }
            Event::Start(Tag::Image {
                link_type,
                dest_url,
                title,
                id,
            }) => {
                let dest_url = rewritten(dest_url, links, || lines.place(file, range.start));
                let (title, id) = (title.clone(), id.clone());
                out.push(Event::Start(Tag::Image {
                    link_type: *link_type,
                    dest_url,
                    title,
                    id,
                }));
            }
            // A wide table scrolls by itself instead of widening the page.
            Event::Start(Tag::Table(alignment)) => {
                out.push(Event::Html("<div class=\"table\">".into()));
                out.push(Event::Start(Tag::Table(alignment.clone())));
            }
            Event::End(TagEnd::Table) => {
                out.push(Event::End(TagEnd::Table));
                out.push(Event::Html("</div>\n".into()));
            }
            event => out.push(event.clone()),
        }
    }
    html::push_html(&mut rendered.html, out.into_iter());
    rendered
}

fn anchor(id: &str) -> String {
    let id = id
        .replace('&', "&amp;")
        .replace('"', "&quot;")
        .replace('<', "&lt;");
    format!("<a class=\"anchor\" href=\"#{id}\" aria-label=\"Link to this section\">#</a>")
}

fn rewritten<'a>(
    link: &CowStr<'a>,
    links: &Links<'_>,
    place: impl FnOnce() -> String,
) -> CowStr<'a> {
    match links.resolve(link) {
        Link::Kept => link.clone(),
        Link::Rewritten(address) => address.into(),
        Link::Lost(why) => {
            log::warn!("{}: {why}", place());
            link.clone()
        }
    }
}

/// The anchors that the text itself makes: a heading's own, and those of footnotes.
fn reserved(file: &str, events: &[(Event<'_>, Range<usize>)], lines: &Lines) -> Anchors {
    let mut anchors = Anchors::default();
    for (event, range) in events {
        let id = match event {
            Event::Start(Tag::Heading { id: Some(id), .. }) => id,
            Event::Start(Tag::FootnoteDefinition(id)) => id,
            _ => continue,
        };
        if !anchors.reserve(id) {
            log::warn!(
                "{}: the anchor `{id}` is there twice",
                lines.place(file, range.start)
            );
        }
    }
    anchors
}

/// The text of the heading that these events begin in.
fn heading_text(events: &[(Event<'_>, Range<usize>)]) -> String {
    let mut text = String::new();
    for (event, _) in events {
        match event {
            Event::End(TagEnd::Heading(_)) => break,
            Event::Text(part) | Event::Code(part) => text.push_str(part),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            _ => {}
        }
    }
    text.trim().to_owned()
}

/// The prose on one line, and its words. Blocks of code are neither: nobody reads them as text.
fn prose(events: &[(Event<'_>, Range<usize>)]) -> (String, usize) {
    let mut text = String::new();
    let mut in_code = false;
    for (event, _) in events {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_code = true,
            Event::End(TagEnd::CodeBlock) => in_code = false,
            Event::Text(part) if !in_code => text.push_str(part),
            Event::Code(part) => text.push_str(part),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            Event::End(
                TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link,
            ) => {}
            Event::End(_) => text.push(' '),
            _ => {}
        }
    }
    let words = text
        .split_whitespace()
        .filter(|word| word.contains(char::is_alphanumeric));
    let words = words.count();
    (text.split_whitespace().collect::<Vec<_>>().join(" "), words)
}

fn number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}

/// Where the lines of a text begin.
struct Lines {
    starts: Vec<usize>,
    skipped: usize,
}

impl Lines {
    fn new(text: &str, skipped: usize) -> Self {
        let ends = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| at + 1);
        Self {
            starts: std::iter::once(0).chain(ends).collect(),
            skipped,
        }
    }

    fn place(&self, file: &str, offset: usize) -> String {
        let line = self.starts.partition_point(|start| *start <= offset) + self.skipped;
        format!("{file}:{line}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use std::collections::BTreeSet;

    use super::*;
    use crate::source::Source;
    use pipefitter_sdk::testing;

    fn rendered(text: &str) -> Rendered {
        let (source, drafts) = (Source::default(), BTreeSet::new());
        render("a.md", text, 3, &Links::new(&source, &drafts, "a.md"))
    }

    #[test]
    fn headings_get_unique_anchors_that_leave_room_for_the_authors() {
        let page = rendered("# One\n\n## Two\n\n## Two {#own}\n\n## Own\n\n## `Code` & *more*\n");
        let headings: Vec<(u8, &str, &str)> = page
            .headings
            .iter()
            .map(|h| (h.level, h.id.as_str(), h.title.as_str()))
            .collect();
        assert_eq!(
            headings,
            [
                (1, "one", "One"),
                (2, "two", "Two"),
                (2, "own", "Two"),
                (2, "own-1", "Own"),
                (2, "code--more", "Code & more")
            ]
        );
        assert!(
            page.html
                .contains("<h2 id=\"own\">Two<a class=\"anchor\" href=\"#own\""),
            "{}",
            page.html
        );
        assert_eq!(
            page.title().map(|heading| heading.title.as_str()),
            Some("One")
        );
    }

    #[test]
    fn tables_footnotes_and_strikethrough_are_understood() {
        let page = rendered("|a|b|\n|-|-|\n|1|~~2~~|\n\nText[^n].\n\n[^n]: Note\n");
        for part in ["<table>", "<del>2</del>", "footnote-definition"] {
            assert!(page.html.contains(part), "{part} is not in {}", page.html);
        }
    }

    #[test]
    fn prose_is_counted_without_blocks_of_code() {
        let page = rendered("# A b\n\nc `d` *e*f -- g.\n\n```\nx y z\n```\n- h\n- i\n");
        assert_eq!(
            (page.text.as_str(), page.words),
            ("A b c d ef -- g. h i", 8)
        );
    }

    #[test]
    fn a_link_that_goes_nowhere_is_warned_about_with_its_line() {
        rendered("one\n\ntwo [x](gone.md)\n");
        let log = testing::take_log();
        assert_eq!(log.len(), 1);
        assert_eq!(log[0].text, "a.md:6: `gone.md` goes to no file");
    }

    proptest! {
        #[test]
        fn every_heading_has_its_anchor_in_the_page(text in "(# |## |a|b c|\n\n|`|\\*|\\[x\\]\\(y\\)|\\{#own\\}|\\PC){0,30}") {
            let page = rendered(&text);
            for heading in &page.headings {
                prop_assert!(!heading.id.is_empty());
                prop_assert!(page.html.contains("<h"), "{}", page.html);
            }
        }
    }
}
