//! The seam: what a runner is given, and what comes back.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::fs::DiskLimits;
use crate::job::{DirectoryGrant, Failure, InputDir, Job, Outcome, OutputDir};

/// Sealed compiled code: an id to share a loaded component by, and the file that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CodeRef {
    /// The plugin's digest and the engine's compatibility hash.
    pub id: String,
    /// The sealed code, made by [`crate::Sandbox::compile`].
    pub path: PathBuf,
}

/// The limits of one job. Every one holds from instantiate on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// From start to verdict, waiting included.
    pub wall: Duration,
    /// Thread CPU time of the guest and the host calls it makes.
    pub cpu: Duration,
    /// Bytes, summed over all linear memories and tables.
    pub memory_bytes: u64,
    /// Bytes of log that are kept; what is over is dropped and counted.
    pub log_bytes: u64,
    /// What may be written, and held open.
    #[serde(default)]
    pub disk: DiskLimits,
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
    /// Host directories that the operator granted.
    pub directories: Vec<DirectoryGrant>,
    /// What the job may use.
    pub limits: Limits,
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

/// Where a running job's log lines and progress go. Called from the guest's thread: must not block.
pub trait EventSink: Send + Sync {
    /// A line of the log.
    fn log(&self, line: LogLine);
    /// How far the job is.
    fn progress(&self, percent: Option<u8>, summary: String);
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

/// A limit, as it is named in a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// [`Limits::wall`].
    WallTime,
    /// [`Limits::cpu`].
    CpuTime,
    /// [`Limits::memory_bytes`].
    Memory,
    /// Instances, memories or tables.
    Instances,
    /// Wasm stack.
    Stack,
    /// Data handed to the host in one call.
    HostcallData,
    /// Resource and component handles.
    Handles,
    /// [`DiskLimits::bytes`].
    DiskBytes,
    /// [`DiskLimits::files`].
    Files,
    /// [`DiskLimits::file_bytes`].
    FileBytes,
    /// [`DiskLimits::depth`].
    Depth,
    /// [`DiskLimits::open_files`].
    OpenFiles,
    /// [`DiskLimits::directory_streams`].
    DirectoryStreams,
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
    /// A limit was hit; the first one, whatever the guest made of it.
    Limit {
        /// Which.
        limit: Limit,
        /// Its value with a unit, such as `256 MiB`.
        value: String,
    },
    /// The code could not be loaded, linked or instantiated.
    Start(String),
    /// The host side failed: a panic, a directory that is not there.
    Host(String),
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
    /// Peak of what was charged to [`DiskLimits::bytes`].
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
    async fn run(&self, spec: JobSpec, control: JobControl, events: Arc<dyn EventSink>) -> Verdict;
}
