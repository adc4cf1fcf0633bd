//! Every question under both answers: the report names the switches that the service was started with.

use std::collections::BTreeMap;

use pipefitter_tests::pipelines::ARTIFACTS;
use pipefitter_tests::{Exchange, Process, ServiceOptions, binary};
use tokio::process::Command;

use crate::lab::Lab;
use crate::rights;

/// As Pipefitter assumes, with short times.
const ASSUMED: [(&str, &str); 12] = [
    ("acknowledge-again", "no"),
    ("action-timeout", "15s"),
    ("continuation-delay", "1s"),
    ("continuation-keeps-outputs", "yes"),
    ("credential-lifetime", "5s"),
    ("default-batch", "1"),
    ("ended-details", "data"),
    ("late-result", "invalid-job-state"),
    ("poll-hides", "yes"),
    ("reoffer-after", "6s"),
    ("resolved-values-limited", "no"),
    ("timeout-spans-continuations", "yes"),
];

/// The other answer to each question.
const OTHER: [(&str, &str); 12] = [
    ("acknowledge-again", "yes"),
    ("action-timeout", "10s"),
    ("continuation-delay", "2s"),
    ("continuation-keeps-outputs", "no"),
    ("credential-lifetime", "8s"),
    ("default-batch", "5"),
    ("ended-details", "job-not-found"),
    ("late-result", "job-not-found"),
    ("poll-hides", "no"),
    ("reoffer-after", "4s"),
    ("resolved-values-limited", "yes"),
    ("timeout-spans-continuations", "no"),
];

fn service(switches: &[(&str, &str)]) -> ServiceOptions {
    let mut options = ServiceOptions::default();
    options.assume.clear();
    for &(name, value) in switches {
        let value = value.to_owned();
        match name {
            "action-timeout" => options.action_timeout = value,
            "continuation-delay" => options.continuation_delay = value,
            "credential-lifetime" => options.credential_lifetime = value,
            "reoffer-after" => options.reoffer_after = value,
            _ => options.assume.push(format!("{name}={value}")),
        }
    }
    options
}

/// `first`: whether CreatePipeline begins a first execution, as on AWS.
async fn finds_out(switches: &[(&str, &str)], first: bool) {
    let lab = Lab::with(ServiceOptions {
        start_on_create: first,
        ..service(switches)
    })
    .await;
    let probe = lab.probe(&["--long=1m"]);
    let status = probe.ended().await;
    if status.code() != Some(0) {
        probe.fail(&format!("ended with {status}"));
    }
    let set = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
    let expected: BTreeMap<String, String> = switches.iter().map(set).collect();
    assert_eq!(lab.switches(), expected, "{}", lab.markdown());
    assert_eq!(lab.left().await, Vec::<String>::new());

    // The three questions that have a switch in common with another one.
    let report = lab.report();
    let answers = report["questions"].as_array().unwrap();
    assert_eq!(answers.len(), 15);
    for question in answers {
        let name = question["switch"].as_str().unwrap();
        assert_eq!(question["answer"]["value"], expected[name], "{question}");
    }
    // What cannot be asked is named, and not taken for answered.
    for question in report["not-asked"].as_array().unwrap() {
        let switch = question["switch"].as_str().unwrap();
        assert!(!expected.contains_key(switch), "{question}");
        assert!(
            lab.markdown().contains(&format!("(`{switch}`)")),
            "{question}"
        );
    }
    // What a user copies from the report is what `dev` takes.
    let said = probe.line("pipefitter dev ").await;
    assert!(lab.markdown().contains(&said), "{said}");
    let mut dev = Command::new(binary::pipefitter());
    dev.args(said.split(' ').skip(1))
        .args(["--no-worker", "--port", "0", "--plugins", "plugins"])
        .current_dir(lab.rig.folder())
        .env_remove("PIPEFITTER_CONFIG");
    let dev = Process::start("pipefitter dev", dev);
    dev.line("Listening on http://").await;
    shows_no_secret(&lab, &probe.output());
    let allowed = rights::allowed(&lab, &["--bucket", ARTIFACTS]).await;
    let besides = rights::besides(&allowed, &rights::asked(&lab), "codepipeline:");
    // What a killed probe left is looked up; a job of an execution that is not the probe's is given back.
    let mut expected = vec!["codepipeline:GetPipeline"];
    if !first {
        expected.push("codepipeline:PutJobFailureResult");
    }
    assert_eq!(besides, expected);
    let made = lab.rig.proxy.of("CreatePipeline").len();
    let given_back = lab.rig.proxy.of("PutJobFailureResult");
    assert_eq!(given_back.len(), if first { made } else { 0 });
    assert!(given_back.iter().all(Exchange::is_ok), "{given_back:?}");
}

/// Nothing that a poll or details gave away is in what was printed and written.
fn shows_no_secret(lab: &Lab, printed: &str) {
    let written = format!("{printed}\n{}\n{}", lab.markdown(), lab.report());
    let mut seen = 0;
    for exchange in lab.rig.proxy.exchanges() {
        let jobs = exchange.answer["jobs"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        for job in jobs {
            let credentials = &job["data"]["artifactCredentials"];
            let secrets = [
                &job["nonce"],
                &credentials["accessKeyId"],
                &credentials["secretAccessKey"],
                &credentials["sessionToken"],
            ];
            for secret in secrets.iter().filter_map(|secret| secret.as_str()) {
                seen += 1;
                assert!(!written.contains(secret), "{secret} is shown");
            }
        }
    }
    assert!(seen > 50, "only {seen} secrets passed by");
}

#[tokio::test]
async fn the_assumed_answers_are_found_out() {
    finds_out(&ASSUMED, false).await;
}

#[tokio::test]
async fn the_other_answers_are_found_out() {
    for ((name, one), (_, other)) in ASSUMED.iter().zip(&OTHER) {
        assert_ne!(one, other, "{name}");
    }
    finds_out(&OTHER, false).await;
}

#[tokio::test]
async fn they_are_found_out_where_a_new_pipeline_starts_by_itself() {
    finds_out(&ASSUMED, true).await;
}
