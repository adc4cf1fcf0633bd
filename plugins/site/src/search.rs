//! What the pages' search reads: `search-index.json`.

use pipefitter_sdk::Failure;
use serde::Serialize;

use crate::links::encoded;
use crate::page::Page;

#[derive(Serialize)]
struct Entry<'a> {
    url: String,
    title: &'a str,
    /// Anchor and text of each heading but the title.
    headings: Vec<(&'a str, &'a str)>,
    text: &'a str,
}

/// The index of all pages, in their order.
pub(crate) fn index(pages: &[Page]) -> Result<String, Failure> {
    let entries: Vec<Entry<'_>> = pages
        .iter()
        .map(|page| Entry {
            url: encoded(&page.path),
            title: &page.title,
            headings: page
                .headings
                .iter()
                .skip(usize::from(page.has_title))
                .map(|heading| (heading.id.as_str(), heading.title.as_str()))
                .collect(),
            text: &page.text,
        })
        .collect();
    Ok(serde_json::to_string(&entries)?)
}
