//! The kernel's own limits, against a guest that has escaped and whose own nobody counts any more.

use std::fs;
use std::time::Duration;

use pipefitter_sandbox::{Fault, Limit};

use crate::door::{CWD, Call, call, host, natives};
use crate::harness::Case;

const ANONYMOUS: i64 = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as i64;

/// The answer to a call in a process with these limits.
async fn answer(call: &Call, limits: &[(Limit, u64)]) -> i64 {
    let set = |case: Case, (limit, value): &(Limit, u64)| case.limit(*limit, *value);
    let case = limits.iter().fold(call.case(), set);
    let ran = case.run_on(host()).await;
    ran.variable("answer").parse().unwrap()
}

#[tokio::test]
async fn no_file_grows_beyond_what_one_may_have() {
    let last = call("pwrite64", libc::SYS_pwrite64, &[0, 0, 1, 4095]);
    let next = call("pwrite64", libc::SYS_pwrite64, &[0, 0, 1, 4096]);
    let longer = call("ftruncate", libc::SYS_ftruncate, &[0, 4097]);
    for (call, within) in [(last, true), (next, false), (longer, false)] {
        let case = Case::new("escape")
            .output("out")
            .limit(Limit::FileSize, 4096);
        let file = case.path("out-0/file");
        fs::write(&file, "").unwrap();
        let call = call.and(natives::OPENED).with(0, file.to_str().unwrap());
        let ran = call.with(1, "x").of(case).run_on(host()).await;
        let length = fs::metadata(file).unwrap().len();
        if within {
            assert_eq!((ran.variable("answer"), length), ("1", 4096));
            continue;
        }
        let expected = Fault::Limit {
            limit: Limit::FileSize,
            value: "4 KiB".to_owned(),
        };
        assert_eq!((ran.fault(), length), (&expected, 0));
    }
}

#[tokio::test]
async fn memory_ends_where_the_guests_does_and_what_runs_it() {
    let limits = [(Limit::Memory, 16 << 20)];
    let map = |mebibytes: i64, protection, flags| {
        let arguments = [0, mebibytes << 20, protection, flags, -1, 0];
        call("mmap", libc::SYS_mmap, &arguments)
    };
    let short = -i64::from(libc::ENOMEM);
    // 96 MiB are the engine's, and some of them are taken.
    assert!(answer(&map(32, 3, ANONYMOUS), &limits).await > 0);
    assert_eq!(answer(&map(112, 3, ANONYMOUS), &limits).await, short);
    assert!(answer(&map(112, 3, ANONYMOUS), &[]).await > 0);
    let again = map(1, 3, ANONYMOUS).and(natives::REPEATED);
    assert_eq!(answer(&again, &limits).await, short);
    // Addresses are no memory.
    assert!(answer(&map(1024, 0, ANONYMOUS), &limits).await > 0);
    // And what the limit does not count cannot be had.
    let shared = i64::from(libc::MAP_SHARED | libc::MAP_ANONYMOUS);
    let growing = ANONYMOUS | i64::from(libc::MAP_GROWSDOWN);
    for flags in [shared, growing] {
        map(1, 3, flags).ends_the_process().await;
    }
}

#[tokio::test]
async fn descriptors_run_out() {
    // And 76 of the process's own.
    let limits = [
        (Limit::OpenFiles, 8),
        (Limit::DirectoryStreams, 4),
        (Limit::Depth, 8),
    ];
    let none_left = -i64::from(libc::EMFILE);
    let duplicate = [0, i64::from(libc::F_DUPFD_CLOEXEC), 0];
    let duplicate = call("fcntl", libc::SYS_fcntl, &duplicate);
    let again = duplicate.and(natives::REPEATED);
    assert_eq!(answer(&again, &limits).await, none_left);
    let case = Case::new("escape").output("out");
    let folder = case.path("out-0");
    let again = call("openat", libc::SYS_openat, &[CWD, 0, 0, 0])
        .with(1, folder.to_str().unwrap())
        .and(natives::REPEATED);
    let case = limits.iter().fold(again.of(case), |case, (limit, value)| {
        case.limit(*limit, *value)
    });
    let ran = case.run_on(host()).await;
    assert_eq!(ran.variable("answer"), none_left.to_string());
}

/// Some seconds: so much later than the child's own count is the kernel's.
#[tokio::test]
async fn processor_time_ends_a_child_that_does_not_count_its_own_any_more() {
    let computes = call("getpid", libc::SYS_getpid, &[]).and(natives::COMPUTES);
    // SIG_IGN, no flags, no mask: then it is for the kernel's second signal, which nobody can ignore.
    let ignore = format!("!01{}", "00".repeat(31));
    let deaf = [i64::from(libc::SIGXCPU), 0, 0, 8];
    let deaf = call("rt_sigaction", libc::SYS_rt_sigaction, &deaf)
        .with(1, ignore)
        .and(natives::COMPUTES);
    let run = |call: &Call| {
        let case = call.case().limit(Limit::CpuTime, 100);
        case.run_on(host())
    };
    let (one, other) = tokio::join!(run(&computes), run(&deaf));
    for ran in [one, other] {
        let expected = Fault::Limit {
            limit: Limit::CpuTime,
            value: "100 ms".to_owned(),
        };
        assert_eq!(ran.fault(), &expected);
        let used = ran.verdict.usage.cpu;
        assert!(
            // The kernel looks at its ticks: on a machine under load it has been nine seconds.
            used >= Duration::from_secs(5) && used < Duration::from_secs(20),
            "{used:?}"
        );
    }
}
