//! What the host writes and reads, against the schemas.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::bindings::pipefitter::action::types as wit;
use crate::runner::{Level, SecretError, StopReason};

use super::super::wire::{Answer, KINDS, Secret, Unread, VERSIONS, job_line, read};
use super::schema::{check, examples, load};

const ID: &str = "job-1";

fn job(full: bool) -> wit::Job {
    let some = |text: &str| full.then(|| text.to_owned());
    wit::Job {
        id: ID.into(),
        attempt: 1,
        account_id: some("123456789012"),
        action_type: wit::ActionType {
            category: "Build".into(),
            owner: "Custom".into(),
            provider: "Hello".into(),
            version: "1".into(),
        },
        configuration: vec![("a".into(), "1".into()), ("password".into(), "x".into())],
        pipeline: wit::PipelineContext {
            pipeline: "p".into(),
            stage: "s".into(),
            action: "a".into(),
            pipeline_arn: some("arn"),
            pipeline_execution_id: some("e"),
            action_execution_id: some("x"),
        },
        inputs: vec![wit::InputArtifact {
            name: "in".into(),
            path: "/inputs/in".into(),
            file: some("/inputs/in/a"),
            revision: some("r"),
        }],
        outputs: vec![wit::OutputArtifact {
            name: "out".into(),
            path: "/outputs/out".into(),
        }],
        scratch: some("/scratch"),
        continuation_token: some("token"),
        attributes: vec![("region".into(), "eu-central-1".into())],
    }
}

/// Every object of a value has all of its schema's names: nothing of the host's is left out.
fn assert_whole(root: &Value, definition: &str, value: &Value) {
    let names: Vec<&String> = value.as_object().unwrap().keys().collect();
    let schema = &root["$defs"][definition]["properties"];
    let mut wanted: Vec<&String> = schema.as_object().unwrap().keys().collect();
    wanted.sort();
    assert_eq!(names, wanted, "{definition}");
}

#[test]
fn the_job_that_the_host_writes_is_as_its_schema_says() {
    let schema = load("job");
    for full in [false, true] {
        let line = job_line(&job(full), &[]).unwrap();
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
        let value: Value = serde_json::from_slice(&line).unwrap();
        check(&schema, &schema, &value).unwrap();
        assert_eq!(value["pipefitter"]["versions"], json!(VERSIONS));
        let job = &value["job"];
        assert_whole(&schema, "job", job);
        assert_whole(&schema, "action_type", &job["action_type"]);
        assert_whole(&schema, "pipeline_context", &job["pipeline"]);
        assert_whole(&schema, "input_artifact", &job["inputs"][0]);
        assert_whole(&schema, "output_artifact", &job["outputs"][0]);
    }
    let kept = job_line(&job(true), &["password".into()]).unwrap();
    let kept: Value = serde_json::from_slice(&kept).unwrap();
    assert_eq!(kept["job"]["configuration"], json!({ "a": "1" }));
}

/// The page's example is one.
#[test]
fn the_example_of_the_specification_is_a_job() {
    let page = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../guest-sdk/command/README.md"
    );
    let page = std::fs::read_to_string(page).unwrap();
    let schema = load("job");
    let jobs: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("{\"pipefitter\":{"))
        .collect();
    assert_eq!(jobs.len(), 1);
    check(&schema, &schema, &serde_json::from_str(jobs[0]).unwrap()).unwrap();
}

fn line(kind: &str, content: &Value) -> String {
    format!("{{\"pipefitter\":1,\"job_id\":\"{ID}\",\"{kind}\":{content}}}")
}

#[test]
fn what_the_schema_allows_is_read_and_nothing_more() {
    let schema = load("line");
    for kind in KINDS {
        let mut seen = 0;
        for content in examples(&schema, &schema["properties"][kind]) {
            let text = line(kind, &content);
            check(&schema, &schema, &serde_json::from_str(&text).unwrap()).unwrap();
            let said = read(text.as_bytes(), ID);
            assert!(said.is_ok(), "{text}: {said:?}");
            seen += 1;
            for wrong in one_name_more(&content) {
                let text = line(kind, &wrong);
                let value = serde_json::from_str(&text).unwrap();
                // Names of variables and fields are the plugin's.
                if check(&schema, &schema, &value).is_err() {
                    let said = read(text.as_bytes(), ID);
                    assert!(matches!(said, Err(Unread::Broken(_))), "{text}: {said:?}");
                }
            }
        }
        assert!(seen > 0, "{kind}");
    }
}

/// The value with a name that nobody knows, in each of its objects.
fn one_name_more(value: &Value) -> Vec<Value> {
    let Some(members) = value.as_object() else {
        return Vec::new();
    };
    let mut more = members.clone();
    more.insert("unheard_of".into(), json!({}));
    let mut made = vec![Value::Object(more)];
    for (name, member) in members {
        for wrong in one_name_more(member) {
            let mut changed = members.clone();
            changed.insert(name.clone(), wrong);
            made.push(Value::Object(changed));
        }
    }
    made
}

#[test]
fn a_name_that_occurs_twice_is_kept_for_the_rules_to_judge() {
    let said = format!(
        "{{\"pipefitter\":1,\"job_id\":\"{ID}\",\"outcome\":{{\"succeeded\":{{\"variables\":{{\"a\":\"1\",\"a\":\"2\"}}}}}}}}"
    );
    let said = format!("{:?}", read(said.as_bytes(), ID).unwrap());
    assert!(said.contains(r#"[("a", "1"), ("a", "2")]"#), "{said}");
}

#[test]
fn answers_are_as_their_schema_says() {
    let schema = load("answer");
    let answers = [
        Answer::StopRequested(None),
        Answer::StopRequested(Some(StopReason::Cancelled.into())),
        Answer::StopRequested(Some(StopReason::HandOver.into())),
        Answer::TimeRemaining(u32::MAX),
        Answer::Threshold(Level::Trace),
        Answer::Threshold(Level::Error),
        Answer::Secret(Secret::Ok("line\nend")),
        Answer::Secret(Secret::Error(SecretError::Denied)),
        Answer::Secret(Secret::Error(SecretError::Missing)),
        Answer::Secret(Secret::Error(SecretError::Unavailable)),
    ];
    for answer in answers {
        let line = answer.line();
        assert_eq!(
            line.iter().position(|byte| *byte == b'\n'),
            Some(line.len() - 1)
        );
        let value: Value = serde_json::from_slice(&line).unwrap();
        check(&schema, &schema, &value).unwrap();
    }
}

proptest! {
    #[test]
    fn what_is_near_a_line_is_read_or_explained(
        cut in 0..200_usize, at in 0..200_usize, byte in any::<u8>()
    ) {
        let whole = line("failure", &json!({ "kind": "job_failed", "message": "text" }));
        let mut bytes = whole.into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        bytes.truncate(bytes.len() - cut % bytes.len());
        if let Err(Unread::Text(why) | Unread::Broken(why)) = read(&bytes, ID) {
            prop_assert!(!why.is_empty() && why.chars().count() < 500);
        }
    }
}
