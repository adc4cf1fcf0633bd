//! What a locked child holds, looked at from inside, where nobody needs to be root to look: its descriptors, its
//! environment, and that the code among them stays what it is.

use pipefitter_sandbox::{Fault, Limit};

use crate::door::{Seen, call, host, natives};
use crate::harness::Case;

/// Room for what a child tells of itself.
const ROOM: usize = 1 << 14;

/// The environment's line, and the descriptors: number and whereto each leads.
pub(crate) async fn held(case: Case) -> (String, Vec<(i64, String)>) {
    let looking = call("held", 0, &[])
        .and(natives::HELD)
        .with(0, format!("#{ROOM}"));
    let ran = looking.of(case).run_on(host()).await;
    let told: usize = ran.variable("answer").parse().unwrap();
    assert!(told <= ROOM, "more than there is room for");
    let mut lines = ran.variable("read").lines();
    let environment = lines.next().unwrap().to_owned();
    let root = format!(
        "{}/",
        ran.case.path("").to_str().unwrap().trim_end_matches('/')
    );
    let descriptors = lines.map(|line| {
        let (number, leads) = line.split_once(' ').unwrap();
        let leads = leads.strip_prefix(&root).unwrap_or(leads);
        // Sockets and pipes are numbered.
        let kind = match leads.split_once(":[") {
            Some((kind @ ("socket" | "pipe"), _)) => kind,
            _ => leads,
        };
        (number.parse().unwrap(), kind.to_owned())
    });
    (environment, descriptors.collect())
}

#[tokio::test]
async fn a_child_holds_these_descriptors_and_no_others_and_an_empty_environment() {
    // What the worker forgot to close for its children is not theirs either.
    let file = tempfile::NamedTempFile::new().unwrap();
    let leaked = rustix::io::dup(&file).unwrap();
    let flags = rustix::io::fcntl_getfd(&leaked).unwrap();
    assert!(!flags.contains(rustix::io::FdFlags::CLOEXEC));
    for network in [false, true] {
        let mut case = Case::new("escape")
            .input("in", &[("a", "b")])
            .output("out")
            .scratch()
            .granted("/read", false);
        case.spec.network = network;
        let (environment, descriptors) = held(case).await;
        assert_eq!(environment, "environment 0");
        let mut kinds: Vec<&str> = descriptors.iter().map(|(_, kind)| kind.as_str()).collect();
        kinds.sort_unstable();
        let mut expected = vec![
            // standard output, and error
            "/dev/null",
            "pipe",
            // the pipe to the parent, as it came and as it is used
            "socket",
            "socket",
            // the runtime, and the pair by which it hears of signals, one end twice
            "anon_inode:[eventpoll]",
            "anon_inode:[eventpoll]",
            "anon_inode:[eventfd]",
            "socket",
            "socket",
            "socket",
            // what its own code is mapped from
            "/memfd:pipefitter-code (deleted)",
            // its directories: for the lock, and for the guest
            "in-0",
            "in-0",
            "out-0",
            "out-0",
            "scratch",
            "scratch",
            "granted",
            "granted",
        ];
        expected.extend(network.then_some("socket"));
        expected.sort_unstable();
        assert_eq!(kinds, expected, "network: {network}");
    }
}

#[tokio::test]
async fn a_locked_child_has_no_privilege_and_can_gain_none() {
    let case = Case::new("sleep").set("ms", "600000");
    let case = case.limit(Limit::FileSize, 7_340_033);
    let (stop, events) = (case.stop.clone(), case.events.clone());
    let looks = async {
        events.said("sleeping").await;
        let child = Seen::with_file_size(7_340_033);
        assert_eq!(child.field("Seccomp:"), "2");
        assert_eq!(child.field("NoNewPrivs:"), "1");
        for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
            assert_eq!(child.field(set), "0000000000000000", "{set}");
        }
        stop.kill();
    };
    let (ran, ()) = tokio::join!(case.run(), looks);
    assert_eq!(ran.fault(), &Fault::Interrupted(None));
}

#[tokio::test]
async fn the_code_of_a_child_stays_what_was_authenticated() {
    let (_, descriptors) = held(Case::new("escape").output("out")).await;
    let mut codes = descriptors.iter().filter(|(_, kind)| kind.contains("code"));
    let (code, _) = codes.next().unwrap();
    assert_eq!(codes.next(), None);
    let path = format!("/proc/self/fd/{code}");
    let opened = |name, number, arguments: &[i64]| {
        let call = call(name, number, arguments).and(natives::OPENED);
        call.with(0, path.as_str())
    };
    // It can be opened for writing, and is no more writable for that.
    let read = opened("pread64", libc::SYS_pread64, &[0, 0, 1, 0]).with(1, "#1");
    assert_eq!(read.answer().await, 1);
    for refused in [
        opened("pwrite64", libc::SYS_pwrite64, &[0, 0, 1, 0]).with(1, "x"),
        opened("ftruncate to nothing", libc::SYS_ftruncate, &[0, 0]),
        opened("ftruncate to more", libc::SYS_ftruncate, &[0, 1 << 30]),
    ] {
        let answer = refused.answer().await;
        assert_eq!(answer, -i64::from(libc::EPERM), "{}", refused.name);
    }
    let seals = i64::from(libc::F_ADD_SEALS);
    opened("fcntl", libc::SYS_fcntl, &[0, seals, 0])
        .ends_the_process()
        .await;
    // As the child has it, it is open for reading only.
    let write = call("pwrite64", libc::SYS_pwrite64, &[*code, 0, 1, 0]).with(1, "x");
    assert_eq!(write.answer().await, -i64::from(libc::EBADF));
}
