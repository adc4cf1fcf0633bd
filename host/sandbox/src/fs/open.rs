//! Opening. A file that is there is opened without the flags that would make or cut it; one that is not is
//! made by its plain name, and only if that is still free, so that what is new is known to be new.

use std::sync::Arc;

use rustix::fs::{FileType, OFlags, Stat};
use wasmtime::component::Resource;
use wasmtime_wasi::OpenMode;
use wasmtime_wasi::filesystem::{Descriptor, Dir, File};
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, DescriptorType, ErrorCode, HostDescriptor as _, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{FsError, FsResult};

use super::node::{OpenFile, Slot};
use super::path::{Split, split};
use super::quota::Use;
use super::view::{DiskView, Open, again};
use super::{at, depth};

/// Symbolic links that lead nowhere, one to the next, until a file is made: as many as Linux follows.
const MOST_LINKS: u32 = 40;

/// What is asked of an open file.
#[derive(Clone, Copy)]
struct Wanted {
    read: bool,
    write: bool,
    truncate: bool,
    directory: bool,
    follow: bool,
}

impl Wanted {
    fn of(path: PathFlags, open: OpenFlags, flags: DescriptorFlags) -> Wanted {
        let making = open.intersects(OpenFlags::CREATE | OpenFlags::TRUNCATE);
        let asked_to_write = flags.contains(DescriptorFlags::WRITE);
        Wanted {
            // WASI opens nothing without a way to use it.
            read: flags.contains(DescriptorFlags::READ) || !asked_to_write,
            write: asked_to_write || making,
            truncate: open.contains(OpenFlags::TRUNCATE),
            directory: open.contains(OpenFlags::DIRECTORY),
            follow: path.contains(PathFlags::SYMLINK_FOLLOW),
        }
    }

    fn mode(self) -> OpenMode {
        let mut mode = OpenMode::empty();
        mode.set(OpenMode::READ, self.read);
        mode.set(OpenMode::WRITE, self.write);
        mode
    }

    fn system_flags(self) -> OFlags {
        let mut flags = match (self.read, self.write) {
            (true, true) => OFlags::RDWR,
            (false, true) => OFlags::WRONLY,
            (_, false) => OFlags::RDONLY,
        };
        flags.set(OFlags::DIRECTORY, self.directory);
        flags.set(OFlags::NOFOLLOW, !self.follow);
        flags
    }

    fn flags(self) -> DescriptorFlags {
        let mut flags = DescriptorFlags::empty();
        if self.read {
            flags |= DescriptorFlags::READ;
        }
        if self.write {
            flags |= DescriptorFlags::WRITE;
        }
        flags
    }

    fn open_flags(self) -> OpenFlags {
        match self.directory {
            true => OpenFlags::DIRECTORY,
            false => OpenFlags::empty(),
        }
    }

    fn path_flags(self) -> PathFlags {
        match self.follow {
            true => PathFlags::SYMLINK_FOLLOW,
            false => PathFlags::empty(),
        }
    }
}

impl DiskView<'_> {
    pub(super) async fn open_path(
        &mut self,
        fd: &Resource<Descriptor>,
        path_flags: PathFlags,
        path: String,
        open_flags: OpenFlags,
        flags: DescriptorFlags,
    ) -> FsResult<Resource<Descriptor>> {
        let dir = self.dir(fd)?;
        let wanted = Wanted::of(path_flags, open_flags, flags);
        let create = open_flags.contains(OpenFlags::CREATE);
        let exclusive = create && open_flags.contains(OpenFlags::EXCLUSIVE);
        let changing = OpenFlags::CREATE | OpenFlags::EXCLUSIVE | OpenFlags::TRUNCATE;
        if flags.intersects(
            DescriptorFlags::FILE_INTEGRITY_SYNC
                | DescriptorFlags::DATA_INTEGRITY_SYNC
                | DescriptorFlags::REQUESTED_WRITE_SYNC,
        ) {
            return Err(ErrorCode::Unsupported.into());
        }
        if wanted.directory && open_flags.intersects(changing) {
            return Err(ErrorCode::Invalid.into());
        }
        if wanted.write && dir.perms.write_not_permitted() {
            return Err(ErrorCode::NotPermitted.into());
        }
        if exclusive {
            return self.make_file(fd, path, wanted, true).await;
        }
        match self.open_known(fd, &path, wanted).await {
            Err(error) if create && is(&error, ErrorCode::NoEntry) => {
                self.make_file(fd, path, wanted, false).await
            }
            opened => opened,
        }
    }

    /// Fails where there is nothing, and for what is neither file, directory nor link: it could not be opened
    /// without waiting for somebody else.
    pub(super) async fn ordinary(
        &mut self,
        fd: &Resource<Descriptor>,
        flags: PathFlags,
        path: &str,
    ) -> FsResult<()> {
        let stat = self.wasi.stat_at(again(fd), flags, path.to_owned()).await?;
        match stat.type_ {
            DescriptorType::RegularFile
            | DescriptorType::Directory
            | DescriptorType::SymbolicLink => Ok(()),
            _ => Err(ErrorCode::NotPermitted.into()),
        }
    }

    async fn open_known(
        &mut self,
        fd: &Resource<Descriptor>,
        path: &str,
        wanted: Wanted,
    ) -> FsResult<Resource<Descriptor>> {
        let (descriptor, stat) = self.open_anywhere(fd, path, wanted).await?;
        let slot = Slot::take(&self.disk.quota, Use::File)?;
        let file = match &descriptor {
            Descriptor::File(file) => Some(file.file.clone()),
            Descriptor::Dir(_) => None,
        };
        let size = file.is_some().then_some(stat.st_size);
        let size = size.and_then(|size| u64::try_from(size).ok());
        let node = slot.into_node(at::key(&stat), size.unwrap_or(0));
        let open = match file {
            Some(file) => {
                let file = OpenFile::new(file, node);
                if wanted.truncate {
                    file.set_size(0)?;
                }
                Open::File(Arc::new(file))
            }
            None => Open::Dir { _node: node },
        };
        self.keep(descriptor, open)
    }

    fn keep(&mut self, descriptor: Descriptor, open: Open) -> FsResult<Resource<Descriptor>> {
        let kept = self.wasi.table.push(descriptor)?;
        self.disk.open.insert(kept.rep(), open);
        Ok(kept)
    }

    async fn open_anywhere(
        &mut self,
        fd: &Resource<Descriptor>,
        path: &str,
        wanted: Wanted,
    ) -> FsResult<(Descriptor, Stat)> {
        let dir = self.dir(fd)?;
        let Some(file) = self.beneath(&dir, path, wanted.system_flags())? else {
            return self.open_slowly(fd, path, wanted).await;
        };
        let stat = at::of(&file)?;
        let (perms, mode) = (dir.perms, wanted.mode());
        let descriptor = match at::kind(&stat) {
            FileType::RegularFile => Descriptor::File(File::new(file, perms, mode, true)),
            FileType::Directory => Descriptor::Dir(Dir::new(file, perms, mode, true)),
            // A pipe or a device would hold up the guest's thread, and no limit with it.
            _ => return Err(ErrorCode::NotPermitted.into()),
        };
        Ok((descriptor, stat))
    }

    fn beneath(
        &self,
        dir: &Dir,
        path: &str,
        flags: OFlags,
    ) -> std::io::Result<Option<std::fs::File>> {
        match self.disk.step_by_step {
            true => Ok(None),
            false => at::beneath(&dir.dir, path, flags),
        }
    }

    /// By WASI's own steps, one for each name.
    async fn open_slowly(
        &mut self,
        fd: &Resource<Descriptor>,
        path: &str,
        wanted: Wanted,
    ) -> FsResult<(Descriptor, Stat)> {
        let path_flags = wanted.path_flags();
        self.ordinary(fd, path_flags, path).await?;
        let (open_flags, flags) = (wanted.open_flags(), wanted.flags());
        let opened = self
            .wasi
            .open_at(again(fd), path_flags, path.to_owned(), open_flags, flags)
            .await?;
        let descriptor = self.wasi.table.delete(opened)?;
        let stat = match &descriptor {
            Descriptor::File(file) => at::of(&file.file)?,
            Descriptor::Dir(dir) => at::of(&dir.dir)?,
        };
        Ok((descriptor, stat))
    }

    async fn make_file(
        &mut self,
        fd: &Resource<Descriptor>,
        path: String,
        wanted: Wanted,
        exclusive: bool,
    ) -> FsResult<Resource<Descriptor>> {
        let mut path = path;
        for _ in 0..MOST_LINKS {
            let Split { name, slash, .. } = split(&path)?;
            let parent = self.parent(fd, &path).await?;
            if slash {
                return Err(ErrorCode::IsDirectory.into());
            }
            let taken = match at::free(&parent.dir, name) {
                Ok(()) => None,
                Err(error) => Some(FsError::from(error)),
            };
            let Some(taken) = taken else {
                return self.make_here(&parent, name, wanted);
            };
            if exclusive || !is(&taken, ErrorCode::Exist) {
                return Err(taken);
            }
            // Nothing was found, and yet the name is taken: by a link that leads nowhere, where the file is
            // to be, or by somebody who was faster.
            let target = match wanted.follow {
                true => self.wasi.readlink_at(again(fd), path.clone()).await,
                false => Err(ErrorCode::Invalid.into()),
            };
            match target {
                Ok(target) => path = beside(&path, &target)?,
                Err(error) if is(&error, ErrorCode::Invalid) => {
                    return self.open_known(fd, &path, wanted).await;
                }
                Err(error) => return Err(error),
            }
        }
        Err(ErrorCode::Loop.into())
    }

    fn make_here(
        &mut self,
        parent: &Dir,
        name: &str,
        wanted: Wanted,
    ) -> FsResult<Resource<Descriptor>> {
        self.room(parent, 0)?;
        let slot = Slot::take(&self.disk.quota, Use::File)?;
        let file = at::make_file(&parent.dir, name, wanted.read)?;
        let made = at::of(&file).map(|stat| at::key(&stat));
        self.disk.quota.made(made.as_ref().ok().copied(), 0);
        let node = slot.into_node(made?, 0);
        let file = File::new(file, parent.perms, wanted.mode(), true);
        let open = OpenFile::new(file.file.clone(), node);
        self.keep(Descriptor::File(file), Open::File(Arc::new(open)))
    }

    /// The directory that a path's last name is in.
    pub(super) async fn parent(&mut self, fd: &Resource<Descriptor>, path: &str) -> FsResult<Dir> {
        let Split { dir, .. } = split(path)?;
        if dir.is_empty() {
            return self.dir(fd);
        }
        let start = self.dir(fd)?;
        if let Some(file) = self.beneath(&start, dir, OFlags::PATH | OFlags::DIRECTORY)? {
            return Ok(Dir::new(file, start.perms, OpenMode::READ, true));
        }
        let wanted = Wanted {
            read: true,
            write: false,
            truncate: false,
            directory: true,
            follow: true,
        };
        match self.open_slowly(fd, dir, wanted).await? {
            (Descriptor::Dir(dir), _) => Ok(dir),
            (Descriptor::File(_), _) => Err(ErrorCode::NotDirectory.into()),
        }
    }

    /// Whether one more entry, with `bytes` of its own, may be made in a directory.
    pub(super) fn room(&self, parent: &Dir, bytes: u64) -> FsResult<()> {
        let quota = &self.disk.quota;
        let most = quota.limits().depth();
        match depth::below(&self.disk.roots, &parent.dir, most)? {
            Some(levels) if levels < most => {}
            _ => return Err(quota.too_deep().into()),
        }
        Ok(quota.room(bytes)?)
    }
}

/// Whether the guest would be told this.
pub(super) fn is(error: &FsError, code: ErrorCode) -> bool {
    error.downcast_ref() == Some(&code)
}

/// A link's target, seen from where the link's own path begins.
fn beside(link: &str, target: &str) -> FsResult<String> {
    if target.starts_with('/') {
        return Err(ErrorCode::NotPermitted.into());
    }
    Ok(format!("{}{target}", split(link)?.dir))
}
