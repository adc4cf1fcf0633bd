//! One page, as the templates see it.

use serde::Serialize;

/// A heading in a page's table of contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Heading {
    /// 1 to 6.
    pub(crate) level: u8,
    /// The anchor, without `#`.
    pub(crate) id: String,
    /// The text, without markup.
    pub(crate) title: String,
}

/// What a Markdown file became.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    /// The Markdown file, relative to the source folder.
    pub(crate) source: String,
    /// The page's file, relative to the site's root.
    pub(crate) path: String,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) order: Option<f64>,
    pub(crate) template: String,
    /// The body, as HTML.
    pub(crate) content: String,
    /// Whether the body starts with a heading of the first level.
    pub(crate) has_title: bool,
    pub(crate) headings: Vec<Heading>,
    /// The prose, for the search.
    pub(crate) text: String,
    pub(crate) words: usize,
}

impl Page {
    /// The way from the page to the site's root: empty, or `../` once or more.
    pub(crate) fn root(&self) -> String {
        "../".repeat(self.path.matches('/').count())
    }
}
