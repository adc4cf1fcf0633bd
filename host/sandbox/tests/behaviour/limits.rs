//! Every limit, hit by a guest that means it, and named.

use std::time::Duration;

use pipefitter_sandbox::{Fault, Isolation, Level, Limit};

use crate::harness::{Case, Ran};

#[track_caller]
fn assert_limit(ran: &Ran, limit: Limit, value: &str) {
    let expected = Fault::Limit {
        limit,
        value: value.to_owned(),
    };
    assert_eq!(ran.fault(), &expected, "log: {:?}", ran.texts());
}

/// A guest that says something before its time is over needs that long on a slow machine, milliseconds.
const WITHIN_WHICH_IT_SPEAKS: u64 = 3_000;

#[tokio::test]
async fn wall_time_ends_a_guest_that_computes() {
    let case = Case::new("spin").limit(Limit::WallTime, WITHIN_WHICH_IT_SPEAKS);
    let ran = case.run().await;
    assert_limit(&ran, Limit::WallTime, "3 s");
    assert_eq!(ran.texts(), ["spinning"]);
    assert!(ran.verdict.usage.wall >= Duration::from_millis(WITHIN_WHICH_IT_SPEAKS));
}

#[tokio::test]
async fn wall_time_ends_a_guest_that_sleeps() {
    let case = Case::new("deaf").limit(Limit::WallTime, WITHIN_WHICH_IT_SPEAKS);
    let ran = case.run().await;
    assert_limit(&ran, Limit::WallTime, "3 s");
    assert_eq!(ran.texts(), ["deaf"]);
    // Sleeping costs no processor time; what there is is the start's.
    let used = ran.verdict.usage.cpu;
    assert!(
        used < Duration::from_millis(WITHIN_WHICH_IT_SPEAKS / 2),
        "{used:?}"
    );
}

#[tokio::test]
async fn processor_time_ends_a_guest_that_computes() {
    let case = Case::new("spin").limit(Limit::CpuTime, 100);
    let ran = case.run().await;
    assert_limit(&ran, Limit::CpuTime, "100 ms");
    let used = ran.verdict.usage.cpu;
    assert!(used >= Duration::from_millis(100), "{used:?}");
}

#[tokio::test]
async fn memory_wins_over_the_answer_of_a_guest_that_got_over_it() {
    let ran = Case::new("memory")
        .limit(Limit::Memory, 32 << 20)
        .run()
        .await;
    assert_limit(&ran, Limit::Memory, "32 MiB");
    let peak = ran.verdict.usage.memory_peak;
    assert!((16 << 20..=32 << 20).contains(&peak), "{peak}");
}

#[tokio::test]
async fn memory_is_limited_from_the_first_byte() {
    let ran = Case::new("ok").limit(Limit::Memory, 64 << 10).run().await;
    assert_limit(&ran, Limit::Memory, "64 KiB");
}

#[tokio::test]
async fn the_stack_is_limited() {
    let ran = Case::new("stack").run().await;
    assert_limit(&ran, Limit::Stack, "512 KiB");
    // Guests of one process share its engine, and so its stack.
    let expected = match crate::ISOLATION {
        Isolation::Process => "2 MiB",
        Isolation::Shared => "512 KiB",
    };
    let case = Case::new("stack").limit(Limit::Stack, 2 << 20);
    assert_limit(&case.run().await, Limit::Stack, expected);
}

#[tokio::test]
async fn open_files_are_limited() {
    let ran = Case::new("handles").scratch().run().await;
    assert_limit(&ran, Limit::OpenFiles, "256");
    let ran = Case::new("handles")
        .scratch()
        .limit(Limit::OpenFiles, 2000)
        .run()
        .await;
    assert_limit(&ran, Limit::Resources, "1024");
}

#[tokio::test]
async fn what_one_call_hands_over_is_limited() {
    let ran = Case::new("hostcall").run().await;
    assert_limit(&ran, Limit::HostcallData, "16 MiB");
    let ran = Case::new("random").set("bytes", "2000000").run().await;
    assert_limit(&ran, Limit::Random, "1 MiB");
}

#[tokio::test]
async fn a_flood_is_dropped_and_counted_and_does_not_fail_the_job() {
    let ran = Case::new("flood")
        .set("lines", "1000")
        .limit(Limit::LogRate, 1_000_000)
        .limit(Limit::Log, 1010)
        .run()
        .await;
    ran.success();
    let lines = ran.lines();
    assert_eq!(lines.len(), 11);
    assert!(lines[..10].iter().all(|line| line.text.len() == 100));
    assert_eq!(lines[10].level, Level::Warn);
    assert_eq!(
        lines[10].text,
        "the log is full: 99990 bytes were dropped, a job of this plugin may write 1010 bytes"
    );
    assert_eq!(ran.verdict.usage.log_bytes, 1010);
    assert_eq!(ran.verdict.usage.log_dropped, 990 * 101);
}

#[tokio::test]
async fn as_many_short_lines_as_the_log_holds_may_come_at_once() {
    let ran = Case::new("flood")
        .set("lines", "200000")
        .set("width", "1")
        .limit(Limit::LogRate, 1_000_000)
        .run()
        .await;
    ran.success();
    assert_eq!(ran.lines().len(), 200_000);
    assert_eq!(ran.verdict.usage.log_dropped, 0);
}

#[tokio::test]
async fn an_endless_flood_ends_with_its_time() {
    let case = Case::new("flood")
        .limit(Limit::Log, 1 << 10)
        .limit(Limit::CpuTime, 200);
    let ran = case.run().await;
    assert_limit(&ran, Limit::CpuTime, "200 ms");
    assert!(ran.verdict.usage.log_dropped > 0);
}

#[tokio::test]
async fn a_line_of_a_megabyte_is_cut() {
    let ran = Case::new("flood")
        .set("lines", "1")
        .set("width", "1000000")
        .run()
        .await;
    ran.success();
    let lines = ran.lines();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].cut);
    assert_eq!(lines[0].text.len(), 8 << 10);
    assert!(lines[0].text.ends_with("x [cut]"));
}

#[tokio::test]
async fn a_panic_is_a_trap_with_its_message_in_the_log() {
    let ran = Case::new("trap").run().await;
    match ran.fault() {
        Fault::Trap { what, .. } => assert!(what.contains("panicked or aborted"), "{what}"),
        other => panic!("{other:?}"),
    }
    let log = ran.texts().join("\n");
    assert!(log.contains("the probe was told to panic"), "{log}");
}

#[tokio::test]
async fn exit_is_no_answer() {
    let ran = Case::new("exit").run().await;
    assert_eq!(ran.fault(), &Fault::Exited { success: false });
    let ran = Case::new("exit").set("status", "0").run().await;
    assert_eq!(ran.fault(), &Fault::Exited { success: true });
}
