//! The door of the guest that has escaped: system calls, and more, made in the process that runs it.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use pipefitter_sandbox::Fault;

use crate::harness::{Case, Host, Ran, guest};

#[path = "../child/natives.rs"]
pub(crate) mod natives;

pub(crate) fn host() -> &'static Host {
    static HOST: LazyLock<Host> = LazyLock::new(|| Host::of(&guest("escape")));
    &HOST
}

/// One call, by its number, its arguments and what stands in for pointers among them.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) name: &'static str,
    number: libc::c_long,
    arguments: Vec<i64>,
    buffers: Vec<(usize, String)>,
}

pub(crate) fn call(name: &'static str, number: libc::c_long, arguments: &[i64]) -> Call {
    Call {
        name,
        number,
        arguments: arguments.to_vec(),
        buffers: Vec::new(),
    }
}

impl Call {
    pub(crate) fn with(mut self, at: usize, content: impl Into<String>) -> Call {
        self.buffers.push((at, content.into()));
        self
    }

    /// With more than the call itself: see `natives`.
    pub(crate) fn and(mut self, native: i64) -> Call {
        self.number |= native;
        self
    }

    pub(crate) fn case(&self) -> Case {
        self.of(Case::new("escape"))
    }

    /// A case that makes it.
    pub(crate) fn of(&self, case: Case) -> Case {
        let arguments: Vec<String> = self.arguments.iter().map(i64::to_string).collect();
        let buffers: Vec<String> = self
            .buffers
            .iter()
            .map(|(at, content)| format!("{at}={content}"))
            .collect();
        case.set("call", &self.number.to_string())
            .set("arguments", &arguments.join(" "))
            .set("buffers", &buffers.join("|"))
    }

    pub(crate) async fn run(&self) -> Ran {
        self.case().output("out").run_on(host()).await
    }

    pub(crate) async fn answer(&self) -> i64 {
        self.run().await.variable("answer").parse().unwrap()
    }

    pub(crate) async fn ends_the_process(&self) {
        let ran = self.run().await;
        match ran.fault() {
            Fault::Crashed(what) => assert!(what.contains("forbidden"), "{}: {what}", self.name),
            other => panic!("{}: {other:?}", self.name),
        }
    }

    pub(crate) async fn is_denied(&self) {
        let answer = self.answer().await;
        assert_eq!(answer, -i64::from(libc::EACCES), "{}", self.name);
    }
}

pub(crate) const CWD: i64 = libc::AT_FDCWD as i64;

pub(crate) fn parent() -> i64 {
    i64::from(std::process::id())
}

pub(crate) fn open(path: &Path, flags: i32) -> Call {
    let path = path.to_str().unwrap();
    call(
        "openat",
        libc::SYS_openat,
        &[CWD, 0, i64::from(flags), 0o600],
    )
    .with(1, path)
}

/// Unmaps everything: the kernel ends the process at its next instruction.
pub(crate) fn crash() -> Call {
    call("munmap", libc::SYS_munmap, &[0, 0x7fff_ffff_f000])
}

/// An hour in a call that no clock of the guest's can interrupt.
pub(crate) fn hang() -> Case {
    let hour = "!100e0000000000000000000000000000";
    let sleep = call("nanosleep", libc::SYS_nanosleep, &[0, 0]);
    sleep.with(0, hour).case()
}

/// What a child says, as it goes through the pipe.
pub(crate) fn frame(json: &str) -> Vec<u8> {
    let mut bytes = u32::try_from(json.len()).unwrap().to_le_bytes().to_vec();
    bytes.extend_from_slice(json.as_bytes());
    bytes
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A child, as anybody sees it from outside: none of these files takes any right.
pub(crate) struct Seen {
    pub(crate) pid: u32,
    status: String,
}

impl Seen {
    /// The one child that may write files of this size and no larger ones: a case of this test's alone.
    pub(crate) fn with_file_size(bytes: u64) -> Seen {
        let limit = |pid: &u32| {
            let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap_or_default();
            let line = limits
                .lines()
                .find_map(|line| line.strip_prefix("Max file size"));
            line.and_then(|line| line.split_whitespace().next()?.parse().ok()) == Some(bytes)
        };
        let all = fs::read_dir("/proc").unwrap();
        let mut found = all
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter(limit);
        let pid = found.next().expect("a child with this limit");
        assert_eq!(found.next(), None, "another one has the same limit");
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let seen = Seen { pid, status };
        assert_eq!(seen.field("PPid:"), std::process::id().to_string());
        seen
    }

    pub(crate) fn field(&self, name: &str) -> &str {
        let line = self.status.lines().find_map(|line| line.strip_prefix(name));
        line.expect("a line of the status").trim()
    }
}
