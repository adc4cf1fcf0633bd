//! The third step: `current` becomes the new release.
//!
//! Where symbolic links can be made, `current` is one, and a rename replaces it: a reader sees the old
//! release or the new one, never neither. Where they cannot, `current` is the release's directory itself;
//! between two renames there is none for a moment. Which release stands there is told by the manifests:
//! it is the one whose directory is not among the releases. So a crash between the two is seen, and the
//! step done again ends it.

use std::fs;
use std::io;
use std::path::Path;

use pipefitter_sdk::{Failure, log};

use crate::place::{Doing, Place};
use crate::prune;

/// How `current` is made.
pub(crate) type Symlink = fn(&str, &Path) -> io::Result<()>;

/// What `current` is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Current {
    Nothing,
    /// A link, and where it goes.
    Link(String),
    /// A directory, and the release that it is.
    Directory(Option<String>),
}

/// Makes `release` what is served.
pub(crate) fn switch(place: &Place, release: &str, symlink: Symlink) -> Result<(), Failure> {
    match current(place)? {
        Current::Link(target) if target == goal(release) => Ok(()),
        Current::Directory(Some(held)) if held == release => Ok(()),
        Current::Directory(Some(held)) => {
            rename(&place.current(), &place.release(&held))?;
            rename(&place.release(release), &place.current())
        }
        Current::Directory(None) => Err(Failure::job_failed(format!(
            "`{}` is there, and no release of this action: move it away, then start the action again",
            place.current().display()
        ))),
        Current::Nothing => match linked(place, release, symlink) {
            Err(error) if no_links(&error) => {
                log::warn!(
                    "no symbolic link can be made here ({error}): `current` becomes a directory, and is \
                     missing for a moment whenever it is replaced"
                );
                rename(&place.release(release), &place.current())
            }
            linked => linked.doing(|| format!("linking `{}`", place.current().display())),
        },
        Current::Link(_) => linked(place, release, symlink)
            .doing(|| format!("linking `{}`", place.current().display())),
    }
}

/// The release that is served, if this action made it.
pub(crate) fn served(place: &Place) -> Result<Option<String>, Failure> {
    Ok(match current(place)? {
        Current::Nothing => None,
        Current::Link(target) => target.strip_prefix(".releases/").map(str::to_owned),
        Current::Directory(held) => held,
    })
}

fn goal(release: &str) -> String {
    format!(".releases/{release}")
}

fn current(place: &Place) -> Result<Current, Failure> {
    let path = place.current();
    let looking = || format!("looking at `{}`", path.display());
    let kind = match fs::symlink_metadata(&path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Current::Nothing),
        Err(error) => return Err(error).doing(looking),
    };
    if kind.is_symlink() {
        let target = fs::read_link(&path).doing(looking)?;
        return Ok(Current::Link(
            target.to_string_lossy().trim_end_matches('/').to_owned(),
        ));
    }
    let mut held = None;
    for release in prune::verified(place)? {
        if !place.release(&release).is_dir() {
            held = Some(release);
        }
    }
    Ok(Current::Directory(held.filter(|_| kind.is_dir())))
}

fn linked(place: &Place, release: &str, symlink: Symlink) -> io::Result<()> {
    let link = place.next_link(release);
    match fs::remove_file(&link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    symlink(&goal(release), &link)?;
    fs::rename(&link, place.current())
}

/// Whether it is links that cannot be made here, rather than anything.
fn no_links(error: &io::Error) -> bool {
    // The directory has just been written to, so a permission is missing for links only.
    matches!(
        error.kind(),
        io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied
    )
}

fn rename(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::rename(from, to).doing(|| format!("renaming `{}` to `{}`", from.display(), to.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Manifest, Tree};
    use pipefitter_sdk::testing;

    fn never(_: &str, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn verified(place: &Place, release: &str) {
        fs::create_dir(place.release(release)).unwrap();
        fs::write(place.release(release).join("id"), release).unwrap();
        let manifest = Manifest {
            release: release.to_owned(),
            created: 1.0,
            files: Tree::default(),
        };
        manifest.store(place).unwrap();
    }

    fn shown(place: &Place) -> String {
        fs::read_to_string(place.current().join("id")).unwrap()
    }

    #[test]
    fn without_links_the_directory_itself_is_served() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::open(dir.path(), "t").unwrap();
        for release in ["r1", "r2", "r1"] {
            if !place.manifest(release).exists() {
                verified(&place, release);
            }
            for _ in 0..2 {
                switch(&place, release, never).unwrap();
                assert_eq!(shown(&place), release);
                assert_eq!(served(&place).unwrap().as_deref(), Some(release));
            }
        }
        assert!(
            testing::take_log()
                .iter()
                .any(|line| line.text.contains("no symbolic link"))
        );
    }

    #[test]
    fn a_crash_between_the_two_renames_is_made_good() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::open(dir.path(), "t").unwrap();
        verified(&place, "r1");
        switch(&place, "r1", never).unwrap();
        verified(&place, "r2");
        fs::rename(place.current(), place.release("r1")).unwrap();
        assert_eq!(served(&place).unwrap(), None);
        switch(&place, "r2", never).unwrap();
        assert_eq!(shown(&place), "r2");
        prune::prune(&place, 1, "r2").unwrap();
        assert_eq!(
            (shown(&place).as_str(), served(&place).unwrap().as_deref()),
            ("r2", Some("r2"))
        );
        assert!(!place.release("r1").exists());
    }

    #[test]
    fn an_error_that_is_not_about_links_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::open(dir.path(), "t").unwrap();
        verified(&place, "r1");
        let full: Symlink = |_, _| Err(io::ErrorKind::StorageFull.into());
        assert!(
            switch(&place, "r1", full)
                .unwrap_err()
                .message
                .contains("make room")
        );
        assert_eq!(served(&place).unwrap(), None);
    }
}
