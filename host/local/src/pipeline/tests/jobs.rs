//! Jobs: hand-out, nonce, continuation, results, credentials.

use serde_json::json;

use super::*;

fn started() -> Fixture {
    let mut fixture = Fixture::new();
    let mut build = action("A", 1);
    build["inputArtifacts"] = json!([{ "name": "SourceArtifact" }]);
    build["outputArtifacts"] = json!([{ "name": "Out" }]);
    fixture.ok("CreatePipeline", pipeline(vec![vec![build]]));
    fixture.begin("p");
    fixture
}

fn acknowledge(fixture: &mut Fixture, job: &Value) -> Result<Value, ApiError> {
    fixture.call(
        "AcknowledgeJob",
        json!({ "jobId": job["id"], "nonce": job["nonce"] }),
    )
}

/// Shows `PollForJobs` as assumed: a job that nobody acknowledged is offered again after 60 seconds,
/// under a new nonce, and an acknowledged one never.
/// Shows `AcknowledgeJob` as on AWS: only the nonce of the last hand-out works.
#[test]
fn a_job_is_offered_again_after_a_minute_under_a_new_nonce() {
    let mut fixture = started();
    let first = fixture.poll(1).pop().unwrap();
    assert!(fixture.poll(1).is_empty());
    fixture.advance(59);
    assert!(fixture.poll(1).is_empty());
    fixture.advance(1);
    let second = fixture.poll(1).pop().unwrap();
    assert_eq!(first["id"], second["id"]);
    assert_ne!(first["nonce"], second["nonce"]);
    assert_eq!(
        acknowledge(&mut fixture, &first).unwrap_err().code,
        "InvalidNonceException"
    );
    assert_eq!(
        acknowledge(&mut fixture, &second).unwrap(),
        json!({ "status": "InProgress" })
    );
    assert_eq!(
        acknowledge(&mut fixture, &second).unwrap_err().code,
        "InvalidNonceException"
    );
    fixture.advance(3600);
    assert!(
        fixture.poll(1).is_empty(),
        "an acknowledged job is never offered again"
    );
}

/// Shows `AcknowledgeJob` as assumed: one that comes late counts until the job is handed out again.
#[test]
fn a_late_acknowledge_counts_until_the_job_is_handed_out_again() {
    let mut fixture = started();
    let job = fixture.poll(1).pop().unwrap();
    fixture.advance(600);
    assert!(acknowledge(&mut fixture, &job).is_ok());
}

/// Shows `PutJobSuccessResult`, `PutJobFailureResult` as on AWS: a result needs a job in progress and
/// counts once.
/// Shows `GetJobDetails`, `PutJobSuccessResult` as on AWS: an unknown job is a JobNotFoundException.
#[test]
fn results_need_an_acknowledged_job_and_count_once() {
    let mut fixture = started();
    let job = fixture.poll(1).pop().unwrap();
    let put = json!({ "jobId": job["id"] });
    assert_eq!(
        fixture.code("PutJobSuccessResult", put.clone()),
        "InvalidJobStateException"
    );
    acknowledge(&mut fixture, &job).unwrap();
    fixture.ok("PutJobSuccessResult", put.clone());
    fixture.settle();
    assert_eq!(
        fixture.code("PutJobSuccessResult", put),
        "InvalidJobStateException"
    );
    let failure = json!({
        "jobId": job["id"],
        "failureDetails": { "type": "JobFailed", "message": "m" },
    });
    assert_eq!(
        fixture.code("PutJobFailureResult", failure),
        "InvalidJobStateException"
    );
    let unknown = json!({ "jobId": "00000000-0000-0000-0000-000000000000" });
    assert_eq!(
        fixture.code("PutJobSuccessResult", unknown.clone()),
        "JobNotFoundException"
    );
    assert_eq!(
        fixture.code("GetJobDetails", unknown),
        "JobNotFoundException"
    );
}

/// Shows `PutJobSuccessResult` as on AWS: a continuation token makes a new job of the same action.
/// Shows `PutJobSuccessResult` as assumed: the next job comes 30 seconds after the token, as documented for Lambda.
/// Shows `GetPipelineState` as on AWS: percentage, summary and the execution URL from its template are
/// shown.
#[test]
fn a_continuation_is_a_new_job_after_thirty_seconds() {
    let mut fixture = started();
    let job = fixture.take();
    let before = fixture.ok("GetJobDetails", json!({ "jobId": job }));
    fixture.ok(
        "PutJobSuccessResult",
        json!({
            "jobId": job,
            "continuationToken": "step-2",
            "executionDetails": { "externalExecutionId": "7", "percentComplete": 50 },
        }),
    );
    let state = fixture.ok("GetPipelineState", json!({ "name": "p" }));
    let latest = &state["stageStates"][1]["actionStates"][0]["latestExecution"];
    assert_eq!(latest["status"], "InProgress");
    assert_eq!(latest["percentComplete"], 50);
    assert_eq!(latest["externalExecutionUrl"], "https://ci/t/7");
    fixture.advance(29);
    assert!(fixture.poll(1).is_empty());
    fixture.advance(1);
    let next = fixture.poll(1).pop().unwrap();
    let old = &before["jobDetails"]["data"];
    assert_ne!(next["id"], before["jobDetails"]["id"]);
    assert_eq!(next["data"]["continuationToken"], "step-2");
    assert_eq!(next["data"]["outputArtifacts"], old["outputArtifacts"]);
    assert_eq!(next["data"]["pipelineContext"], old["pipelineContext"]);
    assert!(old.get("continuationToken").is_none());
}

/// Shows `PutJobSuccessResult` as on AWS: output variables have a pattern, 122,880 bytes together, and do
/// not go with a continuation token.
/// Shows `PutJobSuccessResult` as assumed: names and values of output variables count together.
#[test]
fn output_variables_have_rules() {
    let mut fixture = started();
    let job = fixture.take();
    let mut refused = |more: Value| {
        let mut request = json!({ "jobId": job });
        request
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        fixture.call("PutJobSuccessResult", request).unwrap_err()
    };
    let error = refused(json!({ "outputVariables": { "a.b": "1" } }));
    assert_eq!(error.code, "ValidationException");
    assert!(error.message.contains(r"[A-Za-z0-9@\-_]+"), "{error}");
    let error = refused(json!({ "outputVariables": { "a": "1" }, "continuationToken": "t" }));
    assert_eq!(error.code, "ValidationException");
    let error = refused(json!({ "outputVariables": { "a": "x".repeat(122_880) } }));
    assert_eq!(error.code, "OutputVariablesSizeExceededException");
    let largest = json!({ "a": "x".repeat(122_879) });
    fixture.ok(
        "PutJobSuccessResult",
        json!({ "jobId": job, "outputVariables": largest }),
    );
}

/// Shows `GetJobDetails` as on AWS: new credentials while the job is open, and never a nonce.
/// Shows `GetJobDetails` as assumed: no credentials once the job has ended.
/// Shows `PollForJobs`, `GetJobDetails` as assumed: credentials work for 15 minutes (`dev --credential-lifetime`).
#[test]
fn details_renew_credentials_while_a_job_is_open() {
    let mut fixture = started();
    let job = fixture.poll(1).pop().unwrap();
    let key = |data: &Value| {
        data["artifactCredentials"]["accessKeyId"]
            .as_str()
            .map(str::to_owned)
    };
    let first = key(&job["data"]).unwrap();
    acknowledge(&mut fixture, &job).unwrap();
    let is_expired = |fixture: &Fixture, key: &str| match fixture.registry.lookup(key) {
        Some(crate::auth::Identity::Job(access)) => fixture.registry.is_expired(&access),
        _ => panic!("a session"),
    };
    fixture.advance(899);
    assert!(!is_expired(&fixture, &first));
    fixture.advance(1);
    assert!(is_expired(&fixture, &first));
    let request = json!({ "jobId": job["id"] });
    let details = fixture.ok("GetJobDetails", request.clone());
    assert!(details["jobDetails"].get("nonce").is_none());
    let second = key(&details["jobDetails"]["data"]).unwrap();
    assert_ne!(first, second);
    let Some(crate::auth::Identity::Job(access)) = fixture.registry.lookup(&second) else {
        panic!("a session")
    };
    assert!(!fixture.registry.is_expired(&access));
    assert_eq!((access.reads.len(), access.writes.len()), (1, 1));
    assert_eq!(access.require_kms, None);
    fixture.succeed(job["id"].as_str().unwrap());
    let details = fixture.ok("GetJobDetails", request);
    assert_eq!(key(&details["jobDetails"]["data"]), None);
}

/// Shows `PollForJobs` as on AWS: the pipeline's encryption key comes with its jobs.
#[test]
fn a_pipelines_key_comes_with_its_jobs_and_is_required() {
    let mut fixture = Fixture::new();
    let mut build = action("A", 1);
    build["outputArtifacts"] = json!([{ "name": "Out" }]);
    let mut request = pipeline(vec![vec![build]]);
    let key = json!({ "id": "alias/pipeline", "type": "KMS" });
    request["pipeline"]["artifactStore"]["encryptionKey"] = key.clone();
    fixture.ok("CreatePipeline", request);
    fixture.begin("p");
    let job = fixture.poll(1).pop().unwrap();
    assert_eq!(job["data"]["encryptionKey"], key);
    let id = job["data"]["artifactCredentials"]["accessKeyId"]
        .as_str()
        .unwrap();
    let Some(crate::auth::Identity::Job(access)) = fixture.registry.lookup(id) else {
        panic!("a session")
    };
    let rule = access.require_kms.clone().unwrap();
    assert_eq!(rule.key_id.as_deref(), Some("alias/pipeline"));
}

/// Shows `PollForJobs` as on AWS: a type with a queryable property is polled by its value, and by nothing
/// else.
#[test]
fn a_queryable_property_must_be_asked_for() {
    let mut fixture = Fixture::new();
    let mut request = action_type();
    request["version"] = json!("2");
    request["configurationProperties"][0]["queryable"] = json!(true);
    fixture.ok("CreateCustomActionType", request);
    let mut id = type_id();
    id["version"] = json!("2");
    let build = |name: &str, title: &str| {
        let mut build = action(name, 1);
        build["actionTypeId"] = id.clone();
        build["configuration"]["title"] = json!(title);
        build
    };
    let stages = vec![vec![build("A", "one"), build("B", "two")]];
    fixture.ok("CreatePipeline", pipeline(stages));
    fixture.begin("p");
    let mut poll = |query: Value| {
        let request = json!({ "actionTypeId": id, "maxBatchSize": 9, "queryParam": query });
        fixture.call("PollForJobs", request)
    };
    let error = poll(json!({})).unwrap_err();
    assert!(
        error.message.contains("must have the key 'title'"),
        "{error}"
    );
    assert_eq!(
        poll(json!({ "token": "one" })).unwrap_err().code,
        "ValidationException"
    );
    assert_eq!(
        poll(json!({ "title": "a b" })).unwrap_err().code,
        "ValidationException"
    );
    assert_eq!(
        poll(json!({ "title": "three" })).unwrap()["jobs"],
        json!([])
    );
    let jobs = poll(json!({ "title": "two" })).unwrap()["jobs"].clone();
    assert_eq!(
        jobs.as_array()
            .unwrap()
            .iter()
            .map(action_name)
            .collect::<Vec<_>>(),
        ["B"]
    );
    // A type without such a property takes no query.
    let request = json!({ "actionTypeId": type_id(), "queryParam": { "title": "one" } });
    assert_eq!(fixture.code("PollForJobs", request), "ValidationException");
}

/// Shows `PollForJobs` as on AWS: no more jobs than maxBatchSize.
#[test]
fn a_batch_is_bounded_and_oldest_first() {
    let mut fixture = Fixture::new();
    let actions = ["A", "B", "C"].map(|name| action(name, 1)).to_vec();
    fixture.ok("CreatePipeline", pipeline(vec![actions]));
    fixture.begin("p");
    let names = |jobs: Vec<Value>| -> Vec<String> {
        jobs.iter().map(|job| action_name(job).to_owned()).collect()
    };
    assert_eq!(names(fixture.poll(2)), ["A", "B"]);
    assert_eq!(names(fixture.poll(2)), ["C"]);
}
