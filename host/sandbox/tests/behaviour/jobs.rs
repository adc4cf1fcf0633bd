//! What a plugin sees and can do.

use std::fs;

use pipefitter_sandbox::{
    CurrentRevision, Failure, FailureKind, Fault, Isolation, Level, Outcome, VerdictKind,
};

use crate::ISOLATION;
use crate::harness::Case;

#[tokio::test]
async fn inputs_become_outputs_and_variables() {
    let ran = Case::new("ok")
        .set("var.GREETING", "hello")
        .input("source", &[("a.txt", "one"), ("deep/er/b.txt", "three")])
        .input("more", &[("c", "")])
        .output("built")
        .output("copy")
        .scratch()
        .run()
        .await;
    assert_eq!(ran.variable("GREETING"), "hello");
    assert_eq!(ran.variable("files"), "3");
    assert_eq!(ran.texts(), ["copied 3 files"]);
    for output in &ran.case.spec.outputs {
        let read = |path: &str| fs::read_to_string(output.host.join(path)).unwrap();
        assert_eq!(read("source/a.txt"), "one");
        assert_eq!(read("source/deep/er/b.txt"), "three");
        assert_eq!(read("more/c"), "");
        assert!(read("report.txt").contains("source/deep/er/b.txt 5\n"));
    }
    assert!(ran.case.path("scratch/temporary").is_file());
    let usage = &ran.verdict.usage;
    assert!(usage.memory_peak >= 1 << 20, "{usage:?}");
    assert!(
        !usage.cpu.is_zero() && usage.wall >= usage.cpu / 2,
        "{usage:?}"
    );
    assert_eq!(usage.log_bytes, "copied 3 files\n".len() as u64);
}

#[tokio::test]
async fn the_whole_job_arrives_and_the_whole_answer_comes_back() {
    let mut case = Case::new("describe")
        .input("source", &[])
        .input("data", &[("data.bin", "x")])
        .input("../odd", &[])
        .output("built")
        .scratch();
    case.spec.inputs[1].file = Some("data.bin".into());
    case.spec.inputs[1].revision = None;
    case.spec.job.continuation_token = Some("tok".into());
    let ran = case.run().await;
    for (name, value) in [
        ("id", "job-1"),
        ("attempt", "1"),
        ("account", "123456789012"),
        ("type", "Build/Custom/Probe/1"),
        ("context", "pipe/stage/action"),
        ("arn", "(none)"),
        ("execution", "e-1"),
        ("action-execution", "(none)"),
        ("scratch", "/scratch"),
        ("token", "tok"),
        ("input0", "source /inputs/source (none) rev"),
        ("input1", "data /inputs/data /inputs/data/data.bin (none)"),
        ("input2", "../odd /inputs/@3 (none) rev"),
        ("output0", "built /outputs/built"),
        ("region", "eu-central-1"),
    ] {
        assert_eq!(ran.variable(name), value, "{name}");
    }
    let success = ran.success();
    assert_eq!(success.details.summary.as_deref(), Some("described"));
    assert_eq!(success.details.percent_complete, Some(100));
    assert_eq!(
        success.current_revision,
        Some(CurrentRevision {
            revision: "r1".into(),
            change_identifier: "c1".into(),
            created: Some(1.5),
            summary: Some("a revision".into()),
        })
    );
}

#[tokio::test]
async fn failures_keep_their_kind_and_text() {
    for (name, kind) in [
        ("job-failed", FailureKind::JobFailed),
        ("configuration-error", FailureKind::ConfigurationError),
        ("permission-error", FailureKind::PermissionError),
        ("revision-out-of-sync", FailureKind::RevisionOutOfSync),
        ("revision-unavailable", FailureKind::RevisionUnavailable),
        ("system-unavailable", FailureKind::SystemUnavailable),
    ] {
        let message = "tab\tand ünïcode 🎉";
        let case = Case::new("fail").set("kind", name).set("message", message);
        let ran = case.run().await;
        let failure = Failure {
            kind,
            message: message.into(),
            external_execution_id: None,
        };
        assert_eq!(ran.verdict.kind, VerdictKind::Answered(Err(failure)));
    }
}

#[tokio::test]
async fn a_chain_of_continuations_comes_to_its_end() {
    let mut token = None;
    for hop in 1..=3 {
        let mut case = Case::new("continue").set("hops", "3").output("out");
        case.spec.job.continuation_token = token;
        let ran = case.run().await;
        match &ran.verdict.kind {
            VerdictKind::Answered(Ok(Outcome::InProgress(next))) => {
                assert_eq!(next.token, format!("hop-{hop}"));
                token = Some(next.token.clone());
            }
            other => panic!("{other:?}"),
        }
        let left = fs::read_dir(ran.case.path("out-0")).unwrap().count();
        assert_eq!(left, 0);
    }
    let mut case = Case::new("continue").set("hops", "3").output("out");
    case.spec.job.continuation_token = token;
    let ran = case.run().await;
    ran.success();
    assert!(ran.case.path("out-0/report.txt").is_file());
}

#[tokio::test]
async fn answers_that_break_the_rules_come_back_as_they_are() {
    let ran = Case::new("bad-answer-token").run().await;
    assert!(matches!(
        &ran.verdict.kind,
        VerdictKind::Answered(Ok(Outcome::InProgress(next))) if next.token.is_empty()
    ));
    let ran = Case::new("bad-answer-name").run().await;
    assert_eq!(ran.variable("not a name!"), "x");
    let ran = Case::new("bad-answer-variables").run().await;
    assert_eq!(ran.variable("large").len(), 122_881);
    let ran = Case::new("bad-answer-percent").run().await;
    assert_eq!(ran.success().details.percent_complete, Some(200));
    let ran = Case::new("bad-answer-message").run().await;
    assert!(matches!(
        &ran.verdict.kind,
        VerdictKind::Answered(Err(failure)) if failure.message.len() == 10_000
    ));
}

#[tokio::test]
async fn the_log_keeps_the_guests_order() {
    let ran = Case::new("mixed-log").run().await;
    assert_eq!(ran.variable("threshold"), "Level::Debug");
    let lines = ran.lines();
    assert_eq!(lines.len(), 60);
    for (round, lines) in lines.chunks(3).enumerate() {
        let said: Vec<_> = lines.iter().map(|l| (l.level, l.text.clone())).collect();
        assert_eq!(
            said,
            [
                (Level::Info, format!("{round} out")),
                (Level::Info, format!("{round} log")),
                (Level::Warn, format!("{round} err")),
            ]
        );
        assert_eq!(lines[1].fields, [("round".to_owned(), round.to_string())]);
    }
}

#[tokio::test]
async fn output_is_cleaned_and_an_unfinished_line_is_kept() {
    let text = "\u{1b}[32mgreen\u{1b}[0m\\nhalf\u{0} a line";
    let ran = Case::new("stdout").set("text", text).run().await;
    assert_eq!(ran.texts(), ["green", "half a line"]);
    let ran = Case::new("stderr").set("text", "a\\nb").run().await;
    let lines = ran.lines();
    assert_eq!(ran.texts(), ["a", "b"]);
    assert!(lines.iter().all(|line| line.level == Level::Warn));
}

#[tokio::test]
async fn progress_is_told_at_once() {
    let ran = Case::new("progress").set("steps", "3").run().await;
    let all = [
        (Some(33), "step 1 of 3".to_owned()),
        (Some(66), "step 2 of 3".to_owned()),
        (Some(100), "step 3 of 3".to_owned()),
    ];
    let told = ran.progress();
    // A process tells the newest, ten times a second; the last of all is never lost.
    assert_eq!(told.last(), all.last());
    assert!(
        all.ends_with(&told) || ISOLATION == Isolation::Process,
        "{told:?}"
    );
    assert!(told.iter().all(|step| all.contains(step)));
}

#[tokio::test]
async fn random_numbers_differ_from_job_to_job() {
    let one = Case::new("random").run().await;
    let other = Case::new("random").run().await;
    assert_eq!(one.variable("length"), "16");
    assert_ne!(one.variable("hex"), other.variable("hex"));
}

#[tokio::test]
async fn there_is_no_environment_no_argument_and_no_input() {
    let ran = Case::new("read-env").run().await;
    assert_eq!(ran.variable("variables"), "0");
    assert_eq!(ran.variable("arguments"), "0");
    assert_eq!(ran.variable("stdin"), "Some(0)");
}

#[tokio::test]
async fn there_is_no_network() {
    let ran = Case::new("net").run().await;
    assert_eq!(ran.success().variables.len(), 4);
}

#[tokio::test]
async fn inputs_cannot_be_changed_in_any_way() {
    let ran = Case::new("write-input")
        .input("source", &[("a.txt", "as it was")])
        .run()
        .await;
    assert_eq!(ran.success().variables.len(), 8, "{:?}", ran.success());
    let host = &ran.case.spec.inputs[0].host;
    assert_eq!(fs::read_to_string(host.join("a.txt")).unwrap(), "as it was");
    assert_eq!(fs::read_dir(host).unwrap().count(), 1);
}

#[tokio::test]
async fn only_granted_directories_can_be_reached() {
    let read = |path: &str| Case::new("read").set("path", path);
    for path in ["/etc/passwd", "/inputs/../../etc/passwd", "etc/passwd", "/"] {
        let ran = read(path).input("source", &[]).scratch().run().await;
        let denied = matches!(&ran.verdict.kind, VerdictKind::Answered(Err(_)));
        assert!(denied, "{path}: {:?}", ran.verdict.kind);
    }
    let case = read("/site/page").granted("/site", false);
    fs::write(case.path("granted/page"), "here").unwrap();
    assert_eq!(case.run().await.variable("content"), "here");

    let write = |write| {
        let case = Case::new("write").set("path", "/site/new").set("text", "t");
        case.granted("/site", write)
    };
    let ran = write(false).run().await;
    assert!(matches!(&ran.verdict.kind, VerdictKind::Answered(Err(_))));
    assert!(!ran.case.path("granted/new").exists());
    let ran = write(true).run().await;
    ran.success();
    assert_eq!(fs::read(ran.case.path("granted/new")).unwrap(), b"t");
}

#[tokio::test]
async fn a_link_does_not_lead_out_of_a_directory() {
    let case = Case::new("read")
        .set("path", "/site/link")
        .granted("/site", true);
    std::os::unix::fs::symlink("/etc/passwd", case.path("granted/link")).unwrap();
    let ran = case.run().await;
    assert!(matches!(&ran.verdict.kind, VerdictKind::Answered(Err(_))));
}

#[tokio::test]
async fn directories_that_overlap_or_are_missing_start_nothing() {
    let ran = Case::new("ok").granted("/inputs/mine", true).run().await;
    match ran.fault() {
        Fault::Start(why) => assert!(why.contains("it overlaps `/inputs`"), "{why}"),
        other => panic!("{other:?}"),
    }
    let case = Case::new("ok").granted("/site", true);
    fs::remove_dir(case.path("granted")).unwrap();
    match case.run().await.fault() {
        Fault::Host(why) => assert!(why.contains("the granted directory `/site`"), "{why}"),
        other => panic!("{other:?}"),
    }
}
