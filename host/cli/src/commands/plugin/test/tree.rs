//! Trees of files: compared byte by byte, and copied.
//!
//! Folders count by what is in them: git keeps no empty ones. Nothing here recurses, since a plugin made the tree.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::diff::Difference;

/// A larger file is compared by its digest alone.
const LARGEST_TEXT: u64 = 1 << 20;

enum Entry {
    File(PathBuf),
    Link(PathBuf),
}

/// What is below a folder, by path; nothing where there is no folder.
fn walk(dir: &Path) -> Result<BTreeMap<String, Entry>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        let path = dir.join(&folder);
        if folder.is_empty() && !path.is_dir() {
            break;
        }
        let read = || format!("could not read {}", path.display());
        for entry in fs::read_dir(&path).with_context(read)? {
            let entry = entry.with_context(read)?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                bail!(
                    "{} is not Unicode, which cannot be compared",
                    entry.path().display()
                );
            };
            let name = match folder.as_str() {
                "" => name.to_owned(),
                folder => format!("{folder}/{name}"),
            };
            let kind = entry.file_type().with_context(read)?;
            if kind.is_dir() {
                folders.push(name);
            } else if kind.is_symlink() {
                let target = fs::read_link(entry.path()).with_context(read)?;
                found.insert(name, Entry::Link(target));
            } else {
                found.insert(name, Entry::File(entry.path()));
            }
        }
    }
    Ok(found)
}

/// What is different; `replace` is done to the texts of `actual` first.
pub(super) fn compare(
    shown: &str,
    expected: &Path,
    actual: &Path,
    replace: &dyn Fn(&str) -> String,
) -> Result<Vec<Difference>> {
    let (expected, actual) = (walk(expected)?, walk(actual)?);
    let names: BTreeSet<&String> = expected.keys().chain(actual.keys()).collect();
    let mut differences = Vec::new();
    for name in names {
        let file = format!("{shown}/{name}");
        let difference = match (expected.get(name), actual.get(name)) {
            (Some(_), None) => Some(Difference::in_words(file, "is not there")),
            (None, Some(entry)) => Some(Difference::in_words(
                file,
                format!("is not expected: {}", described(entry)?),
            )),
            (Some(Entry::File(expected)), Some(Entry::File(actual))) => {
                compare_files(&file, expected, actual, replace)?
            }
            (Some(Entry::Link(expected)), Some(Entry::Link(actual))) if expected == actual => None,
            (Some(expected), Some(actual)) => Some(Difference::in_words(
                file,
                format!(
                    "is {}, and {} is expected",
                    described(actual)?,
                    described(expected)?
                ),
            )),
            (None, None) => None,
        };
        differences.extend(difference);
    }
    Ok(differences)
}

fn compare_files(
    shown: &str,
    expected: &Path,
    actual: &Path,
    replace: &dyn Fn(&str) -> String,
) -> Result<Option<Difference>> {
    if let (Some(expected), Some(actual)) = (text(expected)?, text(actual)?) {
        return Ok(Difference::of_texts(shown, &expected, &replace(&actual)));
    }
    let (expected, actual) = (Binary::of(expected)?, Binary::of(actual)?);
    Ok((expected != actual).then(|| {
        let words = format!(
            "is {}, and {} is expected",
            actual.shown(),
            expected.shown()
        );
        Difference::in_words(shown, words)
    }))
}

fn described(entry: &Entry) -> Result<String> {
    Ok(match entry {
        Entry::Link(target) => format!("a link to {}", target.display()),
        Entry::File(file) => Binary::of(file)?.shown(),
    })
}

/// What a file says, if it is text that can be shown.
fn text(file: &Path) -> Result<Option<String>> {
    let read = || format!("could not read {}", file.display());
    let mut bytes = Vec::new();
    let opened = File::open(file).with_context(read)?;
    opened
        .take(LARGEST_TEXT + 1)
        .read_to_end(&mut bytes)
        .with_context(read)?;
    if bytes.len() as u64 > LARGEST_TEXT || bytes.contains(&0) {
        return Ok(None);
    }
    Ok(String::from_utf8(bytes).ok())
}

#[derive(PartialEq, Eq)]
struct Binary {
    bytes: u64,
    digest: String,
}

impl Binary {
    fn of(file: &Path) -> Result<Self> {
        let read = || format!("could not read {}", file.display());
        let mut opened = File::open(file).with_context(read)?;
        let mut hash = Sha256::new();
        let mut bytes = 0;
        let mut piece = vec![0; 1 << 16];
        loop {
            let length = opened.read(&mut piece).with_context(read)?;
            if length == 0 {
                break;
            }
            hash.update(&piece[..length]);
            bytes += length as u64;
        }
        let digest = hash.finalize();
        let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Self { bytes, digest })
    }

    fn shown(&self) -> String {
        format!("{} bytes with sha256 {}", self.bytes, self.digest)
    }
}

/// Put `from` in the place of `to`, with `replace` done to its texts.
pub(super) fn replace_tree(from: &Path, to: &Path, replace: &dyn Fn(&str) -> String) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to).with_context(|| format!("could not remove {}", to.display()))?;
    }
    copy_tree(from, to, replace)
}

/// Files and links below `from`, into `to`, which is made.
pub(super) fn copy_tree(from: &Path, to: &Path, replace: &dyn Fn(&str) -> String) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("could not make {}", to.display()))?;
    for (name, entry) in walk(from)? {
        let target = to.join(&name);
        let write = || format!("could not write {}", target.display());
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder).with_context(write)?;
        }
        match entry {
            Entry::Link(link) => std::os::unix::fs::symlink(link, &target).with_context(write)?,
            Entry::File(file) => match text(&file)? {
                Some(text) if replace(&text) != text => {
                    fs::write(&target, replace(&text)).with_context(write)?;
                }
                _ => {
                    fs::copy(&file, &target).with_context(write)?;
                }
            },
        }
    }
    Ok(())
}

/// The names of the folders directly in one, for what a run left; none where there is no folder.
pub(super) fn folders_in(dir: &Path) -> Result<Vec<String>> {
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let read = || format!("could not read {}", dir.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).with_context(read)? {
        names.push(
            entry
                .with_context(read)?
                .file_name()
                .to_string_lossy()
                .into_owned(),
        );
    }
    names.sort();
    Ok(names)
}
