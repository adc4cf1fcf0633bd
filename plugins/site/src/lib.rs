//! A Build action: a tree of Markdown files becomes a static web site.
//!
//! Each step is a module that knows nothing of the next: `source` sorts the input's files,
//! `front_matter` and `markdown` turn one file into a page, `links` and `slug` keep its links and
//! anchors right, `nav` orders the pages, `search` and `sitemap` describe them, `theme` renders.
//! `build` calls them in turn. Nothing of the output depends on the clock or on the order of a
//! directory: the same input gives the same bytes.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "tests"))]

mod build;
mod config;
mod front_matter;
mod links;
mod markdown;
mod nav;
mod page;
mod search;
mod sitemap;
mod slug;
mod source;
mod theme;
mod work;

pub use work::run;

pipefitter_sdk::plugin!(run);
