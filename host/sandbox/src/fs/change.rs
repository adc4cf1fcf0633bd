//! Making directories and links, moving, removing.

use std::io;

use wasmtime::component::Resource;
use wasmtime_wasi::filesystem::{Descriptor, Dir};
use wasmtime_wasi::p2::bindings::filesystem::types::ErrorCode;
use wasmtime_wasi::p2::{FsError, FsResult};

use super::at::Entry;
use super::path::{Split, split};
use super::view::DiskView;
use super::{at, depth};

impl DiskView<'_> {
    pub(super) async fn make_directory(
        &mut self,
        fd: &Resource<Descriptor>,
        path: &str,
    ) -> FsResult<()> {
        self.writable_dir(fd)?;
        let split = split(path)?;
        let parent = self.parent(fd, path).await?;
        // Said before any limit is: whoever makes a path makes directories that are there.
        at::free(&parent.dir, split.name)?;
        self.room(&parent, 0)?;
        at::make_dir(&parent.dir, split.name)?;
        self.made(&parent, split.name, 0)
    }

    pub(super) async fn make_link(
        &mut self,
        fd: &Resource<Descriptor>,
        text: &str,
        path: &str,
    ) -> FsResult<()> {
        self.writable_dir(fd)?;
        // WASI would not follow it, but what handles the output later might.
        if text.starts_with('/') {
            return Err(ErrorCode::NotPermitted.into());
        }
        let split = split(path)?;
        let parent = self.parent(fd, path).await?;
        at::free(&parent.dir, split.name)?;
        if split.slash {
            return Err(ErrorCode::NoEntry.into());
        }
        let bytes = text.len() as u64;
        self.room(&parent, bytes)?;
        at::make_link(text, &parent.dir, split.name)?;
        self.made(&parent, split.name, bytes)
    }

    fn made(&self, parent: &Dir, name: &str, bytes: u64) -> FsResult<()> {
        let key = at::named(&parent.dir, name).map(|stat| at::key(&stat));
        self.disk.quota.made(key.ok(), bytes);
        Ok(())
    }

    pub(super) async fn remove_file(
        &mut self,
        fd: &Resource<Descriptor>,
        path: &str,
    ) -> FsResult<()> {
        self.writable_dir(fd)?;
        let split = split(path)?;
        let parent = self.parent(fd, path).await?;
        let entry = Entry::find(&parent.dir, split.name)?;
        if split.slash || split.is_dots() {
            return Err(match entry.is_dir()? {
                true => ErrorCode::IsDirectory.into(),
                false => ErrorCode::NotDirectory.into(),
            });
        }
        at::remove_file(&parent.dir, split.name)?;
        self.removed(&entry)
    }

    pub(super) async fn remove_directory(
        &mut self,
        fd: &Resource<Descriptor>,
        path: &str,
    ) -> FsResult<()> {
        self.writable_dir(fd)?;
        let split = split(path)?;
        let parent = self.parent(fd, path).await?;
        let entry = Entry::find(&parent.dir, split.name)?;
        if split.is_dots() {
            return Err(ErrorCode::Invalid.into());
        }
        at::remove_dir(&parent.dir, split.name)?;
        self.removed(&entry)
    }

    /// A name of it was taken away. If it was the last one, what it was charged with is free.
    fn removed(&self, entry: &Entry) -> FsResult<()> {
        if let Some(key) = entry.orphan()? {
            self.disk.quota.orphaned(key);
        }
        Ok(())
    }

    pub(super) async fn rename(
        &mut self,
        fd: &Resource<Descriptor>,
        old_path: &str,
        new_fd: &Resource<Descriptor>,
        new_path: &str,
    ) -> FsResult<()> {
        self.writable_dir(fd)?;
        self.writable_dir(new_fd)?;
        let (old, new) = (split(old_path)?, split(new_path)?);
        let from = self.parent(fd, old_path).await?;
        let to = self.parent(new_fd, new_path).await?;
        if old.is_dots() || new.is_dots() {
            return Err(ErrorCode::Busy.into());
        }
        let moved = Entry::find(&from.dir, old.name)?;
        let is_dir = moved.is_dir()?;
        // Plain names are given to the system, so that no link is followed for the sake of a `/`.
        if (old.slash || new.slash) && !is_dir {
            return Err(ErrorCode::NotDirectory.into());
        }
        let replaced = Entry::find_any(&to.dir, new.name)?;
        self.not_too_deep(&from, &old, is_dir, &to)?;
        at::rename(&from.dir, old.name, &to.dir, new.name).map_err(|error| {
            // Told apart from a failing disk: programs copy then.
            match error.kind() {
                io::ErrorKind::CrossesDevices => ErrorCode::CrossDevice.into(),
                _ => FsError::from(error),
            }
        })?;
        match replaced {
            Some(entry) => self.removed(&entry),
            None => Ok(()),
        }
    }

    /// Moving up or sideways makes nothing deeper, whatever was there before.
    fn not_too_deep(&self, from: &Dir, old: &Split<'_>, is_dir: bool, to: &Dir) -> FsResult<()> {
        let (quota, roots) = (&self.disk.quota, &self.disk.roots);
        let most = quota.limits().depth();
        let Some(target) = depth::below(roots, &to.dir, most)? else {
            return Err(quota.too_deep().into());
        };
        if depth::below(roots, &from.dir, target)?.is_none_or(|source| source >= target) {
            return Ok(());
        }
        let left = most.saturating_sub(target + 1);
        let fits = target < most
            && (!is_dir || depth::height(quota, &from.dir, old.name, left)?.is_some());
        match fits {
            true => Ok(()),
            false => Err(quota.too_deep().into()),
        }
    }
}
