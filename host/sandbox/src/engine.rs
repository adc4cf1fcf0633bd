//! The engine and everything that is the same for every job: its configuration, the epoch clock, the
//! linked host interfaces, and the road from wasm to sealed code and back.
//!
//! One linker serves every plugin, since this version grants directories only, and those are no imports.
//! What is not in it does not exist: a component that needs more is refused when it is inspected, and
//! once more by the type check of `instantiate_pre`.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine};

use crate::bindings::{Action, ActionPre};
use crate::error::SandboxError;
use crate::fs;
use crate::runner::Level;
use crate::seal::{Authentic, SealKey};
use crate::shape::Shape;
use crate::state::JobState;
use crate::waits;

/// Time between two looks at a guest. A guest that waits for a processor waits this long at most for each
/// that runs before it; looking more often costs more than it gains (10 ms is what Spin uses, too).
const EPOCH: Duration = Duration::from_millis(10);

/// Wasm's own stack; beyond it a guest traps.
pub(crate) const WASM_STACK: usize = 512 << 10;
/// The whole stack of a guest's fibre. What is left above [`WASM_STACK`] is for host calls.
const FIBRE_STACK: usize = 2 << 20;

/// Changed whenever code compiled before must not be run: other configuration here is covered by the
/// engine's own hash, the linked interfaces are not.
const LINKED: &str = "pipefitter:action@0.1.0 wasi@0.2.12 sandbox-1";

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
        }
    }
}

/// The engine, shared by all jobs of a process.
pub struct Sandbox {
    engine: Engine,
    linker: Linker<JobState>,
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

/// Compiled code, type-checked against the host: ready to be instantiated.
pub(crate) struct Loaded {
    pub(crate) pre: ActionPre<JobState>,
}

impl Sandbox {
    /// Start an engine and its clock. The clock's thread ends with the engine.
    ///
    /// # Errors
    /// [`SandboxError::Engine`] or [`SandboxError::Ticker`].
    pub fn new(config: SandboxConfig) -> Result<Arc<Sandbox>, SandboxError> {
        let engine = Engine::new(&engine_config()).map_err(|e| SandboxError::Engine(e.into()))?;
        start_clock(&engine)?;
        let linker = linker(&engine).map_err(|e| SandboxError::Engine(e.into()))?;
        let mut hasher = HashBytes(Sha256::new());
        std::hash::Hash::hash(&engine.precompile_compatibility_hash(), &mut hasher);
        hasher.0.update(LINKED);
        let hash = hasher.0.finalize().into();
        Ok(Arc::new(Sandbox {
            engine,
            linker,
            hash,
            config,
            compiled: AtomicU64::new(0),
            loaded: AtomicU64::new(0),
        }))
    }

    /// Names the engine, its settings and the linked contract, in hex: code compiled under one name is
    /// of no use under another.
    #[must_use]
    pub fn compatibility(&self) -> String {
        hex::encode(self.hash)
    }

    /// What a component is, without compiling it.
    ///
    /// # Errors
    /// Says why it is no plugin that could run here, and what to do.
    pub fn inspect(&self, wasm: &[u8]) -> Result<Shape, SandboxError> {
        let length = wasm.len() as u64;
        if length > self.config.max_component_bytes {
            return Err(SandboxError::TooLarge {
                length,
                limit: self.config.max_component_bytes,
            });
        }
        Shape::read(wasm)
    }

    /// Compile a component, check that it fits the host, and seal the code. Takes about a second for
    /// each megabyte on one processor: not for an async thread.
    ///
    /// # Errors
    /// As [`Sandbox::inspect`]; and [`SandboxError::Compile`] or [`SandboxError::Link`].
    pub fn compile(&self, wasm: &[u8]) -> Result<Vec<u8>, SandboxError> {
        self.inspect(wasm)?;
        let code = self
            .engine
            .precompile_component(wasm)
            .map_err(|e| SandboxError::Compile(e.into()))?;
        let sealed = self.config.key.seal(&self.hash, &code);
        self.link(&sealed)?;
        self.compiled.fetch_add(1, Ordering::Relaxed);
        Ok(sealed)
    }

    /// Whether sealed code is authentic, of this engine, and fits the host.
    ///
    /// # Errors
    /// [`SandboxError::Seal`], [`SandboxError::Load`] or [`SandboxError::Link`].
    pub fn verify(&self, sealed: &[u8]) -> Result<(), SandboxError> {
        self.link(sealed).map(drop)
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

    pub(crate) fn config(&self) -> &SandboxConfig {
        &self.config
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn load(&self, sealed: &[u8]) -> Result<Loaded, SandboxError> {
        let loaded = self.link(sealed)?;
        self.loaded.fetch_add(1, Ordering::Relaxed);
        Ok(loaded)
    }

    fn link(&self, sealed: &[u8]) -> Result<Loaded, SandboxError> {
        let code = self.config.key.open(&self.hash, sealed)?;
        let component =
            deserialize(&self.engine, &code).map_err(|e| SandboxError::Load(e.into()))?;
        let pre = self
            .linker
            .instantiate_pre(&component)
            .and_then(ActionPre::new)
            .map_err(|e| SandboxError::Link(e.into()))?;
        Ok(Loaded { pre })
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

fn engine_config() -> Config {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        // Async exports have an engine of their own some day: this state is where most panics of the
        // 48.0.x line were.
        .concurrency_support(false)
        .epoch_interruption(true)
        .signals_based_traps(true)
        .wasm_backtrace_max_frames(NonZeroUsize::new(16))
        .max_wasm_stack(WASM_STACK)
        .async_stack_size(FIBRE_STACK)
        .async_stack_zeroing(true)
        .shared_memory(false);
    config
}

fn linker(engine: &Engine) -> wasmtime::Result<Linker<JobState>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    // Ours instead of WASI's, and nothing else twice.
    linker.allow_shadowing(true);
    waits::add_to_linker(&mut linker)?;
    fs::add_to_linker(&mut linker)?;
    linker.allow_shadowing(false);
    Action::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
    Ok(linker)
}

/// A thread of the system's and not a task: a runtime whose threads are all busy with guests would be
/// the last to tell them to yield.
fn start_clock(engine: &Engine) -> Result<(), SandboxError> {
    let engine = engine.weak();
    std::thread::Builder::new()
        .name("epoch".to_owned())
        .spawn(move || {
            while let Some(engine) = engine.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(EPOCH);
            }
        })
        .map(drop)
        .map_err(SandboxError::Ticker)
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
