//! Deleting what a hostile guest left behind.
//!
//! A guest can nest folders deeper than any stack, descriptor table or PATH_MAX allows, since it opens
//! them one relative to the other. So nothing here recurses or builds paths: the folders within each
//! folder are moved up beside it, under numbered names of our own, and each is then emptied in its turn.
//!
//! ```text
//!   list the top --> delete files, empty folders ---> empty .removed-0, -1 ... until the last one moved up
//!        ^                  (what is in them moves up)              |
//!        '-------- until a list finds nothing to do ----------------'
//! ```
//!
//! Two handles are open at any depth. Each folder is opened once and moved once, and the top is not listed for each:
//! file systems keep the room of names that are gone, so that a top that once held many is slow to read forever.
//! What is left is what the file system itself takes to remove a folder: 100,000 levels took 4 s in memory, and as many
//! minutes on an ext4 without a journal that is mounted with `discard`, which sends one to the disk for each block that
//! is freed, 2.4 ms for each folder, nested or not.

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
    Sweep::at(Dir::open_ambient_dir(dir, ambient_authority())?).all()?;
    std::fs::remove_dir(dir)
}

/// Read, write and search, for the owner.
const OURS: u32 = 0o700;

struct Sweep {
    root: Dir,
    /// How many folders were moved up, for names not used before.
    moved: u64,
    /// Of these, how many were emptied.
    emptied: u64,
    /// How often a folder was listed.
    listed: u64,
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
    fn at(root: Dir) -> Sweep {
        Sweep {
            root,
            moved: 0,
            emptied: 0,
            listed: 0,
        }
    }

    /// Everything below the root.
    fn all(&mut self) -> io::Result<()> {
        loop {
            let Pass { done, failed } = self.pass()?;
            if done == 0 {
                return failed.map_or(Ok(()), Err);
            }
        }
    }

    fn pass(&mut self) -> io::Result<Pass> {
        let mut pass = Pass::default();
        self.listed += 1;
        for entry in self.root.entries()? {
            let entry = entry?;
            let name = entry.file_name();
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => {
                    self.remove_folder(&name, &metadata, &mut pass)
                }
                Ok(_) => pass.note(self.root.remove_file_or_symlink(&name)),
                Err(error) => pass.note(Err(error)),
            }
        }
        while self.emptied < self.moved {
            let name = numbered(self.emptied);
            self.emptied += 1;
            match self.root.symlink_metadata(&name) {
                Ok(metadata) if metadata.is_dir() => {
                    self.remove_folder(name.as_ref(), &metadata, &mut pass);
                }
                // A listing that saw it has dealt with it, and with what a guest had by that name.
                Ok(_) | Err(_) => {}
            }
        }
        Ok(pass)
    }

    fn remove_folder(&mut self, name: &OsStr, metadata: &Metadata, pass: &mut Pass) {
        if let Err(error) = self.flatten(name, metadata, pass) {
            pass.note(Err(error));
        }
        pass.note(self.root.remove_dir(name));
    }

    /// Deletes the files in a folder at the top and moves the folders in it up.
    fn flatten(&mut self, name: &OsStr, metadata: &Metadata, pass: &mut Pass) -> io::Result<()> {
        open_up(&self.root, name, metadata)?;
        let folder = self.root.open_dir_nofollow(name)?;
        self.listed += 1;
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
            let free = numbered(self.moved);
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

fn numbered(number: u64) -> String {
    format!(".removed-{number}")
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

    /// Bushes on a stem: folders within folders, each with files and folders beside the next one.
    fn tree(at: &Path, levels: u64) -> u64 {
        std::fs::create_dir(at).unwrap();
        let mut dir = Dir::open_ambient_dir(at, ambient_authority()).unwrap();
        for level in 0..levels {
            dir.create_dir_all("bush/twig").unwrap();
            dir.write(format!("bush/{level}"), b"x").unwrap();
            // A name that is ours, at the top too.
            dir.create_dir(numbered(level)).unwrap();
            dir = entered(&dir, "stem");
        }
        4 * levels
    }

    #[test]
    fn each_folder_is_listed_and_moved_once_whatever_the_depth() {
        let home = tempfile::tempdir().unwrap();
        for levels in [1, 50, 300] {
            let at = home.path().join(levels.to_string());
            let folders = tree(&at, levels);
            let root = Dir::open_ambient_dir(&at, ambient_authority()).unwrap();
            let mut sweep = Sweep::at(root);
            sweep.all().unwrap();
            assert_eq!(std::fs::read_dir(&at).unwrap().count(), 0);
            let Sweep { listed, moved, .. } = sweep;
            // The top itself is listed twice: the second time nothing is there.
            assert!(listed <= folders + 2, "{levels}: {listed} of {folders}");
            // And one number for each name that a guest had taken.
            assert!(moved <= folders + levels, "{levels}: {moved} of {folders}");
        }
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
