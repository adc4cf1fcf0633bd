//! The road from wasm to sealed code and back, in the worker alone: it has the key.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use wasmtime::Engine;

use crate::adapt;
use crate::child::compile::{self, CompileLimits};
use crate::child::floor::IsolationFloor;
use crate::child::launcher::Launcher;
use crate::child::parts::Look;
use crate::engine::{Cores, Granted, Loaded};
use crate::error::SandboxError;
use crate::limits::SHARED_STACK;
use crate::runner::Level;
use crate::seal::{Authentic, SealKey};
use crate::shape::{Entry, Shape};
use crate::test_imports::TestImports;

/// How the sandbox is set up.
#[derive(Debug)]
#[non_exhaustive]
pub struct SandboxConfig {
    /// Seals compiled code.
    pub key: SealKey,
    /// Threads that run guests in this process. Default: one per processor, at least 2.
    pub guest_threads: usize,
    /// The largest component that is compiled, in bytes. Default: 64 MiB, three times what the largest
    /// language runtime known (Python's) needs.
    pub max_component_bytes: u64,
    /// Log lines below this level are not kept. Default: [`Level::Debug`].
    pub log_threshold: Level,
    /// Starts the processes that compile. Default: none, and components are compiled in this process.
    pub launcher: Option<Arc<Launcher>>,
    /// What a process that compiles must have of the kernel's before it looks at a component. Default:
    /// [`IsolationFloor::Full`].
    pub isolation_floor: IsolationFloor,
    /// For [`Sandbox::look`], where there is no launcher: a child has its own, by [`ChildParts`](crate::ChildParts).
    /// Default: finds nothing.
    pub look: Look,
    /// Imports for the suites. Default: none.
    pub test_imports: Option<TestImports>,
    /// What compiling one component may use, where it has a process of its own.
    pub compile_limits: CompileLimits,
}

impl SandboxConfig {
    /// The defaults, with this key.
    #[must_use]
    pub fn new(key: SealKey) -> SandboxConfig {
        let processors = std::thread::available_parallelism().map_or(2, NonZeroUsize::get);
        SandboxConfig {
            key,
            guest_threads: processors.max(2),
            max_component_bytes: 64 << 20,
            log_threshold: Level::Debug,
            launcher: None,
            isolation_floor: IsolationFloor::default(),
            look: |_| Vec::new(),
            test_imports: None,
            compile_limits: CompileLimits::default(),
        }
    }
}

/// The engines, shared by all jobs of a process, and the key to compiled code.
pub struct Sandbox {
    cores: Cores,
    hash: [u8; 32],
    config: SandboxConfig,
    compiled: AtomicU64,
    loaded: AtomicU64,
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

/// What a sealed file holds, once it is known to be ours: three parts, the first two with their lengths before them.
pub(crate) struct Opened<'a> {
    pub(crate) shape: Shape,
    note: &'a [u8],
    pub(crate) code: Authentic<'a>,
}

/// What is kept with compiled code, and as authentic as that.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// What the component was.
    pub shape: Shape,
    /// What was given to [`Sandbox::compile`].
    pub note: Vec<u8>,
}

impl Sandbox {
    /// Start the engines and the clock of the one that most plugins run on. The clock's thread ends with the engine.
    ///
    /// # Errors
    /// [`SandboxError::Engine`] or [`SandboxError::Ticker`].
    pub fn new(config: SandboxConfig) -> Result<Arc<Sandbox>, SandboxError> {
        let cores = Cores::new(SHARED_STACK, config.test_imports)?;
        cores.of(Entry::Handler).start_clock()?;
        Ok(Arc::new(Sandbox {
            hash: cores.hash(),
            cores,
            config,
            compiled: AtomicU64::new(0),
            loaded: AtomicU64::new(0),
        }))
    }

    /// Names the engines, their settings and the linked contract, in hex: code compiled under one name is
    /// of no use under another.
    #[must_use]
    pub fn compatibility(&self) -> String {
        hex::encode(self.hash)
    }

    /// What a component is, without compiling it. Reads it in this process: for components that are trusted.
    ///
    /// # Errors
    /// Says why it is no plugin that could run here, and what to do.
    pub fn inspect(&self, wasm: &[u8]) -> Result<Shape, SandboxError> {
        self.check_size(wasm)?;
        Shape::read(&adapt::component(wasm)?, self.config.test_imports.is_some())
    }

    /// What the program's own [`Look`] finds in a stranger's file, by a locked-down process where the configuration
    /// has a launcher. It took the stranger's bytes apart, so it may have been made to say anything.
    ///
    /// # Errors
    /// [`SandboxError::TooLarge`], or that the process could not do it.
    pub fn look(&self, wasm: &[u8]) -> Result<Vec<u8>, SandboxError> {
        self.check_size(wasm)?;
        match &self.config.launcher {
            Some(launcher) => launcher.look(wasm, self.config.isolation_floor),
            None => Ok((self.config.look)(wasm)),
        }
    }

    /// Compile a component, check that it fits the host, and seal the code, for this id and no other, together with a
    /// note of the caller's. A core module for wasip1 is made a component before. Where the configuration has a
    /// launcher, all of that happens in locked-down processes. Takes about a second for each megabyte on one processor:
    /// not for an async thread.
    ///
    /// # Errors
    /// Says why it is no plugin that could run here, and what to do: as [`Sandbox::inspect`], and
    /// [`SandboxError::Compile`], [`SandboxError::Link`], [`SandboxError::CompileLimit`] or [`SandboxError::Refused`].
    pub fn compile(&self, id: &str, wasm: &[u8], note: &[u8]) -> Result<Vec<u8>, SandboxError> {
        self.compile_within(&self.config.compile_limits, id, wasm, note)
    }

    /// As [`Sandbox::compile`], with limits of its own.
    ///
    /// # Errors
    /// As there.
    pub fn compile_within(
        &self,
        limits: &CompileLimits,
        id: &str,
        wasm: &[u8],
        note: &[u8],
    ) -> Result<Vec<u8>, SandboxError> {
        self.check_size(wasm)?;
        let (shape, code) = match &self.config.launcher {
            Some(launcher) => {
                compile::in_child(launcher, wasm, limits, self.config.isolation_floor)?
            }
            None => self.cores.compile(wasm)?,
        };
        let shape =
            serde_json::to_vec(&shape).map_err(|error| SandboxError::Compile(error.into()))?;
        let mut content = Vec::with_capacity(8 + shape.len() + note.len() + code.len());
        for part in [&shape[..], note] {
            let length = u32::try_from(part.len()).map_err(|e| SandboxError::Compile(e.into()))?;
            content.extend_from_slice(&length.to_le_bytes());
            content.extend_from_slice(part);
        }
        content.extend_from_slice(&code);
        let sealed = self.config.key.seal(&self.hash, id, &content);
        if self.config.launcher.is_none() {
            // A child has checked it, else.
            self.link(id, &sealed, Granted::ALL)?;
        }
        self.compiled.fetch_add(1, Ordering::Relaxed);
        Ok(sealed)
    }

    /// What is kept with sealed code, if that is authentic, of this id and of this engine.
    ///
    /// # Errors
    /// [`SandboxError::Seal`].
    pub fn verify(&self, id: &str, sealed: &[u8]) -> Result<Verified, SandboxError> {
        self.open(id, sealed).map(|opened| Verified {
            shape: opened.shape,
            note: opened.note.to_vec(),
        })
    }

    /// How many components were compiled by this process.
    #[must_use]
    pub fn compiled(&self) -> u64 {
        self.compiled.load(Ordering::Relaxed)
    }

    /// How often compiled code was loaded in order to run it.
    #[must_use]
    pub fn loaded(&self) -> u64 {
        self.loaded.load(Ordering::Relaxed)
    }

    pub(crate) fn count_load(&self) {
        self.loaded.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn config(&self) -> &SandboxConfig {
        &self.config
    }

    /// The engine of plugins with this entry.
    pub(crate) fn engine(&self, entry: Entry) -> &Engine {
        self.cores.of(entry).engine()
    }

    pub(crate) fn load(
        &self,
        id: &str,
        sealed: &[u8],
        granted: Granted,
    ) -> Result<Loaded, SandboxError> {
        let loaded = self.link(id, sealed, granted)?;
        self.cores.of(loaded.entry).start_clock()?;
        self.count_load();
        Ok(loaded)
    }

    pub(crate) fn open<'a>(&self, id: &str, sealed: &'a [u8]) -> Result<Opened<'a>, SandboxError> {
        let content = self.config.key.open(&self.hash, id, sealed)?;
        let damaged = || SandboxError::Seal {
            reason: "it holds no description of its component",
        };
        let (shape, rest) = part(content.bytes()).ok_or_else(damaged)?;
        let (note, _) = part(rest).ok_or_else(damaged)?;
        let code = content.after(8 + shape.len() + note.len());
        Ok(Opened {
            shape: serde_json::from_slice(shape).map_err(|_| damaged())?,
            note,
            code: code.ok_or_else(damaged)?,
        })
    }

    fn check_size(&self, wasm: &[u8]) -> Result<(), SandboxError> {
        let length = wasm.len() as u64;
        if length > self.config.max_component_bytes {
            return Err(SandboxError::TooLarge {
                length,
                limit: self.config.max_component_bytes,
            });
        }
        Ok(())
    }

    fn link(&self, id: &str, sealed: &[u8], granted: Granted) -> Result<Loaded, SandboxError> {
        let opened = self.open(id, sealed)?;
        let entry = opened.shape.entry;
        self.cores.of(entry).load(&opened.code, entry, granted)
    }
}

/// The first part of these bytes, and what follows it.
fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)
}
