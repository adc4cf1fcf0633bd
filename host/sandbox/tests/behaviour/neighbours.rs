//! A child that ends badly, by whatever it does, while another one works: the other never notices.

use std::fs;
use std::time::Duration;

use pipefitter_sandbox::{Fault, Limit};
use rustix::process::{Pid, Signal};

use crate::door::{Seen, call, crash, frame, hang, hex, host, natives};
use crate::harness::{Case, Host, Ran};

/// What comes of a job while a neighbour is in the middle of its own, which it then brings to its end.
async fn beside(ending: impl Future<Output = Ran>) -> Ran {
    let neighbour = Case::new("wait-file").granted("/granted", true);
    let granted = neighbour.path("granted");
    let meanwhile = async {
        let started = granted.join("started-job-1");
        while tokio::fs::metadata(&started).await.is_err() {}
        let ran = ending.await;
        fs::write(granted.join("go"), "").unwrap();
        ran
    };
    let (neighbour, ran) = tokio::join!(neighbour.run(), meanwhile);
    assert_eq!(neighbour.variable("attempt"), "1");
    ran
}

#[track_caller]
fn says(ran: &Ran, words: &str) {
    match ran.fault() {
        Fault::Crashed(what) => assert!(what.contains(words), "{what}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_child_that_is_killed_says_so_and_its_neighbour_goes_on() {
    const MARK: u64 = 7_340_035;
    let case = Case::new("sleep")
        .set("ms", "600000")
        .limit(Limit::FileSize, MARK);
    let events = case.events.clone();
    let kill = async {
        events.said("sleeping").await;
        let pid = i32::try_from(Seen::with_file_size(MARK).pid).unwrap();
        rustix::process::kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
    };
    let killed = async { tokio::join!(case.run(), kill).0 };
    match beside(killed).await.fault() {
        Fault::Host(why) => assert!(why.contains("was killed from outside"), "{why}"),
        other => panic!("{other:?}"),
    }
}

/// Of what can fail on the worker's side of the pipe this needs no worker in trouble.
#[tokio::test]
async fn what_the_worker_itself_cannot_do_is_no_fault_of_the_plugin() {
    let case = Case::new("ok").set("large", &"x".repeat(9 << 20));
    match case.run().await.fault() {
        Fault::Host(why) => assert!(why.contains("at most 8388608 are taken"), "{why}"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_child_that_floods_the_pipe_is_ended_and_its_neighbour_goes_on() {
    let summary = "x".repeat(8000);
    let frame = frame(&format!(
        r#"{{"progress":{{"percent":1,"summary":"{summary}"}}}}"#
    ));
    let length = i64::try_from(frame.len()).unwrap();
    let floods = call("sendto", libc::SYS_sendto, &[0, 0, length, 0, 0, 0])
        .with(1, format!("!{}", hex(&frame)))
        .and(natives::REPEATED)
        .case()
        .limit(Limit::HostcallData, 1 << 30);
    let ran = beside(floods.run_on(host())).await;
    says(&ran, "it flooded the pipe to its host");
    // What came before the end of its patience was heard.
    assert!(!ran.progress().is_empty());
}

#[tokio::test]
async fn a_child_that_asks_and_never_reads_is_heard_no_more_and_its_neighbour_goes_on() {
    let frame = frame(r#"{"secret-wanted":{"name":"large"}}"#);
    let length = i64::try_from(frame.len()).unwrap();
    let asks = call("sendto", libc::SYS_sendto, &[0, 0, length, 0, 0, 0])
        .with(1, format!("!{}", hex(&frame)))
        .and(natives::REPEATED)
        .and(natives::PACED);
    let mut case = asks.case().limit(Limit::WallTime, 3000);
    case.spec.secrets = true;
    let events = case.events.clone();
    let ran = beside(case.run_on(host())).await;
    // 4 MiB of answers, and what the kernel holds of the pipe.
    let answered = events.secrets();
    assert!(answered < 100, "{answered} answers of 64 KiB");
    match ran.fault() {
        Fault::Limit {
            limit: Limit::WallTime,
            ..
        } => assert!(answered >= 8, "{answered} answers of 64 KiB"),
        // This machine was too busy to answer one before the next.
        fault => assert!(
            matches!(fault, Fault::Crashed(what) if what.contains("more secrets at a time")),
            "{fault:?}"
        ),
    }
}

/// The kernel takes the thread that spawned a process for its parent, and ends the process with it where that was asked
/// for, as children do. A pool lets go of its threads when it likes.
#[test]
fn a_child_outlives_the_thread_that_asked_for_it() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .thread_keep_alive(Duration::from_millis(1))
        .enable_all()
        .build()
        .unwrap();
    let case = Case::new("sleep").set("ms", "500");
    let ran = runtime.block_on(case.run_on(&Host::new()));
    ran.success();
}

#[tokio::test]
async fn a_child_that_crashes_says_so_and_its_neighbour_goes_on() {
    says(&beside(crash().run()).await, "SIGSEGV");
    let forbidden = call("socket", libc::SYS_socket, &[2, 1, 0]);
    says(&beside(forbidden.run()).await, "forbidden");
    let exits = call("exit_group", libc::SYS_exit_group, &[3]);
    says(&beside(exits.run()).await, "exit status: 3");
}

#[tokio::test]
async fn a_child_that_hangs_is_killed_after_its_time_and_its_neighbour_goes_on() {
    let hangs = hang().limit(Limit::WallTime, 300);
    let ran = beside(hangs.run_on(host())).await;
    let expected = Fault::Limit {
        limit: Limit::WallTime,
        value: "300 ms".to_owned(),
    };
    assert_eq!(ran.fault(), &expected);
    assert!(ran.verdict.usage.wall < Duration::from_secs(300));
}
