//! Nothing secret leaves the worker: not in the job's log, not in events and status, not in what the service
//! gets, however a plugin says it.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use pipefitter_codepipeline::FailureType;
use pipefitter_sandbox::{
    CurrentRevision, ExecutionDetails, Failure, FailureKind, Fault, Level, LogLine, Outcome,
    Success, Usage, VerdictKind,
};
use pipefitter_worker::{JobOutcome, WorkerEvent};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::runner::Script;
use crate::service::{Sent, Service, State};
use crate::stage::StageFault;
use crate::world::{World, end};

fn line(text: impl Into<String>) -> LogLine {
    LogLine {
        level: Level::Info,
        text: text.into(),
        fields: Vec::new(),
        cut: false,
    }
}

fn script(end: VerdictKind) -> Script {
    Script {
        lines: Vec::new(),
        progress: Vec::new(),
        end,
        usage: Usage::default(),
    }
}

fn succeeded(success: Success) -> VerdictKind {
    VerdictKind::Answered(Ok(Outcome::Succeeded(success)))
}

fn nothing() -> Success {
    Success {
        variables: Vec::new(),
        details: ExecutionDetails::default(),
        current_revision: None,
    }
}

fn with_variable(name: &str, value: &str) -> VerdictKind {
    succeeded(Success {
        variables: vec![
            ("fine".to_owned(), "yes".to_owned()),
            (name.to_owned(), value.to_owned()),
        ],
        ..nothing()
    })
}

/// Run one scripted job with a password; what the service got, and every text that came out on the way.
async fn run(script: Script, password: &str, inputs: usize) -> (Sent, Vec<String>) {
    let mut world = World::new();
    world.stage.expire = usize::from(inputs > 0);
    world.runner.script.send_replace(script);
    let what = [("do", "script"), ("password", password)];
    world.service.add("job", &what, inputs, 0).await;
    let worker = world.start().await;
    let mut events = worker.events();
    let mut status = worker.watch();
    let mut texts = Vec::new();
    loop {
        for job in &status.borrow_and_update().jobs {
            texts.push(format!("{job:?}"));
        }
        if world.service.inner.lock().await.job("job").state == State::Ended {
            break;
        }
        status.changed().await.unwrap();
    }
    end(&world, worker).await;
    while let Ok(event) = events.try_recv() {
        match event {
            WorkerEvent::Log { text, fields, .. } => {
                texts.push(text);
                texts.extend(fields.into_iter().flat_map(|(name, value)| [name, value]));
            }
            WorkerEvent::Progress { summary, .. } => texts.push(summary),
            WorkerEvent::Finished { outcome, .. } => match outcome {
                JobOutcome::Succeeded {
                    variables,
                    summary,
                    external_execution_id,
                } => {
                    texts.extend(
                        variables
                            .into_iter()
                            .flat_map(|(name, value)| [name, value]),
                    );
                    texts.extend(summary.into_iter().chain(external_execution_id));
                }
                JobOutcome::Failed { message, .. } => texts.push(message),
                JobOutcome::Continued { summary, .. } => texts.extend(summary),
                other => panic!("{other:?}"),
            },
            _ => {}
        }
    }
    for entry in std::fs::read_dir(&world.config.log_dir).unwrap() {
        texts.push(std::fs::read_to_string(entry.unwrap().path()).unwrap());
    }
    let sent = world.service.inner.lock().await.job("job").result.clone();
    let sent = sent.unwrap();
    texts.push(match &sent {
        Sent::Success(success) => serde_json::to_string(success).unwrap(),
        Sent::Failure(failure) => serde_json::to_string(failure).unwrap(),
    });
    (sent, texts)
}

/// What may be seen of no secret: the first letters of it, in clear and in base64.
fn beginnings(secret: &str) -> Vec<String> {
    let first: String = secret.chars().take(5).collect();
    let mut seen = vec![first];
    for alignment in 0..3usize {
        let mut shifted = vec![0; alignment];
        shifted.extend_from_slice(secret.as_bytes());
        let from = (alignment * 8).div_ceil(6);
        seen.push(STANDARD_NO_PAD.encode(shifted)[from..from + 7].to_owned());
    }
    seen
}

/// As the sandbox does: whole lines, whatever pieces they were written in, long ones cut.
fn lines_of(text: &str, longest: usize) -> Vec<LogLine> {
    let cut = |text: &str| match text.char_indices().nth(longest) {
        Some((at, _)) => (format!("{} [cut]", &text[..at]), true),
        None => (text.to_owned(), false),
    };
    text.split('\n')
        .map(|text| {
            let (text, cut) = cut(text);
            LogLine {
                level: Level::Warn,
                // A value that was cut has no mark of its own.
                fields: vec![(
                    "field".to_owned(),
                    text.trim_end_matches(" [cut]").to_owned(),
                )],
                text,
                cut,
            }
        })
        .collect()
}

fn ends(text: &str, which: u8) -> VerdictKind {
    let details = ExecutionDetails {
        summary: Some(text.to_owned()),
        external_execution_id: Some(text.chars().take(1_000).collect()),
        percent_complete: None,
    };
    match which % 4 {
        0 => succeeded(Success {
            details,
            current_revision: Some(CurrentRevision {
                revision: text
                    .chars()
                    .rev()
                    .take(200)
                    .collect::<Vec<_>>()
                    .iter()
                    .rev()
                    .collect(),
                change_identifier: "abc".to_owned(),
                created: None,
                summary: Some(text.to_owned()),
            }),
            ..nothing()
        }),
        1 => VerdictKind::Answered(Err(Failure {
            kind: FailureKind::JobFailed,
            message: text.to_owned(),
            external_execution_id: Some(text.to_owned()),
        })),
        2 => VerdictKind::Fault(Fault::Trap {
            what: text.to_owned(),
            frames: Vec::new(),
        }),
        _ => with_variable("leak", text),
    }
}

#[test]
fn no_secret_survives_in_what_leaves() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    let part = (0u8..6, "[a-z ,:é]{0,12}\n?");
    let strategy = (
        "[A-Z0-9/+=É]{8,30}",
        proptest::collection::vec(part, 1..8),
        prop_oneof![Just(0usize), 2_000usize..2_060, 4_960usize..5_010],
        5usize..90,
        any::<u8>(),
    );
    // A worker each: fewer cases than of what is a function.
    let mut runner = TestRunner::new(Config {
        cases: 96,
        ..Config::with_source_file(file!())
    });
    runner
        .run(&strategy, |(secret, parts, ahead, longest, which)| {
            let mut text = "x".repeat(ahead);
            for (how, filler) in &parts {
                text.push_str(filler);
                match how {
                    0 | 1 => text.push_str(&secret),
                    2 => {
                        text.push_str(&STANDARD_NO_PAD.encode(format!("{filler}{secret}{filler}")))
                    }
                    // A code that a terminal does not show, in the middle.
                    3 => {
                        let middle = secret.char_indices().nth(3).unwrap().0;
                        text.push_str(&secret[..middle]);
                        text.push_str("\u{1b}[0m");
                        text.push_str(&secret[middle..]);
                    }
                    _ => {}
                }
            }
            let (sent, texts) = runtime.block_on(run(
                Script {
                    lines: lines_of(&text, longest),
                    progress: vec![text.chars().take(2_048).collect()],
                    end: ends(&text, which),
                    usage: Usage::default(),
                },
                &secret,
                0,
            ));
            for begun in beginnings(&secret) {
                for seen in &texts {
                    prop_assert!(
                        !seen.contains(&begun),
                        "{begun:?} of {secret:?} is in {seen:?}"
                    );
                }
            }
            let holds = parts.iter().any(|(how, _)| *how < 4);
            if which % 4 == 3 {
                prop_assert_eq!(matches!(sent, Sent::Failure(_)), holds);
            }
            Ok(())
        })
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_variable_with_a_secret_fails_the_job_and_is_named() {
    const SECRET: &str = "hunter2-and-more";
    for (name, value, what) in [
        (
            "url",
            "https://me:hunter2-and-more@host",
            "output variable `url`",
        ),
        (
            "auth",
            "bWU6aHVudGVyMi1hbmQtbW9yZQ==",
            "output variable `auth`",
        ),
        (
            "split",
            "hunter2\u{1b}[0m-and-more",
            "output variable `split`",
        ),
        (SECRET, "value", "the name of an output variable"),
    ] {
        let (sent, texts) = run(script(with_variable(name, value)), SECRET, 0).await;
        let Sent::Failure(failure) = sent else {
            panic!("{name}: {sent:?}");
        };
        assert_eq!(failure.kind, FailureType::JobFailed);
        let holds = format!("{what} holds the secret property `password`");
        assert!(failure.message.contains(&holds), "{}", failure.message);
        assert!(
            texts.iter().all(|text| !text.contains("hunter2")),
            "{texts:#?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_short_secret_is_masked_where_it_stands_alone() {
    let mut said = script(with_variable("pages", "1207"));
    said.lines = vec![line("pin is 12, of 1207 tries")];
    let (sent, texts) = run(said, "12", 0).await;
    let Sent::Success(success) = sent else {
        panic!("{sent:?}");
    };
    assert_eq!(success.variables["pages"], "1207");
    assert!(
        texts.contains(&"pin is ***, of 1207 tries".to_owned()),
        "{texts:#?}"
    );

    let (sent, _) = run(script(with_variable("pin", "pin=12")), "12", 0).await;
    assert!(matches!(sent, Sent::Failure(_)), "{sent:?}");
}

#[tokio::test(start_paused = true)]
async fn what_leads_somewhere_is_masked_too() {
    let password = "hunter2-and-more";
    let (sent, _) = run(
        script(succeeded(Success {
            details: ExecutionDetails {
                summary: Some(format!("with {password}")),
                external_execution_id: Some(format!("https://host/?t={password}")),
                percent_complete: Some(7),
            },
            current_revision: Some(CurrentRevision {
                revision: format!("rev-{password}"),
                change_identifier: format!("change-{password}"),
                created: None,
                summary: Some(format!("by {password}")),
            }),
            ..nothing()
        })),
        password,
        0,
    )
    .await;
    let Sent::Success(success) = sent else {
        panic!("{sent:?}");
    };
    let revision = success.current_revision.unwrap();
    assert_eq!(
        [
            success.details.summary.as_deref(),
            success.details.external_execution_id.as_deref(),
            Some(revision.revision.as_str()),
            Some(revision.change_identifier.as_str()),
            revision.summary.as_deref(),
        ]
        .map(Option::unwrap),
        [
            "with ***",
            "https://host/?t=***",
            "rev-***",
            "change-***",
            "by ***"
        ]
    );
    assert_eq!(success.variables, BTreeMap::new());
}

#[tokio::test(start_paused = true)]
async fn what_was_cut_before_it_came_here_shows_no_first_part_of_a_secret() {
    const CUT: &str =
        "artifact `in`: entry \"link\" is a link to \"../hunter2-an…\", which leaves the artifact";
    let mut world = World::new();
    world.service = Service::third_party();
    let faults = &world.stage.fetch_faults;
    faults.lock().await.push_back(StageFault::Says(CUT));
    let password = ("password", "hunter2-and-more");
    let what = [("do", "script"), password];
    world.service.add("staged", &what, 1, 0).await;
    // Of its name of 500 characters the first part of the secret is left.
    let long = format!("{}hunter2-and-more", "x".repeat(480));
    let mut said = script(with_variable(&long, ""));
    said.end = match said.end {
        VerdictKind::Answered(Ok(Outcome::Succeeded(success))) => succeeded(Success {
            variables: success.variables[1..].to_vec(),
            ..success
        }),
        other => other,
    };
    world.runner.script.send_replace(said);
    let worker = world.start().await;
    world.service.until_all_ended().await;
    let failure = world.service.failure("staged").await;
    let masked = CUT.replace("hunter2-an", "***");
    assert!(failure.message.ends_with(&masked), "{}", failure.message);

    world.service.add("dropped", &what, 0, 0).await;
    world.service.until_all_ended().await;
    let success = world.service.success("dropped").await;
    let log = success.details.external_execution_id.unwrap();
    let log = std::fs::read_to_string(world.config.log_dir.join(log)).unwrap();
    assert!(
        log.contains("since a partner's action has none: xxx"),
        "{log}"
    );
    assert!(!log.contains("hunter"), "{log}");
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn credentials_renewed_while_the_job_runs_are_hidden_from_then_on() {
    let mut said = script(succeeded(nothing()));
    said.lines = vec![line("AKIA1 AKIA2 AKIA3 very-secret-key")];
    let (_, texts) = run(said.clone(), "a-password", 0).await;
    assert!(
        texts.contains(&"*** AKIA2 AKIA3 ***".to_owned()),
        "{texts:#?}"
    );
    // With an input, whose fetch renews them.
    let (_, texts) = run(said, "a-password", 1).await;
    assert!(
        texts.contains(&"*** *** AKIA3 ***".to_owned()),
        "{texts:#?}"
    );
}
