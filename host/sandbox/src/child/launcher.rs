//! Starts children.
//!
//! All are spawned by one thread that lives as long as the launcher does: a child asks the kernel to be killed when
//! its parent ends, and the kernel takes the thread that spawned it for the parent. A thread of tokio's pool may end
//! at any time.

use std::io::{self, Read};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::{Pid, PidfdFlags, Signal};

use crate::error::{SandboxError, chain};
use crate::survey::Survey;

use super::cgroup::{Bounds, Cgroup, Cgroups};
use super::compile;
use super::floor::IsolationFloor;
use super::lock::OVERHEAD;
use super::measure::Measured;
use super::protocol::{self, Lock, MAX_UP};

/// The hidden command of the binary that is a child's main.
pub const CHILD_COMMAND: &str = "sandbox-child";

/// Bytes of a child's standard error that are kept for its failure: what a panic or an abort says.
const STDERR_KEPT: usize = 4 << 10;
/// What a child that was killed needs to end, at the most.
const REAP: Duration = Duration::from_secs(10);
/// What the trial child may take on a machine under load.
const TRIAL: Duration = Duration::from_secs(30);

/// What a child is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Runs one job.
    Job,
    /// Compiles one component.
    Compile,
    /// Locks itself down, tells how that went, and ends.
    Trial,
}

impl Profile {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Profile::Job => "job",
            Profile::Compile => "compile",
            Profile::Trial => "trial",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Profile> {
        [Profile::Job, Profile::Compile, Profile::Trial]
            .into_iter()
            .find(|profile| profile.as_str() == text)
    }

    /// Processors that it may have at a time. A guest runs on one thread, so a job has one; a compiler has all there
    /// are, and its processor time is bounded in sum.
    fn processors(self) -> Option<u64> {
        match self {
            Profile::Job | Profile::Trial => Some(1),
            Profile::Compile => None,
        }
    }
}

type Order = (Profile, mpsc::SyncSender<io::Result<Spawned>>);

/// Starts children of this very binary.
#[derive(Debug)]
pub struct Launcher {
    orders: mpsc::Sender<Order>,
    alive: Arc<AtomicUsize>,
    cgroups: Option<Arc<Cgroups>>,
}

impl Launcher {
    /// Start the thread that spawns. `program` is the binary whose `main` calls [`crate::child_main`] when its first
    /// argument is [`CHILD_COMMAND`]; `/proc/self/exe` is this one, also after the file was replaced by another version.
    ///
    /// # Errors
    /// [`SandboxError::Launcher`] if there is no thread for it.
    pub fn start(program: impl Into<PathBuf>) -> Result<Arc<Launcher>, SandboxError> {
        let program = program.into();
        let (orders, taken) = mpsc::channel::<Order>();
        let alive = Arc::new(AtomicUsize::new(0));
        let counted = alive.clone();
        std::thread::Builder::new()
            .name("launcher".to_owned())
            .spawn(move || {
                while let Ok((profile, answer)) = taken.recv() {
                    // Whoever ordered it may be gone; the child ends as its pipe does.
                    let _gone = answer.send(spawn(&program, profile, &counted));
                }
            })
            .map_err(SandboxError::Launcher)?;
        let cgroups = Cgroups::find();
        tracing::debug!(
            control_groups = ?cgroups.as_deref().map_or(&[][..], Cgroups::controllers),
            "processes for plugins can be started"
        );
        Ok(Arc::new(Launcher {
            orders,
            alive,
            cgroups,
        }))
    }

    /// Children that have not been reaped yet.
    #[must_use]
    pub fn alive(&self) -> usize {
        self.alive.load(Ordering::Relaxed)
    }

    /// Start a child that may have so many bytes of memory, in a control group of its own where there can be one. Takes
    /// some milliseconds; blocking.
    pub(crate) fn spawn_held(
        &self,
        profile: Profile,
        memory: u64,
    ) -> Result<Spawned, SandboxError> {
        let mut child = self.spawn(profile)?;
        if let Some(cgroups) = &self.cgroups {
            let bounds = Bounds {
                memory: memory.saturating_add(OVERHEAD),
                processors: profile.processors(),
            };
            child.cgroup = Some(
                cgroups
                    .hold(child.child.id(), bounds)
                    .map_err(SandboxError::Cgroup)?,
            );
        }
        Ok(child)
    }

    /// Start a child. Takes some milliseconds; blocking.
    pub(crate) fn spawn(&self, profile: Profile) -> Result<Spawned, SandboxError> {
        let (answer, spawned) = mpsc::sync_channel(1);
        self.orders.send((profile, answer)).map_err(|_| {
            SandboxError::Spawn(io::Error::other("the launcher's thread has ended"))
        })?;
        spawned
            .recv()
            .map_err(|_| SandboxError::Spawn(io::Error::other("the launcher's thread has ended")))?
            .map_err(SandboxError::Spawn)
    }

    /// What the program's own [`Look`](crate::Look) finds in a stranger's file: see [`crate::Sandbox::look`], which has
    /// a bound on the file's size, too. Blocking.
    ///
    /// # Errors
    /// [`SandboxError::Floor`] on a kernel below `floor`; else that the process could not do it.
    pub fn look(&self, file: &[u8], floor: IsolationFloor) -> Result<Vec<u8>, SandboxError> {
        compile::look(self, file, floor)
    }

    /// What shows of a stranger's file from its outside, and all that keeps it from being a plugin here; and what
    /// [`Self::look`] would find, by the same child. Blocking.
    ///
    /// # Errors
    /// As [`Self::look`].
    pub fn survey(
        &self,
        file: &[u8],
        floor: IsolationFloor,
    ) -> Result<(Survey, Vec<u8>), SandboxError> {
        compile::survey(self, file, floor)
    }

    /// Start a child that locks itself down and tells how that went. Blocking.
    ///
    /// # Errors
    /// [`SandboxError::Floor`] names what is missing; [`SandboxError::Spawn`] or [`SandboxError::Trial`] if no child
    /// runs at all.
    pub fn check(&self, floor: IsolationFloor) -> Result<(), SandboxError> {
        let mut child = self.spawn(Profile::Trial)?;
        let failed = |why: String| SandboxError::Trial { why };
        child
            .stream
            .set_read_timeout(Some(TRIAL))
            .map_err(|error| failed(error.to_string()))?;
        let told = protocol::greet(&child.stream, &[])
            .and_then(|()| protocol::read::<Lock>(&mut child.stream, MAX_UP));
        let (status, said) = child.end();
        let ended = |how: &str| {
            failed(format!(
                "{how}; it ended ({status}) and said: {}",
                said.trim()
            ))
        };
        let lock = match told {
            Ok(Some(lock)) => lock,
            Ok(None) => return Err(ended("it told nothing")),
            Err(error) => return Err(ended(&chain(&error))),
        };
        let lacks = floor.lacks(&lock);
        if lacks.is_empty() {
            return Ok(());
        }
        Err(SandboxError::Floor {
            floor: floor.as_str(),
            lacks,
        })
    }
}

fn spawn(program: &PathBuf, profile: Profile, alive: &Arc<AtomicUsize>) -> io::Result<Spawned> {
    let (stream, childs) = UnixStream::pair()?;
    let child = Command::new(program)
        .arg(CHILD_COMMAND)
        .arg(profile.as_str())
        .arg(std::process::id().to_string())
        .env_clear()
        .current_dir("/")
        // A group of its own: what a terminal or a supervisor sends to the worker's is not for it.
        .process_group(0)
        .stdin(Stdio::from(OwnedFd::from(childs)))
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    alive.fetch_add(1, Ordering::Relaxed);
    let mut spawned = Spawned {
        stream,
        child,
        pidfd: None,
        reaped: None,
        measured: Measured::default(),
        cgroup: None,
        alive: alive.clone(),
    };
    let pid = i32::try_from(spawned.child.id())
        .ok()
        .and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| io::Error::other("a child without a process id"))?;
    match rustix::process::pidfd_open(pid, PidfdFlags::NONBLOCK) {
        Ok(pidfd) => spawned.pidfd = Some(pidfd),
        Err(error) => {
            // Without a descriptor of it nothing else can end and reap it: it is not reaped yet, so that its number is its own.
            let _ended = spawned.child.kill();
            spawned.reaped = spawned.child.wait().ok();
            if spawned.reaped.is_some() {
                alive.fetch_sub(1, Ordering::Relaxed);
            }
            return Err(error.into());
        }
    }
    Ok(spawned)
}

/// A child that runs. Killed and reaped when dropped.
#[derive(Debug)]
pub(crate) struct Spawned {
    /// The pipe to it. Blocking, until it is given to a runtime.
    pub(crate) stream: UnixStream,
    child: Child,
    pidfd: Option<OwnedFd>,
    reaped: Option<ExitStatus>,
    measured: Measured,
    /// Dropped after the process is gone: see [`Spawned::drop`].
    cgroup: Option<Cgroup>,
    alive: Arc<AtomicUsize>,
}

impl Spawned {
    /// Whether the kernel ended it for its memory.
    pub(crate) fn out_of_memory(&self) -> bool {
        self.cgroup.as_ref().is_some_and(Cgroup::out_of_memory)
    }

    /// Look at what it uses; of no effect once it is reaped, when its number may be another's.
    pub(crate) fn measure(&mut self) {
        if self.reaped.is_none() {
            self.measured.look(self.child.id());
        }
    }

    /// What it used, as of the last look: the last one is when it is reaped.
    pub(crate) fn measured(&self) -> Measured {
        let group = self.cgroup.as_ref().and_then(Cgroup::memory_peak);
        Measured {
            memory_peak: self.measured.memory_peak.max(group.unwrap_or(0)),
            ..self.measured
        }
    }

    /// Ends it. What it used is looked at before.
    pub(crate) fn kill(&mut self) {
        self.measure();
        if let (None, Some(pidfd)) = (self.reaped, &self.pidfd) {
            // It has ended already, then.
            let _ended = rustix::process::pidfd_send_signal(pidfd, Signal::KILL);
        }
    }

    /// Whether it has ended, without waiting.
    fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.reaped.is_none() {
            self.measure();
            self.reaped = self.child.try_wait()?;
            if self.reaped.is_some() {
                self.alive.fetch_sub(1, Ordering::Relaxed);
            }
        }
        Ok(self.reaped)
    }

    /// Wait, kill it if it does not end by itself, and take what it wrote to standard error. Blocking.
    pub(crate) fn end_within(&mut self, patience: Duration) -> (ExitStatus, String) {
        if !self.wait(patience) {
            self.kill();
            self.wait(REAP);
        }
        let status = self.ended().ok().flatten().unwrap_or_default();
        (status, self.stderr())
    }

    /// As [`Spawned::end_within`], for one that ends by itself.
    fn end(&mut self) -> (ExitStatus, String) {
        self.end_within(TRIAL)
    }

    fn wait(&mut self, patience: Duration) -> bool {
        if let Some(pidfd) = &self.pidfd {
            let timeout = Timespec {
                tv_sec: i64::try_from(patience.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: i64::from(patience.subsec_nanos()),
            };
            let mut wanted = [PollFd::new(pidfd, PollFlags::IN)];
            // A signal that cuts the wait short only makes the patience shorter.
            let _ready = rustix::event::poll(&mut wanted, Some(&timeout));
        }
        matches!(self.ended(), Ok(Some(_)))
    }

    /// The end of what it wrote to standard error. It has ended, so this does not wait.
    pub(crate) fn stderr(&mut self) -> String {
        let Some(mut pipe) = self.child.stderr.take() else {
            return String::new();
        };
        let _blocking = rustix::io::ioctl_fionbio(pipe.as_fd(), true);
        last_lines(&mut pipe)
    }
}

/// The end of what there is, from the beginning of a line on.
fn last_lines(pipe: &mut impl Read) -> String {
    let mut kept = Vec::new();
    let mut is_cut = false;
    let mut chunk = [0; 4096];
    while let Ok(read @ 1..) = pipe.read(&mut chunk) {
        kept.extend_from_slice(&chunk[..read]);
        let excess = kept.len().saturating_sub(STDERR_KEPT);
        is_cut |= excess > 0;
        kept.drain(..excess);
    }
    if is_cut {
        // Half a line may begin with half a secret, which nobody would know for one.
        let end = kept.iter().position(|byte| *byte == b'\n');
        kept.drain(..end.map_or(kept.len(), |end| end + 1));
    }
    String::from_utf8_lossy(&kept).into_owned()
}

impl Drop for Spawned {
    fn drop(&mut self) {
        if self.reaped.is_none() {
            self.kill();
            self.wait(REAP);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_what_a_child_said_begins_with_a_line() {
        let last = |text: String| last_lines(&mut text.as_bytes());
        assert_eq!(last("all of it".to_owned()), "all of it");
        let long = format!("{}secret\nlast\nwords", "x".repeat(2 * STDERR_KEPT));
        assert_eq!(last(long), "last\nwords");
        assert_eq!(last("x".repeat(STDERR_KEPT + 1)), "");
        assert_eq!(last("x".repeat(STDERR_KEPT)).len(), STDERR_KEPT);
    }
}
