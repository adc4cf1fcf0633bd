//! Two imports that no plugin has: a door for the suites that must know what happens after an escape from wasm, or
//! after a panic in the host. Linked only where a program puts them into its configuration, which `pipefitter` does not.

use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use crate::state::JobState;

/// The interface that is linked.
pub(crate) const INTERFACE: &str = "pipefitter:test/host";
const VERSIONED: &str = "pipefitter:test/host@0.1.0";

/// A system call: its number, six arguments, and the buffers that stand in for some of them, by argument. What it
/// returns is the kernel's answer, an error as its negative number.
pub type Syscall = fn(u64, [u64; 6], &mut [(usize, Vec<u8>)]) -> i64;

/// What is behind `pipefitter:test/host`.
#[derive(Clone, Copy, Debug)]
pub struct TestImports {
    /// Makes a system call in the process that runs the guest.
    pub syscall: Syscall,
}

type Buffers = Vec<(u8, Vec<u8>)>;

pub(crate) fn link(linker: &mut Linker<JobState>, imports: TestImports) -> wasmtime::Result<()> {
    let mut host = linker.instance(VERSIONED)?;
    host.func_wrap(
        "panic",
        |_: StoreContextMut<'_, JobState>, (message,): (String,)| -> wasmtime::Result<()> {
            panic!("{message}")
        },
    )?;
    host.func_wrap(
        "syscall",
        move |_: StoreContextMut<'_, JobState>,
              (number, arguments, buffers): (u64, Vec<u64>, Buffers)|
              -> wasmtime::Result<((i64, Buffers),)> {
            let mut six = [0; 6];
            for (slot, argument) in six.iter_mut().zip(arguments) {
                *slot = argument;
            }
            let mut owned: Vec<(usize, Vec<u8>)> = buffers
                .into_iter()
                .map(|(at, bytes)| (usize::from(at), bytes))
                .collect();
            let answer = (imports.syscall)(number, six, &mut owned);
            let back = owned
                .into_iter()
                .map(|(at, bytes)| (u8::try_from(at).unwrap_or(u8::MAX), bytes))
                .collect();
            Ok(((answer, back),))
        },
    )
}
