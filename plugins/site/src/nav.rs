//! The order of the pages, and the tree that shows it.
//!
//! Directories are sections. Siblings stand by `order` of their front matter, those without one after
//! them by title; a section stands where its index page says.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::links::encoded;
use crate::page::Page;

/// A page or section in the navigation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Node {
    pub(crate) title: String,
    /// The page's address from the site's root; none for a section without an index page.
    pub(crate) url: Option<String>,
    /// What the addresses below begin with; none for a page.
    pub(crate) prefix: Option<String>,
    pub(crate) children: Vec<Node>,
    #[serde(skip)]
    order: Option<f64>,
    /// The page's path, or that of the section's index page.
    #[serde(skip)]
    path: Option<String>,
}

/// The tree of all pages. The site's first page leads it.
pub(crate) fn tree(pages: &[Page]) -> Vec<Node> {
    let mut root = Section::default();
    for page in pages {
        root.add(page, &page.path);
    }
    let mut nodes = root.nodes("");
    if let Some(index) = root.index {
        nodes.insert(0, page_node(index));
    }
    nodes
}

/// The paths of the pages in reading order.
pub(crate) fn reading_order(nodes: &[Node]) -> Vec<&str> {
    let mut paths = Vec::new();
    for node in nodes {
        paths.extend(node.path.as_deref());
        paths.extend(reading_order(&node.children));
    }
    paths
}

#[derive(Default)]
struct Section<'a> {
    index: Option<&'a Page>,
    pages: Vec<&'a Page>,
    sections: BTreeMap<&'a str, Section<'a>>,
}

impl<'a> Section<'a> {
    fn add(&mut self, page: &'a Page, path: &'a str) {
        match path.split_once('/') {
            Some((directory, rest)) => self.sections.entry(directory).or_default().add(page, rest),
            None if path == "index.html" => self.index = Some(page),
            None => self.pages.push(page),
        }
    }

    fn nodes(&self, prefix: &str) -> Vec<Node> {
        let mut nodes: Vec<Node> = self.pages.iter().map(|page| page_node(page)).collect();
        for (name, section) in &self.sections {
            let prefix = format!("{prefix}{name}/");
            let children = section.nodes(&prefix);
            let mut node = section.index.map_or_else(
                || Node {
                    title: spoken(name),
                    url: None,
                    prefix: None,
                    children: Vec::new(),
                    order: None,
                    path: None,
                },
                page_node,
            );
            // A directory with nothing but its index page is a page.
            if !children.is_empty() {
                node.prefix = Some(encoded(&prefix));
            }
            node.children = children;
            nodes.push(node);
        }
        nodes.sort_by(|a, b| by_order(a.order, b.order).then_with(|| by_title(&a.title, &b.title)));
        nodes
    }
}

fn page_node(page: &Page) -> Node {
    Node {
        title: page.title.clone(),
        url: Some(encoded(&page.path)),
        prefix: None,
        children: Vec::new(),
        order: page.order,
        path: Some(page.path.clone()),
    }
}

fn by_order(a: Option<f64>, b: Option<f64>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

fn by_title(a: &str, b: &str) -> Ordering {
    a.to_lowercase()
        .cmp(&b.to_lowercase())
        .then_with(|| a.cmp(b))
}

/// A file or directory name as a title: `getting-started` becomes `Getting started`.
pub(crate) fn spoken(name: &str) -> String {
    let text = name.replace(['-', '_'], " ");
    let mut characters = text.trim().chars();
    characters.next().map_or_else(
        || name.to_owned(),
        |first| first.to_uppercase().chain(characters).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(path: &str, title: &str, order: Option<f64>) -> Page {
        Page {
            source: path.replace("html", "md"),
            path: path.to_owned(),
            title: title.to_owned(),
            description: None,
            order,
            template: "page.html".to_owned(),
            content: String::new(),
            has_title: true,
            headings: Vec::new(),
            text: String::new(),
            words: 0,
        }
    }

    #[test]
    fn siblings_stand_by_order_then_by_title() {
        let pages = [
            page("zebra.html", "Zebra", None),
            page("b.html", "apple", None),
            page("last.html", "A", Some(9.0)),
            page("first.html", "Z", Some(-1.0)),
            page("index.html", "Home", None),
            page("guide/index.html", "Guide", Some(1.0)),
            page("guide/x.html", "X", None),
            page("some-notes/deep/a b.html", "Deep", None),
        ];
        let nodes = tree(&pages);
        let titles: Vec<&str> = nodes.iter().map(|node| node.title.as_str()).collect();
        assert_eq!(
            titles,
            ["Home", "Z", "Guide", "A", "apple", "Some notes", "Zebra"]
        );
        assert_eq!(nodes[2].prefix.as_deref(), Some("guide/"));
        assert_eq!(
            (nodes[5].url.as_deref(), nodes[5].prefix.as_deref()),
            (None, Some("some-notes/"))
        );
        assert_eq!(
            nodes[5].children[0].children[0].url.as_deref(),
            Some("some-notes/deep/a%20b.html")
        );
        assert_eq!(
            reading_order(&nodes),
            [
                "index.html",
                "first.html",
                "guide/index.html",
                "guide/x.html",
                "last.html",
                "b.html",
                "some-notes/deep/a b.html",
                "zebra.html"
            ]
        );
    }

    #[test]
    fn names_become_titles() {
        assert_eq!(spoken("getting-started"), "Getting started");
        assert_eq!(spoken("über_uns"), "Über uns");
        assert_eq!(spoken("-"), "-");
    }
}
