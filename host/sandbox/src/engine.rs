//! The engines and everything that is the same for every job: their configuration, the epoch clock and the linked host
//! interfaces. A worker has two, a child that runs a job the one that it needs: plugins with an asynchronous entry have
//! an engine of their own, since that state of wasmtime's is where most panics of the 48.0.x line were, and no other
//! plugin is to carry it.
//!
//! There is a linker for each set of grants ([`Granted`]). What is not in it does not exist: a component that needs
//! more is refused when it is loaded, and once more by the type check of `instantiate_pre`.

use std::num::NonZeroUsize;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sha2::{Digest, Sha256};
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine};
use wasmtime_wasi::p2::bindings::CommandPre;

use crate::adapt;
use crate::bindings::asynchronous::ActionAsyncPre;
use crate::bindings::{self, Action, ActionPre};
use crate::child::code::SharedCode;
use crate::error::SandboxError;
use crate::fs;
use crate::runner::JobSpec;
use crate::seal::Authentic;
use crate::shape::{Entry, Shape};
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
const LINKED: &str = "pipefitter:action@0.1.0 wasi@0.2.12 sandbox-5";

/// Both engines, for what is not known yet.
pub(crate) struct Cores {
    plain: Core,
    concurrent: Core,
}

impl Cores {
    /// Engines whose guests have so many bytes of stack.
    pub(crate) fn new(stack: u64, test: Option<TestImports>) -> Result<Cores, SandboxError> {
        Ok(Cores {
            plain: Core::new(stack, Entry::Handler, test)?,
            concurrent: Core::new(stack, Entry::AsyncHandler, test)?,
        })
    }

    /// The one that plugins with this entry run on.
    pub(crate) fn of(&self, entry: Entry) -> &Core {
        match entry {
            Entry::Handler | Entry::Command => &self.plain,
            Entry::AsyncHandler => &self.concurrent,
        }
    }

    /// Names the engines, their settings and what is linked.
    pub(crate) fn hash(&self) -> [u8; 32] {
        let mut hasher = HashBytes(Sha256::new());
        for core in [&self.plain, &self.concurrent] {
            std::hash::Hash::hash(&core.engine.precompile_compatibility_hash(), &mut hasher);
        }
        hasher.0.update(LINKED);
        hasher.0.finalize().into()
    }

    /// What a component is, and its compiled code; a core module is made a component before. Runs none of it.
    pub(crate) fn compile(&self, wasm: &[u8]) -> Result<(Shape, Vec<u8>), SandboxError> {
        let component = adapt::component(wasm)?;
        let shape = Shape::read(&component, self.plain.test.is_some())?;
        let code = self
            .of(shape.entry)
            .engine
            .precompile_component(&component)
            .map_err(|e| SandboxError::Compile(e.into()))?;
        Ok((shape, code))
    }
}

/// An engine with what plugins may import linked.
pub(crate) struct Core {
    engine: Engine,
    test: Option<TestImports>,
    ticks: AtomicBool,
}

impl Core {
    /// An engine for plugins with this entry, whose guests have so many bytes of stack.
    pub(crate) fn new(
        stack: u64,
        entry: Entry,
        test: Option<TestImports>,
    ) -> Result<Core, SandboxError> {
        let engine = Engine::new(&engine_config(stack, entry))
            .map_err(|e| SandboxError::Engine(e.into()))?;
        Ok(Core {
            engine,
            test,
            ticks: AtomicBool::new(false),
        })
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Start the clock that guests are looked at by, unless it goes already. Its thread ends with the engine.
    pub(crate) fn start_clock(&self) -> Result<(), SandboxError> {
        if self.ticks.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        start_clock(&self.engine).inspect_err(|_| self.ticks.store(false, Ordering::Release))
    }

    /// Load code that this process has authenticated.
    pub(crate) fn load(
        &self,
        code: &Authentic<'_>,
        entry: Entry,
        granted: Granted,
    ) -> Result<Loaded, SandboxError> {
        let component =
            deserialize(&self.engine, code).map_err(|e| SandboxError::Load(e.into()))?;
        self.link(&component, entry, granted)
    }

    /// Load code that a parent authenticated.
    pub(crate) fn load_shared(
        &self,
        code: &SharedCode,
        entry: Entry,
        granted: Granted,
    ) -> Result<Loaded, SandboxError> {
        let component =
            deserialize_shared(&self.engine, code).map_err(|e| SandboxError::Load(e.into()))?;
        self.link(&component, entry, granted)
    }

    fn link(
        &self,
        component: &Component,
        entry: Entry,
        granted: Granted,
    ) -> Result<Loaded, SandboxError> {
        let linker =
            linker(&self.engine, granted, self.test).map_err(|e| SandboxError::Engine(e.into()))?;
        let pre = linker
            .instantiate_pre(component)
            .and_then(|pre| match entry {
                Entry::Handler => ActionPre::new(pre).map(Pre::Handler),
                Entry::AsyncHandler => ActionAsyncPre::new(pre).map(Pre::AsyncHandler),
                Entry::Command => CommandPre::new(pre).map(Pre::Command),
            });
        let pre = pre.map_err(|e| SandboxError::Link(e.into()))?;
        Ok(Loaded { pre, entry })
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
    pub(crate) pre: Pre,
    pub(crate) entry: Entry,
}

/// By the plugin's entry.
pub(crate) enum Pre {
    Handler(ActionPre<JobState>),
    AsyncHandler(ActionAsyncPre<JobState>),
    Command(CommandPre<JobState>),
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

fn engine_config(stack: u64, entry: Entry) -> Config {
    let concurrent = matches!(entry, Entry::AsyncHandler);
    let stack = usize::try_from(stack).unwrap_or(usize::MAX / 2);
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(concurrent)
        .wasm_component_model_async(concurrent)
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
