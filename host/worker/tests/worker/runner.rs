//! A runner that does what a job's configuration key `do` says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use pipefitter_sandbox::{
    Continuation, ExecutionDetails, Failure, FailureKind, Fault, JobControl, JobHost, JobRunner,
    JobSpec, Level, LogLine, Outcome, StopReason, Success, Usage, Verdict, VerdictKind,
};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};

#[derive(Clone)]
pub(crate) struct Runner {
    /// Runs begun, by job id and attempt.
    pub(crate) begun: Arc<watch::Sender<Vec<(String, u32)>>>,
    running: Arc<AtomicUsize>,
    pub(crate) most: Arc<AtomicUsize>,
    specs: mpsc::UnboundedSender<JobSpec>,
    /// Why plugins were told to stop.
    pub(crate) stopped: Arc<watch::Sender<Vec<StopReason>>>,
    /// For `do = "script"`.
    pub(crate) script: Arc<watch::Sender<Script>>,
}

/// What a plugin says, and what it comes to.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) lines: Vec<LogLine>,
    pub(crate) progress: Vec<String>,
    pub(crate) end: VerdictKind,
    pub(crate) usage: Usage,
}

struct Count<'a>(&'a AtomicUsize);

impl Drop for Count<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Runner {
    pub(crate) fn new() -> (Runner, mpsc::UnboundedReceiver<JobSpec>) {
        let (specs, seen) = mpsc::unbounded_channel();
        let runner = Runner {
            begun: Arc::new(watch::channel(Vec::new()).0),
            running: Arc::default(),
            most: Arc::default(),
            specs,
            stopped: Arc::new(watch::channel(Vec::new()).0),
            script: Arc::new(watch::Sender::new(Script {
                lines: Vec::new(),
                progress: Vec::new(),
                end: success(),
                usage: Usage::default(),
            })),
        };
        (runner, seen)
    }

    pub(crate) async fn until_begun(&self, count: usize) {
        let mut begun = self.begun.subscribe();
        timeout(
            Duration::from_secs(3600),
            begun.wait_for(|begun| begun.len() >= count),
        )
        .await
        .expect("the runs begin")
        .unwrap();
    }
}

/// The seam gives a runner of another crate no way to read the stop signal but its `Debug`.
fn stop_of(control: &JobControl) -> Option<StopReason> {
    let shown = format!("{control:?}");
    if shown.contains("is_cancelled: true") || shown.contains("reason: Cancelled") {
        Some(StopReason::Cancelled)
    } else if shown.contains("HandOver") {
        Some(StopReason::HandOver)
    } else {
        None
    }
}

async fn stopped(control: &JobControl) -> StopReason {
    loop {
        if let Some(reason) = stop_of(control) {
            return reason;
        }
        sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) fn success() -> VerdictKind {
    VerdictKind::Answered(Ok(Outcome::Succeeded(Success {
        variables: vec![("pages".to_owned(), "12".to_owned())],
        details: ExecutionDetails {
            summary: Some("12 pages".to_owned()),
            ..ExecutionDetails::default()
        },
        current_revision: None,
    })))
}

fn in_progress(token: &str) -> VerdictKind {
    VerdictKind::Answered(Ok(Outcome::InProgress(Continuation {
        token: token.to_owned(),
        details: ExecutionDetails::default(),
    })))
}

#[async_trait]
impl JobRunner for Runner {
    async fn run(&self, spec: JobSpec, control: JobControl, events: Arc<dyn JobHost>) -> Verdict {
        let now = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        let _count = Count(&self.running);
        self.most.fetch_max(now, Ordering::SeqCst);
        self.begun
            .send_modify(|begun| begun.push((spec.job.id.clone(), spec.job.attempt)));
        let _ = self.specs.send(spec.clone());
        let setting = |name: &str| {
            let found = spec.job.configuration.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let mut usage = Usage::default();
        let kind = match setting("do").as_str() {
            "ok" => success(),
            "sleep" => {
                let seconds = setting("seconds").parse().unwrap();
                tokio::select! {
                    () = sleep(Duration::from_secs(seconds)) => success(),
                    // A plugin that does not care for a request to hand over.
                    () = async {
                        while stop_of(&control) != Some(StopReason::Cancelled) {
                            sleep(Duration::from_millis(50)).await;
                        }
                    } => VerdictKind::Fault(Fault::Interrupted(None)),
                }
            }
            "hand-over" => match stopped(&control).await {
                StopReason::HandOver => in_progress("page 7"),
                StopReason::Cancelled => VerdictKind::Fault(Fault::Interrupted(None)),
            },
            "continue" => in_progress("step 2"),
            "half-way" => {
                events.progress(Some(40), "half of the pages".to_owned());
                in_progress("step 2")
            }
            "say" => {
                events.progress(Some(70), "nearly there".to_owned());
                success()
            }
            "until-stopped" => {
                let reason = stopped(&control).await;
                self.stopped.send_modify(|seen| seen.push(reason));
                success()
            }
            // It asks for nothing; the runner interrupts it when its grace is over, as a real one does.
            "deaf" => {
                let reason = stopped(&control).await;
                self.stopped.send_modify(|seen| seen.push(reason));
                sleep(Duration::from_secs(30)).await;
                VerdictKind::Fault(Fault::Interrupted(Some(reason)))
            }
            "reserved" => in_progress("pipefitter:1:{}"),
            "leak-token" => in_progress(&format!("with {}", setting("password"))),
            "fail" => VerdictKind::Answered(Err(Failure {
                kind: FailureKind::RevisionOutOfSync,
                message: format!("no: \u{1b}[31m{}\u{1b}[0m", setting("password")),
                external_execution_id: None,
            })),
            "trap" => VerdictKind::Fault(Fault::Trap {
                what: "wasm `unreachable` instruction executed".to_owned(),
                frames: vec!["site::run".to_owned()],
            }),
            "bad" => VerdictKind::Answered(Ok(Outcome::Succeeded(Success {
                variables: vec![("a b".to_owned(), "c".to_owned())],
                details: ExecutionDetails::default(),
                current_revision: None,
            }))),
            "twice" => VerdictKind::Answered(Ok(Outcome::Succeeded(Success {
                variables: vec![
                    ("a".to_owned(), "1".to_owned()),
                    ("a".to_owned(), "2".to_owned()),
                ],
                details: ExecutionDetails::default(),
                current_revision: None,
            }))),
            "log" => {
                events.log(LogLine {
                    level: Level::Info,
                    text: format!("password is {}", setting("password")),
                    fields: vec![("key".to_owned(), setting("password"))],
                    cut: false,
                });
                events.progress(Some(50), format!("with {}", setting("password")));
                success()
            }
            "script" => {
                let script = self.script.borrow().clone();
                for line in script.lines {
                    events.log(line);
                }
                for summary in script.progress {
                    events.progress(None, summary);
                }
                usage = script.usage;
                script.end
            }
            // Code that was damaged, and that somebody may have compiled again by the time that this run ends.
            "damaged" => {
                if !setting("password").is_empty() {
                    let fresh = spec.code.path.with_extension("fresh");
                    std::fs::write(&fresh, setting("password")).unwrap();
                    std::fs::rename(&fresh, &spec.code.path).unwrap();
                }
                VerdictKind::Fault(Fault::Code("it was changed".to_owned()))
            }
            "panic" => panic!("as the test wants it"),
            other => panic!("nothing is known of {other:?}"),
        };
        Verdict { kind, usage }
    }
}
