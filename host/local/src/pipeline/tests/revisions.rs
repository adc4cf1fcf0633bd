//! Announced revisions.

use serde_json::json;

use super::*;

fn custom_source() -> Value {
    let mut kind = action_type();
    kind["category"] = json!("Source");
    kind["provider"] = json!("Forge");
    kind["inputArtifactDetails"] = json!({ "minimumCount": 0, "maximumCount": 0 });
    kind
}

fn forge() -> Value {
    json!({ "category": "Source", "owner": "Custom", "provider": "Forge", "version": "1" })
}

/// A pipeline with a custom source, and its declaration.
fn with_forge() -> (Fixture, Value) {
    let mut fixture = Fixture::new();
    fixture.ok("CreateCustomActionType", custom_source());
    let mut declared = pipeline(vec![vec![action("A", 1)]]);
    let source = &mut declared["pipeline"]["stages"][0]["actions"][0];
    source["actionTypeId"] = forge();
    source["configuration"] = json!({ "title": "t" });
    fixture.ok("CreatePipeline", declared.clone());
    (fixture, declared)
}

fn announce(action: &str, stage: &str) -> Value {
    json!({
        "pipelineName": "p", "stageName": stage, "actionName": action,
        "actionRevision": { "revisionId": "r1", "revisionChangeId": "c1", "created": 7.5 },
    })
}

/// The source's next job, acknowledged.
fn take_source(fixture: &mut Fixture) -> String {
    let job = fixture.ok("PollForJobs", json!({ "actionTypeId": forge() }))["jobs"][0].take();
    let body = json!({ "jobId": job["id"], "nonce": job["nonce"] });
    fixture.ok("AcknowledgeJob", body);
    job["id"].as_str().unwrap().to_owned()
}

/// Shows `PutActionRevision` as on AWS: a new revision of a custom source starts an execution, once.
#[test]
fn an_announced_revision_starts_an_execution_once() {
    let (mut fixture, _) = with_forge();
    let answer = fixture.ok("PutActionRevision", announce("Source", "Source"));
    assert_eq!(answer["newRevision"], true);
    let execution = answer["pipelineExecutionId"].as_str().unwrap().to_owned();
    fixture.settle();
    let again = fixture.ok("PutActionRevision", announce("Source", "Source"));
    let known = json!({ "newRevision": false, "pipelineExecutionId": execution });
    assert_eq!(again, known);
    let state = fixture.ok("GetPipelineState", json!({ "name": "p" }));
    let revision = &state["stageStates"][0]["actionStates"][0]["currentRevision"];
    assert_eq!(
        *revision,
        json!({ "revisionId": "r1", "revisionChangeId": "c1", "created": 7.5 })
    );
    let request = json!({ "pipelineName": "p", "pipelineExecutionId": execution });
    let found = fixture.ok("GetPipelineExecution", request);
    assert_eq!(
        found["pipelineExecution"]["trigger"]["triggerType"],
        "PutActionRevision"
    );
    let job = take_source(&mut fixture);
    let body = json!({
        "jobId": job, "currentRevision": { "revision": "r1", "changeIdentifier": "c1" },
    });
    fixture.ok("PutJobSuccessResult", body);
    fixture.settle();
    let again = fixture.ok("PutActionRevision", announce("Source", "Source"));
    assert_eq!(again, known);
    let code = fixture.code("PutActionRevision", announce("A", "S1"));
    assert_eq!(code, "ValidationException");
    let code = fixture.code("PutActionRevision", announce("B", "S1"));
    assert_eq!(code, "ActionNotFoundException");
}

/// Shows `PutActionRevision` as on AWS: a revision that no execution found starts one when it is announced again.
#[test]
fn a_revision_that_no_execution_found_can_be_announced_again() {
    let (mut fixture, declared) = with_forge();
    let again = |fixture: &mut Fixture| {
        let answer = fixture.ok("PutActionRevision", announce("Source", "Source"));
        fixture.settle();
        (
            answer["newRevision"] == true,
            answer["pipelineExecutionId"].clone(),
        )
    };
    let (is_new, updated) = again(&mut fixture);
    assert!(is_new);
    fixture.ok("UpdatePipeline", declared);
    let (is_new, failed) = again(&mut fixture);
    assert!(is_new && failed != updated);
    let job = take_source(&mut fixture);
    fixture.fail(&job);
    let (is_new, stopped) = again(&mut fixture);
    assert!(is_new && stopped != failed);
    let stop = json!({ "pipelineName": "p", "pipelineExecutionId": stopped, "abandon": true });
    fixture.ok("StopPipelineExecution", stop);
    let (is_new, used) = again(&mut fixture);
    assert!(is_new && used != stopped);
    // One whose action says nothing of what it found has it nevertheless, also once all has ended.
    let job = take_source(&mut fixture);
    fixture.succeed(&job);
    assert_eq!(again(&mut fixture), (false, used.clone()));
    let job = fixture.take();
    fixture.fail(&job);
    assert_eq!(fixture.status("p", used.as_str().unwrap()), "Failed");
    assert_eq!(again(&mut fixture), (false, used));
}
