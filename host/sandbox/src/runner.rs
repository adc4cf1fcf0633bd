//! The seam: what a runner is given, and what comes back.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::job::{DirectoryGrant, Failure, InputDir, Job, Outcome, OutputDir};
use crate::limits::{Limit, Limits};

/// Sealed compiled code: an id to share a loaded component by, and the file that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CodeRef {
    /// The plugin's digest and the engine's compatibility hash.
    pub id: String,
    /// The sealed code, made by [`crate::Sandbox::compile`].
    pub path: PathBuf,
}

/// Where a guest runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Isolation {
    /// In a process of its own for each job, which the kernel locks down.
    #[default]
    Process,
    /// In the worker's process, isolated by wasm alone: the operator's explicit choice.
    Shared,
}

/// Clocks and random numbers that are the same in every run, for builds that can be repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Fixed {
    /// What the wall clock always says, in seconds since the Unix epoch; `SOURCE_DATE_EPOCH` in other tools. The
    /// monotonic clock goes on: it is for waiting.
    pub wall_clock: Option<u64>,
    /// Where random numbers start; they are no secret then.
    pub random_seed: Option<u64>,
}

/// One job, as plain data: it may cross a process boundary.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JobSpec {
    /// The plugin's compiled code.
    pub code: CodeRef,
    /// The plugin's name, for messages.
    pub plugin: String,
    /// What the job record says.
    pub job: Job,
    /// Input directories, in the pipeline's order.
    pub inputs: Vec<InputDir>,
    /// Output directories, in the pipeline's order.
    pub outputs: Vec<OutputDir>,
    /// A private empty directory, where granted.
    pub scratch: Option<PathBuf>,
    /// Where a command's own file goes. For other plugins it is of no use.
    pub command: Option<CommandDir>,
    /// Host directories that the operator granted.
    pub directories: Vec<DirectoryGrant>,
    /// What the job may use.
    pub limits: Limits,
    /// Where it runs.
    pub isolation: Isolation,
    /// Whether outgoing wasi:http is granted.
    pub network: bool,
    /// Whether secrets are granted that the guest may ask for.
    pub secrets: bool,
    /// What the guest's clocks and random numbers are, where the operator wants them the same each time.
    pub fixed: Fixed,
}

impl JobSpec {
    /// Every directory of the job and whether the guest may write there: inputs, outputs, scratch, the command's,
    /// grants.
    pub(crate) fn directories_mut(&mut self) -> impl Iterator<Item = (&mut PathBuf, bool)> {
        let inputs = self.inputs.iter_mut().map(|input| (&mut input.host, false));
        let outputs = self
            .outputs
            .iter_mut()
            .map(|output| (&mut output.host, true));
        let scratch = self.scratch.iter_mut().map(|scratch| (scratch, true));
        let command = self.command.iter_mut().map(|dir| (&mut dir.host, false));
        let grants = self
            .directories
            .iter_mut()
            .map(|grant| (&mut grant.host, grant.write));
        inputs
            .chain(outputs)
            .chain(scratch)
            .chain(command)
            .chain(grants)
    }
}

/// The directory of a command's `/job/job.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandDir {
    /// An empty directory that exists; read-only in the guest.
    pub host: PathBuf,
    /// Names of configuration values that are not written to it: secrets are told on standard input alone.
    pub without: Vec<String>,
}

/// How much a log line matters, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Finest detail.
    Trace,
    /// For the plugin's developer.
    Debug,
    /// For the pipeline's owner.
    Info,
    /// Something is odd.
    Warn,
    /// Something failed.
    Error,
}

/// One line of the job's log, stripped of control and ANSI codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// How much it matters.
    pub level: Level,
    /// The text, without a line end.
    pub text: String,
    /// Names and values that go with it.
    pub fields: Vec<(String, String)>,
    /// The line was longer than a line may be: `text` is its beginning only, so a secret may be cut in
    /// two at its end.
    pub cut: bool,
}

/// The host's side of a running job: where its log and progress go, and where its secrets and its network come from.
///
/// What is called from the guest's thread must not block.
#[async_trait]
pub trait JobHost: Send + Sync {
    /// A line of the log.
    fn log(&self, line: LogLine);

    /// How far the job is.
    fn progress(&self, percent: Option<u8>, summary: String);

    /// A secret that the guest asks for by name. Nothing is granted unless this says so.
    async fn secret(&self, _name: &str) -> Result<SecretString, SecretError> {
        Err(SecretError::Denied)
    }

    /// The job's way to the network, for a job with [`JobSpec::network`]: called once, before the guest runs. The
    /// stream speaks HTTP/2, the guest's side being the client; it ends with the job. `job` is how the host tells that
    /// a limit was hit there. A host that drops the stream grants nothing.
    fn connect(&self, _stream: Box<dyn HostStream>, _job: JobEnd) {}
}

/// A stream of bytes between a guest's side and the host's.
pub trait HostStream: AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin + 'static> HostStream for T {}

/// Why there is no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretError {
    /// It is not granted to this plugin.
    Denied,
    /// It is granted, and there is nothing under its name.
    Missing,
    /// It cannot be told now.
    Unavailable,
}

/// Ends a job from the host's side for a limit that is counted there.
#[derive(Clone)]
pub struct JobEnd(Arc<dyn Fn(Limit) + Send + Sync>);

impl std::fmt::Debug for JobEnd {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JobEnd(..)")
    }
}

impl JobEnd {
    pub(crate) fn new(end: impl Fn(Limit) + Send + Sync + 'static) -> JobEnd {
        JobEnd(Arc::new(end))
    }

    /// The job has hit this limit of its: the failure will name it, unless another one came first.
    pub fn hit(&self, limit: Limit) {
        (self.0)(limit);
    }
}

/// Why the host wants a job to end before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// Nobody wants the result any more.
    Cancelled,
    /// The worker is shutting down.
    HandOver,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct StopRequest {
    pub(crate) reason: StopReason,
    pub(crate) until: tokio::time::Instant,
}

/// The runner's end of a job's stop signal. Make a pair with [`JobControl::new`].
#[derive(Clone, Debug)]
pub struct JobControl {
    pub(crate) stop: watch::Receiver<Option<StopRequest>>,
    pub(crate) kill: CancellationToken,
}

/// The worker's end: asks a job to stop, or interrupts it.
#[derive(Clone, Debug)]
pub struct StopHandle {
    stop: Arc<watch::Sender<Option<StopRequest>>>,
    kill: CancellationToken,
}

impl JobControl {
    /// A signal that nobody has raised yet.
    #[must_use]
    pub fn new() -> (StopHandle, JobControl) {
        let (sender, receiver) = watch::channel(None);
        let kill = CancellationToken::new();
        (
            StopHandle {
                stop: Arc::new(sender),
                kill: kill.clone(),
            },
            JobControl {
                stop: receiver,
                kill,
            },
        )
    }
}

impl StopHandle {
    /// Ask the guest to stop; it is interrupted when `grace` is over.
    pub fn request(&self, reason: StopReason, grace: Duration) {
        let until = tokio::time::Instant::now() + grace;
        self.stop.send_replace(Some(StopRequest { reason, until }));
    }

    /// Interrupt the guest now.
    pub fn kill(&self) {
        self.kill.cancel();
    }
}

/// How a run ended without an answer of the plugin's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The guest trapped.
    Trap {
        /// What kind of trap, in words.
        what: String,
        /// The innermost frames, at most ten, innermost first.
        frames: Vec<String>,
    },
    /// The guest called exit instead of returning.
    Exited {
        /// Whether the status said success.
        success: bool,
    },
    /// A command ended without an outcome, or broke another rule of the command protocol: the end of a sentence that
    /// begins with the plugin.
    Protocol(String),
    /// A limit was hit; the first one, whatever the guest made of it.
    Limit {
        /// Which.
        limit: Limit,
        /// Its value with a unit, such as `256 MiB`.
        value: String,
    },
    /// The code could not be loaded, linked or instantiated.
    Start(String),
    /// The plugin's compiled code is not there any more, or not as it was sealed: it has to be compiled again.
    Code(String),
    /// The host side failed: a panic, a directory that is not there.
    Host(String),
    /// The process that ran the guest ended, hung or broke the rules between it and its host: the end of a
    /// sentence that begins with the plugin.
    Crashed(String),
    /// Interrupted after a stop request or by [`StopHandle::kill`].
    Interrupted(Option<StopReason>),
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictKind {
    /// The plugin answered.
    Answered(Result<Outcome, Failure>),
    /// It did not.
    Fault(Fault),
}

/// What a job used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// From start to verdict.
    pub wall: Duration,
    /// Thread CPU time.
    pub cpu: Duration,
    /// Peak of linear memories and tables, bytes.
    pub memory_peak: u64,
    /// Peak of what was charged to [`Limit::Disk`].
    pub disk_peak: u64,
    /// Bytes of log kept.
    pub log_bytes: u64,
    /// Bytes of log dropped.
    pub log_dropped: u64,
}

/// How a run ended and what it used. The store is gone and every file call has ended when this is
/// returned: outputs may be read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// How it ended.
    pub kind: VerdictKind,
    /// What it used.
    pub usage: Usage,
}

/// Runs jobs. One call, one job, one verdict; a fault of one job never reaches another.
#[async_trait]
pub trait JobRunner: Send + Sync {
    /// Run a job to its verdict. Dropping the future interrupts the job.
    async fn run(&self, spec: JobSpec, control: JobControl, host: Arc<dyn JobHost>) -> Verdict;
}
