//! A path cut into the directory that something is in and the name that it has there.

use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;

/// Where something is to be made, moved or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Split<'a> {
    /// With its `/` at the end, or empty where there is only a name.
    pub(crate) dir: &'a str,
    /// Without any `/`; may be `.` or `..`.
    pub(crate) name: &'a str,
    /// The path ended with `/`: what it names has to be a directory.
    pub(crate) slash: bool,
}

impl Split<'_> {
    /// No entry that could be made or removed: the directory itself, or the one that it is in.
    pub(crate) fn is_dots(&self) -> bool {
        matches!(self.name, "." | "..")
    }
}

pub(crate) fn split(path: &str) -> Result<Split<'_>, ErrorCode> {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() {
        // What is absolute leads outside.
        return Err(match path {
            "" => ErrorCode::NoEntry,
            _ => ErrorCode::NotPermitted,
        });
    }
    let name_at = trimmed.rfind('/').map_or(0, |slash| slash + 1);
    Ok(Split {
        dir: &trimmed[..name_at],
        name: &trimmed[name_at..],
        slash: trimmed.len() < path.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(path: &str) -> (&str, &str, bool) {
        let split = split(path).unwrap();
        (split.dir, split.name, split.slash)
    }

    #[test]
    fn paths_are_cut_at_the_last_name() {
        assert_eq!(parts("a"), ("", "a", false));
        assert_eq!(parts("a/b/c"), ("a/b/", "c", false));
        assert_eq!(parts("a//b///"), ("a//", "b", true));
        assert_eq!(parts("../x"), ("../", "x", false));
        assert_eq!(parts("/etc/passwd"), ("/etc/", "passwd", false));
        assert_eq!(parts("/x"), ("/", "x", false));
        assert!(split("a/..").unwrap().is_dots());
        assert!(split("./").unwrap().is_dots());
        assert!(!split("...").unwrap().is_dots());
        assert_eq!(split(""), Err(ErrorCode::NoEntry));
        assert_eq!(split("//"), Err(ErrorCode::NotPermitted));
    }
}
