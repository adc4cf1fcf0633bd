//! A process that a worker started, looked at from outside.

use std::fmt::Display;
use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, getpgid, pidfd_open, pidfd_send_signal,
    set_child_subreaper, waitid,
};
use tokio::time::{Instant, sleep, timeout};

use crate::process::DEADLINE;
use crate::vitals::children_of;

/// Between two looks: the kernel tells only a parent that a process has stopped.
const LOOK: Duration = Duration::from_millis(10);

/// The process that runs a job. Every look at it fails the test where the kernel does not let it be seen.
pub struct Child {
    pid: Pid,
    handle: Arc<OwnedFd>,
}

impl Child {
    /// The only one of a process.
    #[must_use]
    pub fn only_one_of(parent: i32) -> Child {
        let children = children_of(parent);
        let [child] = children.as_slice() else {
            panic!("process {parent} has the children {children:?}, not one that /proc shows");
        };
        let pid = Pid::from_raw(*child).expect("a process has an id");
        let handle = pidfd_open(pid, PidfdFlags::empty()).expect("the child still runs");
        Child {
            pid,
            handle: Arc::new(handle),
        }
    }

    /// The one that compiles for a process, waited for.
    ///
    /// # Panics
    /// There is none in time.
    pub async fn compiler_of(parent: i32) -> Child {
        let compiles = |child: &i32| {
            // It may be one that only looks, and gone again.
            fs::read(format!("/proc/{child}/cmdline"))
                .is_ok_and(|line| line.split(|&byte| byte == 0).nth(2) == Some(b"compile"))
        };
        let until = Instant::now() + DEADLINE;
        loop {
            if let Some(child) = children_of(parent).into_iter().find(compiles) {
                let pid = Pid::from_raw(child).expect("a process has an id");
                let handle = pidfd_open(pid, PidfdFlags::empty()).expect("the child still runs");
                return Child {
                    pid,
                    handle: Arc::new(handle),
                };
            }
            assert!(Instant::now() < until, "process {parent} compiles nothing");
            sleep(LOOK).await;
        }
    }

    /// The number of its process group.
    #[must_use]
    pub fn group(&self) -> i32 {
        let group = getpgid(Some(self.pid)).expect("a process has a group");
        group.as_raw_nonzero().get()
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    /// A value that the kernel tells of each of its threads, and that they must have in common.
    #[must_use]
    pub fn status(&self, key: &str) -> String {
        let mut values = self.statuses(key);
        values.dedup();
        match values.as_slice() {
            [value] => value.clone(),
            _ => panic!("threads of {} differ in {key}: {values:?}", self.id()),
        }
    }

    fn statuses(&self, key: &str) -> Vec<String> {
        let folder = format!("/proc/{}/task", self.id());
        let threads = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
        threads
            .map(|thread| {
                let thread = thread.expect("the threads can be listed").path();
                read_status(thread.display(), key)
            })
            .collect()
    }

    /// Send it a signal.
    pub fn signal(&self, signal: Signal) {
        pidfd_send_signal(&*self.handle, signal).expect("the child still runs");
    }

    /// Stop it, and wait until it has stopped.
    pub async fn stop(&self) {
        self.signal(Signal::STOP);
        let until = Instant::now() + DEADLINE;
        let stopped = |state: &String| state.starts_with('T');
        while !self.statuses("State").iter().all(stopped) {
            assert!(Instant::now() < until, "{} does not stop", self.id());
            sleep(LOOK).await;
        }
    }

    /// Have it become a child of the test when its parent ends: so the test learns how it ends, and the kernel does not
    /// continue it, as it does for one that is stopped and left alone in its session.
    pub fn inherit(&self) {
        set_child_subreaper(Some(rustix::process::getpid())).expect("the test may take in orphans");
    }

    /// The signal that ended it, waited for. Its parent has ended, and the test inherits it.
    pub async fn ended_by(&self) -> Option<i32> {
        let handle = self.handle.clone();
        let waiting = tokio::task::spawn_blocking(move || {
            waitid(WaitId::PidFd(handle.as_fd()), WaitIdOptions::EXITED)
        });
        let Ok(waited) = timeout(DEADLINE, waiting).await else {
            let states = self.statuses("State");
            // Else the thread that waits would wait on.
            self.signal(Signal::KILL);
            panic!("{} does not end: {states:?}", self.id());
        };
        let status = waited.expect("nothing panics").expect("it is the test's");
        status.and_then(|status| status.terminating_signal())
    }
}

/// The soft and the hard value of a process's resource limit, as /proc names it.
#[must_use]
pub fn limits_of(process: i32, resource: &str) -> (String, String) {
    let path = format!("/proc/{process}/limits");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let line = text.lines().find_map(|line| line.strip_prefix(resource));
    let mut values = line
        .unwrap_or_else(|| panic!("{path} has no {resource:?}:\n{text}"))
        .split_whitespace()
        .map(str::to_owned);
    let mut next = || values.next().expect("a limit has two values");
    (next(), next())
}

/// A value that the kernel tells of a process.
#[must_use]
pub fn status_of(process: i32, key: &str) -> String {
    read_status(format_args!("/proc/{process}"), key)
}

fn read_status(folder: impl Display, key: &str) -> String {
    let path = format!("{folder}/status");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let found = text
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| *name == key);
    let (_, value) = found.unwrap_or_else(|| panic!("{path} has no {key}:\n{text}"));
    value.trim().to_owned()
}
