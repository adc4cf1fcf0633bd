//! A child's main: locks itself down, runs one job, tells the result, ends.

use std::collections::{HashMap, VecDeque};
use std::ffi::OsString;
use std::io::Write;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::engine::{Core, Granted, Loaded};
use crate::error::{SandboxError, chain};
use crate::guard::Guard;
use crate::limits::Limit;
use crate::log::JobLog;
use crate::run;
use crate::runner::{
    Fault, HostStream, JobControl, JobHost, LogLine, SecretError, StopHandle, Usage, Verdict,
};
use crate::state::Ports;
use crate::test_imports::TestImports;

use super::code::SharedCode;
use super::launcher::Profile;
use super::lock::{self, Allowed, SystemLimits};
use super::parts::ChildParts;
use super::protocol::{self, ChildJob, Down, Ended, FrameError, Lock, MAX_DOWN, MAX_UP, Up};
use super::syscalls::Memory;
use super::watched::SECRET_NAME;
use super::workshop;

/// Lines in one frame: each is at most 16 KiB, with its fields, before JSON.
const BATCH: usize = 16;
/// Between two frames of progress: nobody reads faster.
const PROGRESS: Duration = Duration::from_millis(100);

/// Why a child could not do its work. Goes to standard error, whose end the parent quotes.
#[derive(Debug, thiserror::Error)]
enum ChildError {
    #[error("a sandbox child is started by its worker only")]
    Usage,
    #[error(transparent)]
    Lock(#[from] lock::LockError),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("the parent sent no job")]
    NoJob,
    #[error("the descriptors are not those of the job")]
    Descriptors,
    #[error("the code was not sealed")]
    Code(#[source] std::io::Error),
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error("the runtime cannot start")]
    Runtime(#[source] std::io::Error),
    #[error("this kernel has not {}", .0.join(", nor "))]
    Floor(Vec<String>),
}

/// The main of a child: `arguments` are those after [`super::launcher::CHILD_COMMAND`].
///
/// Call it before anything else that a program does: before it reads its environment, starts a thread or opens a file.
pub fn child_main(arguments: impl IntoIterator<Item = OsString>, parts: ChildParts) -> ExitCode {
    match serve(arguments, parts) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to be told if this fails.
            let _lost = writeln!(std::io::stderr(), "{}", chain(&error));
            ExitCode::FAILURE
        }
    }
}

fn serve(
    arguments: impl IntoIterator<Item = OsString>,
    parts: ChildParts,
) -> Result<(), ChildError> {
    close_strangers();
    let mut arguments = arguments.into_iter().map(OsString::into_string);
    let profile = match arguments.next() {
        Some(Ok(name)) => Profile::parse(&name),
        _ => None,
    };
    let parent = match arguments.next() {
        Some(Ok(id)) => id.parse().ok(),
        _ => None,
    };
    let (Some(profile), Some(parent)) = (profile, parent) else {
        return Err(ChildError::Usage);
    };
    lock::give_up_privileges(parent)?;
    let pipe = std::io::stdin()
        .as_fd()
        .try_clone_to_owned()
        .map(UnixStream::from)
        .map_err(FrameError::from)?;
    match profile {
        Profile::Job => job(pipe, parts.test_imports),
        Profile::Compile => Ok(workshop::serve(pipe, parts)?),
        Profile::Trial => trial(pipe),
    }
}

/// Descriptors that some library of the parent's opened without CLOEXEC: nothing of the worker's stays open here.
#[expect(unsafe_code, reason = "closing what nobody in this process has opened")]
fn close_strangers() {
    let Ok(entries) = std::fs::read_dir("/proc/self/fd") else {
        return;
    };
    let open: Vec<i32> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|descriptor| *descriptor > 2)
        .collect();
    for descriptor in open {
        // SAFETY: this is the first thing that this process does, on its only thread. No object in it owns a
        // descriptor above 2 yet: what is open there was inherited. The directory that was read is in the list
        // too and is closed already; closing it again is an error that is ignored.
        unsafe { libc::close(descriptor) };
    }
}

fn trial(mut pipe: UnixStream) -> Result<(), ChildError> {
    protocol::greeted(&pipe)?;
    let mut lock = Lock::default();
    lock::limit_resources(SystemLimits {
        memory: 0,
        cpu: lock::CPU_GRACE,
        file: 0,
        files: 0,
    })?;
    lock::restrict_files(&[], &mut lock);
    lock::filter_calls(Memory::Data, &mut lock);
    protocol::write(&mut pipe, &lock, MAX_UP)?;
    Ok(())
}

fn job(mut pipe: UnixStream, test: Option<TestImports>) -> Result<(), ChildError> {
    let mut descriptors = protocol::greeted(&pipe)?.into_iter();
    let Some(Down::Job(mut job)) = protocol::read(&mut pipe, MAX_DOWN)? else {
        return Err(ChildError::NoJob);
    };
    let code = descriptors.next().ok_or(ChildError::Descriptors)?;
    let code = SharedCode::received(code).map_err(ChildError::Code)?;
    let core = Core::new(job.spec.limits.get(Limit::Stack), job.entry, test)?;
    let loaded = core.load_shared(&code, job.entry, Granted::of(&job.spec))?;
    drop(code);
    let directories = take_directories(&mut job, &mut descriptors)?;
    let network = job.network.then(|| descriptors.next()).flatten();
    if descriptors.next().is_some() || job.network != network.is_some() {
        return Err(ChildError::Descriptors);
    }
    let (stop, control) = JobControl::new();
    let guard = Arc::new(Guard::new(job.spec.limits.clone(), control));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        // As in the worker's own process: a guest that computes holds a poll up for a whole epoch.
        .event_interval(1)
        .build()
        .map_err(ChildError::Runtime)?;
    runtime.block_on(async {
        // A supervisor may send these to every process of the worker's: when to end is the parent's to say.
        let ignored = [
            SignalKind::terminate(),
            SignalKind::interrupt(),
            SignalKind::hangup(),
        ]
        .map(signal)
        .into_iter()
        .collect::<Result<Vec<_>, _>>()
        .map_err(ChildError::Runtime)?;
        pipe.set_nonblocking(true).map_err(ChildError::Runtime)?;
        let (down, up) = tokio::net::UnixStream::from_std(pipe)
            .map_err(ChildError::Runtime)?
            .into_split();
        let (said, queue) = mpsc::unbounded_channel();
        let (progress, newest) = watch::channel(Progress::default());
        let answers = Arc::new(Answers::default());
        let parent = Arc::new(Parent {
            said,
            progress,
            answers: answers.clone(),
        });
        let stream = match network {
            Some(network) => Some(stream(network).map_err(ChildError::Runtime)?),
            None => None,
        };
        let log = JobLog::new(parent.clone(), job.log_threshold, &job.spec.limits);
        // Directories are opened before the lock: after it no path outside of them can be.
        let ports = Ports {
            host: parent,
            stream,
        };
        let prepared = run::prepare(core.engine(), job.entry, &job.spec, &guard, &log, ports);
        let mut lock = Lock::default();
        let limits = &job.spec.limits;
        lock::limit_resources(SystemLimits {
            memory: limits.memory(),
            cpu: limits.cpu().saturating_add(lock::CPU_GRACE),
            file: limits.get(Limit::FileSize),
            // A walk down a tree holds a descriptor for each level.
            files: [Limit::OpenFiles, Limit::DirectoryStreams, Limit::Depth]
                .into_iter()
                .fold(0, |sum, limit| limits.get(limit).saturating_add(sum)),
        })?;
        let allowed: Vec<Allowed<'_>> = directories
            .iter()
            .map(|(directory, write)| Allowed {
                directory: directory.as_fd(),
                write: *write,
            })
            .collect();
        lock::restrict_files(&allowed, &mut lock);
        core.start_clock()?;
        lock::filter_calls(Memory::Data, &mut lock);
        let lacks = job.floor.lacks(&lock);
        if !lacks.is_empty() {
            return Err(ChildError::Floor(lacks));
        }
        let mut tasks = JoinSet::new();
        tasks.spawn(listen(down, stop, answers));
        let mut writing = JoinSet::new();
        writing.spawn(tell(up, lock, queue, newest));
        let verdict = measured(prepared, &loaded, job, guard, log).await;
        // The log, and with it the queue's only sender, ends with the run.
        if let Some(Ok(Ok(mut up))) = writing.join_next().await {
            // What a plugin returns is less than a frame, by its own limit.
            let frame = protocol::encode(&Up::Ended(Box::new(Ended { verdict })), MAX_UP)?;
            up.write_all(&frame).await.map_err(FrameError::from)?;
            up.shutdown().await.map_err(FrameError::from)?;
        }
        drop(ignored);
        // Nothing is worth tidying up here, and the kernel is quicker at it.
        std::process::exit(0)
    })
}

/// The directories in the order of the spec, whose paths become those of the descriptors here.
fn take_directories(
    job: &mut ChildJob,
    descriptors: &mut impl Iterator<Item = OwnedFd>,
) -> Result<Vec<(OwnedFd, bool)>, ChildError> {
    let mut taken = Vec::new();
    for (path, write) in job.spec.directories_mut() {
        let descriptor = descriptors.next().ok_or(ChildError::Descriptors)?;
        *path = PathBuf::from(format!("/proc/self/fd/{}", descriptor.as_raw_fd()));
        taken.push((descriptor, write));
    }
    Ok(taken)
}

async fn measured(
    prepared: Result<run::Prepared, Fault>,
    loaded: &Loaded,
    job: Box<ChildJob>,
    guard: Arc<Guard>,
    log: JobLog,
) -> Verdict {
    let kind = run::run(prepared, loaded, &job.spec, &guard, &log).await;
    let logged = log.usage();
    let usage = Usage {
        log_bytes: logged.kept,
        log_dropped: logged.dropped,
        ..guard.usage()
    };
    Verdict { kind, usage }
}

/// What the parent says while the job runs. When it says nothing any more it is gone, and so is the job.
async fn listen(mut pipe: OwnedReadHalf, stop: StopHandle, answers: Arc<Answers>) {
    let mut prefix = [0; 4];
    while pipe.read_exact(&mut prefix).await.is_ok() {
        let Ok(length) = protocol::length(prefix, MAX_DOWN) else {
            break;
        };
        let mut body = vec![0; length];
        if pipe.read_exact(&mut body).await.is_err() {
            break;
        }
        match protocol::decode(&body) {
            Ok(Down::Stop { reason, grace }) => stop.request(reason, grace),
            Ok(Down::Secret { name, value }) => {
                answers.tell(name, value.map(SecretString::from)).await
            }
            Ok(Down::Job(_)) | Err(_) => break,
        }
    }
    std::process::exit(1)
}

/// Sends lines and progress until there are no more, and gives the pipe back.
async fn tell(
    mut pipe: OwnedWriteHalf,
    lock: Lock,
    mut said: mpsc::UnboundedReceiver<Said>,
    mut progress: watch::Receiver<Progress>,
) -> Result<OwnedWriteHalf, FrameError> {
    pipe.write_all(&protocol::encode(&Up::Locked(lock), MAX_UP)?)
        .await?;
    let mut batch = Vec::with_capacity(BATCH);
    let mut told = 0;
    let mut not_before = Instant::now();
    loop {
        let frame = tokio::select! {
            biased;
            count = said.recv_many(&mut batch, BATCH) => {
                if count == 0 {
                    break;
                }
                for frame in frames(batch.drain(..)) {
                    pipe.write_all(&protocol::encode(&frame, MAX_UP)?).await?;
                }
                continue;
            }
            newest = newest(&mut progress, not_before) => {
                not_before = Instant::now() + PROGRESS;
                told = newest.count;
                newest.frame()
            }
        };
        pipe.write_all(&protocol::encode(&frame, MAX_UP)?).await?;
    }
    let last = progress.borrow().clone();
    if last.count != told {
        pipe.write_all(&protocol::encode(&last.frame(), MAX_UP)?)
            .await?;
    }
    Ok(pipe)
}

/// Lines that follow each other go in one frame.
fn frames(said: impl Iterator<Item = Said>) -> Vec<Up> {
    let mut frames = Vec::new();
    for said in said {
        match (said, frames.last_mut()) {
            (Said::Line(line), Some(Up::Log(lines))) => lines.push(line),
            (Said::Line(line), _) => frames.push(Up::Log(vec![line])),
            (Said::SecretWanted(name), _) => frames.push(Up::SecretWanted { name }),
        }
    }
    frames
}

/// Progress that was not told yet, not before its time. Nothing is lost if nobody waits for it to the end.
async fn newest(progress: &mut watch::Receiver<Progress>, not_before: Instant) -> Progress {
    tokio::time::sleep_until(not_before).await;
    if progress.changed().await.is_err() {
        // The lines' end follows.
        std::future::pending::<()>().await;
    }
    progress.borrow_and_update().clone()
}

/// The newest of what the guest said, and how often it said something.
#[derive(Clone, Debug, Default)]
struct Progress {
    count: u64,
    percent: Option<u8>,
    summary: String,
}

impl Progress {
    fn frame(self) -> Up {
        Up::Progress {
            percent: self.percent,
            summary: self.summary,
        }
    }
}

/// What goes up in the order in which it was said.
enum Said {
    Line(LogLine),
    SecretWanted(String),
}

/// The host, as a guest in a child has it: at the other end of the pipe.
struct Parent {
    said: mpsc::UnboundedSender<Said>,
    progress: watch::Sender<Progress>,
    answers: Arc<Answers>,
}

#[async_trait]
impl JobHost for Parent {
    fn log(&self, line: LogLine) {
        // Gone only if the pipe is, and then so is the parent.
        let _gone = self.said.send(Said::Line(line));
    }

    fn progress(&self, percent: Option<u8>, summary: String) {
        self.progress.send_modify(|progress| {
            progress.count += 1;
            progress.percent = percent;
            progress.summary = summary;
        });
    }

    async fn secret(&self, name: &str) -> Result<SecretString, SecretError> {
        // The parent would take it for a breach of the protocol.
        if name.len() > SECRET_NAME {
            return Err(SecretError::Denied);
        }
        let answer = self.answers.expect(name).await;
        let _gone = self.said.send(Said::SecretWanted(name.to_owned()));
        answer.await.unwrap_or(Err(SecretError::Unavailable))
    }
}

type Answer = Result<SecretString, SecretError>;

/// Secrets that were asked for and not told yet. Questions for the same name get the answers in their order.
#[derive(Default)]
struct Answers(Mutex<HashMap<String, VecDeque<oneshot::Sender<Answer>>>>);

impl Answers {
    async fn expect(&self, name: &str) -> oneshot::Receiver<Answer> {
        let (sender, receiver) = oneshot::channel();
        let mut waiting = self.0.lock().await;
        waiting
            .entry(name.to_owned())
            .or_default()
            .push_back(sender);
        receiver
    }

    async fn tell(&self, name: String, answer: Answer) {
        let mut waiting = self.0.lock().await;
        let asked = waiting.get_mut(&name).and_then(VecDeque::pop_front);
        if let Some(asked) = asked {
            // Who asked may have been interrupted.
            let _gone = asked.send(answer);
        }
    }
}

fn stream(network: OwnedFd) -> std::io::Result<Box<dyn HostStream>> {
    let stream = UnixStream::from(network);
    stream.set_nonblocking(true)?;
    Ok(Box::new(tokio::net::UnixStream::from_std(stream)?))
}
