//! Where things are, and what it means when they cannot be reached.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use pipefitter_sdk::Failure;

/// The directory that the operator grants, as the manifest names it.
pub(crate) const GRANTED: &str = "/site";

/// The directory that releases go into.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// What web servers are pointed at is `current` in here.
    target: PathBuf,
}

impl Place {
    /// The place `target` in the granted directory, made if it is not there.
    pub(crate) fn open(granted: &Path, target: &str) -> Result<Self, Failure> {
        if !granted.is_dir() {
            return Err(Failure::permission_error(format!(
                "there is no directory `{GRANTED}`: {}",
                remedy()
            )));
        }
        let target = if target.is_empty() {
            granted.to_owned()
        } else {
            granted.join(target)
        };
        let place = Self { target };
        fs::create_dir_all(place.releases())
            .doing(|| format!("making `{}`", place.releases().display()))?;
        Ok(place)
    }

    pub(crate) fn releases(&self) -> PathBuf {
        self.target.join(".releases")
    }

    /// A release that is being copied.
    pub(crate) fn partial(&self, release: &str) -> PathBuf {
        self.releases().join(format!("{release}.partial"))
    }

    /// A release.
    pub(crate) fn release(&self, release: &str) -> PathBuf {
        self.releases().join(release)
    }

    /// What a release consists of. It is there only when the release was verified.
    pub(crate) fn manifest(&self, release: &str) -> PathBuf {
        self.releases().join(format!("{release}.json"))
    }

    /// What is served.
    pub(crate) fn current(&self) -> PathBuf {
        self.target.join("current")
    }

    /// A link on its way to `current`.
    pub(crate) fn next_link(&self, release: &str) -> PathBuf {
        self.target.join(format!(".current.{release}"))
    }
}

fn remedy() -> String {
    format!(
        "the worker's operator grants it to this plugin with \
         `directories = [{{ host = \"/srv/www\", guest = \"{GRANTED}\", write = true }}]`, and the worker's \
         user must be allowed to write there"
    )
}

/// Says what was being done to a file, and what to do about it.
pub(crate) trait Doing<T> {
    /// The error as a failure.
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, Failure>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, what: impl FnOnce() -> String) -> Result<T, Failure> {
        self.map_err(|error| match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Failure::permission_error(format!("{}: {error}: {}", what(), remedy()))
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Failure::job_failed(format!(
                "{}: {error}: make room in the directory that is granted as `{GRANTED}`, or keep fewer \
                 releases",
                what()
            )),
            _ => Failure::job_failed(format!("{}: {error}", what())),
        })
    }
}

/// Removes a directory and what is in it; it need not be there.
pub(crate) fn remove(directory: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).doing(|| format!("removing `{}`", directory.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipefitter_sdk::FailureKind;

    #[test]
    fn a_directory_that_is_not_granted_names_the_grant() {
        let dir = tempfile::tempdir().unwrap();
        let failure = Place::open(&dir.path().join("none"), "docs").unwrap_err();
        assert_eq!(failure.kind, FailureKind::PermissionError);
        assert!(
            failure.message.contains("guest = \"/site\", write = true"),
            "{failure}"
        );
    }

    #[test]
    fn a_directory_that_cannot_be_written_names_the_grant() {
        for kind in [
            io::ErrorKind::PermissionDenied,
            io::ErrorKind::ReadOnlyFilesystem,
        ] {
            let failed: io::Result<()> = Err(kind.into());
            let failure = failed.doing(|| "making `/site/x`".to_owned()).unwrap_err();
            assert_eq!(failure.kind, FailureKind::PermissionError);
            assert!(
                failure.message.starts_with("making `/site/x`: "),
                "{failure}"
            );
            assert!(failure.message.contains("write = true"), "{failure}");
        }
    }
}
