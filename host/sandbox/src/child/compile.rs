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
const MORE_MEMORY: &str = ", or raise `compile-memory` of [limits] or of the plugin's own";
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
            let ended = Ended::of(&mut child, ENDING);
            Err(ended.error(order.limits, limits))
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
            let ended = Ended::of(&mut child, Duration::ZERO);
            match ended.status.signal() {
                // By us, then.
                Some(libc::SIGKILL) | None if !ended.out_of_memory => Err(SandboxError::Compiler {
                    what: chain(&error),
                }),
                _ => Err(ended.error(order.limits, limits)),
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

/// A child that gave no answer.
struct Ended {
    status: ExitStatus,
    /// To its standard error.
    said: String,
    /// The kernel has ended it for its memory.
    out_of_memory: bool,
    cpu: Duration,
}

impl Ended {
    fn of(child: &mut Spawned, patience: Duration) -> Ended {
        let (status, said) = child.end_within(patience);
        Ended {
            status,
            said,
            out_of_memory: child.out_of_memory(),
            cpu: child.measured().cpu,
        }
    }

    /// Why there is no answer. `system` is what it might use, `limits` what of it somebody has set.
    fn error(&self, system: SystemLimits, limits: Option<&CompileLimits>) -> SandboxError {
        let memory = |limits: &CompileLimits| SandboxError::CompileLimit {
            limit: format!("memory limit of {}", text::size(limits.memory)),
            remedy: MORE_MEMORY,
        };
        let time = |limits: &CompileLimits| SandboxError::CompileLimit {
            limit: format!("limit on processor time of {}", text::duration(limits.cpu)),
            remedy: MORE_TIME,
        };
        let signal = self.status.signal().and_then(Signal::from_named_raw);
        match (signal, limits) {
            // Its control group's limit: it is killed, and says nothing.
            (_, Some(limits)) if self.out_of_memory => memory(limits),
            (_, None) if self.out_of_memory => SandboxError::Compiler {
                what: format!(
                    "it took more memory than it may, {}",
                    text::size(system.memory)
                ),
            },
            (Some(Signal::XCPU), Some(limits)) => time(limits),
            // The kernel's second signal, for who ignores its first.
            (Some(Signal::KILL), Some(limits)) if self.cpu >= limits.cpu => time(limits),
            (Some(Signal::XFSZ), Some(limits)) => SandboxError::CompileLimit {
                limit: format!("limit on compiled code of {}", text::size(limits.code)),
                remedy: "",
            },
            (Some(Signal::ABORT), Some(limits)) if self.said.contains("memory allocation of") => {
                memory(limits)
            }
            _ => {
                let said = text::clean(&self.said.replace(['\n', '\r'], " "));
                SandboxError::Compiler {
                    what: format!(
                        "it ended ({}) and said: {}",
                        self.status,
                        text::first_chars(said.trim(), 300)
                    ),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_that_reaches_a_limit_is_told_with_its_remedy() {
        let limits = CompileLimits::new(700 << 20, Duration::from_secs(40));
        let system = SystemLimits {
            memory: 1 << 30,
            cpu: limits.cpu,
            file: limits.code,
            files: FILES,
        };
        let error = |signal: i32, said: &str, out_of_memory, seconds, set: bool| {
            let ended = Ended {
                status: ExitStatus::from_raw(signal),
                said: said.to_owned(),
                out_of_memory,
                cpu: Duration::from_secs(seconds),
            };
            ended.error(system, set.then_some(&limits)).full()
        };
        let memory = error(libc::SIGKILL, "", true, 1, true);
        assert!(memory.contains("memory limit of 700 MiB"), "{memory}");
        assert!(memory.contains("`compile-memory`"), "{memory}");
        let said = "memory allocation of 8 bytes failed";
        assert_eq!(error(libc::SIGABRT, said, false, 1, true), memory);
        let time = error(libc::SIGXCPU, "", false, 40, true);
        assert!(time.contains("processor time of 40 s"), "{time}");
        assert!(time.contains("`compile-time`"), "{time}");
        assert_eq!(error(libc::SIGKILL, "", false, 41, true), time);
        let code = error(libc::SIGXFSZ, "", false, 1, true);
        assert!(code.contains("compiled code of 512 MiB"), "{code}");
        // What looks or links has bounds that nobody sets.
        let aside = error(libc::SIGKILL, "", true, 1, false);
        assert!(aside.contains("more memory than it may, 1 GiB"), "{aside}");
        // By somebody else: no limit of ours is to blame.
        let killed = error(libc::SIGKILL, "", false, 39, true);
        assert!(killed.contains("it ended (signal: 9"), "{killed}");
    }
}
