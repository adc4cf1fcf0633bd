//! The escape drill: a guest that has broken out of wasm makes system calls in its process. The kernel refuses each
//! that leads anywhere, and the job fails alone.

use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pipefitter_sandbox::{Fault, JobControl, JobHost, Limit, LogLine, VerdictKind};

use crate::door::{CWD, call, frame, hex, host, open, parent};
use crate::harness::{Case, Recorder};

#[tokio::test]
async fn the_door_is_open_and_its_own_directories_are_too() {
    let own = call("getpid", libc::SYS_getpid, &[]).answer().await;
    assert!(own > 0 && own != parent());
    // One of these is its output folder: what is refused below is refused for where it is, not for what it is.
    let flags = i64::from(libc::O_CREAT | libc::O_WRONLY);
    let mut made = false;
    for descriptor in 3..20 {
        let case = call("openat", libc::SYS_openat, &[descriptor, 0, flags, 0o600]).with(1, "mine");
        let ran = case.run().await;
        made |= ran.case.path("out-0/mine").exists();
    }
    assert!(made);
}

#[tokio::test]
async fn the_parents_files_memory_and_environment_cannot_be_read() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    fs::write(&secret, "credential").unwrap();
    let of_parent = |what: &str| format!("/proc/{}/{what}", parent());
    for path in [
        secret.path().to_str().unwrap(),
        "/etc/passwd",
        "/",
        "/proc/self/environ",
        &of_parent("environ"),
        &of_parent("mem"),
        &of_parent("maps"),
        &of_parent("cmdline"),
        &of_parent("fd/0"),
        &of_parent("root/etc/passwd"),
    ] {
        open(Path::new(path), libc::O_RDONLY).is_denied().await;
    }
    let pid = parent();
    for call in [
        call(
            "ptrace",
            libc::SYS_ptrace,
            &[i64::from(libc::PTRACE_ATTACH), pid, 0, 0],
        ),
        call(
            "ptrace",
            libc::SYS_ptrace,
            &[i64::from(libc::PTRACE_TRACEME), 0, 0, 0],
        ),
        call(
            "process_vm_readv",
            libc::SYS_process_vm_readv,
            &[pid, 0, 1, 0, 1, 0],
        )
        .with(1, "#16"),
        call(
            "process_vm_writev",
            libc::SYS_process_vm_writev,
            &[pid, 0, 1, 0, 1, 0],
        )
        .with(1, "#16"),
        call("pidfd_open", libc::SYS_pidfd_open, &[pid, 0]),
        call("pidfd_getfd", libc::SYS_pidfd_getfd, &[3, 0, 0]),
        call("kcmp", libc::SYS_kcmp, &[pid, pid, 0, 0, 0]),
    ] {
        call.ends_the_process().await;
    }
}

#[tokio::test]
async fn nothing_outside_its_directories_can_be_written() {
    let dir = tempfile::tempdir().unwrap();
    let victim = dir.path().join("victim");
    fs::write(&victim, "whole").unwrap();
    let name = victim.to_str().unwrap();
    let made = dir.path().join("made");
    let new = made.to_str().unwrap();
    for call in [
        open(&made, libc::O_CREAT | libc::O_WRONLY),
        open(&victim, libc::O_WRONLY),
        open(&victim, libc::O_RDONLY | libc::O_TRUNC),
        open(dir.path(), libc::O_TMPFILE | libc::O_WRONLY),
        call("mkdirat", libc::SYS_mkdirat, &[CWD, 0, 0o700]).with(1, new),
        call("unlinkat", libc::SYS_unlinkat, &[CWD, 0, 0]).with(1, name),
        call("renameat", libc::SYS_renameat, &[CWD, 0, CWD, 0])
            .with(1, name)
            .with(3, new),
        call("symlinkat", libc::SYS_symlinkat, &[0, CWD, 0])
            .with(0, "/")
            .with(2, new),
    ] {
        call.is_denied().await;
    }
    for call in [
        call("linkat", libc::SYS_linkat, &[CWD, 0, CWD, 0, 0])
            .with(1, name)
            .with(3, new),
        call("mknodat", libc::SYS_mknodat, &[CWD, 0, 0o600, 0]).with(1, new),
        call("fchmodat", libc::SYS_fchmodat, &[CWD, 0, 0o777]).with(1, name),
        call("fchownat", libc::SYS_fchownat, &[CWD, 0, 0, 0, 0]).with(1, name),
        call("truncate", libc::SYS_truncate, &[0, 0]).with(0, name),
        call("mount", libc::SYS_mount, &[0, 0, 0, 0, 0]).with(1, name),
        call("chroot", libc::SYS_chroot, &[0]).with(0, "/"),
        call("chdir", libc::SYS_chdir, &[0]).with(0, "/"),
    ] {
        call.ends_the_process().await;
    }
    assert_eq!(fs::read_to_string(&victim).unwrap(), "whole");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn there_is_no_network() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let [high, low] = port.to_be_bytes();
    let address = format!("!0200{high:02x}{low:02x}7f0000010000000000000000");
    let inet = i64::from(libc::AF_INET);
    let stream = i64::from(libc::SOCK_STREAM);
    call("socket", libc::SYS_socket, &[inet, stream, 0])
        .ends_the_process()
        .await;
    call(
        "socket",
        libc::SYS_socket,
        &[i64::from(libc::AF_UNIX), stream, 0],
    )
    .ends_the_process()
    .await;
    call("socketpair", libc::SYS_socketpair, &[1, stream, 0, 0])
        .with(3, "#8")
        .ends_the_process()
        .await;
    for descriptor in 0..8 {
        call("connect", libc::SYS_connect, &[descriptor, 0, 16])
            .with(1, address.as_str())
            .ends_the_process()
            .await;
    }
    call("bind", libc::SYS_bind, &[3, 0, 16])
        .with(1, address.as_str())
        .ends_the_process()
        .await;
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[tokio::test]
async fn no_process_can_be_started_or_signalled() {
    let pid = parent();
    let user1 = i64::from(libc::SIGUSR1);
    let mut calls = vec![
        call("execve", libc::SYS_execve, &[0, 0, 0]).with(0, "/bin/true"),
        call("execveat", libc::SYS_execveat, &[CWD, 0, 0, 0, 0]).with(1, "/bin/true"),
        call("clone", libc::SYS_clone, &[17, 0, 0, 0, 0]),
        call("clone3", libc::SYS_clone3, &[0, 88]).with(0, "#88"),
        call("kill", libc::SYS_kill, &[pid, user1]),
        call("kill", libc::SYS_kill, &[-1, user1]),
        call("tkill", libc::SYS_tkill, &[pid, user1]),
        call("tgkill", libc::SYS_tgkill, &[pid, pid, user1]),
        call(
            "rt_sigqueueinfo",
            libc::SYS_rt_sigqueueinfo,
            &[pid, user1, 0],
        )
        .with(2, "#128"),
        // The kernel would send a signal for it.
        call(
            "fcntl",
            libc::SYS_fcntl,
            &[0, i64::from(libc::F_SETOWN), pid],
        ),
        call("setpriority", libc::SYS_setpriority, &[0, pid, 19]),
        call("prlimit64", libc::SYS_prlimit64, &[pid, 7, 0, 0]).with(2, "#16"),
        call("setpgid", libc::SYS_setpgid, &[0, pid]),
        call("prctl", libc::SYS_prctl, &[1, 0, 0, 0, 0]),
        call("unshare", libc::SYS_unshare, &[0x1000_0000]),
        call("setns", libc::SYS_setns, &[3, 0]),
    ];
    #[cfg(target_arch = "x86_64")]
    calls.extend([
        call("fork", libc::SYS_fork, &[]),
        call("vfork", libc::SYS_vfork, &[]),
    ]);
    for call in calls {
        call.ends_the_process().await;
    }
}

#[tokio::test]
async fn no_memory_becomes_executable_and_no_back_door_of_the_kernels_opens() {
    let anonymous = i64::from(libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    for call in [
        call("mmap", libc::SYS_mmap, &[0, 4096, 7, anonymous, -1, 0]),
        call("mmap", libc::SYS_mmap, &[0, 4096, 5, anonymous, -1, 0]),
        call("mprotect", libc::SYS_mprotect, &[0, 4096, 5]).with(0, "#8192"),
        call("pkey_mprotect", libc::SYS_pkey_mprotect, &[0, 4096, 5, -1]).with(0, "#8192"),
        call("memfd_create", libc::SYS_memfd_create, &[0, 0]).with(0, "x"),
        call("io_uring_setup", libc::SYS_io_uring_setup, &[1, 0]).with(1, "#120"),
        call("bpf", libc::SYS_bpf, &[0, 0, 0]),
        call("userfaultfd", libc::SYS_userfaultfd, &[0]),
        call(
            "perf_event_open",
            libc::SYS_perf_event_open,
            &[0, 0, -1, -1, 0],
        )
        .with(0, "#120"),
        call("keyctl", libc::SYS_keyctl, &[0, 0, 0, 0, 0]),
        call("ioctl", libc::SYS_ioctl, &[0, 0x5412, 0]),
        call("seccomp", libc::SYS_seccomp, &[0, 0, 0]),
        call("setrlimit", libc::SYS_setrlimit, &[4, 0]).with(1, "#16"),
        call("setuid", libc::SYS_setuid, &[0]),
        call("shmget", libc::SYS_shmget, &[1, 4096, 0o1777]),
        call("modify_ldt", 154, &[0, 0, 0]),
    ] {
        call.ends_the_process().await;
    }
    let plain = call("mmap", libc::SYS_mmap, &[0, 4096, 3, anonymous, -1, 0]);
    assert!(plain.answer().await > 0);
}

#[tokio::test]
async fn a_panic_of_the_childs_host_fails_its_own_job_only() {
    let ran = Case::new("escape")
        .set("panic", "on purpose")
        .run_on(host())
        .await;
    match ran.fault() {
        Fault::Crashed(what) => assert!(what.contains("on purpose"), "{what}"),
        other => panic!("{other:?}"),
    }
    call("getpid", libc::SYS_getpid, &[]).answer().await;
}

/// Does something when the job writes its first line, before anything else of it is heard.
struct AtFirst<F> {
    recorder: Arc<Recorder>,
    act: F,
}

#[async_trait]
impl<F: Fn() + Send + Sync> JobHost for AtFirst<F> {
    fn log(&self, line: LogLine) {
        if line.text == "first" {
            (self.act)();
        }
        self.recorder.log(line);
    }

    fn progress(&self, _percent: Option<u8>, _summary: String) {}
}

#[tokio::test]
async fn what_a_child_had_said_when_it_was_ended_is_heard() {
    let line = |text| {
        frame(&format!(
            r#"{{"log":[{{"level":"info","text":"{text}","fields":[],"cut":false}}]}}"#
        ))
    };
    let bytes = [line("first"), line("last")].concat();
    let length = i64::try_from(bytes.len()).unwrap();
    let case = call("sendto", libc::SYS_sendto, &[0, 0, length, 0, 0, 0])
        .with(1, format!("!{}", hex(&bytes)))
        .case();
    let mut spec = case.spec.clone();
    spec.code = host().code.clone();
    let (stop, control) = JobControl::new();
    let watched = Arc::new(AtFirst {
        recorder: case.events.clone(),
        act: move || stop.kill(),
    });
    let verdict = host().runner.run(spec, control, watched).await;
    assert_eq!(verdict.kind, VerdictKind::Fault(Fault::Interrupted(None)));
    let heard = tokio::time::timeout(Duration::from_secs(5), case.events.said("last"));
    assert!(heard.await.is_ok(), "its last line is there");
}

#[tokio::test]
async fn a_child_that_breaks_the_protocol_is_ended() {
    let line = |length| {
        let text = "x".repeat(length);
        frame(&format!(
            r#"{{"log":[{{"level":"info","text":"{text}","fields":[],"cut":false}}]}}"#
        ))
    };
    let stopped = r#"{"ended":{"verdict":{"kind":{"fault":{"interrupted":"hand-over"}},"usage":{"wall":{"secs":0,"nanos":0},"cpu":{"secs":0,"nanos":0},"memory_peak":0,"disk_peak":0,"log_bytes":0,"log_dropped":0}}}}"#;
    for (bytes, says) in [
        (frame("nonsense"), "makes no sense"),
        (vec![0xff; 64], "a message of 4294967295 bytes"),
        (line(8000).repeat(12), "more log than a job may write"),
        (line(9000), "longer than a line may be"),
        (frame(stopped), "nobody had asked it"),
    ] {
        let length = i64::try_from(bytes.len()).unwrap();
        let ran = call("write", libc::SYS_sendto, &[0, 0, length, 0, 0, 0])
            .with(1, format!("!{}", hex(&bytes)))
            .case()
            .limit(Limit::Log, 1000)
            .limit(Limit::HostcallData, 1 << 30)
            .limit(Limit::WallTime, 20_000)
            .run_on(host())
            .await;
        match ran.fault() {
            Fault::Crashed(what) => assert!(what.contains(says), "{says}: {what}"),
            other => panic!("{says}: {other:?}"),
        }
    }
}

/// Landlock has no right for these, and the filter lets them through, since plugins need them in their own folders. What
/// they lead to by an absolute path is told in docs/SECURITY.md, and this is all of it.
#[tokio::test]
async fn names_sizes_links_and_times_are_not_guarded_and_contents_are() {
    let dir = tempfile::tempdir().unwrap();
    let victim = dir.path().join("victim");
    fs::write(&victim, "whole").unwrap();
    let link = dir.path().join("link");
    std::os::unix::fs::symlink("whereto", &link).unwrap();
    let (name, link) = (victim.to_str().unwrap(), link.to_str().unwrap());
    let stat = call("newfstatat", libc::SYS_newfstatat, &[CWD, 0, 0, 0]).with(2, "#144");
    assert_eq!(stat.clone().with(1, name).answer().await, 0);
    let absent = stat.with(1, format!("{name}-not")).answer().await;
    assert_eq!(absent, -i64::from(libc::ENOENT));
    let statx = [CWD, 0, 0, i64::from(libc::STATX_BASIC_STATS), 0];
    let statx = call("statx", libc::SYS_statx, &statx).with(4, "#256");
    assert_eq!(statx.with(1, name).answer().await, 0);
    let read = call("readlinkat", libc::SYS_readlinkat, &[CWD, 0, 0, 64]).with(2, "#64");
    assert_eq!(read.with(1, link).answer().await, "whereto".len() as i64);
    // Both are 1970-01-01, an hour after midnight.
    let hour = format!("!{}", "100e0000000000000000000000000000".repeat(2));
    let times = call("utimensat", libc::SYS_utimensat, &[CWD, 0, 0, 0]).with(1, name);
    assert_eq!(times.clone().with(2, hour.clone()).answer().await, 0);
    let changed = fs::metadata(&victim).unwrap().modified().unwrap();
    let epoch = std::time::SystemTime::UNIX_EPOCH;
    assert_eq!(changed.duration_since(epoch).unwrap().as_secs(), 3600);
    // Those of another user's file it may not; only root can make one.
    if std::os::unix::fs::chown(&victim, Some(65534), None).is_ok() {
        assert_eq!(times.with(2, hour).answer().await, -i64::from(libc::EPERM));
    }
    call("fchmodat", libc::SYS_fchmodat, &[CWD, 0, 0o777])
        .with(1, name)
        .ends_the_process()
        .await;
    let xattr = call("setxattr", libc::SYS_setxattr, &[0, 0, 0, 1, 0]);
    let xattr = xattr.with(0, name).with(1, "user.a").with(2, "x");
    xattr.ends_the_process().await;
    open(&victim, libc::O_RDONLY).is_denied().await;
    let listed = libc::O_RDONLY | libc::O_DIRECTORY;
    open(dir.path(), listed).is_denied().await;
    assert_eq!(fs::read_to_string(&victim).unwrap(), "whole");
}
