//! Core modules for wasip1, made components: what `wasm-tools component new --adapt` does, done where a plugin is
//! compiled, by the same library.
//!
//! A guest that was built with wit-bindgen says in custom sections which world it is for. What it imports of wasip1 is
//! put through the adapter of wasmtime's own line: the one for commands where the module has `_start`, which that
//! adapter needs for its `run`; else the one for reactors, as libraries are. A module without such sections that has
//! `_start` is a plain command; one that has neither is refused.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as WASIP1, WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER,
    WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wasmparser::{Parser, Payload};
use wit_component::ComponentEncoder;

use crate::error::SandboxError;

/// What begins the names of the sections that say which world a module is for.
const WORLD_SECTION: &str = "component-type";
/// What a command's entry is called.
const COMMAND: &str = "_start";
/// WASI before wasip1: no adapter is made for it any more.
const WASIP0: &str = "wasi_unstable";

/// What somebody has just built, as a component. Takes it apart in this process: not for what strangers built.
///
/// # Errors
/// Says why a core module cannot be made a component; anything else comes back as it is.
pub fn own_component(wasm: &[u8]) -> Result<Cow<'_, [u8]>, SandboxError> {
    component(wasm)
}

/// A core module as a component; anything else as it is.
pub(crate) fn component(wasm: &[u8]) -> Result<Cow<'_, [u8]>, SandboxError> {
    adapted(wasm).map(|(component, _)| component)
}

/// What is put between a core module and WASI 0.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Adapter {
    /// Nothing: it imports nothing of wasip1.
    None,
    /// What libraries need.
    Reactor,
    /// What commands need.
    Command,
}

impl Adapter {
    fn bytes(self) -> Option<&'static [u8]> {
        match self {
            Adapter::None => None,
            Adapter::Reactor => Some(WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER),
            Adapter::Command => Some(WASI_SNAPSHOT_PREVIEW1_COMMAND_ADAPTER),
        }
    }
}

/// The component, and, where it was made of a core module, by what.
pub(crate) fn adapted(wasm: &[u8]) -> Result<(Cow<'_, [u8]>, Option<Adapter>), SandboxError> {
    if !Parser::is_core_wasm(wasm) {
        return Ok((Cow::Borrowed(wasm), None));
    }
    let module = Module::read(wasm)?;
    let adapter = module.adapter()?;
    // The library takes modules from compilers and not from strangers: some that no compiler makes, it panics over.
    let made = catch_unwind(AssertUnwindSafe(|| {
        let mut encoder = ComponentEncoder::default().module(wasm)?;
        if let Some(adapter) = adapter.bytes() {
            encoder = encoder.adapter(WASIP1, adapter)?;
        }
        encoder.encode()
    }));
    match made {
        Ok(Ok(component)) => Ok((Cow::Owned(component), Some(adapter))),
        Ok(Err(error)) => Err(SandboxError::Adapt(error.into())),
        Err(_) => Err(SandboxError::Adapt(
            "no compiler makes such a module, and what adapts them stumbled over it".into(),
        )),
    }
}

/// What decides how a core module is adapted.
#[derive(Debug, Default)]
struct Module {
    names_a_world: bool,
    wasip0: bool,
    wasip1: bool,
    command: bool,
}

impl Module {
    fn read(wasm: &[u8]) -> Result<Module, SandboxError> {
        let malformed = |e: wasmparser::BinaryReaderError| SandboxError::Malformed(e.into());
        let mut module = Module::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.map_err(malformed)? {
                Payload::CustomSection(section) => {
                    module.names_a_world |= section.name().starts_with(WORLD_SECTION);
                }
                Payload::ImportSection(imports) => {
                    for import in imports.into_imports() {
                        let from = import.map_err(malformed)?.module;
                        module.wasip0 |= from == WASIP0;
                        module.wasip1 |= from == WASIP1;
                    }
                }
                Payload::ExportSection(exports) => {
                    for export in exports {
                        module.command |= export.map_err(malformed)?.name == COMMAND;
                    }
                }
                _ => {}
            }
        }
        Ok(module)
    }

    /// What is to be put between it and WASI 0.2.
    fn adapter(&self) -> Result<Adapter, SandboxError> {
        match self {
            Module { wasip0: true, .. } => {
                return Err(SandboxError::NotAComponent {
                    found: "a core module for `wasi_unstable`, which was WASI before wasip1",
                    remedy: "build it with newer tools, for wasm32-wasip2 or wasm32-wasip1",
                });
            }
            Module {
                names_a_world: false,
                command: false,
                ..
            } => {
                return Err(SandboxError::NotAComponent {
                    found: "a core module that names no world (it has no section `component-type`) and is no command \
                            (it exports no `_start`)",
                    remedy: "build it with wit-bindgen, or the SDK, for the world `action` of package \
                             pipefitter:action@0.1.0, in Rust for wasm32-wasip2 or wasm32-wasip1; or as a command \
                             that speaks the command protocol (guest-sdk/command)",
                });
            }
            _ => {}
        }
        // A plain command without WASI has its `run` from the adapter, too.
        let wasip1 = self.wasip1 || !self.names_a_world;
        Ok(match (wasip1, self.command) {
            (false, _) => Adapter::None,
            (true, true) => Adapter::Command,
            (true, false) => Adapter::Reactor,
        })
    }
}
