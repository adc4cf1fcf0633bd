//! A parent's side of one child: what it is given, what is heard of it, and how it ends.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::ExitStatus;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::BytesMut;
use rustix::fs::{Mode, OFlags};
use secrecy::ExposeSecret;
use tokio::io::AsyncWriteExt;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::error::chain;
use crate::limits::Limit;
use crate::mounts::{Mount, Mounts};
use crate::runner::{
    Fault, JobControl, JobEnd, JobHost, JobSpec, SecretError, StopReason, Usage, VerdictKind,
};

use super::code::StoredCode;
use super::exit;
use super::gate::{Gate, Refused};
use super::incoming::Incoming;
use super::launcher::{Profile, Spawned};
use super::measure::{self, Measured};
use super::process::Shared;
use super::protocol::{self, ChildJob, Down, FrameError, MAX_DOWN, Up};

/// What a child that has told its result needs to end.
const ENDING: Duration = Duration::from_secs(2);
/// A child ends its job itself when a limit is reached. This much later it is taken to hang.
const PATIENCE: Duration = Duration::from_secs(5);

/// For what a child that was ended had said before: it is there already.
const REST: Duration = Duration::from_secs(1);

/// Between two looks at what a child uses, at first and at the most: for one that ends in a way that takes its figures
/// with it.
const LOOKS: (Duration, Duration) = (Duration::from_millis(4), Duration::from_secs(1));

/// Bytes of a secret's name: the operator's names are shorter.
pub(super) const SECRET_NAME: usize = 256;
/// A guest waits for each; its host calls are one at a time.
const SECRETS_AT_A_TIME: usize = 8;
/// Bytes that wait to be read by a child before it is heard again: as many answers as it may wait for, each of a secret of
/// 64 KiB whose every byte takes six in JSON, and more.
const UNREAD: usize = 4 << 20;

/// How looking after a child ended.
enum End {
    /// It told its result.
    Told(VerdictKind, Usage),
    /// Its end of the pipe is closed.
    Closed,
    /// It was killed for this.
    Killed(Fault),
}

/// The first limit that the host's own side of the job has counted up to.
#[derive(Clone, Default)]
struct HostHit {
    first: Arc<OnceLock<Limit>>,
    token: CancellationToken,
}

impl HostHit {
    fn hit(&self, limit: Limit) {
        // A second one is of no interest.
        let _kept = self.first.set(limit);
        self.token.cancel();
    }
}

pub(super) struct Watched {
    spec: JobSpec,
    control: JobControl,
    /// Nobody waits for the verdict any more.
    abandoned: CancellationToken,
    host: Arc<dyn JobHost>,
    gate: Gate,
    /// Answers to the guest's questions for secrets, under way.
    secrets: JoinSet<Down>,
    hit: HostHit,
    /// What the child was told, and until when it may go on.
    asked: Option<(StopReason, Instant)>,
    deadline: Instant,
}

impl Watched {
    /// A job that begins now.
    pub(super) fn new(
        spec: JobSpec,
        control: JobControl,
        host: Arc<dyn JobHost>,
        abandoned: CancellationToken,
    ) -> Watched {
        let now = Instant::now();
        let most = spec.limits.wall().saturating_add(PATIENCE);
        Watched {
            gate: Gate::new(spec.limits.log()),
            deadline: now
                .checked_add(most)
                .unwrap_or(now + Duration::from_secs(365 * 24 * 3600)),
            spec,
            control,
            abandoned,
            host,
            secrets: JoinSet::new(),
            hit: HostHit::default(),
            asked: None,
        }
    }

    pub(super) async fn run(mut self, shared: &Arc<Shared>) -> (VerdictKind, Usage) {
        let fault = |fault| (VerdictKind::Fault(fault), Usage::default());
        let code = match shared.code.get(&self.spec.code).await {
            Ok(code) => code,
            Err(error) => return fault(error.of_code()),
        };
        let (directories, mut child) = match self.spawn(shared).await {
            Ok(started) => started,
            Err(failed) => return fault(failed),
        };
        let ended = self
            .look_after(shared, &code, &directories, &mut child)
            .await;
        drop(directories);
        let (end, patience) = match ended {
            Ok(end @ End::Told(..)) => (end, ENDING),
            Ok(end @ End::Closed) => (end, ENDING),
            Ok(end @ End::Killed(_)) => (end, Duration::ZERO),
            Err(fault) => (End::Killed(fault), Duration::ZERO),
        };
        let reaped = reap(child, patience).await;
        let seen = self.seen(&reaped);
        let fault = |fault| (VerdictKind::Fault(fault), seen.clone());
        match end {
            End::Told(kind, told) => {
                let usage = measure::believed(told, &seen, &self.spec.limits);
                // A limit that the host counts was hit, whatever the guest made of it.
                match self.hit.first.get() {
                    Some(limit) if matches!(kind, VerdictKind::Answered(_)) => {
                        (VerdictKind::Fault(self.limit(*limit)), usage)
                    }
                    _ => (kind, usage),
                }
            }
            End::Killed(why) => fault(why),
            End::Closed => {
                // A signal that comes before the end of the pipe is noticed may have been ours to send.
                let limits = &self.spec.limits;
                let why = self
                    .interrupted()
                    .unwrap_or_else(|| match reaped.out_of_memory {
                        true => self.limit(Limit::Memory),
                        false => {
                            exit::fault(reaped.status, &reaped.said, reaped.measured.cpu, limits)
                        }
                    });
                tracing::warn!(
                    plugin = self.spec.plugin,
                    status = %reaped.status,
                    "a job's process ended without a result"
                );
                fault(why)
            }
        }
    }

    /// What the job used, as far as that is to be seen from outside.
    fn seen(&self, reaped: &Reaped) -> Usage {
        Usage {
            cpu: reaped.measured.cpu,
            memory_peak: reaped.measured.memory_peak,
            log_bytes: self.gate.logged(),
            ..Usage::default()
        }
    }

    fn limit(&self, limit: Limit) -> Fault {
        Fault::Limit {
            limit,
            value: self.spec.limits.show(limit),
        }
    }

    /// The directories and a child, off the runtime's threads.
    async fn spawn(&self, shared: &Arc<Shared>) -> Result<(Vec<OwnedFd>, Spawned), Fault> {
        let mounts = Mounts::plan(&self.spec)?;
        let launcher = shared.launcher.clone();
        let memory = self.spec.limits.memory();
        let starting = tokio::task::spawn_blocking(move || {
            let opened = mounts.all.iter().map(open);
            let directories = opened.collect::<Result<Vec<_>, _>>()?;
            let child = launcher
                .spawn_held(Profile::Job, memory)
                .map_err(|error| Fault::Host(error.full()))?;
            Ok((directories, child))
        });
        starting.await.unwrap_or_else(|error| {
            Err(Fault::Host(format!("no process could be started: {error}")))
        })
    }

    /// Until it has told its result, has closed the pipe, or must be killed.
    async fn look_after(
        &mut self,
        shared: &Shared,
        code: &StoredCode,
        directories: &[OwnedFd],
        child: &mut Spawned,
    ) -> Result<End, Fault> {
        // What fails on this side is no fault of the plugin's, which may be tried again.
        let failed = |error: FrameError| own(chain(&error));
        let io = |error: io::Error| own(error.to_string());
        let pipe = child.stream.try_clone().map_err(io)?;
        let network = self.connect().map_err(io)?;
        let descriptors: Vec<_> = std::iter::once(code.memory.as_fd())
            .chain(directories.iter().map(AsFd::as_fd))
            .chain(network.iter().map(AsFd::as_fd))
            .collect();
        match protocol::greet(&pipe, &descriptors) {
            // It has ended already; its status tells how.
            Err(FrameError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                return Ok(End::Closed);
            }
            greeted => greeted.map_err(failed)?,
        }
        pipe.set_nonblocking(true).map_err(io)?;
        let (mut down, mut up) = tokio::net::UnixStream::from_std(pipe)
            .map_err(io)?
            .into_split();
        let mut spec = self.spec.clone();
        for (path, _) in spec.directories_mut() {
            // Where they are on the host is nothing that a plugin's process need know.
            *path = std::path::PathBuf::new();
        }
        let job = Down::Job(Box::new(ChildJob {
            spec,
            entry: code.entry,
            log_threshold: shared.sandbox.config().log_threshold,
            floor: shared.floor,
            network: network.is_some(),
        }));
        // What waits to be sent: a write that something else interrupts goes on where it was.
        let mut outgoing = BytesMut::from(&protocol::encode(&job, MAX_DOWN).map_err(failed)?[..]);
        let mut incoming = Incoming::default();
        let kill = self.control.kill.clone();
        let (mut look, mut pause) = (Instant::now(), LOOKS.0);
        loop {
            tokio::select! {
                biased;
                () = must_end(kill.clone(), self.abandoned.clone(), self.hit.token.clone(), self.until()) => {
                    let why = self.killed_for();
                    child.kill();
                    self.rest(&mut incoming, &mut down).await;
                    return Ok(End::Killed(why));
                }
                sent = up.write_buf(&mut outgoing), if !outgoing.is_empty() => {
                    if sent.is_err() {
                        // It has ended; the other direction tells how.
                        outgoing.clear();
                    }
                }
                Some(answer) = self.secrets.join_next() => match answer {
                    Ok(answer) => {
                        outgoing.extend_from_slice(&protocol::encode(&answer, MAX_DOWN).map_err(failed)?);
                    }
                    // The source of secrets panicked: the guest waits, and its time runs out.
                    Err(error) => tracing::error!(%error, "a secret could not be told"),
                },
                () = stop_asked(&mut self.control, self.asked.is_some()) => {
                    outgoing.extend_from_slice(&self.stop_frame().map_err(failed)?);
                }
                () = tokio::time::sleep_until(look) => {
                    child.measure();
                    look = Instant::now() + pause;
                    pause = (pause * 2).min(LOOKS.1);
                }
                // A child that asks and never reads is not answered without end.
                frame = incoming.next(&mut down, &mut self.gate), if outgoing.len() < UNREAD => {
                    let Some(frame) = frame.map_err(Fault::Crashed)? else {
                        return Ok(End::Closed);
                    };
                    let heard = self.heard(frame);
                    if let Some(end) = heard.map_err(|refused| Fault::Crashed(refused.to_string()))? {
                        return Ok(end);
                    }
                }
            }
        }
    }

    /// What a child that is ended had logged before, as far as it has come: its last lines tell what it was at.
    async fn rest(&mut self, incoming: &mut Incoming, down: &mut tokio::net::unix::OwnedReadHalf) {
        let read = async {
            // Whatever is wrong with it, the child is ended already; and what it asks or tells besides is over with it.
            while let Ok(Some(frame)) = incoming.next(down, &mut self.gate).await {
                if let Up::Log(_) = frame
                    && self.heard(frame).is_err()
                {
                    return;
                }
            }
        };
        // The end of the pipe comes with the child's, which is at hand.
        let _over = tokio::time::timeout(REST, read).await;
    }

    /// The guest's end of the way to the network, where that is granted.
    fn connect(&self) -> io::Result<Option<OwnedFd>> {
        if !self.spec.network {
            return Ok(None);
        }
        let (guests, hosts) = std::os::unix::net::UnixStream::pair()?;
        hosts.set_nonblocking(true)?;
        let hosts = tokio::net::UnixStream::from_std(hosts)?;
        let hit = self.hit.clone();
        let end = JobEnd::new(move |limit| hit.hit(limit));
        self.host.connect(Box::new(hosts), end);
        Ok(Some(guests.into()))
    }

    /// A frame of the child's.
    fn heard(&mut self, frame: Up) -> Result<Option<End>, Refused> {
        match frame {
            Up::Locked(lock) => tracing::trace!(
                plugin = self.spec.plugin,
                landlock = lock.landlock,
                seccomp = lock.seccomp,
                "a job's process is locked"
            ),
            Up::Log(lines) => {
                for line in lines {
                    let line = self.gate.line(line)?;
                    self.host.log(line);
                }
            }
            Up::Progress { percent, summary } => {
                self.host.progress(percent, Gate::summary(&summary));
            }
            Up::SecretWanted { name } => {
                if name.len() > SECRET_NAME || self.secrets.len() >= SECRETS_AT_A_TIME {
                    return Err(Refused(
                        "it asked for more secrets at a time than there can be",
                    ));
                }
                self.gate.secret();
                let host = self.host.clone();
                let granted = self.spec.secrets;
                self.secrets.spawn(async move {
                    let value = match granted {
                        true => host.secret(&name).await,
                        false => Err(SecretError::Denied),
                    };
                    let value = value.map(|secret| secret.expose_secret().to_owned());
                    Down::Secret { name, value }
                });
            }
            Up::Ended(ended) => {
                let asked = self.asked.map(|(reason, _)| reason);
                let kind = Gate::verdict(ended.verdict.kind, asked)?;
                return Ok(Some(End::Told(kind, ended.verdict.usage)));
            }
        }
        Ok(None)
    }

    /// Tells the child what the host wants.
    fn stop_frame(&mut self) -> Result<Vec<u8>, FrameError> {
        let Some(request) = *self.control.stop.borrow_and_update() else {
            return Ok(Vec::new());
        };
        self.asked = Some((request.reason, request.until));
        let stop = Down::Stop {
            reason: request.reason,
            grace: request.until.saturating_duration_since(Instant::now()),
        };
        protocol::encode(&stop, MAX_DOWN)
    }

    /// When the child is taken to hang.
    fn until(&self) -> Instant {
        self.asked.map_or(self.deadline, |(_, until)| {
            self.deadline.min(until + PATIENCE)
        })
    }

    fn killed_for(&self) -> Fault {
        self.interrupted()
            .unwrap_or_else(|| self.limit(Limit::WallTime))
    }

    /// Whether the host has ended the job, and why.
    fn interrupted(&self) -> Option<Fault> {
        if let Some(limit) = self.hit.first.get() {
            return Some(self.limit(*limit));
        }
        let asked = self.control.stop.borrow().map(|request| request.reason);
        if self.control.kill.is_cancelled() || self.abandoned.is_cancelled() {
            return Some(Fault::Interrupted(asked));
        }
        let (reason, until) = self.asked?;
        (Instant::now() >= until).then_some(Fault::Interrupted(Some(reason)))
    }
}

/// A fault of this side of the pipe.
fn own(why: String) -> Fault {
    Fault::Host(format!("the plugin's process cannot be served: {why}"))
}

/// Resolves when the child must be killed.
async fn must_end(
    kill: CancellationToken,
    abandoned: CancellationToken,
    hit: CancellationToken,
    until: Instant,
) {
    tokio::select! {
        () = kill.cancelled() => {}
        () = abandoned.cancelled() => {}
        () = hit.cancelled() => {}
        () = tokio::time::sleep_until(until) => {}
    }
}

/// Resolves when a stop is asked for that the child does not know of.
async fn stop_asked(control: &mut JobControl, known: bool) {
    if !known && control.stop.borrow().is_some() {
        return;
    }
    if control.stop.changed().await.is_err() {
        // Nobody can ask any more.
        std::future::pending::<()>().await;
    }
}

fn open(mount: &Mount) -> Result<OwnedFd, Fault> {
    rustix::fs::open(
        &mount.host,
        OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
        Mode::empty(),
    )
    .map_err(|error| mount.unopened(&error))
}

/// A child that is gone.
struct Reaped {
    status: ExitStatus,
    /// To its standard error.
    said: String,
    /// The kernel has ended it for its memory.
    out_of_memory: bool,
    measured: Measured,
}

/// Wait for its end, or make it end. Its pipe was closed or its result told, so this takes milliseconds.
async fn reap(mut child: Spawned, patience: Duration) -> Reaped {
    let waiting = tokio::task::spawn_blocking(move || {
        let (status, said) = child.end_within(patience);
        Reaped {
            status,
            said,
            out_of_memory: child.out_of_memory(),
            measured: child.measured(),
        }
    });
    waiting.await.unwrap_or_else(|error| Reaped {
        status: ExitStatus::default(),
        said: error.to_string(),
        out_of_memory: false,
        measured: Measured::default(),
    })
}
