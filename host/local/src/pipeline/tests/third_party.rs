//! Third-party actions: clients and their tokens, the jobs' data, timeouts, ids.

use serde_json::json;

use super::*;
use crate::third_party::{
    ArtifactCounts, JobIds, ThirdPartyActionType, ThirdPartyClient, ThirdPartyProperty,
    ThirdPartyUrls,
};

const FIRST: &str = "11111111-1111-4111-8111-111111111111";
const SECOND: &str = "22222222-2222-4222-8222-222222222222";

pub(super) fn partners() -> ThirdParty {
    let client = |id: &str, token: &str, pipelines: &[&str]| ThirdPartyClient {
        id: id.into(),
        token: token.into(),
        pipelines: pipelines.iter().map(|&name| name.to_owned()).collect(),
    };
    let property = |name: &str, secret| ThirdPartyProperty {
        name: name.into(),
        secret,
        description: Some("what it is".into()),
        ..ThirdPartyProperty::default()
    };
    ThirdParty {
        action_types: vec![ThirdPartyActionType {
            category: "Deploy".into(),
            provider: "Partner".into(),
            version: "1".into(),
            description: Some("Deploys".into()),
            job_timeout: Some(Duration::from_secs(600)),
            properties: vec![property("project", false), property("key", true)],
            inputs: ArtifactCounts {
                minimum: 0,
                maximum: 10,
            },
            outputs: ArtifactCounts {
                minimum: 0,
                maximum: 1,
            },
            urls: ThirdPartyUrls {
                execution: Some("https://partner/{ExternalExecutionId}".into()),
                ..ThirdPartyUrls::default()
            },
            clients: vec![client(FIRST, "one", &["p"]), client(SECOND, "two", &[])],
        }],
        job_ids: JobIds::Uuid,
    }
}

fn kind() -> Value {
    json!({ "category": "Deploy", "owner": "ThirdParty", "provider": "Partner", "version": "1" })
}

pub(super) fn deploy(name: &str) -> Value {
    json!({
        "name": name,
        "actionTypeId": kind(),
        "configuration": { "project": "x", "key": "hunter2" },
        "inputArtifacts": [{ "name": "SourceArtifact" }],
    })
}

fn fixture() -> Fixture {
    let mut fixture = Fixture::with(|settings| settings.third_party = partners());
    fixture.ok("CreatePipeline", pipeline(vec![vec![deploy("A")]]));
    fixture
}

fn poll(fixture: &mut Fixture) -> Vec<Value> {
    let request = json!({ "actionTypeId": kind(), "maxBatchSize": 10 });
    let answer = fixture.ok("PollForThirdPartyJobs", request);
    answer["jobs"].as_array().unwrap().clone()
}

fn details(fixture: &mut Fixture, job: &Value, token: &str) -> Value {
    let request = json!({ "jobId": job, "clientToken": token });
    fixture.ok("GetThirdPartyJobDetails", request)["jobDetails"].take()
}

/// Polls one job, gets its details and acknowledges it; returns its id.
fn take(fixture: &mut Fixture, token: &str) -> Value {
    let job = poll(fixture).pop().expect("a job")["jobId"].take();
    let nonce = details(fixture, &job, token)["nonce"].take();
    let request = json!({ "jobId": job, "clientToken": token, "nonce": nonce });
    let answer = fixture.ok("AcknowledgeThirdPartyJob", request);
    assert_eq!(answer, json!({ "status": "InProgress" }));
    job
}

/// Shows `PollForThirdPartyJobs`, `GetThirdPartyJobDetails`, `AcknowledgeThirdPartyJob`,
/// `PutThirdPartyJobSuccessResult` as on AWS: a job goes from its poll to its result with the client's token; new
/// details renew its credentials.
#[test]
fn a_job_goes_from_its_poll_to_its_result_with_the_clients_token() {
    let mut fixture = fixture();
    let execution = fixture.begin("p");
    let polled = poll(&mut fixture);
    let job = polled[0]["jobId"].clone();
    assert_eq!(polled, [json!({ "clientId": FIRST, "jobId": job })]);
    assert!(poll(&mut fixture).is_empty());
    let told = details(&mut fixture, &job, "one");
    assert_eq!(told["id"], job);
    assert_eq!(
        told["data"]["actionConfiguration"]["configuration"],
        json!({ "project": "x", "key": "hunter2" })
    );
    assert!(told["data"]["artifactCredentials"]["sessionToken"].is_string());
    let request = json!({ "jobId": job, "clientToken": "one", "nonce": told["nonce"] });
    fixture.ok("AcknowledgeThirdPartyJob", request.clone());
    let code = fixture.code("AcknowledgeThirdPartyJob", request);
    assert_eq!(code, "InvalidNonceException");
    let renewed = details(&mut fixture, &job, "one");
    assert!(renewed["data"]["artifactCredentials"].is_object());
    let put = json!({
        "jobId": job,
        "clientToken": "one",
        "executionDetails": { "externalExecutionId": "run-7" },
        "outputVariables": { "ignored": "as any unknown member" },
    });
    fixture.ok("PutThirdPartyJobSuccessResult", put.clone());
    fixture.settle();
    assert_eq!(fixture.status("p", &execution), "Succeeded");
    let listed = fixture.ok("ListActionExecutions", json!({ "pipelineName": "p" }));
    let output = &listed["actionExecutionDetails"][0]["output"];
    assert_eq!(output["outputVariables"], json!({}));
    assert_eq!(
        output["executionResult"]["externalExecutionUrl"],
        "https://partner/run-7"
    );
    let code = fixture.code("PutThirdPartyJobSuccessResult", put);
    assert_eq!(code, "InvalidJobStateException");
    let request = json!({ "jobId": job, "clientToken": "one" });
    let code = fixture.code("GetThirdPartyJobDetails", request);
    assert_eq!(code, "InvalidJobException");
}

/// Shows `GetThirdPartyJobDetails` as on AWS: no account, ARN or execution id.
#[test]
fn a_job_tells_nothing_of_its_account() {
    let mut fixture = fixture();
    let execution = fixture.begin("p");
    let job = poll(&mut fixture)[0]["jobId"].take();
    let mut told = details(&mut fixture, &job, "one");
    let context = &told["data"]["pipelineContext"];
    let mut members: Vec<&String> = context.as_object().unwrap().keys().collect();
    members.sort();
    assert_eq!(members, ["action", "pipelineName", "stage"]);
    let action = &context["action"];
    assert!(action["actionExecutionId"].is_string());
    told["data"]["artifactCredentials"].take();
    let text = told.to_string();
    for secret in ["000000000000", "arn:", execution.as_str()] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}

/// Shows `GetThirdPartyJobDetails`, `AcknowledgeThirdPartyJob`, `PutThirdPartyJobSuccessResult`,
/// `PutThirdPartyJobFailureResult` as on AWS: a wrong client token is an InvalidClientTokenException.
#[test]
fn another_token_or_no_such_job_is_refused_before_anything_else() {
    let mut fixture = fixture();
    fixture.begin("p");
    let job = poll(&mut fixture)[0]["jobId"].take();
    let failure = json!({ "type": "JobFailed", "message": "m" });
    for (name, mut request) in [
        ("GetThirdPartyJobDetails", json!({})),
        ("AcknowledgeThirdPartyJob", json!({ "nonce": "1" })),
        ("PutThirdPartyJobSuccessResult", json!({})),
        (
            "PutThirdPartyJobFailureResult",
            json!({ "failureDetails": failure }),
        ),
    ] {
        request["jobId"] = job.clone();
        for wrong in ["two", "one ", "ONE"] {
            request["clientToken"] = json!(wrong);
            let error = fixture.call(name, request.clone()).unwrap_err();
            assert_eq!(error.code, "InvalidClientTokenException", "{name}");
            assert!(!error.message.contains("one"), "{error}");
        }
        request["clientToken"] = json!("one");
        request["jobId"] = json!("no job at all");
        assert_eq!(fixture.code(name, request), "JobNotFoundException");
    }
    // The job is still there for whoever has the token.
    fixture.advance(60);
    take(&mut fixture, "one");
}

/// Shows `CreatePipeline` unlike AWS: on AWS a partner's customer is an account; here a client may be bound to pipelines by
/// name, and a pipeline for which there is no client is an InvalidActionDeclarationException.
#[test]
fn a_pipelines_client_is_the_one_that_names_it() {
    let mut fixture = fixture();
    let mut other = pipeline(vec![vec![deploy("A")]]);
    other["pipeline"]["name"] = json!("other");
    fixture.ok("CreatePipeline", other.clone());
    fixture.begin("other");
    fixture.begin("p");
    let clients: Vec<Value> = poll(&mut fixture)
        .iter()
        .map(|job| job["clientId"].clone())
        .collect();
    assert_eq!(clients, [SECOND, FIRST]);

    let mut strict = Fixture::with(|settings| {
        settings.third_party = partners();
        settings.third_party.action_types[0].clients.pop();
    });
    strict.ok("CreatePipeline", pipeline(vec![vec![deploy("A")]]));
    let error = strict.call("CreatePipeline", other).unwrap_err();
    assert_eq!(error.code, "InvalidActionDeclarationException");
    assert!(
        error.message.contains("No customer is connected"),
        "{error}"
    );
}

/// Shows `PollForThirdPartyJobs`, `AcknowledgeThirdPartyJob` as assumed: a job that nobody acknowledged is offered
/// again, and its last nonce counts.
#[test]
fn a_job_is_offered_again_and_its_last_nonce_counts() {
    let mut fixture = fixture();
    fixture.begin("p");
    let job = poll(&mut fixture)[0]["jobId"].take();
    let first = details(&mut fixture, &job, "one")["nonce"].take();
    fixture.advance(60);
    assert_eq!(poll(&mut fixture)[0]["jobId"], job);
    let request = json!({ "jobId": job, "clientToken": "one", "nonce": first });
    let code = fixture.code("AcknowledgeThirdPartyJob", request);
    assert_eq!(code, "InvalidNonceException");
    let second = details(&mut fixture, &job, "one")["nonce"].take();
    let request = json!({ "jobId": job, "clientToken": "one", "nonce": second });
    fixture.ok("AcknowledgeThirdPartyJob", request);
}

/// Shows `PutThirdPartyJobSuccessResult` as assumed: a job's timeout begins with its first offer, anew with a
/// continuation, and a result after it is an InvalidJobStateException.
#[test]
fn each_job_has_the_types_timeout_and_a_continuation_a_new_one() {
    let mut fixture = fixture();
    let execution = fixture.begin("p");
    let job = take(&mut fixture, "one");
    fixture.advance(590);
    let put = json!({ "jobId": job, "clientToken": "one", "continuationToken": "more" });
    fixture.ok("PutThirdPartyJobSuccessResult", put);
    fixture.settle();
    fixture.advance(30);
    let second = take(&mut fixture, "one");
    assert_ne!(second, job);
    assert_eq!(
        details(&mut fixture, &second, "one")["data"]["continuationToken"],
        "more"
    );
    fixture.advance(599);
    assert_eq!(fixture.status("p", &execution), "InProgress");
    fixture.advance(1);
    fixture.settle();
    assert_eq!(fixture.status("p", &execution), "Failed");
    let state = fixture.ok("GetPipelineState", json!({ "name": "p" }));
    let error = &state["stageStates"][1]["actionStates"][0]["latestExecution"]["errorDetails"];
    assert_eq!(error["code"], "JobFailed");
    assert!(error["message"].as_str().unwrap().contains("600 seconds"));
    let put = json!({ "jobId": second, "clientToken": "one" });
    let code = fixture.code("PutThirdPartyJobSuccessResult", put);
    assert_eq!(code, "InvalidJobStateException");
    assert!(fixture.engine.timers.is_empty() && fixture.engine.offers.is_empty());
}

/// Shows `GetJobDetails`, `PutJobSuccessResult`, `PutThirdPartyJobSuccessResult` as assumed: a job of the other owner
/// is a JobNotFoundException.
/// Shows `PollForJobs`, `PollForThirdPartyJobs` as on AWS: polling for a type of another owner is refused.
#[test]
fn custom_and_third_party_operations_do_not_reach_each_others_jobs() {
    let mut fixture = Fixture::with(|settings| settings.third_party = partners());
    let stages = vec![vec![deploy("A"), action("B", 1)]];
    fixture.ok("CreatePipeline", pipeline(stages));
    fixture.begin("p");
    let partners_job = take(&mut fixture, "one");
    let custom_job = fixture.take();
    let put = json!({ "jobId": partners_job });
    assert_eq!(
        fixture.code("GetJobDetails", put.clone()),
        "JobNotFoundException"
    );
    assert_eq!(
        fixture.code("PutJobSuccessResult", put),
        "JobNotFoundException"
    );
    let put = json!({ "jobId": custom_job, "clientToken": "one" });
    let code = fixture.code("PutThirdPartyJobSuccessResult", put);
    assert_eq!(code, "JobNotFoundException");
    let poll = json!({ "actionTypeId": kind() });
    assert_eq!(fixture.code("PollForJobs", poll), "ValidationException");
    let poll = json!({ "actionTypeId": type_id() });
    let code = fixture.code("PollForThirdPartyJobs", poll);
    assert_eq!(code, "ValidationException");
    let mut unknown = kind();
    unknown["version"] = json!("2");
    let poll = json!({ "actionTypeId": unknown });
    let code = fixture.code("PollForThirdPartyJobs", poll);
    assert_eq!(code, "ActionTypeNotFoundException");
}

/// Shows `PutThirdPartyJobFailureResult` as on AWS: a failure is reported with the client's token, and a job id may be
/// any text.
#[test]
fn ids_may_be_free_text_and_work_as_such() {
    let mut fixture = Fixture::with(|settings| {
        settings.third_party = partners();
        settings.third_party.job_ids = JobIds::FreeText;
    });
    fixture.ok("CreatePipeline", pipeline(vec![vec![deploy("A")]]));
    let execution = fixture.begin("p");
    let job = take(&mut fixture, "one");
    assert!(job.as_str().unwrap().starts_with("../"));
    let failure = json!({ "type": "RevisionOutOfSync", "message": "m" });
    let put = json!({ "jobId": job, "clientToken": "one", "failureDetails": failure });
    fixture.ok("PutThirdPartyJobFailureResult", put);
    fixture.settle();
    assert_eq!(fixture.status("p", &execution), "Failed");
}

/// Shows `GetActionType` as on AWS: types of partners and of AWS can be read, custom ones cannot.
/// Shows `GetActionType` as assumed: AWS's own types have the executor JobWorker, for which
/// codepipeline.amazonaws.com polls.
#[test]
fn types_of_partners_and_of_the_service_can_be_read() {
    let mut fixture = fixture();
    let answer = fixture.ok("GetActionType", kind());
    assert_eq!(
        answer["actionType"],
        json!({
            "id": kind(),
            "description": "Deploys",
            "executor": {
                "type": "JobWorker",
                "configuration": {
                    "jobWorkerExecutorConfiguration": { "pollingAccounts": ["000000000000"] },
                },
                "jobTimeout": 600,
            },
            "inputArtifactDetails": { "minimumCount": 0, "maximumCount": 10 },
            "outputArtifactDetails": { "minimumCount": 0, "maximumCount": 1 },
            "permissions": { "allowedAccounts": ["*"] },
            "properties": [
                {
                    "name": "project", "optional": true, "key": false, "noEcho": false,
                    "queryable": false, "description": "what it is",
                },
                {
                    "name": "key", "optional": true, "key": false, "noEcho": true,
                    "queryable": false, "description": "what it is",
                },
            ],
            "urls": { "executionUrlTemplate": "https://partner/{ExternalExecutionId}" },
        })
    );
    let source = json!({ "category": "Source", "owner": "AWS", "provider": "S3", "version": "1" });
    let answer = fixture.ok("GetActionType", source);
    assert_eq!(answer["actionType"]["properties"][0]["name"], "S3Bucket");
    let executor = &answer["actionType"]["executor"];
    assert_eq!(executor["type"], "JobWorker");
    assert_eq!(
        executor["configuration"]["jobWorkerExecutorConfiguration"],
        json!({ "pollingServicePrincipals": ["codepipeline.amazonaws.com"] })
    );
    assert_eq!(
        fixture.code("GetActionType", type_id()),
        "ValidationException"
    );
    let listed = fixture.ok(
        "ListActionTypes",
        json!({ "actionOwnerFilter": "ThirdParty" }),
    );
    assert_eq!(listed["actionTypes"][0]["id"], kind());
    let declared = fixture.ok("GetPipeline", json!({ "name": "p" }));
    let shown = &declared["pipeline"]["stages"][1]["actions"][0]["configuration"];
    assert_eq!(*shown, json!({ "project": "x", "key": "****" }));
}
