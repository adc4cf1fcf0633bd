//! A directory read entry by entry. WASI's own stream reads all of it, with a look at each entry, into the
//! host's memory when it is opened.

use rustix::fs::{AtFlags, Dir, FileType};
use rustix::io::Errno;
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::filesystem::types::{DescriptorType, DirectoryEntry, ErrorCode};

use super::node::Node;

pub(crate) struct Listing {
    dir: Dir,
    _node: Node,
}

impl Listing {
    pub(crate) fn new(dir: Dir, node: Node) -> Listing {
        Listing { dir, _node: node }
    }

    pub(crate) fn next(&mut self) -> FsResult<Option<DirectoryEntry>> {
        while let Some(entry) = self.dir.read() {
            let entry = entry.map_err(std::io::Error::from)?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            let kind = match entry.file_type() {
                FileType::Unknown => match self.look(name) {
                    Ok(kind) => kind,
                    Err(Errno::NOENT) => continue,
                    Err(error) => return Err(std::io::Error::from(error).into()),
                },
                kind => kind,
            };
            let Ok(name) = name.to_str() else {
                return Err(ErrorCode::IllegalByteSequence.into());
            };
            return Ok(Some(DirectoryEntry {
                type_: type_of(kind),
                name: name.to_owned(),
            }));
        }
        Ok(None)
    }

    /// Not every file system tells the type with the name.
    fn look(&self, name: &std::ffi::CStr) -> Result<FileType, Errno> {
        let stat = rustix::fs::statat(self.dir.fd()?, name, AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(FileType::from_raw_mode(stat.st_mode))
    }
}

fn type_of(kind: FileType) -> DescriptorType {
    match kind {
        FileType::RegularFile => DescriptorType::RegularFile,
        FileType::Directory => DescriptorType::Directory,
        FileType::Symlink => DescriptorType::SymbolicLink,
        FileType::BlockDevice => DescriptorType::BlockDevice,
        FileType::CharacterDevice => DescriptorType::CharacterDevice,
        FileType::Fifo => DescriptorType::Fifo,
        FileType::Socket => DescriptorType::Socket,
        FileType::Unknown => DescriptorType::Unknown,
    }
}
