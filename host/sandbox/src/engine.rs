//! The engine and everything that is the same for every job: its configuration, the epoch clock and the linked host
//! interfaces ([`Core`], one in the worker and one in each child), and the road from wasm to sealed code and back
//! ([`Sandbox`], in the worker alone, which has the key).
//!
//! There is a linker for each set of grants ([`Granted`]). What is not in it does not exist: a component that needs
//! more is refused when it is loaded, and once more by the type check of `instantiate_pre`.

use std::num::NonZeroUsize;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine};

use crate::bindings::{self, Action, ActionPre};
use crate::child::code::SharedCode;
use crate::child::compile::{self, CompileLimits};
use crate::child::launcher::Launcher;
use crate::error::SandboxError;
use crate::fs;
use crate::limits::Limit;
use crate::runner::{JobSpec, Level};
use crate::seal::{Authentic, SealKey};
use crate::shape::Shape;
use crate::state::JobState;
use crate::streams;
use crate::test_imports::{self, TestImports};
use crate::waits;

/// Time between two looks at a guest. A guest that waits for a processor waits this long at most for each
/// that runs before it; looking more often costs more than it gains (10 ms is what Spin uses, too).
const EPOCH: Duration = Duration::from_millis(10);

/// What of a guest's fibre is for host calls: the 1.5 MiB that wasmtime's defaults leave.
const HOST_STACK: usize = 1536 << 10;

/// Changed whenever code compiled before must not be run: other configuration here is covered by the
/// engine's own hash, the linked interfaces are not.
const LINKED: &str = "pipefitter:action@0.1.0 wasi@0.2.12 sandbox-3";

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
            test_imports: None,
            compile_limits: CompileLimits::default(),
        }
    }
}

/// An engine with what plugins may import linked.
pub(crate) struct Core {
    engine: Engine,
    hash: [u8; 32],
    test: Option<TestImports>,
}

impl Core {
    /// An engine whose guests have so many bytes of stack.
    pub(crate) fn new(stack: u64, test: Option<TestImports>) -> Result<Core, SandboxError> {
        let engine =
            Engine::new(&engine_config(stack)).map_err(|e| SandboxError::Engine(e.into()))?;
        let mut hasher = HashBytes(Sha256::new());
        std::hash::Hash::hash(&engine.precompile_compatibility_hash(), &mut hasher);
        hasher.0.update(LINKED);
        let hash = hasher.0.finalize().into();
        Ok(Core { engine, hash, test })
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Start the clock that guests are looked at by. Its thread ends with the engine.
    pub(crate) fn start_clock(&self) -> Result<(), SandboxError> {
        start_clock(&self.engine)
    }

    /// What a component is, and its compiled code. Runs none of it.
    pub(crate) fn compile(&self, wasm: &[u8]) -> Result<(Shape, Vec<u8>), SandboxError> {
        let shape = Shape::read(wasm, self.test.is_some())?;
        let code = self
            .engine
            .precompile_component(wasm)
            .map_err(|e| SandboxError::Compile(e.into()))?;
        Ok((shape, code))
    }

    /// Load code that a parent authenticated.
    pub(crate) fn load_shared(
        &self,
        code: &SharedCode,
        granted: Granted,
    ) -> Result<Loaded, SandboxError> {
        let component =
            deserialize_shared(&self.engine, code).map_err(|e| SandboxError::Load(e.into()))?;
        self.link(&component, granted)
    }

    fn link(&self, component: &Component, granted: Granted) -> Result<Loaded, SandboxError> {
        let linker =
            linker(&self.engine, granted, self.test).map_err(|e| SandboxError::Engine(e.into()))?;
        let pre = linker
            .instantiate_pre(component)
            .and_then(ActionPre::new)
            .map_err(|e| SandboxError::Link(e.into()))?;
        Ok(Loaded { pre })
    }
}

/// The engine, shared by all jobs of a process, and the key to compiled code.
pub struct Sandbox {
    core: Core,
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

/// What is linked for a plugin besides what every plugin gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Granted {
    pub(crate) network: bool,
    pub(crate) secrets: bool,
}

impl Granted {
    /// For the check that a component fits the host at all.
    pub(crate) const ALL: Granted = Granted {
        network: true,
        secrets: true,
    };

    pub(crate) fn of(spec: &JobSpec) -> Granted {
        Granted {
            network: spec.network,
            secrets: spec.secrets,
        }
    }
}

/// Compiled code, type-checked against the host: ready to be instantiated.
pub(crate) struct Loaded {
    pub(crate) pre: ActionPre<JobState>,
}

/// What a sealed file holds, once it is known to be ours.
pub(crate) struct Opened<'a> {
    pub(crate) shape: Shape,
    pub(crate) code: Authentic<'a>,
}

impl Sandbox {
    /// Start an engine and its clock. The clock's thread ends with the engine.
    ///
    /// # Errors
    /// [`SandboxError::Engine`] or [`SandboxError::Ticker`].
    pub fn new(config: SandboxConfig) -> Result<Arc<Sandbox>, SandboxError> {
        let core = Core::new(Limit::Stack.default_value(), config.test_imports)?;
        core.start_clock()?;
        Ok(Arc::new(Sandbox {
            core,
            config,
            compiled: AtomicU64::new(0),
            loaded: AtomicU64::new(0),
        }))
    }

    /// Names the engine, its settings and the linked contract, in hex: code compiled under one name is
    /// of no use under another.
    #[must_use]
    pub fn compatibility(&self) -> String {
        hex::encode(self.core.hash)
    }

    /// What a component is, without compiling it. Reads it in this process: for components that are trusted.
    ///
    /// # Errors
    /// Says why it is no plugin that could run here, and what to do.
    pub fn inspect(&self, wasm: &[u8]) -> Result<Shape, SandboxError> {
        self.check_size(wasm)?;
        Shape::read(wasm, self.config.test_imports.is_some())
    }

    /// Compile a component, check that it fits the host, and seal the code. Where the configuration has a launcher,
    /// all of that happens in a locked-down process. Takes about a second for each megabyte on one processor: not
    /// for an async thread.
    ///
    /// # Errors
    /// Says why it is no plugin that could run here, and what to do: as [`Sandbox::inspect`], and
    /// [`SandboxError::Compile`], [`SandboxError::Link`], [`SandboxError::CompileLimit`] or [`SandboxError::Refused`].
    pub fn compile(&self, wasm: &[u8]) -> Result<Vec<u8>, SandboxError> {
        self.check_size(wasm)?;
        let (shape, code) = match &self.config.launcher {
            Some(launcher) => compile::in_child(launcher, wasm, &self.config.compile_limits)?,
            None => self.core.compile(wasm)?,
        };
        let facts =
            serde_json::to_vec(&shape).map_err(|error| SandboxError::Compile(error.into()))?;
        let length = u32::try_from(facts.len()).map_err(|e| SandboxError::Compile(e.into()))?;
        let mut content = length.to_le_bytes().to_vec();
        content.extend_from_slice(&facts);
        content.extend_from_slice(&code);
        let sealed = self.config.key.seal(&self.core.hash, &content);
        if self.config.launcher.is_none() {
            // A child has checked it, else.
            self.link(&sealed, Granted::ALL)?;
        }
        self.compiled.fetch_add(1, Ordering::Relaxed);
        Ok(sealed)
    }

    /// What the component was that sealed code was made of, if the code is authentic and of this engine.
    ///
    /// # Errors
    /// [`SandboxError::Seal`].
    pub fn verify(&self, sealed: &[u8]) -> Result<Shape, SandboxError> {
        self.open(sealed).map(|opened| opened.shape)
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

    pub(crate) fn engine(&self) -> &Engine {
        &self.core.engine
    }

    pub(crate) fn load(&self, sealed: &[u8], granted: Granted) -> Result<Loaded, SandboxError> {
        let loaded = self.link(sealed, granted)?;
        self.count_load();
        Ok(loaded)
    }

    pub(crate) fn open<'a>(&self, sealed: &'a [u8]) -> Result<Opened<'a>, SandboxError> {
        let content = self.config.key.open(&self.core.hash, sealed)?;
        let bytes = content.bytes();
        let damaged = || SandboxError::Seal {
            reason: "it holds no description of its component",
        };
        let (length, rest) = bytes.split_first_chunk::<4>().ok_or_else(damaged)?;
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| damaged())?;
        let facts = rest.get(..length).ok_or_else(damaged)?;
        let shape = serde_json::from_slice(facts).map_err(|_| damaged())?;
        let code = content.after(4 + length).ok_or_else(damaged)?;
        Ok(Opened { shape, code })
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

    fn link(&self, sealed: &[u8], granted: Granted) -> Result<Loaded, SandboxError> {
        let opened = self.open(sealed)?;
        let component = deserialize(&self.core.engine, &opened.code)
            .map_err(|e| SandboxError::Load(e.into()))?;
        self.core.link(&component, granted)
    }
}

#[expect(
    unsafe_code,
    reason = "the one place that turns bytes into native code, behind the seal"
)]
fn deserialize(engine: &Engine, code: &Authentic<'_>) -> wasmtime::Result<Component> {
    // SAFETY: `deserialize` asks that the bytes are the unmodified output of this wasmtime's own
    // compiler. `Authentic` has one maker, `SealKey::open`, after the MAC over exactly these bytes was
    // right; the key is private to the worker's account, and the only bytes ever sealed with it are
    // those `Sandbox::compile` has just got from `precompile_component`. The bytes are borrowed memory
    // of this process, not a file, so nobody changes them after the check; `deserialize` copies them.
    // Another wasmtime version or configuration is refused by the seal's hash and again by wasmtime.
    unsafe { Component::deserialize(engine, code.bytes()) }
}

#[expect(
    unsafe_code,
    reason = "the same as `deserialize`, for code that a parent process has authenticated"
)]
fn deserialize_shared(engine: &Engine, code: &SharedCode) -> wasmtime::Result<Component> {
    let path = format!("/proc/self/fd/{}", code.as_fd().as_raw_fd());
    // SAFETY: as in `deserialize`, the bytes are the unmodified output of this wasmtime's own compiler: the
    // parent, which is the same binary, has authenticated them and copied them into memory of its own. What
    // `deserialize_file` asks besides, that the file stays as it is while it is mapped, the kernel guarantees:
    // `SharedCode` is made only of memory that is sealed against writing, growing and shrinking, and against any
    // change of these seals. The descriptor is open, so the path leads to that memory and to nothing else.
    unsafe { Component::deserialize_file(engine, path) }
}

fn engine_config(stack: u64) -> Config {
    let stack = usize::try_from(stack).unwrap_or(usize::MAX / 2);
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // Async exports have an engine of their own some day: this state is where most panics of the
        // 48.0.x line were.
        .concurrency_support(false)
        .epoch_interruption(true)
        .signals_based_traps(true)
        .wasm_backtrace_max_frames(NonZeroUsize::new(16))
        .max_wasm_stack(stack)
        .async_stack_size(stack.saturating_add(HOST_STACK))
        .async_stack_zeroing(true)
        .shared_memory(false);
    config
}

fn linker(
    engine: &Engine,
    granted: Granted,
    test: Option<TestImports>,
) -> wasmtime::Result<Linker<JobState>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    // Ours instead of WASI's, and nothing else twice.
    linker.allow_shadowing(true);
    waits::add_to_linker(&mut linker)?;
    streams::add_to_linker(&mut linker)?;
    fs::add_to_linker(&mut linker)?;
    linker.allow_shadowing(false);
    Action::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    if granted.network {
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    }
    if granted.secrets {
        bindings::secrets::pipefitter::action::secrets::add_to_linker::<_, HasSelf<_>>(
            &mut linker,
            |state| state,
        )?;
    }
    if let Some(imports) = test {
        test_imports::link(&mut linker, imports)?;
    }
    Ok(linker)
}

/// A thread of the system's and not a task: a runtime whose threads are all busy with guests would be
/// the last to tell them to yield. It runs when this returns: what a thread does to begin is not on a locked child's
/// list of system calls.
fn start_clock(engine: &Engine) -> Result<(), SandboxError> {
    let engine = engine.weak();
    let (runs, running) = std::sync::mpsc::sync_channel(1);
    std::thread::Builder::new()
        .name("epoch".to_owned())
        .spawn(move || {
            // Whoever waits is there.
            let _told = runs.send(());
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(EPOCH);
            }
        })
        .map_err(SandboxError::Ticker)?;
    running
        .recv()
        .map_err(|error| SandboxError::Ticker(std::io::Error::other(error)))
}

/// Takes what a `Hash` writes into a hash that is the same in every build of the standard library.
struct HashBytes(Sha256);

impl std::hash::Hasher for HashBytes {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}
