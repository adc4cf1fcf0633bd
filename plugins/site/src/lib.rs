//! A Build action: a tree of Markdown files becomes a static web site.
