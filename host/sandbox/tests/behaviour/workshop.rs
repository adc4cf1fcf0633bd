//! The processes that look at strangers' files, compile and link: as locked as those of jobs, before they see a byte.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pipefitter_sandbox::{
    CompileLimits, IsolationFloor, Launcher, Sandbox, SandboxConfig, SandboxError, SealKey,
};

use crate::harness::{launcher, probe};

/// What comes of a file that tells what looks at it what to do: see `tests/child`.
fn look(file: &str) -> Result<String, SandboxError> {
    let seen = launcher().look(file.as_bytes(), IsolationFloor::Full)?;
    Ok(String::from_utf8(seen).unwrap())
}

/// How it ended, for one that did not answer.
fn failure(file: &str) -> String {
    look(file).unwrap_err().full()
}

#[test]
fn a_file_is_looked_at_and_what_is_seen_comes_back() {
    assert_eq!(look("count it").unwrap(), "8");
    let whole = format!("count {}", "x".repeat(20 << 20));
    assert_eq!(look(&whole).unwrap(), whole.len().to_string());
    assert_eq!(look("answer 5000000").unwrap().len(), 5_000_000);
    let mut config = SandboxConfig::new(SealKey::ephemeral().unwrap());
    config.launcher = Some(launcher());
    config.max_component_bytes = 100;
    let sandbox = Sandbox::new(config).unwrap();
    assert_eq!(sandbox.look(b"count it").unwrap(), b"8");
    assert!(matches!(
        sandbox.look(&[b'x'; 101]),
        Err(SandboxError::TooLarge { limit: 100, .. })
    ));
}

#[test]
fn what_looks_at_a_file_reaches_nothing() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    fs::write(&secret, "credential").unwrap();
    let parent = std::process::id();
    for path in [
        secret.path().to_str().unwrap(),
        "/etc/passwd",
        "/proc/self/environ",
        &format!("/proc/{parent}/environ"),
        &format!("/proc/{parent}/mem"),
    ] {
        let said = look(&format!("read {path}")).unwrap();
        assert!(said.contains("ermission denied"), "{path}: {said}");
    }
    let executable = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
    let anonymous = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    for call in [
        format!("{} 2 1 0", libc::SYS_socket),
        format!("{} 17 0 0 0 0", libc::SYS_clone),
        format!("{} {parent} 10", libc::SYS_kill),
        format!("{} {parent} 0", libc::SYS_pidfd_open),
        format!("{} 0 4096 {executable} {anonymous} -1 0", libc::SYS_mmap),
    ] {
        let said = failure(&format!("call {call}"));
        assert!(said.contains("SIGSYS"), "{call}: {said}");
    }
    let own = look(&format!("call {}", libc::SYS_getpid)).unwrap();
    assert_ne!(own, parent.to_string());
}

#[test]
fn what_looks_at_a_file_takes_no_more_than_it_may() {
    // All but the smallest machines would give so much.
    let said = failure(&format!("take {}", 2_u64 << 30));
    assert!(said.contains("memory allocation of 2147483648"), "{said}");
    let said = failure(&format!("answer {}", 9 << 20));
    assert!(said.contains("SIGXFSZ"), "{said}");
    let said = failure("panic on purpose");
    assert!(said.contains("panic on purpose"), "{said}");
    assert_eq!(look("count it").unwrap(), "8");
}

#[test]
fn a_plugins_own_limits_of_compiling_are_named() {
    let mut config = SandboxConfig::new(SealKey::ephemeral().unwrap());
    config.launcher = Some(launcher());
    let sandbox = Sandbox::new(config).unwrap();
    // No time at all: the one bound that even the smallest plugin goes over, on any machine.
    let none = CompileLimits::new(3 << 30, Duration::ZERO);
    let refused = sandbox.compile_within(&none, "ab", probe(), b"");
    match refused {
        Err(SandboxError::CompileLimit { limit, remedy }) => {
            assert!(limit.starts_with("time limit of 0"), "{limit}");
            assert!(remedy.contains("`compile-time`"), "{remedy}");
        }
        other => panic!("{other:?}"),
    }
    sandbox.compile("ab", probe(), b"").unwrap();
}

/// What /proc tells of a child of this process that is called so, by process id.
fn children(name: &str) -> Vec<(u32, String, String)> {
    let read = |pid: u32, file: &str| fs::read_to_string(format!("/proc/{pid}/{file}")).ok();
    let ids = fs::read_dir("/proc").unwrap();
    let ids = ids.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    ids.filter_map(|pid| {
        let status = read(pid, "status")?;
        let is_it = status.starts_with(&format!("Name:\t{name}\n"))
            && status.contains(&format!("PPid:\t{}\n", std::process::id()));
        is_it.then(|| read(pid, "limits").map(|limits| (pid, status, limits)))?
    })
    .collect()
}

/// Both are there for some milliseconds only: they are looked at until each was seen with its lock in place.
#[test]
fn compiler_and_linker_are_locked_and_within_limits() {
    let dir = tempfile::tempdir().unwrap();
    // By its name it is told from the children of other tests.
    let name = "linker-of-tests";
    let program = dir.path().join(name);
    fs::copy(env!("CARGO_BIN_EXE_sandbox-child"), &program).unwrap();
    let mut config = SandboxConfig::new(SealKey::ephemeral().unwrap());
    config.launcher = Some(Launcher::start(&program).unwrap());
    config.compile_limits = CompileLimits::new(700 << 20, Duration::from_secs(40));
    let sandbox = Sandbox::new(config).unwrap();
    // In megabytes: those of the limits, and what a process needs besides.
    let (mut compiler, mut linker) = (false, false);
    let data = |limits: &str, megabytes: u64| {
        let bytes = (megabytes << 20).to_string();
        let line = limits
            .lines()
            .find(|line| line.starts_with("Max data size"));
        line.is_some_and(|line| line.split_whitespace().any(|word| word == bytes))
    };
    let compiling = sandbox.clone();
    while !(compiler && linker) {
        let compiling = Arc::clone(&compiling);
        let work = std::thread::spawn(move || compiling.compile("ab", probe(), b"").unwrap());
        while !work.is_finished() {
            for (pid, status, limits) in children(name) {
                if !status.contains("\nSeccomp:\t2\n") {
                    continue;
                }
                assert!(status.contains("\nNoNewPrivs:\t1\n"), "{pid}: {status}");
                assert!(
                    status.contains("\nCapEff:\t0000000000000000\n"),
                    "{pid}: {status}"
                );
                let (of_compiler, of_linker) = (data(&limits, 796), data(&limits, 1024 + 96));
                assert!(of_compiler || of_linker, "{pid}: {limits}");
                compiler |= of_compiler;
                linker |= of_linker;
            }
        }
        work.join().unwrap();
    }
}

#[test]
fn nothing_is_looked_at_or_compiled_by_a_program_that_does_not_lock_itself() {
    for program in ["/bin/true", "/bin/cat", "/nonexistent"] {
        if program != "/nonexistent" && !Path::new(program).exists() {
            continue;
        }
        let launcher = Launcher::start(program).unwrap();
        let error = launcher.look(b"count", IsolationFloor::None).unwrap_err();
        assert!(
            matches!(
                error,
                SandboxError::Compiler { .. } | SandboxError::Spawn(_)
            ),
            "{program}: {error:?}"
        );
    }
}
