//! Rows as this format has them on disk. A change of their shape, a new member that old rows lack included,
//! needs a new format, and this tells.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;

use serde_json::json;

use super::random::declared;
use super::third_party::partners;
use super::*;
use crate::pipeline::keeper::FORMAT;
use crate::pipeline::kept::{Change, Row};
use crate::pipeline::saved::ahead;

/// Collection, key and value.
type Golden = BTreeMap<String, BTreeMap<String, Value>>;

const COLLECTIONS: [&str; 11] = [
    "counters",
    "deleted-types",
    "executions",
    "jobs",
    "offers",
    "pending",
    "pipelines",
    "runs",
    "sessions",
    "timers",
    "types",
];

fn file() -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/pipeline/tests/golden");
    folder.join(format!("format-{FORMAT}.json"))
}

/// Everything that an engine keeps. The service's own types and partners' come from each start's settings.
fn rows(engine: &mut Engine) -> Golden {
    engine.touch_all();
    let mut golden = Golden::new();
    for Change { kind, key, value } in engine.take_changes().unwrap() {
        // Those that are gone meanwhile.
        let Some(value) = value else { continue };
        let value: Value = serde_json::from_slice(&value).unwrap();
        if kind != "types" || value["id"]["owner"] == "Custom" {
            golden
                .entry(kind.to_owned())
                .or_default()
                .insert(key, value);
        }
    }
    golden
}

/// What has become of the jobs that are kept.
fn statuses(golden: &Golden) -> BTreeSet<String> {
    let jobs = golden["jobs"].values().map(|job| match &job["status"] {
        Value::String(name) => name.clone(),
        object => object.as_object().unwrap().keys().next().unwrap().clone(),
    });
    jobs.collect()
}

#[test]
fn rows_of_this_format_are_read_and_written_as_they_were() {
    let path = file();
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; a new format has its rows written once, by the ignored test of this module",
            path.display()
        )
    });
    let kept: Golden = serde_json::from_str(&text).unwrap();
    let rows_kept: Vec<Row> = kept
        .iter()
        .flat_map(|(kind, rows)| {
            rows.iter()
                .map(|(key, value)| (kind.clone(), key.clone(), value.to_string().into_bytes()))
        })
        .collect();
    let clock = Clock::manual(Timestamp::UNIX_EPOCH);
    clock.advance(ahead(&rows_kept).unwrap());
    let settings = Settings {
        third_party: partners(),
        ..settings()
    };
    let mut engine = Engine::restored(settings, Registry::new(clock), &rows_kept).unwrap();
    let now = rows(&mut engine);
    for collection in COLLECTIONS {
        let (kept, now) = (&kept[collection], &now[collection]);
        assert_eq!(kept.len(), now.len(), "{collection}");
        for (key, kept) in kept {
            assert_eq!(
                &now[key], kept,
                "{collection} {key}: a row is written otherwise than format {FORMAT} has it: raise FORMAT"
            );
        }
    }
    assert!(now.keys().eq(COLLECTIONS), "a new collection: raise FORMAT");
    // What is made today has no other shape than what was kept.
    let made = rows(&mut lived().engine);
    for collection in COLLECTIONS {
        let (kept, made) = (shape(&kept[collection]), shape(&made[collection]));
        assert_eq!(made, kept, "{collection}: raise FORMAT");
    }
}

/// Every path of names that leads to a value, and what kind of value is there.
fn shape(rows: &BTreeMap<String, Value>) -> BTreeSet<String> {
    fn walk(value: &Value, path: &str, into: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    // Names that are ids are all one.
                    let is_id = uuid::Uuid::parse_str(name).is_ok();
                    let name = if is_id { "*" } else { name };
                    walk(member, &format!("{path}.{name}"), into);
                }
            }
            Value::Array(items) => {
                for item in items {
                    walk(item, &format!("{path}[]"), into);
                }
            }
            Value::Null => drop(into.insert(format!("{path}: null"))),
            Value::Bool(_) => drop(into.insert(format!("{path}: bool"))),
            Value::Number(_) => drop(into.insert(format!("{path}: number"))),
            Value::String(_) => drop(into.insert(format!("{path}: text"))),
        }
    }
    let mut found = BTreeSet::new();
    for value in rows.values() {
        walk(value, "", &mut found);
    }
    found
}

/// A service in whose state there is some of everything.
fn lived() -> Fixture {
    let mut fixture = Fixture::with(|settings| settings.third_party = partners());
    let mut second = action_type();
    second["version"] = json!("2");
    fixture.ok("CreateCustomActionType", second);
    let deleted = json!({ "category": "Build", "provider": "Site", "version": "2" });
    fixture.ok("DeleteCustomActionType", deleted);
    let mut request = declared(true, true);
    let about = &mut request["pipeline"];
    about["artifactStore"]["encryptionKey"] = json!({ "id": "alias/k", "type": "KMS" });
    about["variables"] = json!([{ "name": "V", "defaultValue": "v", "description": "d" }]);
    about["stages"][1]["actions"][0]["outputArtifacts"] = json!([{ "name": "Out" }]);
    fixture.ok("CreatePipeline", request.clone());
    fixture.ok("UpdatePipeline", request);

    // Abandoned, timed out, failed: one execution each.
    let stop = |execution: &str, abandon: bool| {
        json!({
            "pipelineName": "p", "pipelineExecutionId": execution, "abandon": abandon,
            "reason": "because",
        })
    };
    let abandoned = fixture.begin("p");
    fixture.take();
    fixture.ok("StopPipelineExecution", stop(&abandoned, true));
    fixture.settle();
    fixture.begin("p");
    fixture.take();
    fixture.advance(24 * 60 * 60);
    fixture.settle();
    let failed = fixture.begin("p");
    let (a, b) = (fixture.take(), fixture.take());
    fixture.fail(&a);
    let result = json!({
        "jobId": b,
        "currentRevision": { "revision": "r", "changeIdentifier": "c", "created": 1, "revisionSummary": "s" },
        "executionDetails": { "summary": "s", "externalExecutionId": "e", "percentComplete": 100 },
    });
    fixture.ok("PutJobSuccessResult", result);
    fixture.settle();
    // Tried again, up to an approval that waits and a partner's job that nobody has acknowledged.
    let again = json!({
        "pipelineName": "p", "pipelineExecutionId": failed, "stageName": "S1",
        "retryMode": "FAILED_ACTIONS",
    });
    fixture.ok("RetryStageExecution", again);
    let a = fixture.take();
    let result = json!({ "jobId": a, "outputVariables": { "out": "x" } });
    fixture.ok("PutJobSuccessResult", result);
    fixture.settle();
    let c = fixture.take();
    fixture.succeed(&c);
    let kind = json!({ "category": "Deploy", "owner": "ThirdParty", "provider": "Partner", "version": "1" });
    fixture.ok("PollForThirdPartyJobs", json!({ "actionTypeId": kind }));

    // One that is to stop once its jobs have ended, one of which is to be continued, and one that waits for it.
    let begun = json!({ "name": "p", "clientRequestToken": "once" });
    let stopping = fixture.ok("StartPipelineExecution", begun)["pipelineExecutionId"].take();
    fixture.settle();
    let continued = json!({ "jobId": fixture.take(), "continuationToken": "more" });
    fixture.ok("PutJobSuccessResult", continued);
    fixture.take();
    let stopping = stop(stopping.as_str().unwrap(), false);
    fixture.ok("StopPipelineExecution", stopping);
    fixture.begin("p");
    let closed = json!({
        "pipelineName": "p", "stageName": "S3", "transitionType": "Inbound", "reason": "closed",
    });
    fixture.ok("DisableStageTransition", closed);
    // Begun, and its source not fetched yet.
    let announced = json!({
        "pipelineName": "p", "stageName": "Source", "actionName": "Source",
        "actionRevision": { "revisionId": "r", "revisionChangeId": "c", "created": 0 },
    });
    fixture.ok("PutActionRevision", announced);
    fixture.ok("StartPipelineExecution", json!({ "name": "p" }));
    fixture
}

#[test]
fn there_is_some_of_everything_to_be_kept() {
    let made = rows(&mut lived().engine);
    assert!(made.keys().eq(COLLECTIONS), "{:?}", made.keys());
    let statuses = statuses(&made);
    for status in [
        "Created",
        "Dispatched",
        "InProgress",
        "Succeeded",
        "Failed",
        "TimedOut",
        "Abandoned",
    ] {
        assert!(
            statuses.contains(status),
            "no job is {status}: {statuses:?}"
        );
    }
}

#[test]
#[ignore = "writes the rows of a new format, once"]
fn write_the_rows_of_a_new_format() {
    let golden = rows(&mut lived().engine);
    let mut text = serde_json::to_string_pretty(&golden).unwrap() + "\n";
    // What looks like credentials alarms whoever looks for such.
    for (at, session) in golden["sessions"].values().enumerate() {
        for (name, made_up) in [
            ("access_key_id", format!("EXAMPLE-{at}")),
            ("secret", format!("secret-{at}")),
            ("session_token", format!("token-{at}")),
        ] {
            text = text.replace(session[name].as_str().unwrap(), &made_up);
        }
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file())
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}
