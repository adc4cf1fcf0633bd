//! The child that looks at a stranger's file, compiles it or links what came out: locked before it sees a byte of it,
//! and gone after one answer.
//!
//! ```text
//! parent                          child
//! order, descriptors     ->       limits of the system, Landlock, threads, seccomp
//!                                 is that what the floor demands?  no: Below
//!                                 look, compile or link
//! Looked, Compiled, Linked or Refused  <-
//! ```

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use serde::{Deserialize, Serialize};

use crate::engine::{Core, Cores, Granted};
use crate::error::{SandboxError, chain};
use crate::limits::Limit;
use crate::shape::{Entry, Shape};
use crate::survey::Survey;
use crate::text;

use super::code::SharedCode;
use super::floor::IsolationFloor;
use super::lock::{self, SystemLimits};
use super::parts::ChildParts;
use super::protocol::{self, FrameError, Lock, MAX_DOWN, MAX_UP};
use super::syscalls::Memory;

/// Characters of a refusal that are told, and believed.
pub(super) const REFUSAL: usize = 4000;

/// What a parent wants, and within what.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Order {
    pub(super) work: Work,
    pub(super) limits: SystemLimits,
    /// Nothing is done on a kernel below it.
    pub(super) floor: IsolationFloor,
}

/// One piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Work {
    /// The descriptors are a file and memory for what is to be told of it.
    Look,
    /// The same, with this crate's own account of the file before it.
    Survey,
    /// The descriptors are a component or core module, and memory for its code.
    Compile,
    /// The descriptor is code, sealed, of a plugin with this entry.
    Link(Entry),
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    Looked,
    Compiled(Shape),
    Linked,
    Refused(String),
    /// What of the floor is not there.
    Below(Vec<String>),
}

/// The child's main.
pub(super) fn serve(mut pipe: UnixStream, parts: ChildParts) -> Result<(), FrameError> {
    let descriptors = protocol::greeted(&pipe)?;
    let Some(order) = protocol::read(&mut pipe, MAX_DOWN)? else {
        return Ok(());
    };
    let answer = work(&order, descriptors, parts).unwrap_or_else(|error| match error {
        SandboxError::Floor { lacks, .. } => Answer::Below(lacks),
        error => Answer::Refused(text::first_chars(&error.full(), REFUSAL).to_owned()),
    });
    protocol::write(&mut pipe, &answer, MAX_UP)
}

fn work(
    order: &Order,
    descriptors: Vec<OwnedFd>,
    parts: ChildParts,
) -> Result<Answer, SandboxError> {
    let mut descriptors = descriptors.into_iter();
    match (order.work, descriptors.next(), descriptors.next()) {
        (Work::Look, Some(file), Some(told)) => {
            lock_down(order, Memory::Data, || Ok(()))?;
            let seen = (parts.look)(&whole(file)?);
            File::from(told).write_all(&seen).map_err(failed)?;
            Ok(Answer::Looked)
        }
        (Work::Survey, Some(file), Some(told)) => {
            lock_down(order, Memory::Data, || Ok(()))?;
            let file = whole(file)?;
            let survey = Survey::of(&file, parts.test_imports.is_some());
            let mut answer = serde_json::to_vec(&survey).map_err(|error| failed(error.into()))?;
            answer.extend((parts.look)(&file));
            File::from(told).write_all(&answer).map_err(failed)?;
            Ok(Answer::Looked)
        }
        (Work::Compile, Some(wasm), Some(code)) => {
            let cores = Cores::new(Limit::Stack.default_value(), parts.test_imports)?;
            lock_down(order, Memory::Data, start_threads)?;
            let (shape, compiled) = cores.compile(&whole(wasm)?)?;
            File::from(code).write_all(&compiled).map_err(failed)?;
            Ok(Answer::Compiled(shape))
        }
        // Native code that somebody may have smuggled past the compiler would run in the process that loads it, at the
        // earliest when a guest is instantiated: here it is loaded by one that holds nothing and ends at once.
        (Work::Link(entry), Some(code), None) => {
            let core = Core::new(Limit::Stack.default_value(), entry, parts.test_imports)?;
            // Asks for its seals, which is not on the list of calls; nothing of it is read yet.
            let code = SharedCode::received(code).map_err(SandboxError::SharedCode)?;
            lock_down(order, Memory::Code, || Ok(()))?;
            core.load_shared(&code, entry, Granted::ALL)?;
            Ok(Answer::Linked)
        }
        _ => Err(failed(io::Error::other(
            "the descriptors are not those of the order",
        ))),
    }
}

/// All that this process does to itself. `threads` starts those that it will need: none can be after the filter, and
/// they inherit what comes before it.
fn lock_down(
    order: &Order,
    memory: Memory,
    threads: impl FnOnce() -> io::Result<()>,
) -> Result<(), SandboxError> {
    let mut lock = Lock::default();
    lock::limit_resources(order.limits).map_err(|error| SandboxError::Compiler {
        what: chain(&error),
    })?;
    lock::restrict_files(&[], &mut lock);
    threads().map_err(failed)?;
    lock::filter_calls(memory, &mut lock);
    let lacks = order.floor.lacks(&lock);
    if lacks.is_empty() {
        Ok(())
    } else {
        Err(SandboxError::Floor {
            floor: order.floor.as_str(),
            lacks,
        })
    }
}

/// The compiler's threads, all of them.
fn start_threads() -> io::Result<()> {
    rayon::ThreadPoolBuilder::new()
        .build_global()
        .map_err(io::Error::other)?;
    // Each has begun once it has answered: what a thread does to begin is not on the list of calls either.
    rayon::broadcast(|_| ());
    Ok(())
}

fn whole(file: OwnedFd) -> Result<Vec<u8>, SandboxError> {
    let mut bytes = Vec::new();
    File::from(file).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
fn failed(error: io::Error) -> SandboxError {
    SandboxError::Compiler {
        what: error.to_string(),
    }
}
