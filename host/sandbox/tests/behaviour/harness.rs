//! A job in few words, and what came of it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use pipefitter_sandbox::{
    ActionType, ChildProcess, CodeRef, CommandDir, DirectoryGrant, Fault, Fixed, InProcess,
    InputDir, Isolation, IsolationFloor, Job, JobControl, JobHost, JobRunner, JobSpec, Launcher,
    Limit, Limits, LogLine, Outcome, OutputDir, PipelineContext, Sandbox, SandboxConfig, SealKey,
    SecretError, StopHandle, Success, TestImports, Verdict, VerdictKind,
};
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::sync::watch;

use crate::ISOLATION;

/// The component, from the target directory that this test was built into.
pub(crate) fn probe() -> &'static [u8] {
    static PROBE: LazyLock<Vec<u8>> = LazyLock::new(|| guest("probe"));
    &PROBE
}

/// A component of `tests/guests`.
pub(crate) fn guest(name: &str) -> Vec<u8> {
    guest_for("wasm32-wasip2", name)
}

/// What is built of it for a target.
pub(crate) fn guest_for(target: &str, name: &str) -> Vec<u8> {
    let file = format!("{target}/guest/pipefitter_test_{name}.wasm");
    let test = std::env::current_exe().expect("the test's own path");
    let found = test.ancestors().map(|dir| dir.join(&file));
    let path = found.into_iter().find(|path| path.is_file());
    let path = path.unwrap_or_else(|| {
        panic!(
            "{file} is not built; run: cargo build -p pipefitter-test-{name} \
             --profile guest --target {target}"
        )
    });
    std::fs::read(path).expect("the guest")
}

pub(crate) fn sandbox() -> Arc<Sandbox> {
    let mut config = SandboxConfig::new(SealKey::ephemeral().unwrap());
    config.guest_threads = 2;
    match ISOLATION {
        // A child brings its own.
        Isolation::Process => config.launcher = Some(launcher()),
        Isolation::Shared => {
            config.test_imports = Some(TestImports {
                syscall: |_, _, _| -i64::from(libc::ENOSYS),
            });
        }
    }
    Sandbox::new(config).unwrap()
}

/// One for all: what it starts ends with the thread that started it, and this one stays.
pub(crate) fn launcher() -> Arc<Launcher> {
    static LAUNCHER: LazyLock<Arc<Launcher>> =
        LazyLock::new(|| Launcher::start(env!("CARGO_BIN_EXE_sandbox-child")).unwrap());
    LAUNCHER.clone()
}

/// Whichever this suite is about.
pub(crate) enum Runner {
    Shared(InProcess),
    Process(ChildProcess),
}

impl Runner {
    pub(crate) fn new(sandbox: &Arc<Sandbox>) -> Runner {
        match ISOLATION {
            Isolation::Shared => Runner::Shared(InProcess::new(sandbox.clone()).unwrap()),
            Isolation::Process => Runner::Process(ChildProcess::new(
                sandbox.clone(),
                launcher(),
                IsolationFloor::Full,
            )),
        }
    }

    pub(crate) fn running(&self) -> usize {
        match self {
            Runner::Shared(runner) => runner.running(),
            Runner::Process(runner) => runner.running(),
        }
    }

    pub(crate) async fn settled(&self) {
        match self {
            Runner::Shared(runner) => runner.settled().await,
            Runner::Process(runner) => runner.settled().await,
        }
    }

    pub(crate) async fn run(
        &self,
        spec: JobSpec,
        control: JobControl,
        events: Arc<dyn JobHost>,
    ) -> Verdict {
        match self {
            Runner::Shared(runner) => runner.run(spec, control, events).await,
            Runner::Process(runner) => runner.run(spec, control, events).await,
        }
    }
}

/// A runner with the probe compiled for it.
pub(crate) struct Host {
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) runner: Runner,
    pub(crate) code: CodeRef,
    _dir: TempDir,
}

impl Host {
    pub(crate) fn new() -> Host {
        Host::of(probe())
    }

    /// With another component in the probe's place.
    pub(crate) fn of(wasm: &[u8]) -> Host {
        let sandbox = sandbox();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("probe");
        let id = format!("probe-{}", sandbox.compatibility());
        std::fs::write(&path, sandbox.compile(&id, wasm, b"").unwrap()).unwrap();
        Host {
            runner: Runner::new(&sandbox),
            code: CodeRef { id, path },
            sandbox,
            _dir: dir,
        }
    }

    /// One for all tests that need none of their own.
    pub(crate) fn shared() -> &'static Host {
        static HOST: LazyLock<Host> = LazyLock::new(Host::new);
        &HOST
    }
}

/// What a job told while it ran.
pub(crate) struct Recorder {
    lines: watch::Sender<Vec<LogLine>>,
    progress: watch::Sender<Vec<(Option<u8>, String)>>,
    secrets: AtomicUsize,
}

#[async_trait]
impl JobHost for Recorder {
    fn log(&self, line: LogLine) {
        self.lines.send_modify(|lines| lines.push(line));
    }

    fn progress(&self, percent: Option<u8>, summary: String) {
        self.progress
            .send_modify(|progress| progress.push((percent, summary)));
    }

    async fn secret(&self, name: &str) -> Result<SecretString, SecretError> {
        self.secrets.fetch_add(1, Ordering::Relaxed);
        match name {
            "large" => Ok(SecretString::from("s".repeat(64 << 10))),
            "api-token" => Ok(SecretString::from("s3cr3t")),
            _ => Err(SecretError::Missing),
        }
    }
}

impl Recorder {
    pub(crate) fn new() -> Arc<Recorder> {
        Arc::new(Recorder {
            lines: watch::Sender::new(Vec::new()),
            progress: watch::Sender::new(Vec::new()),
            secrets: AtomicUsize::new(0),
        })
    }

    /// How many secrets the job was given, or refused.
    pub(crate) fn secrets(&self) -> usize {
        self.secrets.load(Ordering::Relaxed)
    }

    /// Wait until the job has written a line with this text.
    pub(crate) async fn said(&self, text: &str) {
        let mut lines = self.lines.subscribe();
        let has = |lines: &Vec<LogLine>| lines.iter().any(|line| line.text.contains(text));
        lines.wait_for(has).await.unwrap();
    }

    /// Wait until the job has told any progress.
    pub(crate) async fn progressed(&self) {
        let mut progress = self.progress.subscribe();
        progress.wait_for(|told| !told.is_empty()).await.unwrap();
    }
}

/// A job to run.
pub(crate) struct Case {
    dir: TempDir,
    pub(crate) spec: JobSpec,
    pub(crate) stop: StopHandle,
    control: JobControl,
    pub(crate) events: Arc<Recorder>,
}

impl Case {
    pub(crate) fn new(action: &str) -> Case {
        let (stop, control) = JobControl::new();
        let spec = JobSpec {
            code: Host::shared().code.clone(),
            plugin: "probe".into(),
            job: Job {
                id: "job-1".into(),
                attempt: 1,
                account_id: Some("123456789012".into()),
                action_type: ActionType {
                    category: "Build".into(),
                    owner: "Custom".into(),
                    provider: "Probe".into(),
                    version: "1".into(),
                },
                configuration: vec![("do".into(), action.into())],
                pipeline: PipelineContext {
                    pipeline: "pipe".into(),
                    stage: "stage".into(),
                    action: "action".into(),
                    pipeline_arn: None,
                    pipeline_execution_id: Some("e-1".into()),
                    action_execution_id: None,
                },
                continuation_token: None,
                attributes: vec![("region".into(), "eu-central-1".into())],
            },
            inputs: Vec::new(),
            outputs: Vec::new(),
            scratch: None,
            command: None,
            directories: Vec::new(),
            limits: Limits::default()
                .with(Limit::WallTime, 60_000)
                .with(Limit::CpuTime, 30_000),
            isolation: ISOLATION,
            network: false,
            secrets: false,
            fixed: Fixed::default(),
        };
        Case {
            dir: tempfile::tempdir().unwrap(),
            spec,
            stop,
            control,
            events: Recorder::new(),
        }
    }

    pub(crate) fn set(mut self, key: &str, value: &str) -> Case {
        self.spec.job.configuration.push((key.into(), value.into()));
        self
    }

    /// Milliseconds, bytes or pieces.
    pub(crate) fn limit(mut self, limit: Limit, value: u64) -> Case {
        self.spec.limits = self.spec.limits.with(limit, value);
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn make(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    pub(crate) fn input(mut self, name: &str, files: &[(&str, &str)]) -> Case {
        let host = self.make(&format!("in-{}", self.spec.inputs.len()));
        for (file, content) in files {
            let path = host.join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        self.spec.inputs.push(InputDir {
            name: name.into(),
            host,
            file: None,
            revision: Some("rev".into()),
        });
        self
    }

    pub(crate) fn output(mut self, name: &str) -> Case {
        let host = self.make(&format!("out-{}", self.spec.outputs.len()));
        self.spec.outputs.push(OutputDir {
            name: name.into(),
            host,
        });
        self
    }

    /// With a directory for its job; the file has no values of these names.
    pub(crate) fn command(mut self, without: &[&str]) -> Case {
        self.spec.command = Some(CommandDir {
            host: self.make("job"),
            without: without.iter().map(|name| (*name).to_owned()).collect(),
        });
        self
    }

    pub(crate) fn scratch(mut self) -> Case {
        self.spec.scratch = Some(self.make("scratch"));
        self
    }

    /// On the host it is `granted`, a second one `granted-1`.
    pub(crate) fn granted(mut self, guest: &str, write: bool) -> Case {
        let host = match self.spec.directories.len() {
            0 => self.make("granted"),
            before => self.make(&format!("granted-{before}")),
        };
        self.spec.directories.push(DirectoryGrant {
            host,
            guest: guest.into(),
            write,
        });
        self
    }

    pub(crate) async fn run(self) -> Ran {
        self.run_on(Host::shared()).await
    }

    pub(crate) async fn run_on(mut self, host: &Host) -> Ran {
        self.spec.code = host.code.clone();
        let spec = self.spec.clone();
        let verdict = host
            .runner
            .run(spec, self.control.clone(), self.events.clone())
            .await;
        Ran {
            verdict,
            case: self,
        }
    }
}

/// What came of it.
pub(crate) struct Ran {
    pub(crate) verdict: Verdict,
    pub(crate) case: Case,
}

impl Ran {
    pub(crate) fn success(&self) -> &Success {
        match &self.verdict.kind {
            VerdictKind::Answered(Ok(Outcome::Succeeded(success))) => success,
            other => panic!("no success: {other:?}; log: {:?}", self.texts()),
        }
    }

    pub(crate) fn variable(&self, name: &str) -> &str {
        let found = self.success().variables.iter().find(|(n, _)| n == name);
        &found.unwrap_or_else(|| panic!("no variable {name}")).1
    }

    pub(crate) fn fault(&self) -> &Fault {
        match &self.verdict.kind {
            VerdictKind::Fault(fault) => fault,
            other => panic!("no fault: {other:?}"),
        }
    }

    pub(crate) fn lines(&self) -> Vec<LogLine> {
        self.case.events.lines.borrow().clone()
    }

    pub(crate) fn texts(&self) -> Vec<String> {
        self.lines().into_iter().map(|line| line.text).collect()
    }

    pub(crate) fn progress(&self) -> Vec<(Option<u8>, String)> {
        self.case.events.progress.borrow().clone()
    }
}

/// The files that this process has open below a directory.
pub(crate) fn open_below(dir: &Path) -> usize {
    let open = std::fs::read_dir("/proc/self/fd").unwrap();
    let targets = open.filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok());
    targets.filter(|target| target.starts_with(dir)).count()
}
