//! Compiling in a child: a component that nobody here knows is decoded and compiled by a process that holds nothing,
//! may reach nothing, and ends at a bound of memory and time. (A compiler that runs out of either is by wasmtime's own
//! account no fault of its.)
//!
//! A second child then loads the code and links it, which is native code's first moment: not in the worker either.
//!
//! ```text
//! parent                          child
//! wasm, empty memory  ->  lock, decode, compile, fill the memory
//!          Compiled, or Refused  <-
//! ```

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use rustix::fs::MemfdFlags;
use rustix::process::Signal;
use serde::{Deserialize, Serialize};

use crate::engine::{Core, Granted};
use crate::error::{SandboxError, chain};
use crate::limits::Limit;
use crate::shape::Shape;
use crate::test_imports::TestImports;
use crate::text;

use super::code::SharedCode;
use super::launcher::{Launcher, Profile, Spawned};
use super::lock::{self, SystemLimits};
use super::protocol::{self, FrameError, Lock, MAX_DOWN, MAX_UP};

/// A child that waits without using the processor is ended after this many times its processor time.
const WALL: u32 = 4;
/// What loading code may take.
const LINKING: Duration = Duration::from_secs(60);
/// What loading code may hold: the code itself, and what links it.
const LINK_MEMORY: u64 = 1 << 30;
/// What a child that has answered needs to end.
const ENDING: Duration = Duration::from_secs(2);
/// As the configuration calls it.
const MORE_TIME: &str = ", or raise `compile-time` of [limits]";
/// Characters of a refusal that are believed.
const REFUSAL: usize = 4000;

/// What compiling one component may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CompileLimits {
    /// Memory, bytes. Default: 3 GiB; the largest language runtime known, Python's of 18 MB, takes 0.7 GiB on two
    /// processors.
    pub memory: u64,
    /// Processor time, all threads together. Default: 5 minutes; Python's takes 15 s.
    pub cpu: Duration,
    /// Compiled code, bytes. Default: 512 MiB; Python's has 35 MB.
    pub code: u64,
}

impl Default for CompileLimits {
    fn default() -> CompileLimits {
        CompileLimits {
            memory: 3 << 30,
            cpu: Duration::from_secs(300),
            code: 512 << 20,
        }
    }
}

impl CompileLimits {
    /// The defaults, but for memory and processor time.
    #[must_use]
    pub fn new(memory: u64, cpu: Duration) -> CompileLimits {
        CompileLimits {
            memory,
            cpu,
            ..CompileLimits::default()
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Order {
    /// The descriptors are the component and memory for its code.
    Compile {
        memory: u64,
        cpu: Duration,
        code: u64,
    },
    /// The descriptor is code, sealed.
    Link,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    Compiled(Shape),
    Linked,
    Refused(String),
}

/// Have a component compiled and its code linked. Blocking.
pub(crate) fn in_child(
    launcher: &Launcher,
    wasm: &[u8],
    limits: &CompileLimits,
) -> Result<(Shape, Vec<u8>), SandboxError> {
    let failed = |error: io::Error| SandboxError::Compiler {
        what: error.to_string(),
    };
    let component = memory("pipefitter-wasm", wasm).map_err(failed)?;
    let code = memory("pipefitter-code", &[]).map_err(failed)?;
    let order = Order::Compile {
        memory: limits.memory,
        cpu: limits.cpu,
        code: limits.code,
    };
    let wall = limits.cpu.saturating_mul(WALL);
    let descriptors = [component.as_fd(), code.as_fd()];
    let shape = match ask(launcher, &order, &descriptors, wall, Some(limits))? {
        Answer::Compiled(shape) => shape,
        Answer::Refused(why) => return Err(SandboxError::Refused(why)),
        Answer::Linked => return Err(odd_answer()),
    };
    let code = whole(code, limits.code).map_err(failed)?;
    let shared = SharedCode::unchecked(&code).map_err(failed)?;
    match ask(launcher, &Order::Link, &[shared.as_fd()], LINKING, None)? {
        Answer::Linked => Ok((shape, code)),
        Answer::Refused(why) => Err(SandboxError::Refused(why)),
        Answer::Compiled(_) => Err(odd_answer()),
    }
}

fn odd_answer() -> SandboxError {
    SandboxError::Compiler {
        what: "it answered another question".to_owned(),
    }
}

fn memory(name: &str, content: &[u8]) -> io::Result<OwnedFd> {
    let memory = rustix::fs::memfd_create(name, MemfdFlags::CLOEXEC)?;
    let mut file = File::from(memory);
    file.write_all(content)?;
    file.rewind()?;
    Ok(file.into())
}

fn whole(memory: OwnedFd, most: u64) -> io::Result<Vec<u8>> {
    let mut file = File::from(memory);
    file.rewind()?;
    let mut bytes = Vec::new();
    // The child that wrote it is gone; what it left is read up to what it may leave.
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn ask(
    launcher: &Launcher,
    order: &Order,
    descriptors: &[std::os::fd::BorrowedFd<'_>],
    wall: Duration,
    limits: Option<&CompileLimits>,
) -> Result<Answer, SandboxError> {
    let memory = limits.map_or(0, |limits| limits.memory);
    let mut child = launcher.spawn_held(Profile::Compile, memory.max(LINK_MEMORY))?;
    match exchange(&mut child, order, descriptors, wall) {
        Ok(Some(answer)) => {
            child.end_within(ENDING);
            Ok(match answer {
                Answer::Refused(why) => {
                    let cleaned = text::clean(&why);
                    Answer::Refused(text::first_chars(&cleaned, REFUSAL).to_owned())
                }
                answer => answer,
            })
        }
        Ok(None) => {
            let (status, said) = child.end_within(ENDING);
            Err(ended(status, &said, limits))
        }
        Err(FrameError::Io(error))
            if matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
            ) =>
        {
            child.end_within(Duration::ZERO);
            Err(SandboxError::CompileLimit {
                limit: format!("time limit of {}", text::duration(wall)),
                remedy: MORE_TIME,
            })
        }
        Err(error) => {
            let (status, said) = child.end_within(Duration::ZERO);
            match status.signal() {
                Some(libc::SIGKILL) | None => Err(SandboxError::Compiler {
                    what: chain(&error),
                }),
                Some(_) => Err(ended(status, &said, limits)),
            }
        }
    }
}

fn exchange(
    child: &mut Spawned,
    order: &Order,
    descriptors: &[std::os::fd::BorrowedFd<'_>],
    wall: Duration,
) -> Result<Option<Answer>, FrameError> {
    child.stream.set_read_timeout(Some(wall))?;
    protocol::greet(&child.stream, descriptors)?;
    protocol::write(&mut child.stream, order, MAX_DOWN)?;
    protocol::read(&mut child.stream, MAX_UP)
}

/// Why a child that compiles ended without an answer.
fn ended(status: ExitStatus, said: &str, limits: Option<&CompileLimits>) -> SandboxError {
    let signal = status.signal().and_then(Signal::from_named_raw);
    match (signal, limits) {
        (Some(Signal::XCPU), Some(limits)) => SandboxError::CompileLimit {
            limit: format!("limit on processor time of {}", text::duration(limits.cpu)),
            remedy: MORE_TIME,
        },
        (Some(Signal::XFSZ), Some(limits)) => SandboxError::CompileLimit {
            limit: format!("limit on compiled code of {}", text::size(limits.code)),
            remedy: "",
        },
        (Some(Signal::ABORT), Some(limits)) if said.contains("memory allocation of") => {
            SandboxError::CompileLimit {
                limit: format!("memory limit of {}", text::size(limits.memory)),
                remedy: ", or raise `compile-memory` of [limits]",
            }
        }
        _ => {
            let said = text::clean(&said.replace(['\n', '\r'], " "));
            SandboxError::Compiler {
                what: format!(
                    "it ended ({status}) and said: {}",
                    text::first_chars(said.trim(), 300)
                ),
            }
        }
    }
}

/// The child's side.
pub(crate) fn inside(mut pipe: UnixStream, test: Option<TestImports>) -> Result<(), FrameError> {
    let mut descriptors = protocol::greeted(&pipe)?.into_iter();
    let Some(order) = protocol::read(&mut pipe, MAX_DOWN)? else {
        return Ok(());
    };
    let answer = match (order, descriptors.next(), descriptors.next()) {
        (Order::Compile { memory, cpu, code }, Some(wasm), Some(into)) => {
            let limits = SystemLimits {
                memory,
                cpu,
                file: code,
                files: 16,
            };
            compile(wasm, into, limits, test)
        }
        (Order::Link, Some(code), None) => link(code, test),
        _ => Err(SandboxError::Compiler {
            what: "the descriptors are not those of the order".to_owned(),
        }),
    };
    let answer = answer.unwrap_or_else(|error| {
        Answer::Refused(text::first_chars(&error.full(), REFUSAL).to_owned())
    });
    protocol::write(&mut pipe, &answer, MAX_UP)
}

fn compile(
    wasm: OwnedFd,
    into: OwnedFd,
    limits: SystemLimits,
    test: Option<TestImports>,
) -> Result<Answer, SandboxError> {
    let failed = |error: io::Error| SandboxError::Compiler {
        what: error.to_string(),
    };
    let locked = |error: lock::LockError| SandboxError::Compiler {
        what: chain(&error),
    };
    let core = Core::new(Limit::Stack.default_value(), test)?;
    let mut lock = Lock::default();
    lock::limit_resources(limits).map_err(locked)?;
    lock::restrict_files(&[], &mut lock);
    // The compiler's threads, all of them: none can be started after the filter. They inherit Landlock.
    rayon::ThreadPoolBuilder::new()
        .build_global()
        .map_err(|error| failed(io::Error::other(error)))?;
    // Each has begun once it has answered: what a thread does to begin is not on the list either.
    rayon::broadcast(|_| ());
    lock::filter_calls(&mut lock);
    let mut bytes = Vec::new();
    File::from(wasm).read_to_end(&mut bytes).map_err(failed)?;
    let (shape, code) = core.compile(&bytes)?;
    File::from(into).write_all(&code).map_err(failed)?;
    Ok(Answer::Compiled(shape))
}

/// Native code that somebody may have smuggled past the compiler would run in the process that loads it, at the
/// earliest when a guest is instantiated: here it is loaded by one that holds nothing and ends at once.
fn link(code: OwnedFd, test: Option<TestImports>) -> Result<Answer, SandboxError> {
    let code = SharedCode::received(code).map_err(SandboxError::SharedCode)?;
    Core::new(Limit::Stack.default_value(), test)?.load_shared(&code, Granted::ALL)?;
    Ok(Answer::Linked)
}
