//! Names of entries, checked as text before any of them reaches the file system.

use std::fmt;

use crate::error::Rule;

/// Linux takes no longer name (NAME_MAX).
const NAME_BYTES: usize = 255;
/// Linux takes no longer path (PATH_MAX, less its NUL).
const PATH_BYTES: usize = 4095;

/// A relative path within an artifact: names joined by `/`, none of them empty, `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EntryPath(String);

impl EntryPath {
    /// `None` is the artifact's root itself, as in `./`.
    pub(crate) fn parse(raw: &str) -> Result<Option<Self>, Rule> {
        if raw.is_empty() {
            return Err(Rule::EmptyName);
        }
        if raw.contains('\0') {
            return Err(Rule::Nul);
        }
        if raw.contains('\\') {
            return Err(Rule::Backslash);
        }
        if raw.starts_with('/') {
            return Err(Rule::Absolute);
        }
        let mut path = String::with_capacity(raw.len().min(PATH_BYTES));
        for name in raw.split('/') {
            match name {
                "" | "." => continue,
                ".." => return Err(Rule::Climbs),
                name if name.len() > NAME_BYTES => return Err(Rule::LongName),
                name => {
                    if !path.is_empty() {
                        path.push('/');
                    }
                    path.push_str(name);
                }
            }
            if path.len() > PATH_BYTES {
                return Err(Rule::LongPath);
            }
        }
        // Looked for in what is left, since `./C:` and `C:` come to the same file.
        if let [letter, b':', ..] = path.as_bytes()
            && letter.is_ascii_alphabetic()
        {
            return Err(Rule::Drive);
        }
        Ok((!path.is_empty()).then_some(Self(path)))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// How many folders it lies in.
    pub(crate) fn folders(&self) -> usize {
        self.0.bytes().filter(|byte| *byte == b'/').count()
    }

    /// Every folder that it lies in, outermost first.
    pub(crate) fn parents(&self) -> impl Iterator<Item = Self> + '_ {
        self.0
            .match_indices('/')
            .map(|(at, _)| Self(self.0[..at].to_owned()))
    }
}

impl fmt::Display for EntryPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a symbolic link at `link` with this target stays inside the artifact.
///
/// `..` is taken only at the target's start, where the names before it are folders that we made
/// ourselves: after a name it would climb from wherever that name, itself perhaps a link, leads, and
/// no look at the text could tell where that is. By induction over links of this shape each one
/// resolves within the tree.
pub(crate) fn link_stays_inside(link: &EntryPath, target: &str) -> bool {
    if target.is_empty()
        || target.len() > PATH_BYTES
        || target.starts_with('/')
        || target.contains(['\0', '\\'])
    {
        return false;
    }
    let mut climbed = 0;
    let mut named = false;
    for name in target.split('/') {
        match name {
            "" | "." => {}
            ".." if named => return false,
            ".." => climbed += 1,
            name if name.len() > NAME_BYTES => return false,
            _ => named = true,
        }
    }
    climbed <= link.folders()
}

/// A name for an input that is placed as one file: the last part of the object's key, else the
/// artifact's name, else `artifact`.
pub(crate) fn safe_file_name(key: &str, artifact: &str) -> String {
    let last = key.rsplit('/').next().unwrap_or_default();
    [last, artifact]
        .into_iter()
        .find_map(|name| {
            let path = EntryPath::parse(name).ok()??;
            (path.as_str() == name && path.folders() == 0).then(|| name.to_owned())
        })
        .unwrap_or_else(|| "artifact".to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(raw: &str) -> EntryPath {
        EntryPath::parse(raw).unwrap().unwrap()
    }

    #[test]
    fn plain_paths_are_normalised() {
        assert_eq!(path("./a//b/./c/").as_str(), "a/b/c");
        assert_eq!(EntryPath::parse("./"), Ok(None));
        assert_eq!(path("..a/b..").as_str(), "..a/b..");
    }

    #[test]
    fn each_trick_is_refused_by_its_own_rule() {
        let long_name = "n".repeat(256);
        let long_path = "n/".repeat(2100);
        for (raw, rule) in [
            ("", Rule::EmptyName),
            ("a\0b", Rule::Nul),
            ("..\\x", Rule::Backslash),
            ("/etc/passwd", Rule::Absolute),
            ("C:evil", Rule::Drive),
            ("./C:evil", Rule::Drive),
            (".//c:/x", Rule::Drive),
            ("a/../b", Rule::Climbs),
            (&long_name, Rule::LongName),
            (&long_path, Rule::LongPath),
        ] {
            assert_eq!(EntryPath::parse(raw), Err(rule), "{raw}");
        }
    }

    #[test]
    fn links_may_climb_only_to_the_root_and_only_at_their_start() {
        assert!(link_stays_inside(&path("a/b/l"), "../../c"));
        assert!(link_stays_inside(&path("l"), "a/b"));
        assert!(!link_stays_inside(&path("a/b/l"), "../../../c"));
        assert!(!link_stays_inside(&path("l"), ".."));
        // `x` may itself be a link to the root: from there one `..` is outside.
        assert!(!link_stays_inside(&path("a/l"), "x/.."));
        assert!(!link_stays_inside(&path("l"), "/etc"));
        assert!(!link_stays_inside(&path("l"), ""));
    }

    #[test]
    fn one_file_is_named_after_its_key_or_artifact() {
        assert_eq!(safe_file_name("pipe/Source/JG0Py6O", "Source"), "JG0Py6O");
        assert_eq!(safe_file_name("pipe/Source/", "Source"), "Source");
        assert_eq!(safe_file_name("pipe/..", "Source"), "Source");
        assert_eq!(safe_file_name("a\\b", "../x"), "artifact");
    }

    proptest! {
        #[test]
        fn a_parsed_path_stays_relative_and_parses_to_itself(raw in ".{0,40}|[./\\\\a:]{0,12}") {
            if let Ok(Some(path)) = EntryPath::parse(&raw) {
                prop_assert!(!path.as_str().starts_with('/'));
                prop_assert!(path.as_str().split('/').all(|name| !matches!(name, "" | "." | "..")));
                prop_assert_eq!(EntryPath::parse(path.as_str()), Ok(Some(path.clone())));
            }
        }
    }
}
