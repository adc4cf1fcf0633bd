//! Deleting what a hostile guest left behind.
//!
//! A guest can nest folders deeper than any stack, descriptor table or PATH_MAX allows, since it opens
//! them one relative to the other. So nothing here recurses or builds paths: the folders within each
//! folder are moved up beside it, under names of our own, until every folder is flat. Two handles are
//! open at any depth, and each folder is moved once.

use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use cap_fs_ext::DirExt;
use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata, Permissions, PermissionsExt as _};

/// Deletes a directory and everything in it: any depth, whatever its modes, links not followed.
///
/// A directory that is not there is fine, so that tidying can be repeated after a crash. Blocking.
///
/// # Errors
///
/// The first thing that could not be deleted, after everything else was; and `dir` being something
/// other than a directory.
pub fn remove_tree(dir: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(metadata) if !metadata.is_dir() => return Err(io::ErrorKind::NotADirectory.into()),
        Ok(metadata) if metadata.permissions().mode() & OURS == OURS => {}
        Ok(_) => std::fs::set_permissions(dir, std::fs::Permissions::from_mode(OURS))?,
    }
    let mut sweep = Sweep {
        root: Dir::open_ambient_dir(dir, ambient_authority())?,
        moved: 0,
    };
    loop {
        let Pass { done, failed } = sweep.pass()?;
        if done == 0 {
            return match failed {
                Some(error) => Err(error),
                None => std::fs::remove_dir(dir),
            };
        }
    }
}

/// Read, write and search, for the owner.
const OURS: u32 = 0o700;

struct Sweep {
    root: Dir,
    /// How many folders were moved up, for names not used before.
    moved: u64,
}

/// What one look at the top came to.
#[derive(Default)]
struct Pass {
    /// Things deleted or moved; none means that another pass would do no better.
    done: u64,
    failed: Option<io::Error>,
}

impl Pass {
    fn note(&mut self, result: io::Result<()>) {
        match result {
            Ok(()) => self.done += 1,
            // Gone by another hand is gone.
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.done += 1,
            Err(error) => {
                self.failed.get_or_insert(error);
            }
        }
    }
}

impl Sweep {
    fn pass(&mut self) -> io::Result<Pass> {
        let mut pass = Pass::default();
        for entry in self.root.entries()? {
            let entry = entry?;
            let name = entry.file_name();
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => {
                    if let Err(error) = self.flatten(&name, &metadata, &mut pass) {
                        pass.note(Err(error));
                    }
                    pass.note(self.root.remove_dir(&name));
                }
                Ok(_) => pass.note(self.root.remove_file_or_symlink(&name)),
                Err(error) => pass.note(Err(error)),
            }
        }
        Ok(pass)
    }

    /// Deletes the files in a folder at the top and moves the folders in it up.
    fn flatten(&mut self, name: &OsStr, metadata: &Metadata, pass: &mut Pass) -> io::Result<()> {
        open_up(&self.root, name, metadata)?;
        let folder = self.root.open_dir_nofollow(name)?;
        for entry in folder.entries()? {
            let entry = entry?;
            let name = entry.file_name();
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => {
                    // Moving a folder to another one writes to it, so its modes count too.
                    let moved = open_up(&folder, &name, &metadata)
                        .and_then(|()| self.move_up(&folder, &name));
                    pass.note(moved);
                }
                Ok(_) => pass.note(folder.remove_file_or_symlink(&name)),
                Err(error) => pass.note(Err(error)),
            }
        }
        Ok(())
    }

    fn move_up(&mut self, folder: &Dir, name: &OsStr) -> io::Result<()> {
        loop {
            let free = format!(".removed-{}", self.moved);
            self.moved += 1;
            match folder.rename(name, &self.root, &free) {
                // The guest had something by that name. (An empty folder was replaced, and is gone.)
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::AlreadyExists
                            | io::ErrorKind::DirectoryNotEmpty
                            | io::ErrorKind::NotADirectory
                    ) => {}
                result => return result,
            }
        }
    }
}

fn open_up(parent: &Dir, name: &OsStr, metadata: &Metadata) -> io::Result<()> {
    if metadata.permissions().mode() & OURS == OURS {
        return Ok(());
    }
    parent.set_permissions(name, Permissions::from_mode(OURS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entered(dir: &Dir, name: &str) -> Dir {
        dir.create_dir(name).unwrap();
        dir.open_dir(name).unwrap()
    }

    #[test]
    fn a_tree_deeper_than_stack_and_path_max_goes() {
        let home = tempfile::tempdir().unwrap();
        let tree = home.path().join("tree");
        std::fs::create_dir(&tree).unwrap();
        let mut dir = Dir::open_ambient_dir(&tree, ambient_authority()).unwrap();
        for _ in 0..2_000 {
            dir.write("f", b"x").unwrap();
            dir = entered(&dir, "a-folder-with-a-name");
        }
        remove_tree(&tree).unwrap();
        assert!(!tree.exists());
    }

    #[test]
    fn modes_links_and_names_like_ours_do_not_stop_it_and_the_outside_stays() {
        let home = tempfile::tempdir().unwrap();
        let (tree, outside) = (home.path().join("tree"), home.path().join("outside"));
        std::fs::create_dir_all(tree.join("a/b/c")).unwrap();
        std::fs::create_dir_all(tree.join(".removed-0/full")).unwrap();
        std::fs::write(tree.join(".removed-1"), b"x").unwrap();
        std::fs::create_dir(&outside).unwrap();
        std::fs::write(outside.join("kept"), b"x").unwrap();
        std::os::unix::fs::symlink(&outside, tree.join("a/link")).unwrap();
        std::os::unix::fs::symlink(&outside, tree.join("link")).unwrap();
        for dir in ["a/b/c", "a/b", "a", ""] {
            let mode = std::fs::Permissions::from_mode(0o0);
            std::fs::set_permissions(tree.join(dir), mode).unwrap();
        }
        remove_tree(&tree).unwrap();
        assert!(!tree.exists());
        assert!(outside.join("kept").exists());
    }

    #[test]
    fn what_is_not_there_is_fine_and_what_is_no_directory_is_not() {
        let home = tempfile::tempdir().unwrap();
        remove_tree(&home.path().join("none")).unwrap();
        let file = home.path().join("file");
        std::fs::write(&file, b"x").unwrap();
        let error = remove_tree(&file).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotADirectory);
        assert!(file.exists());
    }
}
