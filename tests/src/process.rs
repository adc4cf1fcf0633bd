//! A program under test: its output line by line, its end, and what to show when it does otherwise than
//! expected.

use std::io::Write as _;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long anything may take that a test waits for: generous, since a loaded machine is slow, and only
/// failures pay for it.
pub(crate) const DEADLINE: Duration = Duration::from_secs(480);

/// Lines of output in a failure.
const SHOWN: usize = 120;

#[derive(Default)]
struct Seen {
    lines: Vec<String>,
    open: usize,
    status: Option<ExitStatus>,
}

/// A running program. Dropped, it is killed.
pub struct Process {
    name: String,
    pid: Pid,
    seen: watch::Receiver<Seen>,
    // Readers of the two streams, and the owner of the child, which kills it when dropped.
    _tasks: JoinSet<()>,
}

impl Process {
    /// Start a command; both streams are read, nothing is inherited.
    #[must_use]
    pub fn start(name: &str, mut command: Command) -> Process {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let pid = child
            .id()
            .and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let pid = pid.expect("a child that just started has an id");
        let (sender, seen) = watch::channel(Seen {
            open: 2,
            ..Seen::default()
        });
        let mut tasks = JoinSet::new();
        tasks.spawn(read(
            child.stdout.take().expect("stdout is a pipe"),
            sender.clone(),
        ));
        tasks.spawn(read(
            child.stderr.take().expect("stderr is a pipe"),
            sender.clone(),
        ));
        tasks.spawn(async move {
            let status = child.wait().await.ok();
            sender.send_modify(|seen| seen.status = status);
        });
        Process {
            name: name.to_owned(),
            pid,
            seen,
            _tasks: tasks,
        }
    }

    /// The process's id.
    #[must_use]
    pub fn id(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// Lines so far: a place to wait from.
    #[must_use]
    pub fn mark(&self) -> usize {
        self.seen.borrow().lines.len()
    }

    /// All output so far.
    #[must_use]
    pub fn output(&self) -> String {
        self.seen.borrow().lines.join("\n")
    }

    /// Lines so far that contain a text.
    #[must_use]
    pub fn lines_with(&self, text: &str) -> Vec<String> {
        let seen = self.seen.borrow();
        seen.lines
            .iter()
            .filter(|line| line.contains(text))
            .cloned()
            .collect()
    }

    /// The first line that contains a text, waited for.
    pub async fn line(&self, text: &str) -> String {
        self.line_after(0, text).await
    }

    /// The first line after a mark that contains a text.
    pub async fn line_after(&self, mark: usize, text: &str) -> String {
        let found = |line: &str| line.contains(text).then(|| line.to_owned());
        self.find(mark, &format!("a line with {text:?}"), found)
            .await
    }

    /// The first line after a mark that `found` makes something of.
    pub async fn find<T>(&self, mark: usize, what: &str, found: impl Fn(&str) -> Option<T>) -> T {
        self.find_within(DEADLINE, mark, what, found).await
    }

    /// The same with another deadline.
    pub async fn find_within<T>(
        &self,
        deadline: Duration,
        mark: usize,
        what: &str,
        found: impl Fn(&str) -> Option<T>,
    ) -> T {
        let mut seen = self.seen.clone();
        let mut next = mark;
        let mut result = None;
        let waited = timeout(
            deadline,
            seen.wait_for(|seen| {
                let new = seen.lines.get(next..).unwrap_or_default();
                result = new.iter().find_map(|line| found(line));
                next = next.max(seen.lines.len());
                result.is_some() || (seen.open == 0 && seen.status.is_some())
            }),
        )
        .await
        .map(|_| ());
        match (result, waited) {
            (Some(found), _) => found,
            (None, Ok(())) => self.fail(&format!("ended before it printed {what}")),
            (None, Err(_)) => self.fail(&format!("did not print {what} in {deadline:?}")),
        }
    }

    /// Whether a line contains a text, now or within a while.
    pub async fn says(&self, text: &str, within: Duration) -> bool {
        let mut seen = self.seen.clone();
        let said = |seen: &Seen| seen.lines.iter().any(|line| line.contains(text));
        timeout(within, seen.wait_for(said))
            .await
            .is_ok_and(|waited| waited.is_ok())
    }

    /// Send a signal.
    pub fn signal(&self, signal: Signal) {
        // It may have ended by itself: then the wait for its end says so.
        let _ = kill_process(self.pid, signal);
    }

    /// Let it write files of so many bytes and no more, or of any size again: with 0 it is as if every disk were full. Its
    /// start was one by [`deaf_to_file_limits`], or this ends it.
    pub fn limit_files(&self, bytes: Option<u64>) {
        let limit = Rlimit {
            current: bytes,
            maximum: None,
        };
        prlimit(Some(self.pid), Resource::Fsize, limit).expect("a limit of one's own process");
    }

    /// SIGKILL, and wait until it is gone.
    pub async fn kill(&self) {
        self.signal(Signal::KILL);
        self.ended().await;
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// Whether it has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.seen.borrow().status.is_some()
    }

    /// How it ended, once it has and all of its output is read.
    pub async fn ended(&self) -> ExitStatus {
        let mut seen = self.seen.clone();
        let over = |seen: &Seen| seen.open == 0 && seen.status.is_some();
        match timeout(DEADLINE, seen.wait_for(over)).await {
            Ok(Ok(seen)) => seen.status.expect("it has ended"),
            Ok(Err(_)) => panic!("{}: nobody waits for it any more", self.name),
            Err(_) => self.fail(&format!("did not end in {DEADLINE:?}")),
        }
    }

    /// A failure that shows the last lines of output.
    pub fn fail(&self, what: &str) -> ! {
        let seen = self.seen.borrow();
        let from = seen.lines.len().saturating_sub(SHOWN);
        panic!(
            "{} {what}; its last {} lines:\n{}\n",
            self.name,
            seen.lines.len() - from,
            seen.lines[from..].join("\n")
        );
    }
}

async fn read(stream: impl AsyncRead + Unpin, sender: watch::Sender<Seen>) {
    let mut lines = BufReader::new(stream).split(b'\n');
    while let Ok(Some(line)) = lines.next_segment().await {
        let line = String::from_utf8_lossy(&line).into_owned();
        sender.send_modify(|seen| seen.lines.push(line));
    }
    sender.send_modify(|seen| seen.open -= 1);
}

/// What to start a program by, so that it and what it starts have a limit of the shell's `ulimit`.
#[must_use]
pub fn with_ulimit(option: &str, value: u64) -> Vec<String> {
    after(&format!("ulimit {option} {value}"))
}

/// What to start a program by, so that it is told of a limit on files by an error and not by a signal that ends it.
#[must_use]
pub fn deaf_to_file_limits() -> Vec<String> {
    after("trap '' XFSZ")
}

/// What to start a program by, so that the shell has done this to the process before.
fn after(command: &str) -> Vec<String> {
    let script = format!("{command} && exec \"$@\"");
    ["sh", "-c", &script, "sh"].map(str::to_owned).into()
}

/// Run a command to its end: status, standard output, standard error.
pub async fn finished(mut command: Command) -> (i32, String, String) {
    command.stdin(Stdio::null()).kill_on_drop(true);
    let shown = format!("{:?}", command.as_std());
    let output = timeout(DEADLINE * 4, command.output())
        .await
        .unwrap_or_else(|_| panic!("{shown} did not end in {:?}", DEADLINE * 4))
        .unwrap_or_else(|error| panic!("{shown} does not start: {error}"));
    (
        output.status.code().unwrap_or(-1),
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// Say that something was not tested, where it is seen: what a passing test prints is kept back.
pub fn skipped(what: &str) {
    // Nobody is left to tell where standard error is closed.
    let _ = writeln!(std::io::stderr(), "*** SKIPPED: {what}");
}
