//! The view itself: who is asked what. What only reads is passed on to `wasmtime-wasi`; what opens is in
//! `open`, what makes, moves and removes in `change`.

use std::collections::HashMap;
use std::sync::Arc;

use wasmtime::component::{HasData, Linker, Resource};
use wasmtime_wasi::filesystem::{Descriptor, Dir, WasiFilesystemCtxView};
use wasmtime_wasi::p2::bindings::filesystem::{preopens, types};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, FsError, FsResult};

use types::ErrorCode;

use super::at;
use super::books::Key;
use super::listing::Listing;
use super::node::{Node, OpenFile, Slot};
use super::quota::{Quota, Use};
use super::streams::{FileInput, FileOutput};
use crate::state::JobState;

pub(crate) fn add_to_linker(linker: &mut Linker<JobState>) -> wasmtime::Result<()> {
    types::add_to_linker::<JobState, DiskData>(linker, JobState::disk)
}

struct DiskData;

impl HasData for DiskData {
    type Data<'a> = DiskView<'a>;
}

/// What is behind a descriptor of the guest's besides WASI's own part of it.
pub(super) enum Open {
    File(Arc<OpenFile>),
    Dir { _node: Node },
}

/// One job's part of the view.
pub(crate) struct Disk {
    pub(super) quota: Arc<Quota>,
    /// The job's own directories, where counting levels ends.
    pub(super) roots: Vec<Key>,
    /// By their places in the resource table. The job's own directories are not among them.
    pub(super) open: HashMap<u32, Open>,
    /// Resolve paths as on a kernel that cannot: set by tests of that.
    pub(super) step_by_step: bool,
}

impl Disk {
    /// For a job whose directories are those of `wasi`.
    pub(crate) fn new(
        quota: Arc<Quota>,
        wasi: &mut WasiFilesystemCtxView<'_>,
    ) -> wasmtime::Result<Disk> {
        let mut roots = Vec::new();
        for (descriptor, _) in preopens::Host::get_directories(wasi)? {
            if let Descriptor::Dir(dir) = wasi.table.delete(descriptor)? {
                roots.push(at::key(&at::of(&dir.dir)?));
            }
        }
        Ok(Disk {
            quota,
            roots,
            open: HashMap::new(),
            step_by_step: false,
        })
    }
}

pub(crate) struct DiskView<'a> {
    pub(crate) wasi: WasiFilesystemCtxView<'a>,
    pub(crate) disk: &'a mut Disk,
}

impl DiskView<'_> {
    pub(super) fn dir(&self, fd: &Resource<Descriptor>) -> FsResult<Dir> {
        match self.wasi.table.get(fd)? {
            Descriptor::Dir(dir) => Ok(dir.clone()),
            Descriptor::File(_) => Err(ErrorCode::NotDirectory.into()),
        }
    }

    /// A directory in which things may be made.
    pub(super) fn writable_dir(&self, fd: &Resource<Descriptor>) -> FsResult<Dir> {
        let dir = self.dir(fd)?;
        if dir.perms.write_not_permitted() {
            return Err(ErrorCode::NotPermitted.into());
        }
        Ok(dir)
    }

    fn file(
        &self,
        fd: &Resource<Descriptor>,
        directory: ErrorCode,
    ) -> FsResult<(Arc<OpenFile>, bool)> {
        let Descriptor::File(file) = self.wasi.table.get(fd)? else {
            return Err(directory.into());
        };
        let writable = !file.perms.write_not_permitted();
        match self.disk.open.get(&fd.rep()) {
            Some(Open::File(open)) => Ok((open.clone(), writable)),
            _ => Err(ErrorCode::BadDescriptor.into()),
        }
    }

    fn writable_file(&self, fd: &Resource<Descriptor>) -> FsResult<Arc<OpenFile>> {
        match self.file(fd, ErrorCode::BadDescriptor)? {
            (file, true) => Ok(file),
            (_, false) => Err(ErrorCode::NotPermitted.into()),
        }
    }
}

/// The same one, to be passed on.
pub(super) fn again<T: 'static>(resource: &Resource<T>) -> Resource<T> {
    Resource::new_borrow(resource.rep())
}

impl types::Host for DiskView<'_> {
    fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<ErrorCode> {
        self.wasi.convert_error_code(error)
    }

    fn filesystem_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        self.wasi.filesystem_error_code(error)
    }
}

impl types::HostDescriptor for DiskView<'_> {
    async fn advise(
        &mut self,
        fd: Resource<Descriptor>,
        offset: types::Filesize,
        length: types::Filesize,
        advice: types::Advice,
    ) -> FsResult<()> {
        self.wasi.advise(fd, offset, length, advice).await
    }

    async fn sync_data(&mut self, fd: Resource<Descriptor>) -> FsResult<()> {
        self.wasi.sync_data(fd).await
    }

    async fn get_flags(&mut self, fd: Resource<Descriptor>) -> FsResult<types::DescriptorFlags> {
        self.wasi.get_flags(fd).await
    }

    async fn get_type(&mut self, fd: Resource<Descriptor>) -> FsResult<types::DescriptorType> {
        self.wasi.get_type(fd).await
    }

    async fn set_size(&mut self, fd: Resource<Descriptor>, size: types::Filesize) -> FsResult<()> {
        Ok(self.writable_file(&fd)?.set_size(size)?)
    }

    async fn set_times(
        &mut self,
        fd: Resource<Descriptor>,
        accessed: types::NewTimestamp,
        modified: types::NewTimestamp,
    ) -> FsResult<()> {
        self.wasi.set_times(fd, accessed, modified).await
    }

    async fn read(
        &mut self,
        fd: Resource<Descriptor>,
        length: types::Filesize,
        offset: types::Filesize,
    ) -> FsResult<(Vec<u8>, bool)> {
        self.wasi.read(fd, length, offset).await
    }

    async fn write(
        &mut self,
        fd: Resource<Descriptor>,
        bytes: Vec<u8>,
        offset: types::Filesize,
    ) -> FsResult<types::Filesize> {
        Ok(self.writable_file(&fd)?.write_at(&bytes, offset)? as u64)
    }

    async fn read_directory(
        &mut self,
        fd: Resource<Descriptor>,
    ) -> FsResult<Resource<types::DirectoryEntryStream>> {
        let dir = self.dir(&fd)?;
        let slot = Slot::take(&self.disk.quota, Use::Listing)?;
        let listing = at::list(&dir.dir, ".")?;
        let key = at::key(&at::of(&dir.dir)?);
        let listing = Listing::new(listing, slot.into_node(key, 0));
        let made = self.wasi.table.push(listing)?;
        // WASI's type for it cannot be made outside of its crate; what the guest holds is the place.
        Ok(Resource::new_own(made.rep()))
    }

    async fn sync(&mut self, fd: Resource<Descriptor>) -> FsResult<()> {
        self.wasi.sync(fd).await
    }

    async fn create_directory_at(
        &mut self,
        fd: Resource<Descriptor>,
        path: String,
    ) -> FsResult<()> {
        self.make_directory(&fd, &path).await
    }

    async fn stat(&mut self, fd: Resource<Descriptor>) -> FsResult<types::DescriptorStat> {
        self.wasi.stat(fd).await
    }

    async fn stat_at(
        &mut self,
        fd: Resource<Descriptor>,
        flags: types::PathFlags,
        path: String,
    ) -> FsResult<types::DescriptorStat> {
        self.wasi.stat_at(fd, flags, path).await
    }

    async fn set_times_at(
        &mut self,
        fd: Resource<Descriptor>,
        flags: types::PathFlags,
        path: String,
        accessed: types::NewTimestamp,
        modified: types::NewTimestamp,
    ) -> FsResult<()> {
        self.writable_dir(&fd)?;
        // It opens what it follows to.
        self.ordinary(&fd, flags, &path).await?;
        self.wasi
            .set_times_at(fd, flags, path, accessed, modified)
            .await
    }

    async fn link_at(
        &mut self,
        fd: Resource<Descriptor>,
        _flags: types::PathFlags,
        _old_path: String,
        new_fd: Resource<Descriptor>,
        _new_path: String,
    ) -> FsResult<()> {
        self.dir(&fd)?;
        self.dir(&new_fd)?;
        // What a file system without hard links says. With them a name that is removed would not tell
        // what was freed, and a name in one directory could lead to a file of another.
        Err(ErrorCode::NotPermitted.into())
    }

    async fn open_at(
        &mut self,
        fd: Resource<Descriptor>,
        path_flags: types::PathFlags,
        path: String,
        open_flags: types::OpenFlags,
        flags: types::DescriptorFlags,
    ) -> FsResult<Resource<Descriptor>> {
        self.open_path(&fd, path_flags, path, open_flags, flags)
            .await
    }

    fn drop(&mut self, fd: Resource<Descriptor>) -> wasmtime::Result<()> {
        let place = fd.rep();
        self.wasi.table.delete(fd)?;
        // After the table's own share of the file: the last one that goes closes it.
        self.disk.open.remove(&place);
        Ok(())
    }

    async fn readlink_at(&mut self, fd: Resource<Descriptor>, path: String) -> FsResult<String> {
        self.wasi.readlink_at(fd, path).await
    }

    async fn remove_directory_at(
        &mut self,
        fd: Resource<Descriptor>,
        path: String,
    ) -> FsResult<()> {
        self.remove_directory(&fd, &path).await
    }

    async fn rename_at(
        &mut self,
        fd: Resource<Descriptor>,
        old_path: String,
        new_fd: Resource<Descriptor>,
        new_path: String,
    ) -> FsResult<()> {
        self.rename(&fd, &old_path, &new_fd, &new_path).await
    }

    async fn symlink_at(
        &mut self,
        fd: Resource<Descriptor>,
        text: String,
        path: String,
    ) -> FsResult<()> {
        self.make_link(&fd, &text, &path).await
    }

    async fn unlink_file_at(&mut self, fd: Resource<Descriptor>, path: String) -> FsResult<()> {
        self.remove_file(&fd, &path).await
    }

    fn read_via_stream(
        &mut self,
        fd: Resource<Descriptor>,
        offset: types::Filesize,
    ) -> FsResult<Resource<DynInputStream>> {
        let (file, _) = self.file(&fd, ErrorCode::IsDirectory)?;
        let stream: DynInputStream = Box::new(FileInput::new(file, offset));
        Ok(self.wasi.table.push(stream)?)
    }

    fn write_via_stream(
        &mut self,
        fd: Resource<Descriptor>,
        offset: types::Filesize,
    ) -> FsResult<Resource<DynOutputStream>> {
        let stream: DynOutputStream = Box::new(FileOutput::from(self.writable_file(&fd)?, offset));
        Ok(self.wasi.table.push(stream)?)
    }

    fn append_via_stream(
        &mut self,
        fd: Resource<Descriptor>,
    ) -> FsResult<Resource<DynOutputStream>> {
        let stream: DynOutputStream = Box::new(FileOutput::append(self.writable_file(&fd)?));
        Ok(self.wasi.table.push(stream)?)
    }

    async fn is_same_object(
        &mut self,
        one: Resource<Descriptor>,
        other: Resource<Descriptor>,
    ) -> wasmtime::Result<bool> {
        self.wasi.is_same_object(one, other).await
    }

    async fn metadata_hash(
        &mut self,
        fd: Resource<Descriptor>,
    ) -> FsResult<types::MetadataHashValue> {
        self.wasi.metadata_hash(fd).await
    }

    async fn metadata_hash_at(
        &mut self,
        fd: Resource<Descriptor>,
        flags: types::PathFlags,
        path: String,
    ) -> FsResult<types::MetadataHashValue> {
        self.wasi.metadata_hash_at(fd, flags, path).await
    }
}

impl types::HostDirectoryEntryStream for DiskView<'_> {
    async fn read_directory_entry(
        &mut self,
        stream: Resource<types::DirectoryEntryStream>,
    ) -> FsResult<Option<types::DirectoryEntry>> {
        let listing = Resource::<Listing>::new_borrow(stream.rep());
        self.wasi.table.get_mut(&listing)?.next()
    }

    fn drop(&mut self, stream: Resource<types::DirectoryEntryStream>) -> wasmtime::Result<()> {
        self.wasi
            .table
            .delete(Resource::<Listing>::new_own(stream.rep()))?;
        Ok(())
    }
}
