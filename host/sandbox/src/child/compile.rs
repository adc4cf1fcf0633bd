//! Work on strangers' files in children: a file that nobody here knows is looked at, adapted and compiled by processes
//! that hold nothing, may reach nothing, and end at a bound of memory and time. (A compiler that runs out of either is by
//! wasmtime's own account no fault of its.)
//!
//! Another child then loads the code and links it, which is native code's first moment: not in the worker either.
//!
//! ```text
//! parent                                   child (`workshop`)
//! file, empty memory           ->          lock, look, fill the memory
//! wasm, empty memory           ->          lock, adapt, decode, compile, fill the memory
//! code, sealed                 ->          lock, map, link
//! ```

use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use crate::error::{SandboxError, chain};
use crate::shape::Shape;
use crate::survey::Survey;
use crate::text;
use rustix::fs::MemfdFlags;
use rustix::process::Signal;
use tokio::time::Instant;

use super::code::SharedCode;
use super::floor::IsolationFloor;
use super::launcher::{Launcher, Profile, Spawned};
use super::lock::SystemLimits;
use super::protocol::{self, FrameError, MAX_DOWN, MAX_UP};
use super::workshop::{Answer, Order, REFUSAL, Work};

/// A child that waits without using the processor is ended after this many times its processor time.
const WALL: u32 = 4;
/// What looking at a file or loading code may take, waiting included: some milliseconds, on a machine under load.
const ASIDE: Duration = Duration::from_secs(60);
/// What it may hold, besides a file that is looked at: the code itself, and what links it.
const ASIDE_MEMORY: u64 = 1 << 30;
/// What may be told of a file, bytes: a manifest of 1 MiB, whatever it is wrapped in.
const TOLD: u64 = 8 << 20;
/// Descriptors that such a child opens by itself.
const FILES: u64 = 16;
/// What a child that has answered needs to end.
const ENDING: Duration = Duration::from_secs(2);
/// As the configuration calls it.
const MORE_TIME: &str = ", or raise `compile-time` of [limits] or of the plugin's own";
/// Missing parts of a floor that are named, and characters of each.
const LACKS: (usize, usize) = (8, 400);

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

/// Have a file looked at. Blocking.
pub(crate) fn look(
    launcher: &Launcher,
    file: &[u8],
    floor: IsolationFloor,
) -> Result<Vec<u8>, SandboxError> {
    told_of(launcher, file, Work::Look, floor)
}

/// Have a file surveyed and looked at. Blocking.
pub(crate) fn survey(
    launcher: &Launcher,
    file: &[u8],
    floor: IsolationFloor,
) -> Result<(Survey, Vec<u8>), SandboxError> {
    let mut told = told_of(launcher, file, Work::Survey, floor)?;
    let mut values = serde_json::Deserializer::from_slice(&told).into_iter::<Survey>();
    let Some(Ok(survey)) = values.next() else {
        return Err(SandboxError::Compiler {
            what: "it told what makes no sense".to_owned(),
        });
    };
    let end = values.byte_offset();
    Ok((survey.cleaned(), told.split_off(end)))
}

fn told_of(
    launcher: &Launcher,
    file: &[u8],
    work: Work,
    floor: IsolationFloor,
) -> Result<Vec<u8>, SandboxError> {
    let input = memory("pipefitter-wasm", file).map_err(failed)?;
    let told = memory("pipefitter-told", &[]).map_err(failed)?;
    let order = Order {
        work,
        limits: SystemLimits {
            memory: ASIDE_MEMORY.saturating_add(file.len() as u64),
            cpu: ASIDE,
            file: TOLD,
            files: FILES,
        },
        floor,
    };
    match ask(
        launcher,
        &order,
        &[input.as_fd(), told.as_fd()],
        ASIDE,
        None,
    )? {
        Answer::Looked => whole(told, TOLD).map_err(failed),
        other => Err(unexpected(other)),
    }
}

/// Have a component compiled and its code linked. Blocking.
pub(crate) fn in_child(
    launcher: &Launcher,
    wasm: &[u8],
    limits: &CompileLimits,
    floor: IsolationFloor,
) -> Result<(Shape, Vec<u8>), SandboxError> {
    let component = memory("pipefitter-wasm", wasm).map_err(failed)?;
    let code = memory("pipefitter-code", &[]).map_err(failed)?;
    let order = Order {
        work: Work::Compile,
        limits: SystemLimits {
            memory: limits.memory,
            cpu: limits.cpu,
            file: limits.code,
            files: FILES,
        },
        floor,
    };
    let wall = limits.cpu.saturating_mul(WALL);
    let descriptors = [component.as_fd(), code.as_fd()];
    let shape = match ask(launcher, &order, &descriptors, wall, Some(limits))? {
        Answer::Compiled(shape) => shape.cleaned(),
        other => return Err(unexpected(other)),
    };
    let code = whole(code, limits.code).map_err(failed)?;
    let shared = SharedCode::unchecked(&code).map_err(failed)?;
    let order = Order {
        work: Work::Link(shape.entry),
        limits: SystemLimits {
            memory: ASIDE_MEMORY,
            cpu: ASIDE,
            file: 0,
            files: FILES,
        },
        floor,
    };
    match ask(launcher, &order, &[shared.as_fd()], ASIDE, None)? {
        Answer::Linked => Ok((shape, code)),
        other => Err(unexpected(other)),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
fn failed(error: io::Error) -> SandboxError {
    SandboxError::Compiler {
        what: error.to_string(),
    }
}

/// An answer to another question than the one that was asked: only a child that was taken over gives it.
fn unexpected(_answer: Answer) -> SandboxError {
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
    descriptors: &[BorrowedFd<'_>],
    wall: Duration,
    limits: Option<&CompileLimits>,
) -> Result<Answer, SandboxError> {
    let mut child = launcher.spawn_held(Profile::Compile, order.limits.memory)?;
    match exchange(&mut child, order, descriptors, wall) {
        Ok(Some(answer)) => {
            child.end_within(ENDING);
            let safe = |said: &str, most| text::first_chars(&text::clean(said), most).to_owned();
            match answer {
                Answer::Refused(why) => Err(SandboxError::Refused(safe(&why, REFUSAL))),
                Answer::Below(lacks) => Err(SandboxError::Floor {
                    floor: order.floor.as_str(),
                    lacks: lacks
                        .iter()
                        .take(LACKS.0)
                        .map(|what| safe(what, LACKS.1))
                        .collect(),
                }),
                answer => Ok(answer),
            }
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
    descriptors: &[BorrowedFd<'_>],
    wall: Duration,
) -> Result<Option<Answer>, FrameError> {
    let mut until = Until {
        stream: &child.stream,
        deadline: Instant::now()
            .checked_add(wall)
            .ok_or(io::ErrorKind::TimedOut)
            .map_err(io::Error::from)?,
    };
    protocol::greet(until.stream, descriptors)?;
    protocol::write(&mut until.stream, order, MAX_DOWN)?;
    protocol::read(&mut until, MAX_UP)
}

/// Reads until a moment and no longer, however little comes at a time.
struct Until<'a> {
    stream: &'a UnixStream,
    deadline: Instant,
}

impl Read for Until<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.set_read_timeout(Some(left))?;
        self.stream.read(bytes)
    }
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
                remedy: ", or raise `compile-memory` of [limits] or of the plugin's own",
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
