//! Compiled code on its way to a child: authenticated, copied into memory that nobody can change any more, and mapped
//! there by every child that runs it. The bytes that were checked are the bytes that run, and their pages are shared.

use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::fs::{MemfdFlags, SealFlags};
use tokio::sync::{Mutex, OnceCell};

use crate::error::SandboxError;
use crate::loader::{Recent, read};
use crate::runner::CodeRef;
use crate::sandbox::Sandbox;
use crate::seal::Authentic;
use crate::shape::Entry;

/// Components kept in memory at a time; each is the size of its code, up to some 30 MB.
const CAPACITY: usize = 64;

/// Nothing of it can be changed, its seals included.
const SEALS: SealFlags = SealFlags::WRITE
    .union(SealFlags::GROW)
    .union(SealFlags::SHRINK)
    .union(SealFlags::SEAL);

/// Sealed memory with code that was authenticated.
pub(crate) struct SharedCode(OwnedFd);

/// Code that was authenticated, and what kind of plugin it is of.
pub(crate) struct StoredCode {
    pub(crate) memory: SharedCode,
    pub(crate) entry: Entry,
}

impl SharedCode {
    fn new(code: &Authentic<'_>) -> std::io::Result<SharedCode> {
        SharedCode::unchecked(code.bytes())
    }

    /// Code that a child has just compiled, for another child to link. Never loaded in this process.
    pub(crate) fn unchecked(code: &[u8]) -> std::io::Result<SharedCode> {
        let memory = rustix::fs::memfd_create(
            "pipefitter-code",
            MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING,
        )?;
        let mut file = File::from(memory);
        file.write_all(code)?;
        rustix::fs::fcntl_add_seals(&file, SEALS)?;
        Ok(SharedCode(file.into()))
    }

    /// What a parent sent. Refused unless it is sealed: only then does it stay what the parent authenticated.
    pub(crate) fn received(memory: OwnedFd) -> std::io::Result<SharedCode> {
        if rustix::fs::fcntl_get_seals(&memory)?.contains(SEALS) {
            Ok(SharedCode(memory))
        } else {
            Err(std::io::Error::other("the code's memory is not sealed"))
        }
    }
}

impl AsFd for SharedCode {
    fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
        self.0.as_fd()
    }
}

type Cell = Arc<OnceCell<Arc<StoredCode>>>;

/// Sealed memory by code id.
pub(crate) struct CodeStore {
    sandbox: Arc<Sandbox>,
    cells: Mutex<Recent<Cell>>,
}

impl CodeStore {
    pub(crate) fn new(sandbox: Arc<Sandbox>) -> CodeStore {
        CodeStore {
            sandbox,
            cells: Mutex::new(Recent::new(CAPACITY)),
        }
    }

    /// The code, read and checked once however many jobs ask for it at the same time. A failure is not remembered.
    pub(crate) async fn get(&self, code: &CodeRef) -> Result<Arc<StoredCode>, SandboxError> {
        let cell = self.cells.lock().await.get(&code.id);
        let load = || async {
            let sandbox = self.sandbox.clone();
            let code = code.clone();
            tokio::task::spawn_blocking(move || {
                let sealed = read(&code.path)?;
                let opened = sandbox.open(&code.id, &sealed)?;
                let memory = SharedCode::new(&opened.code).map_err(SandboxError::SharedCode)?;
                sandbox.count_load();
                Ok(Arc::new(StoredCode {
                    memory,
                    entry: opened.shape.entry,
                }))
            })
            .await
            .unwrap_or_else(|error| Err(SandboxError::SharedCode(std::io::Error::other(error))))
        };
        cell.get_or_try_init(load).await.cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(seals: SealFlags) -> OwnedFd {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let memory = rustix::fs::memfd_create("code", flags).unwrap();
        rustix::fs::fcntl_add_seals(&memory, seals).unwrap();
        memory
    }

    #[test]
    fn memory_that_lacks_a_seal_is_refused() {
        assert!(SharedCode::received(sealed(SEALS)).is_ok());
        let own = SharedCode::unchecked(b"code").unwrap();
        assert!(SharedCode::received(own.0).is_ok());
        for missing in SEALS.iter() {
            let refused = SharedCode::received(sealed(SEALS - missing));
            assert!(refused.is_err(), "without {missing:?}");
        }
        assert!(SharedCode::received(sealed(SealFlags::empty())).is_err());
        // What cannot be sealed, and what has no seals.
        let memory = rustix::fs::memfd_create("code", MemfdFlags::CLOEXEC).unwrap();
        assert!(SharedCode::received(memory).is_err());
        assert!(SharedCode::received(tempfile::tempfile().unwrap().into()).is_err());
    }
}
