//! The input's files, sorted by what becomes of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pipefitter_sdk::{Failure, walk};

/// The folder whose files replace the theme's.
const TEMPLATES: &str = "_templates/";

/// The input, by paths with `/` relative to the source folder.
#[derive(Debug, Default)]
pub(crate) struct Source {
    /// The source folder.
    pub(crate) root: PathBuf,
    /// Markdown files, and the page that each becomes.
    pub(crate) pages: BTreeMap<String, String>,
    /// Directories that have a page of their own, and that page.
    pub(crate) indexes: BTreeMap<String, String>,
    /// Files that are copied.
    pub(crate) files: BTreeSet<String>,
    /// Files of `_templates/`, by their paths below it.
    pub(crate) templates: BTreeSet<String>,
}

impl Source {
    /// Reads the names below `root`.
    pub(crate) fn read(root: &Path) -> Result<Self, Failure> {
        let mut source = Self {
            root: root.to_owned(),
            ..Self::default()
        };
        for path in walk(root)? {
            let Some(path) = path.to_str() else {
                return Err(Failure::job_failed(format!(
                    "the name of `{}` is not UTF-8: rename the file",
                    path.display()
                )));
            };
            source.sort(&path.replace('\\', "/"));
        }
        source.refuse_clashes()?;
        Ok(source)
    }

    fn sort(&mut self, path: &str) {
        if let Some(template) = path.strip_prefix(TEMPLATES) {
            self.templates.insert(template.to_owned());
        } else if hidden(path) {
            // Such as .git and .github: not meant for readers.
        } else if let Some(page) = page_of(path) {
            if let Some(directory) = index_directory(&page) {
                self.indexes.insert(directory.to_owned(), page.clone());
            }
            self.pages.insert(path.to_owned(), page);
        } else {
            self.files.insert(path.to_owned());
        }
    }

    /// Two files may not become one.
    fn refuse_clashes(&self) -> Result<(), Failure> {
        let mut taken: BTreeMap<&str, &str> = self
            .files
            .iter()
            .map(|file| (file.as_str(), file.as_str()))
            .collect();
        for (source, page) in &self.pages {
            if let Some(other) = taken.insert(page, source) {
                return Err(Failure::job_failed(format!(
                    "`{other}` and `{source}` would both become `{page}`: rename or remove one"
                )));
            }
        }
        Ok(())
    }

    /// The page of a directory, if it has one. `directory` has no `/` at its end; the root is empty.
    pub(crate) fn index_of(&self, directory: &str) -> Option<&str> {
        self.indexes.get(directory).map(String::as_str)
    }

    /// Whether a directory holds files that are copied.
    pub(crate) fn has_files_in(&self, directory: &str) -> bool {
        let inside = format!("{directory}/");
        self.files
            .range(inside.clone()..)
            .next()
            .is_some_and(|file| file.starts_with(&inside))
    }
}

fn hidden(path: &str) -> bool {
    path.split('/')
        .any(|part| part.starts_with('.') && part != ".well-known")
}

/// The directory that a page is the index of.
fn index_directory(page: &str) -> Option<&str> {
    if page == "index.html" {
        Some("")
    } else {
        page.strip_suffix("/index.html")
    }
}

/// The page that a Markdown file becomes. README.md is what code hosts show for a directory.
fn page_of(path: &str) -> Option<String> {
    let (directory, name) = path
        .rsplit_once('/')
        .map_or(("", path), |(dir, name)| (dir, name));
    let (stem, extension) = name.rsplit_once('.')?;
    if !matches!(extension.to_ascii_lowercase().as_str(), "md" | "markdown") || stem.is_empty() {
        return None;
    }
    let stem = match stem.to_ascii_lowercase().as_str() {
        "readme" | "index" => "index",
        _ => stem,
    };
    Some(if directory.is_empty() {
        format!("{stem}.html")
    } else {
        format!("{directory}/{stem}.html")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn tree(paths: &[&str]) -> (tempfile::TempDir, Result<Source, Failure>) {
        let dir = tempfile::tempdir().unwrap();
        for path in paths {
            let file = dir.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "").unwrap();
        }
        let source = Source::read(dir.path());
        (dir, source)
    }

    #[test]
    fn files_are_sorted_by_what_becomes_of_them() {
        let (_dir, source) = tree(&[
            "README.md",
            "a/index.markdown",
            "a/b.MD",
            "logo.svg",
            ".git/config",
            ".well-known/x",
            "_templates/page.html",
        ]);
        let source = source.unwrap();
        let pages: Vec<(&str, &str)> = source
            .pages
            .iter()
            .map(|(path, page)| (path.as_str(), page.as_str()))
            .collect();
        assert_eq!(
            pages,
            [
                ("README.md", "index.html"),
                ("a/b.MD", "a/b.html"),
                ("a/index.markdown", "a/index.html")
            ]
        );
        assert_eq!(
            source.files,
            [".well-known/x", "logo.svg"].map(str::to_owned).into()
        );
        assert_eq!(source.templates, ["page.html".to_owned()].into());
        assert_eq!(source.index_of("a"), Some("a/index.html"));
        assert_eq!(
            (source.index_of(""), source.index_of("b")),
            (Some("index.html"), None)
        );
    }

    #[test]
    fn two_files_that_would_become_one_are_named() {
        for paths in [["x/README.md", "x/index.md"], ["x/a.md", "x/a.html"]] {
            let (_dir, source) = tree(&paths);
            let failure = source.unwrap_err();
            assert!(
                paths.iter().all(|path| failure.message.contains(path)),
                "{failure}"
            );
        }
    }
}
