//! Directories, and the view of them.

use std::collections::BTreeMap;
use std::future::Future;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tempfile::TempDir;
use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::filesystem::preopens;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    DescriptorFlags, DirectoryEntry, DirectoryEntryStream, ErrorCode, Host as _, HostDescriptor,
    HostDirectoryEntryStream, OpenFlags, PathFlags,
};
use wasmtime_wasi::p2::{DynOutputStream, FsResult, StreamError};
use wasmtime_wasi::{FsPerms, WasiCtx, WasiCtxBuilder};

use crate::fs::quota::Quota;
use crate::fs::{Disk, DiskLimits, DiskView};
use crate::guard::Guard;
use crate::limits::{Limit, Limits};
use crate::runner::{Fault, JobControl};

pub(super) type Fd = Resource<Descriptor>;
pub(super) type Said<T> = Result<T, ErrorCode>;

pub(super) const FOLLOW: PathFlags = PathFlags::SYMLINK_FOLLOW;

pub(super) struct Rig {
    pub(super) dir: TempDir,
    wasi: WasiCtx,
    pub(super) table: ResourceTable,
    disk: Disk,
    /// The job's own directories, in the order asked for.
    pub(super) roots: Vec<Fd>,
}

/// Limits that nothing here comes near.
pub(super) fn roomy() -> DiskLimits {
    DiskLimits::of(&Limits::default())
}

impl Rig {
    /// With directories of these names, each writable or not, filled before the view is made.
    pub(super) fn new(disk: DiskLimits, mounts: &[(&str, bool)], fill: impl FnOnce(&Path)) -> Rig {
        let dir = tempfile::tempdir().unwrap();
        let mut wasi = WasiCtxBuilder::new();
        wasi.allow_blocking_current_thread(true);
        for (name, _) in mounts {
            std::fs::create_dir(dir.path().join(name)).unwrap();
        }
        fill(dir.path());
        for (name, write) in mounts {
            let permissions = match write {
                true => FsPerms::ReadWrite,
                false => FsPerms::ReadOnly,
            };
            wasi.preopened_dir(dir.path().join(name), name, permissions)
                .unwrap();
        }
        let (mut wasi, mut table) = (wasi.build(), ResourceTable::new());
        let guard = Guard::new(disk.limits(), JobControl::new().1);
        let quota = Quota::new(disk, Arc::new(guard));
        let mut files = WasiFilesystemCtxView {
            ctx: wasi.filesystem(),
            table: &mut table,
        };
        let disk = Disk::new(quota, &mut files).unwrap();
        let roots = preopens::Host::get_directories(&mut files).unwrap();
        Rig {
            dir,
            wasi,
            table,
            disk,
            roots: roots.into_iter().map(|(fd, _)| fd).collect(),
        }
    }

    /// One writable directory, `out`.
    pub(super) fn one(disk: DiskLimits) -> Rig {
        Rig::new(disk, &[("out", true)], |_| {})
    }

    /// As on a kernel that cannot resolve paths below a directory.
    pub(super) fn step_by_step(mut self) -> Rig {
        self.disk.step_by_step = true;
        self
    }

    pub(super) fn view(&mut self) -> DiskView<'_> {
        DiskView {
            wasi: WasiFilesystemCtxView {
                ctx: self.wasi.filesystem(),
                table: &mut self.table,
            },
            disk: &mut self.disk,
        }
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    pub(super) fn root(&self, at: usize) -> Fd {
        Resource::new_borrow(self.roots[at].rep())
    }

    /// Bytes and files as charged.
    pub(super) fn charged(&self) -> (u64, u64) {
        let (bytes, files, _, _) = self.disk.quota.charged();
        (bytes, files)
    }

    /// Open files and listings as counted.
    pub(super) fn held(&self) -> (u32, u32) {
        let (_, _, files, listings) = self.disk.quota.charged();
        (files, listings)
    }

    /// The limit that was hit first.
    pub(super) fn hit(&self) -> Option<(Limit, String)> {
        match self.disk.quota.guard().first()? {
            Fault::Limit { limit, value } => Some((limit, value)),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn open_with(
        &mut self,
        root: usize,
        path: &str,
        follow: PathFlags,
        open: OpenFlags,
        flags: DescriptorFlags,
    ) -> Said<Fd> {
        let root = self.root(root);
        said(now(self.view().open_at(
            root,
            follow,
            path.into(),
            open,
            flags,
        )))
    }

    /// As `open(path, O_CREAT | O_RDWR)` does.
    pub(super) fn create(&mut self, path: &str) -> Said<Fd> {
        let flags = DescriptorFlags::READ | DescriptorFlags::WRITE;
        self.open_with(0, path, FOLLOW, OpenFlags::CREATE, flags)
    }

    pub(super) fn open(&mut self, path: &str) -> Said<Fd> {
        self.open_with(0, path, FOLLOW, OpenFlags::empty(), DescriptorFlags::READ)
    }

    pub(super) fn truncate(&mut self, path: &str) -> Said<Fd> {
        let flags = DescriptorFlags::WRITE;
        self.open_with(0, path, FOLLOW, OpenFlags::TRUNCATE, flags)
    }

    pub(super) fn close(&mut self, fd: Fd) {
        HostDescriptor::drop(&mut self.view(), Resource::new_own(fd.rep())).unwrap();
    }

    pub(super) fn list(&mut self, fd: &Fd) -> Said<Resource<DirectoryEntryStream>> {
        let fd = Resource::new_borrow(fd.rep());
        said(now(self.view().read_directory(fd)))
    }

    pub(super) fn next(
        &mut self,
        listing: &Resource<DirectoryEntryStream>,
    ) -> Said<Option<DirectoryEntry>> {
        let listing = Resource::new_borrow(listing.rep());
        said(now(self.view().read_directory_entry(listing)))
    }

    pub(super) fn unlist(&mut self, listing: Resource<DirectoryEntryStream>) {
        HostDirectoryEntryStream::drop(&mut self.view(), listing).unwrap();
    }

    pub(super) fn write(&mut self, fd: &Fd, bytes: u64, offset: u64) -> Said<u64> {
        let fd = Resource::new_borrow(fd.rep());
        said(now(self.view().write(fd, content(bytes), offset)))
    }

    pub(super) fn set_size(&mut self, fd: &Fd, size: u64) -> Said<()> {
        let fd = Resource::new_borrow(fd.rep());
        said(now(self.view().set_size(fd, size)))
    }

    /// Through an output stream; none stands for the end of the file.
    pub(super) fn stream(&mut self, fd: &Fd, at: Option<u64>) -> Said<Resource<DynOutputStream>> {
        let fd = Resource::new_borrow(fd.rep());
        said(match at {
            Some(at) => self.view().write_via_stream(fd, at),
            None => self.view().append_via_stream(fd),
        })
    }

    pub(super) fn stream_write(
        &mut self,
        stream: &Resource<DynOutputStream>,
        bytes: u64,
    ) -> Said<()> {
        let out = self.table.get_mut(stream).unwrap();
        match out.write(content(bytes).into()) {
            Ok(()) => Ok(()),
            Err(StreamError::LastOperationFailed(error)) => {
                // As a guest finds out: by the error's handle.
                let handle = self.table.push(error).unwrap();
                let code = self.view().filesystem_error_code(handle).unwrap();
                Err(code.unwrap())
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    pub(super) fn mkdir(&mut self, path: &str) -> Said<()> {
        let root = self.root(0);
        said(now(self.view().create_directory_at(root, path.into())))
    }

    pub(super) fn rmdir(&mut self, path: &str) -> Said<()> {
        let root = self.root(0);
        said(now(self.view().remove_directory_at(root, path.into())))
    }

    pub(super) fn unlink(&mut self, path: &str) -> Said<()> {
        let root = self.root(0);
        said(now(self.view().unlink_file_at(root, path.into())))
    }

    pub(super) fn symlink(&mut self, text: &str, path: &str) -> Said<()> {
        let root = self.root(0);
        said(now(self.view().symlink_at(root, text.into(), path.into())))
    }

    pub(super) fn rename(&mut self, old: &str, new: &str) -> Said<()> {
        let (from, to) = (self.root(0), self.root(0));
        said(now(self.view().rename_at(from, old.into(), to, new.into())))
    }

    /// What the kernel has: every inode below the rig's directory that has a name or is held open by this
    /// process, its size (0 for directories), and how deep it lies below its root.
    pub(super) fn kernel(&self) -> Kernel {
        let mut kernel = Kernel::default();
        let top = self.dir.path();
        let mut left: Vec<(PathBuf, u32)> = vec![(top.to_owned(), 0)];
        while let Some((dir, depth)) = left.pop() {
            for entry in std::fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                let data = path.symlink_metadata().unwrap();
                if data.is_dir() {
                    left.push((path, depth + 1));
                }
                if depth > 0 {
                    kernel.add(&data);
                    kernel.deepest = kernel.deepest.max(depth);
                }
            }
        }
        for fd in std::fs::read_dir("/proc/self/fd").unwrap() {
            let fd = fd.unwrap().path();
            let Ok(target) = std::fs::read_link(&fd) else {
                continue;
            };
            if target.starts_with(top) {
                kernel.descriptors += 1;
                if target.to_string_lossy().ends_with(" (deleted)") {
                    kernel.add(&std::fs::metadata(fd).unwrap());
                }
            }
        }
        kernel
    }
}

#[derive(Debug, Default)]
pub(super) struct Kernel {
    inodes: BTreeMap<u64, u64>,
    pub(super) deepest: u32,
    /// Open ones, the roots' own included.
    pub(super) descriptors: usize,
}

impl Kernel {
    fn add(&mut self, data: &std::fs::Metadata) {
        let size = if data.is_dir() { 0 } else { data.size() };
        self.inodes.insert(data.ino(), size);
    }

    pub(super) fn sum(&self) -> (u64, u64) {
        (self.inodes.values().sum(), self.inodes.len() as u64)
    }
}

fn content(bytes: u64) -> Vec<u8> {
    vec![b'x'; usize::try_from(bytes).unwrap()]
}

/// The result of what is done before it returns.
pub(super) fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(result) => result,
        Poll::Pending => panic!("a call waits"),
    }
}

pub(super) fn said<T>(result: FsResult<T>) -> Said<T> {
    result.map_err(|error| error.downcast().unwrap())
}
