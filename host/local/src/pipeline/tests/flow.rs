//! Executions: stages, groups, modes, variables, timeouts.

use serde_json::json;

use super::*;

/// Shows `StartPipelineExecution` as on AWS: stages go in order, actions by run order.
#[test]
fn stages_go_in_order_and_actions_by_run_order() {
    let mut fixture = Fixture::new();
    let stages = vec![
        vec![action("B", 2), action("A1", 1), action("A2", 1)],
        vec![action("C", 1)],
    ];
    fixture.ok("CreatePipeline", pipeline(stages));
    let execution = fixture.begin("p");
    let first = fixture.poll(100);
    assert_eq!(
        first.iter().map(action_name).collect::<Vec<_>>(),
        ["A1", "A2"]
    );
    for job in &first {
        assert!(fixture.offered().is_empty(), "B waits for both");
        fixture.ok(
            "AcknowledgeJob",
            json!({ "jobId": job["id"], "nonce": job["nonce"] }),
        );
        fixture.succeed(job["id"].as_str().unwrap());
    }
    for name in ["B", "C"] {
        let job = fixture.poll(1).pop().unwrap();
        assert_eq!(action_name(&job), name);
        fixture.ok(
            "AcknowledgeJob",
            json!({ "jobId": job["id"], "nonce": job["nonce"] }),
        );
        fixture.succeed(job["id"].as_str().unwrap());
    }
    assert_eq!(fixture.status("p", &execution), "Succeeded");
}

/// Shows `PutJobFailureResult` as on AWS: siblings of a failed action end first; then the stage fails, and nothing
/// more starts.
#[test]
fn a_failed_action_lets_its_siblings_end_first() {
    let mut fixture = Fixture::new();
    let stages = vec![vec![action("A", 1), action("B", 1), action("Later", 2)]];
    fixture.ok("CreatePipeline", pipeline(stages));
    let execution = fixture.begin("p");
    let (a, b) = (fixture.take(), fixture.take());
    fixture.fail(&a);
    assert_eq!(fixture.status("p", &execution), "InProgress");
    fixture.succeed(&b);
    assert_eq!(fixture.status("p", &execution), "Failed");
    assert!(
        fixture.offered().is_empty(),
        "nothing starts after a failure"
    );
}

#[test]
fn watchers_are_told_every_step() {
    let mut fixture = Fixture::new();
    fixture.ok("CreatePipeline", pipeline(vec![vec![action("A", 1)]]));
    fixture.ok("StartPipelineExecution", json!({ "name": "p" }));
    let mut told = fixture.settle();
    let job = fixture.take();
    fixture.ok(
        "PutJobSuccessResult",
        json!({ "jobId": job, "continuationToken": "2" }),
    );
    fixture.advance(30);
    let job = fixture.take();
    fixture.ok("PutJobSuccessResult", json!({ "jobId": job }));
    told.extend(fixture.settle());
    assert_eq!(
        told,
        [
            "started by StartPipelineExecution",
            "stage Source",
            "action Source InProgress Running",
            "action Source Succeeded Ended",
            "stage Source Succeeded",
            "stage S1",
            "action A InProgress Queued",
            "action A InProgress Running",
            "action A InProgress Continuing",
            "action A InProgress Queued",
            "action A InProgress Running",
            "action A Succeeded Ended",
            "stage S1 Succeeded",
            "ended Succeeded",
        ]
    );
}

/// Shows `CreatePipeline` unlike AWS: on AWS a first execution begins by itself; here none begins until
/// StartPipelineExecution or a new version of a source.
#[test]
fn a_new_pipeline_waits_to_be_started() {
    let mut fixture = Fixture::new();
    fixture.ok("CreatePipeline", pipeline(vec![vec![action("A", 1)]]));
    fixture.settle();
    let listed = fixture.ok("ListPipelineExecutions", json!({ "pipelineName": "p" }));
    assert_eq!(listed["pipelineExecutionSummaries"], json!([]));
}

/// Shows `CreatePipeline` as on AWS: a first execution begins, where `dev --start-on-create` has it so.
#[test]
fn a_new_pipeline_is_started_where_that_is_asked_for() {
    let mut fixture = Fixture::with(|settings| settings.start_on_create = true);
    fixture.ok("CreatePipeline", pipeline(vec![vec![action("A", 1)]]));
    fixture.settle();
    let listed = fixture.ok("ListPipelineExecutions", json!({ "pipelineName": "p" }));
    let begun = listed["pipelineExecutionSummaries"].as_array().unwrap();
    assert_eq!(begun.len(), 1);
    assert_eq!(
        begun[0]["trigger"],
        json!({
            "triggerType": "CreatePipeline",
            "triggerDetail": "arn:aws:iam::000000000000:root",
        })
    );
    assert_eq!(fixture.offered(), ["A"]);
    // One that lacks a value is made all the same.
    let mut lacking = pipeline(vec![vec![action("A", 1)]]);
    lacking["pipeline"]["name"] = json!("q");
    lacking["pipeline"]["variables"] = json!([{ "name": "who" }]);
    fixture.ok("CreatePipeline", lacking);
    let listed = fixture.ok("ListPipelineExecutions", json!({ "pipelineName": "q" }));
    assert_eq!(listed["pipelineExecutionSummaries"], json!([]));
}

/// Shows `StartPipelineExecution` as on AWS: SUPERSEDED: a newer execution takes the place of one that
/// waits.
#[test]
fn a_newer_execution_takes_the_place_of_one_that_waits() {
    let mut fixture = Fixture::new();
    fixture.ok("CreatePipeline", pipeline(vec![vec![action("A", 1)]]));
    let [first, second, third] = [(); 3].map(|()| fixture.begin("p"));
    let statuses = [&first, &second, &third].map(|id| fixture.status("p", id));
    assert_eq!(statuses, ["InProgress", "Superseded", "InProgress"]);
    let state = fixture.ok("GetPipelineState", json!({ "name": "p" }));
    let stage = &state["stageStates"][1];
    assert_eq!(
        stage["inboundExecution"]["pipelineExecutionId"],
        json!(third)
    );
    assert_eq!(
        stage["latestExecution"]["pipelineExecutionId"],
        json!(first)
    );
    for execution in [&first, &third] {
        assert_eq!(fixture.offered().len(), 1, "one execution is in the stage");
        fixture.advance(60);
        let job = fixture.take();
        fixture.succeed(&job);
        assert_eq!(fixture.status("p", execution), "Succeeded");
    }
}

/// Shows `StartPipelineExecution` as on AWS: QUEUED: executions wait in order.
#[test]
fn a_queued_pipeline_runs_all_in_order_even_after_a_failure() {
    let mut fixture = Fixture::new();
    let mut request = pipeline(vec![vec![action("A", 1)]]);
    request["pipeline"]["executionMode"] = json!("QUEUED");
    fixture.ok("CreatePipeline", request);
    let executions = [(); 4].map(|()| fixture.begin("p"));
    for (index, execution) in executions.iter().enumerate() {
        let job = fixture.take();
        let details = fixture.ok("GetJobDetails", json!({ "jobId": job }));
        let context = &details["jobDetails"]["data"]["pipelineContext"];
        assert_eq!(context["pipelineExecutionId"], json!(execution));
        if index == 1 {
            fixture.fail(&job);
            assert_eq!(fixture.status("p", execution), "Failed");
        } else {
            fixture.succeed(&job);
            assert_eq!(fixture.status("p", execution), "Succeeded");
        }
    }
}

/// Shows `CodePipeline` as assumed: an action ends after 24 hours, continuations included (`dev --action-timeout`):
/// JobFailed.
#[test]
fn an_action_ends_after_a_day_whatever_its_job_does() {
    let mut fixture = Fixture::new();
    fixture.ok("CreatePipeline", pipeline(vec![vec![action("A", 1)]]));
    let execution = fixture.begin("p");
    let job = fixture.take();
    fixture.advance(24 * 3600 - 1);
    assert_eq!(fixture.status("p", &execution), "InProgress");
    // A continuation does not start the day anew.
    fixture.ok(
        "PutJobSuccessResult",
        json!({ "jobId": job, "continuationToken": "2" }),
    );
    fixture.advance(1);
    assert_eq!(fixture.status("p", &execution), "Failed");
    fixture.advance(60);
    assert!(fixture.offered().is_empty(), "its next job is gone");
    let listed = fixture.ok("ListActionExecutions", json!({ "pipelineName": "p" }));
    let result = &listed["actionExecutionDetails"][0]["output"]["executionResult"];
    assert_eq!(
        result["errorDetails"],
        json!({
            "code": "JobFailed",
            "message": "the action did not end within its timeout of 24 hours",
        })
    );
}

/// Shows `PutJobSuccessResult` as assumed: a result after the timeout is an InvalidJobStateException.
#[test]
fn a_job_that_timed_out_takes_no_result() {
    let mut fixture = Fixture::new();
    fixture.ok("CreatePipeline", pipeline(vec![vec![action("A", 1)]]));
    fixture.begin("p");
    let job = fixture.take();
    fixture.advance(24 * 3600);
    let error = fixture
        .call("PutJobSuccessResult", json!({ "jobId": job }))
        .unwrap_err();
    assert_eq!(error.code, "InvalidJobStateException");
    assert!(error.message.contains("is TimedOut"), "{error}");
}

/// Shows `StartPipelineExecution` as on AWS: variables are given, default, or are refused.
#[test]
fn pipeline_variables_are_given_or_default_or_refused() {
    let mut fixture = Fixture::new();
    let mut build = action("A", 1);
    build["configuration"]["title"] = json!("#{variables.env}/#{variables.who}/#{Src.VersionId}");
    let mut request = pipeline(vec![vec![build]]);
    request["pipeline"]["variables"] =
        json!([{ "name": "env", "defaultValue": "test" }, { "name": "who" }]);
    fixture.ok("CreatePipeline", request);
    let mut start = |variables: Value| {
        let request = json!({ "name": "p", "variables": variables });
        fixture.call("StartPipelineExecution", request)
    };
    let given = |name: &str| json!([{ "name": name, "value": "x" }]);
    let error = start(given("env")).unwrap_err();
    assert!(
        error.message.contains("'who' has no default value"),
        "{error}"
    );
    let error = start(json!([{ "name": "who", "value": "x" }, { "name": "wat", "value": "x" }]))
        .unwrap_err();
    assert!(error.message.contains("no variable named 'wat'"), "{error}");
    start(given("who")).unwrap();
    fixture.settle();
    let job = fixture.poll(1).pop().unwrap();
    assert_eq!(
        job["data"]["actionConfiguration"]["configuration"]["title"],
        "test/x/v1"
    );
}

/// Shows `StartPipelineExecution` as on AWS: an S3 source gives the variables BucketName, ETag, ObjectKey and VersionId.
/// Shows `StartPipelineExecution` as assumed: a reference to a variable that is not there fails its action with
/// ConfigurationError, and says what there is.
#[test]
fn a_reference_to_nothing_fails_the_action() {
    let mut fixture = Fixture::new();
    let mut build = action("A", 1);
    build["configuration"]["title"] = json!("#{Src.Nothing}");
    fixture.ok("CreatePipeline", pipeline(vec![vec![build]]));
    let execution = fixture.begin("p");
    assert_eq!(fixture.status("p", &execution), "Failed");
    let state = fixture.ok("GetPipelineState", json!({ "name": "p" }));
    let error = &state["stageStates"][1]["actionStates"][0]["latestExecution"]["errorDetails"];
    assert_eq!(
        *error,
        json!({
            "code": "ConfigurationError",
            "message": "configuration 'title' refers to '#{Src.Nothing}', but 'Src' has no \
                        variable 'Nothing' (it has: BucketName, ETag, ObjectKey, VersionId)",
        })
    );
}

/// Shows `PutJobSuccessResult` as on AWS: output variables of an action without a namespace cannot be referred to.
#[test]
fn variables_without_a_namespace_cannot_be_referred_to() {
    let mut fixture = Fixture::new();
    let mut second = action("B", 2);
    second["configuration"]["title"] = json!("#{A.pages}");
    fixture.ok(
        "CreatePipeline",
        pipeline(vec![vec![action("A", 1), second]]),
    );
    let execution = fixture.begin("p");
    let job = fixture.take();
    let variables = json!({ "pages": "3" });
    fixture.ok(
        "PutJobSuccessResult",
        json!({ "jobId": job, "outputVariables": variables }),
    );
    fixture.settle();
    assert_eq!(fixture.status("p", &execution), "Failed");
}

/// Shows `StartPipelineExecution` as on AWS: a clientRequestToken starts one execution.
#[test]
fn a_request_token_starts_one_execution() {
    let mut fixture = Fixture::new();
    fixture.ok("CreatePipeline", pipeline(vec![vec![action("A", 1)]]));
    let request = json!({ "name": "p", "clientRequestToken": "t-1" });
    let first = fixture.ok("StartPipelineExecution", request.clone());
    assert_eq!(fixture.ok("StartPipelineExecution", request), first);
    let listed = fixture.ok("ListPipelineExecutions", json!({ "pipelineName": "p" }));
    assert_eq!(
        listed["pipelineExecutionSummaries"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

/// Shows `DeletePipeline` as on AWS: a deleted pipeline is gone.
/// Shows `DeletePipeline` as assumed: its jobs and their credentials go with it.
#[test]
fn a_deleted_pipeline_takes_its_jobs_and_sessions_along() {
    let mut fixture = Fixture::new();
    let mut build = action("A", 1);
    build["inputArtifacts"] = json!([{ "name": "SourceArtifact" }]);
    fixture.ok("CreatePipeline", pipeline(vec![vec![build]]));
    fixture.begin("p");
    let job = fixture.poll(1).pop().unwrap();
    let key = job["data"]["artifactCredentials"]["accessKeyId"]
        .as_str()
        .unwrap();
    assert!(fixture.registry.lookup(key).is_some());
    fixture.ok("DeletePipeline", json!({ "name": "p" }));
    assert!(fixture.registry.lookup(key).is_none());
    let request = json!({ "jobId": job["id"] });
    assert_eq!(
        fixture.code("GetJobDetails", request),
        "JobNotFoundException"
    );
    assert_eq!(
        fixture.code("GetPipeline", json!({ "name": "p" })),
        "PipelineNotFoundException"
    );
    fixture.ok("DeletePipeline", json!({ "name": "p" }));
    assert!(fixture.offered().is_empty());
    // The timers that it left behind fall due without harm.
    fixture.advance(25 * 3600);
}

#[test]
fn a_source_that_is_not_there_fails_its_action() {
    let mut fixture = Fixture::new();
    fixture.ok("CreatePipeline", pipeline(vec![vec![action("A", 1)]]));
    fixture.ok("StartPipelineExecution", json!({ "name": "p" }));
    let run = fixture
        .engine
        .take_effects()
        .into_iter()
        .find_map(|effect| match effect {
            Effect::FetchSource { run, from, to, .. } => {
                assert_eq!(from, ("sources".into(), "s.zip".into()));
                assert_eq!(to.0, "artifacts");
                Some(run)
            }
            _ => None,
        });
    let error = crate::pipeline::event::ErrorDetails::new("RevisionUnavailable", "gone");
    fixture.engine.source_fetched(&run.unwrap(), Err(error));
    let told = fixture.settle();
    assert_eq!(told.last().map(String::as_str), Some("ended Failed"));
}

#[test]
fn a_version_of_a_source_starts_one_execution_however_late_an_older_one_is_heard_of() {
    let mut fixture = Fixture::new();
    fixture.ok("CreatePipeline", pipeline(vec![vec![action("A", 1)]]));
    let version = |name: &str| Some(name.to_owned());
    let begun = |fixture: &mut Fixture| {
        let request = json!({ "pipelineName": "p" });
        let listed = fixture.ok("ListPipelineExecutions", request);
        listed["pipelineExecutionSummaries"]
            .as_array()
            .unwrap()
            .len()
    };
    let look = fixture.engine.watched_sources().pop().unwrap();
    assert!(!fixture.engine.source_seen(&look, version("v1")));
    let run = fixture
        .engine
        .take_effects()
        .into_iter()
        .find_map(|effect| match effect {
            Effect::FetchSource { run, .. } => Some(run),
            _ => None,
        });
    // Two looks go on while v1 is copied: the one that began first ends last.
    let early = fixture.engine.watched_sources().pop().unwrap();
    let late = early.clone();
    assert!(!fixture.engine.source_seen(&late, version("v3")));
    assert_eq!(begun(&mut fixture), 2);
    assert!(
        fixture.engine.source_seen(&early, version("v2")),
        "it is looked at once more"
    );
    let fetched = Fetched {
        version_id: "v1".into(),
        etag: "e1".into(),
        modified: 0.0,
    };
    fixture.engine.source_fetched(&run.unwrap(), Ok(fetched));
    let again = fixture.engine.watched_sources().pop().unwrap();
    assert!(!fixture.engine.source_seen(&again, version("v3")));
    assert_eq!(begun(&mut fixture), 2);
}

#[test]
fn a_version_that_an_execution_fetched_starts_no_other() {
    let mut fixture = Fixture::new();
    fixture.ok("CreatePipeline", pipeline(vec![vec![action("A", 1)]]));
    // Its source is fetched as `v1`.
    fixture.begin("p");
    let look = fixture.engine.watched_sources().pop().unwrap();
    assert_eq!(look.seen.as_deref(), Some("v1"));
}
