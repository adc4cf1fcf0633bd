//! Which files a site has, as a plain file host serves them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use pipefitter_sdk::{Failure, walk};

/// The files of a site, by paths with `/` from its root.
#[derive(Debug, Default)]
pub(crate) struct Site {
    files: BTreeSet<String>,
    directories: HashSet<String>,
    /// The first file of each name in lower case.
    lower: HashMap<String, String>,
    /// The anchors of each page.
    pub(crate) anchors: BTreeMap<String, HashSet<String>>,
}

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found<'a> {
    /// A file.
    File(&'a str),
    /// Nothing. The text says why, and what is near.
    Nothing(String),
}

impl Site {
    /// Reads the names below `root`.
    pub(crate) fn read(root: &Path) -> Result<Self, Failure> {
        let mut site = Self::default();
        for path in walk(root)? {
            site.add(path.to_string_lossy().replace('\\', "/"));
        }
        Ok(site)
    }

    pub(crate) fn add(&mut self, file: String) {
        for (at, _) in file.match_indices('/') {
            self.directories.insert(file[..at].to_owned());
        }
        self.lower
            .entry(file.to_lowercase())
            .or_insert_with(|| file.clone());
        self.files.insert(file);
    }

    /// The pages, in order.
    pub(crate) fn pages(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(String::as_str).filter(|file| {
            let extension = file.rsplit_once('.').map_or("", |(_, extension)| extension);
            matches!(extension.to_ascii_lowercase().as_str(), "html" | "htm")
        })
    }

    /// What a host serves for a path. A directory is served as its index page.
    pub(crate) fn find(&self, path: &str) -> Found<'_> {
        let directory = path.strip_suffix('/').unwrap_or(path);
        if directory == path
            && let Some(file) = self.files.get(path)
        {
            return Found::File(file);
        }
        for index in ["index.html", "index.htm"] {
            let index = if directory.is_empty() {
                index.to_owned()
            } else {
                format!("{directory}/{index}")
            };
            if let Some(file) = self.files.get(&index) {
                return Found::File(file);
            }
        }
        Found::Nothing(self.near(directory, directory != path))
    }

    fn near(&self, path: &str, as_directory: bool) -> String {
        if path.is_empty() || self.directories.contains(path) {
            return "the directory has no index.html".to_owned();
        }
        if as_directory && self.files.contains(path) {
            return "is a file, not a directory: take the `/` off its end".to_owned();
        }
        let page = format!("{path}.html");
        if self.files.contains(&page) {
            return format!("there is no such file, but `{page}`");
        }
        let lower = path.to_lowercase();
        let other = [lower.clone(), format!("{lower}/index.html")];
        match other.iter().find_map(|name| self.lower.get(name)) {
            Some(other) => format!("there is no such file, but `{other}`: capitals count"),
            None => "there is no such file".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_what_a_host_serves_for_it() {
        let mut site = Site::default();
        for file in [
            "index.html",
            "a/index.html",
            "a/Page.html",
            "img/x.png",
            "old/index.htm",
        ] {
            site.add(file.to_owned());
        }
        for (path, file) in [
            ("", "index.html"),
            ("a", "a/index.html"),
            ("a/", "a/index.html"),
            ("a/Page.html", "a/Page.html"),
            ("old/", "old/index.htm"),
        ] {
            assert_eq!(site.find(path), Found::File(file), "{path}");
        }
        for (path, why) in [
            ("img/", "the directory has no index.html"),
            (
                "a/page.html",
                "there is no such file, but `a/Page.html`: capitals count",
            ),
            (
                "A",
                "there is no such file, but `a/index.html`: capitals count",
            ),
            ("a/Page", "there is no such file, but `a/Page.html`"),
            (
                "img/x.png/",
                "is a file, not a directory: take the `/` off its end",
            ),
            ("b", "there is no such file"),
        ] {
            assert_eq!(site.find(path), Found::Nothing(why.to_owned()), "{path}");
        }
        assert_eq!(site.pages().count(), 4);
    }
}
