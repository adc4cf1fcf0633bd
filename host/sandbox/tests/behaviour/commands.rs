//! Plain WASI commands: the protocol of guest-sdk/command, as the host keeps it.

use std::sync::LazyLock;
use std::time::Duration;

use pipefitter_sandbox::{
    CurrentRevision, Entry, ExecutionDetails, Failure, FailureKind, Fault, Level, Limit, Outcome,
    StopReason, Success, VerdictKind,
};

use crate::harness::{Case, Host, Ran, guest_for, sandbox};

const DONE: &str = r#"say "outcome":{"succeeded":{}}"#;
const LONG: Duration = Duration::from_secs(50);

fn module() -> Vec<u8> {
    guest_for("wasm32-wasip1", "talker")
}

fn host() -> &'static Host {
    static HOST: LazyLock<Host> = LazyLock::new(|| Host::of(&module()));
    &HOST
}

fn case(script: &[&str]) -> Case {
    Case::new("").set("script", &script.join("\n")).command(&[])
}

async fn ran(script: &[&str]) -> Ran {
    case(script).run_on(host()).await
}

/// Of a job that the command's own faults ended.
fn broken(ran: &Ran) -> &str {
    match ran.fault() {
        Fault::Protocol(what) => what,
        other => panic!("{other:?}; log: {:?}", ran.texts()),
    }
}

fn succeeded() -> VerdictKind {
    VerdictKind::Answered(Ok(Outcome::Succeeded(Success {
        variables: Vec::new(),
        details: ExecutionDetails::default(),
        current_revision: None,
    })))
}

#[test]
fn a_module_with_start_and_no_world_is_a_command() {
    let shape = sandbox().inspect(&module()).unwrap();
    assert_eq!(shape.entry, Entry::Command);
    assert!(shape.contract.starts_with("0.2."), "{}", shape.contract);
}

#[tokio::test]
async fn an_outcome_comes_with_all_that_it_holds() {
    let ran = ran(&[
        r#"say "outcome":{"succeeded":{"variables":{"b":"2","a":"\u00e4\n"},"details":{"summary":"done","external_execution_id":"x-1","percent_complete":100},"current_revision":{"revision":"r","change_identifier":"c","created":1.5,"summary":null}}}"#,
    ])
    .await;
    let success = ran.success();
    assert_eq!(
        success.variables,
        [("b".into(), "2".into()), ("a".into(), "ä\n".into())]
    );
    assert_eq!(
        success.details,
        ExecutionDetails {
            summary: Some("done".into()),
            external_execution_id: Some("x-1".into()),
            percent_complete: Some(100),
        }
    );
    assert_eq!(
        success.current_revision,
        Some(CurrentRevision {
            revision: "r".into(),
            change_identifier: "c".into(),
            created: Some(1.5),
            summary: None,
        })
    );
    let kept = ran.verdict.usage;
    assert!(kept.memory_peak > 0 && kept.wall > Duration::ZERO);
}

#[tokio::test]
async fn a_job_goes_on_with_a_token() {
    let script =
        [r#"say "outcome":{"in_progress":{"token":"step-2","details":{"summary":"half"}}}"#];
    match ran(&script).await.verdict.kind {
        VerdictKind::Answered(Ok(Outcome::InProgress(next))) => {
            assert_eq!(next.token, "step-2");
            assert_eq!(next.details.summary.as_deref(), Some("half"));
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_kind_of_failure_is_taken_whatever_the_exit_code() {
    for (name, kind) in [
        ("job_failed", FailureKind::JobFailed),
        ("configuration_error", FailureKind::ConfigurationError),
        ("permission_error", FailureKind::PermissionError),
        ("revision_out_of_sync", FailureKind::RevisionOutOfSync),
        ("revision_unavailable", FailureKind::RevisionUnavailable),
        ("system_unavailable", FailureKind::SystemUnavailable),
    ] {
        for exit in ["exit 0", "exit 1"] {
            let line = format!(
                r#"say "failure":{{"kind":"{name}","message":"no","external_execution_id":"x"}}"#
            );
            let ran = ran(&[&line, exit]).await;
            assert_eq!(
                ran.verdict.kind,
                VerdictKind::Answered(Err(Failure {
                    kind,
                    message: "no".into(),
                    external_execution_id: Some("x".into()),
                })),
                "{name}, {exit}"
            );
        }
    }
}

#[tokio::test]
async fn an_end_without_an_outcome_is_a_failure() {
    let ran = ran(&["err out of ideas", "exit 0"]).await;
    assert_eq!(broken(&ran), "exited with success and printed no outcome");
    assert_eq!(ran.texts(), ["out of ideas"]);
    let ran = self::ran(&["exit 3"]).await;
    assert_eq!(broken(&ran), "exited with a failure and printed no outcome");
    let ran = self::ran(&["unheard of"]).await;
    assert_eq!(broken(&ran), "exited with a failure and printed no outcome");
    assert!(ran.texts().join(" ").contains("unknown verb"));
}

#[tokio::test]
async fn the_exit_code_is_believed_and_so_is_a_trap() {
    let ran = ran(&[DONE, "exit 1"]).await;
    assert_eq!(
        broken(&ran),
        "printed an outcome and then exited with a failure, which counts"
    );
    let ran = self::ran(&[DONE, "trap"]).await;
    assert!(
        matches!(ran.fault(), Fault::Trap { .. }),
        "{:?}",
        ran.fault()
    );
}

#[tokio::test]
async fn text_goes_to_the_log_in_order_and_so_do_lines_of_the_log() {
    let ran = ran(&[
        "out one",
        "err two",
        r#"say "log":{"level":"error","message":"three","fields":{"file":"a.txt"}}"#,
        r#"say "log":{"level":"debug","message":"four"}"#,
        r#"out {"other":"json"}"#,
        r"raw bad \xff byte\n",
        r#"out text {"pipefitter":1}"#,
        DONE,
        "out after",
    ])
    .await;
    assert_eq!(ran.verdict.kind, succeeded());
    let lines: Vec<(Level, String)> = ran
        .lines()
        .into_iter()
        .map(|line| (line.level, line.text))
        .collect();
    let said = |level, text: &str| (level, text.to_owned());
    assert_eq!(
        lines,
        [
            said(Level::Info, "one"),
            said(Level::Warn, "two"),
            said(Level::Error, "three"),
            said(Level::Debug, "four"),
            said(Level::Info, r#"{"other":"json"}"#),
            said(Level::Info, "bad \u{fffd} byte"),
            said(Level::Info, r#"text {"pipefitter":1}"#),
            said(Level::Info, "after"),
        ]
    );
    assert_eq!(ran.lines()[2].fields, [("file".into(), "a.txt".into())]);
}

#[tokio::test]
async fn lines_are_read_while_the_command_runs() {
    let case = case(&[
        r#"say "progress":{"percent":40,"summary":"two of five"}"#,
        "out waiting",
        "until-stop",
        DONE,
    ]);
    let (stop, events) = (case.stop.clone(), case.events.clone());
    let asks = async {
        events.progressed().await;
        events.said("waiting").await;
        stop.request(StopReason::HandOver, LONG);
    };
    let (ran, ()) = tokio::join!(case.run_on(host()), asks);
    assert_eq!(ran.verdict.kind, succeeded());
    assert_eq!(ran.progress(), [(Some(40), "two of five".to_owned())]);
    assert_eq!(
        ran.texts(),
        ["waiting", r#"stop: {"stop_requested":"hand_over"}"#]
    );
}

#[tokio::test]
async fn one_that_does_not_ask_is_interrupted_after_its_grace() {
    let case = case(&["out spinning", "spin"]);
    let (stop, events) = (case.stop.clone(), case.events.clone());
    let asks = async {
        events.said("spinning").await;
        stop.request(StopReason::Cancelled, Duration::from_millis(50));
    };
    let (ran, ()) = tokio::join!(case.run_on(host()), asks);
    assert_eq!(
        ran.fault(),
        &Fault::Interrupted(Some(StopReason::Cancelled))
    );
}

#[tokio::test]
async fn questions_are_answered_in_their_order_and_then_input_ends() {
    let mut case = case(&[
        r#"say "stop_requested":{}"#,
        r#"say "secret":{"name":"api-token"}"#,
        r#"say "secret":{"name":"none"}"#,
        r#"say "threshold":{}"#,
        "read",
        "read",
        "read",
        "read",
        "read",
        r#"say "time_remaining":{}"#,
        "read",
        DONE,
    ]);
    case.spec.secrets = true;
    let ran = case.run_on(host()).await;
    assert_eq!(ran.verdict.kind, succeeded());
    let mut read = ran.texts();
    let left = read.pop().unwrap();
    assert_eq!(
        read,
        [
            r#"read: {"stop_requested":null}"#,
            r#"read: {"secret":{"ok":"s3cr3t"}}"#,
            r#"read: {"secret":{"error":"missing"}}"#,
            r#"read: {"threshold":"debug"}"#,
            "read: (end)",
        ]
    );
    let left = left.strip_prefix(r#"read: {"time_remaining":"#).unwrap();
    let left: u32 = left.trim_end_matches('}').parse().unwrap();
    assert!((1..=60_000).contains(&left), "{left}");
}

#[tokio::test]
async fn secrets_are_denied_where_none_is_granted() {
    let script = [r#"say "secret":{"name":"api-token"}"#, "read", DONE];
    let ran = ran(&script).await;
    assert_eq!(ran.texts(), [r#"read: {"secret":{"error":"denied"}}"#]);
    assert_eq!(ran.case.events.secrets(), 0, "the host was not even asked");
}

#[tokio::test]
async fn whoever_asks_nothing_may_read_to_the_end() {
    assert_eq!(ran(&["rest", DONE]).await.texts(), ["rest: 0"]);
}

#[tokio::test]
async fn answers_that_nobody_reads_end_the_job() {
    let ran = ran(&[r#"times 64 say "threshold":{}"#, DONE]).await;
    assert_eq!(ran.verdict.kind, succeeded());
    let ran = self::ran(&[r#"times 66 say "threshold":{}"#, DONE]).await;
    let said = broken(&ran);
    assert!(
        said.contains("64 lines of standard input are unread"),
        "{said}"
    );
}

#[tokio::test]
async fn the_job_is_a_file_too_read_only_and_without_secret_values() {
    let ran = ran(&["file", "make /job/more", "make /job/job.json", DONE]).await;
    assert_eq!(
        ran.texts(),
        ["the same: true", "made: false", "made: false"]
    );
    let case = Case::new("")
        .set("script", &["file", "show /job/job.json", DONE].join("\n"))
        .set("password", "hunter2")
        .command(&["password"]);
    let ran = case.run_on(host()).await;
    let texts = ran.texts();
    assert_eq!(texts[0], "the same: false");
    assert!(!texts[1].contains("password") && !texts[1].contains("hunter2"));
    assert!(texts[1].starts_with(r#"{"pipefitter":{"versions":[1]},"job":{"id":"job-1","#));
}

#[tokio::test]
async fn lines_that_break_a_rule_end_the_job_and_are_explained() {
    let version = r#"out {"pipefitter":2,"job_id":"$ID","outcome":{"succeeded":{}}}"#;
    for (line, says) in [
        (
            version,
            "it is of version 2 of the protocol, and this host speaks 1",
        ),
        (r#"say "outcom":{}"#, "unknown field `outcom`"),
        (r#"out {"pipefitter":1,"job_id":"$ID"}"#, "it has no kind"),
        (
            r#"say "threshold":{},"stop_requested":{}"#,
            "more than one kind",
        ),
        (
            r#"say "outcome":{"succeeded":{"variable":{}}}"#,
            "unknown field `variable`",
        ),
        (
            r#"say "outcome":{"succeeded":{"variables":{"a":1}}}"#,
            "expected a string",
        ),
        (r#"say "outcome":{"done":{}}"#, "unknown variant `done`"),
        (
            r#"say "failure":{"kind":"job-failed","message":""}"#,
            "unknown variant `job-failed`",
        ),
        (
            r#"say "failure":{"kind":"job_failed"}"#,
            "missing field `message`",
        ),
        (
            r#"say "progress":{"percent":300,"summary":""}"#,
            "expected u8",
        ),
        (
            r#"say "log":{"level":"loud","message":""}"#,
            "unknown variant `loud`",
        ),
        (DONE, "a job has one"),
    ] {
        let ran = ran(&[DONE, line, "out never"]).await;
        let said = broken(&ran);
        let begin = "broke a rule of the command protocol with its line 2 of it: ";
        assert!(
            said.starts_with(begin) && said.contains(says),
            "{line}: {said}"
        );
        assert_eq!(ran.texts(), Vec::<String>::new(), "{line}");
    }
}

#[tokio::test]
async fn what_may_be_anybodys_is_text_and_says_why() {
    for (line, says) in [
        (
            r#"out {"pipefitter":1,"outcome":{"succeeded":{}}}"#,
            "it has no `job_id`",
        ),
        (
            r#"out {"pipefitter":1,"job_id":"other","outcome":{"succeeded":{}}}"#,
            "its `job_id` is not that of this job",
        ),
        (
            r#"out {"pipefitter":1,"job_id":"$ID","outcome":"#,
            "it cannot be read: EOF",
        ),
        (
            r#"raw {"pipefitter":1,"job_id":"$ID","log":"\xff"}\n"#,
            "it is not UTF-8 from byte 41 on",
        ),
    ] {
        let ran = ran(&[line]).await;
        let said = broken(&ran);
        let begin = "exited with success and printed no outcome; the last line that looked like one of the command \
                     protocol was taken for text: ";
        assert!(
            said.starts_with(begin) && said.contains(says),
            "{line}: {said}"
        );
        let lines = ran.lines();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].text.starts_with(r#"{"pipefitter":1"#));
        assert_eq!(lines[1].level, Level::Warn);
        assert!(lines[1].text.contains(says), "{line}: {}", lines[1].text);
    }
}

#[tokio::test]
async fn a_line_longer_than_a_result_hits_that_limit() {
    let long = format!(
        r#"say "log":{{"level":"info","message":"{}"}}"#,
        "x".repeat(5000)
    );
    let limited = |limit| case(&[&long, DONE]).limit(Limit::Result, limit);
    assert_eq!(limited(6000).run_on(host()).await.verdict.kind, succeeded());
    let ran = limited(4000).run_on(host()).await;
    let hit = Fault::Limit {
        limit: Limit::Result,
        value: "4000 bytes".into(),
    };
    assert_eq!(ran.fault(), &hit);
}

#[tokio::test]
async fn its_limits_are_named_as_a_components() {
    for (limit, value, shown) in [
        (Limit::WallTime, 300, "300 ms"),
        (Limit::CpuTime, 100, "100 ms"),
    ] {
        let ran = case(&["spin"]).limit(limit, value).run_on(host()).await;
        let value = shown.to_owned();
        assert_eq!(ran.fault(), &Fault::Limit { limit, value });
    }
    let ran = case(&["times 3000 out a line", DONE])
        .limit(Limit::Log, 1000)
        .run_on(host())
        .await;
    assert_eq!(ran.verdict.kind, succeeded());
    assert!(ran.verdict.usage.log_bytes <= 1000 && ran.verdict.usage.log_dropped > 10_000);
}
