//! A job in few words, and what came of it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use pipefitter_sandbox::{
    ActionType, CodeRef, DirectoryGrant, DiskLimits, EventSink, Fault, InProcess, InputDir, Job,
    JobControl, JobRunner, JobSpec, Limits, LogLine, Outcome, OutputDir, PipelineContext, Sandbox,
    SandboxConfig, SealKey, StopHandle, Success, Verdict, VerdictKind,
};
use tempfile::TempDir;
use tokio::sync::watch;

const PROBE: &str = "wasm32-wasip2/guest/pipefitter_test_probe.wasm";

/// The component, from the target directory that this test was built into.
pub(crate) fn probe() -> &'static [u8] {
    static PROBE_WASM: LazyLock<Vec<u8>> = LazyLock::new(|| {
        let test = std::env::current_exe().expect("the test's own path");
        let found = test.ancestors().map(|dir| dir.join(PROBE));
        let path = found.into_iter().find(|path| path.is_file());
        let path = path.unwrap_or_else(|| {
            panic!(
                "the probe is not built; run: cargo build -p pipefitter-test-probe \
                 --profile guest --target wasm32-wasip2"
            )
        });
        std::fs::read(path).expect("the probe")
    });
    &PROBE_WASM
}

pub(crate) fn sandbox() -> Arc<Sandbox> {
    let mut config = SandboxConfig::new(SealKey::ephemeral().unwrap());
    config.guest_threads = 2;
    Sandbox::new(config).unwrap()
}

/// A runner with the probe compiled for it.
pub(crate) struct Host {
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) runner: InProcess,
    pub(crate) code: CodeRef,
    _dir: TempDir,
}

impl Host {
    pub(crate) fn new() -> Host {
        let sandbox = sandbox();
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("probe");
        std::fs::write(&path, sandbox.compile(probe()).unwrap()).unwrap();
        Host {
            runner: InProcess::new(sandbox.clone()).unwrap(),
            code: CodeRef {
                id: format!("probe-{}", sandbox.compatibility()),
                path,
            },
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
}

#[async_trait]
impl EventSink for Recorder {
    fn log(&self, line: LogLine) {
        self.lines.send_modify(|lines| lines.push(line));
    }

    fn progress(&self, percent: Option<u8>, summary: String) {
        self.progress
            .send_modify(|progress| progress.push((percent, summary)));
    }
}

impl Recorder {
    pub(crate) fn new() -> Arc<Recorder> {
        Arc::new(Recorder {
            lines: watch::Sender::new(Vec::new()),
            progress: watch::Sender::new(Vec::new()),
        })
    }

    /// Wait until the job has written a line with this text.
    pub(crate) async fn said(&self, text: &str) {
        let mut lines = self.lines.subscribe();
        let has = |lines: &Vec<LogLine>| lines.iter().any(|line| line.text.contains(text));
        lines.wait_for(has).await.unwrap();
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
            directories: Vec::new(),
            limits: Limits {
                wall: Duration::from_secs(60),
                cpu: Duration::from_secs(30),
                memory_bytes: 256 << 20,
                log_bytes: 1 << 20,
                disk: DiskLimits::default(),
            },
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

    pub(crate) fn limits(mut self, change: impl FnOnce(&mut Limits)) -> Case {
        change(&mut self.spec.limits);
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

    pub(crate) fn scratch(mut self) -> Case {
        self.spec.scratch = Some(self.make("scratch"));
        self
    }

    pub(crate) fn granted(mut self, guest: &str, write: bool) -> Case {
        let host = self.make("granted");
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
