"""Every limit of the API that a client can break, broken by boto3 with its own checks switched off: the
service answers as AWS does."""

import copy
import sys

from botocore.exceptions import ClientError

import clients

codepipeline = clients.client("codepipeline", parameter_validation=False)
s3 = clients.client("s3")
VALIDATION = "ValidationException"
UUID = "01234567-89ab-cdef-0123-456789abcdef"
failures = []
tried = 0


def refused(code, what, operation, **parameters):
    global tried
    tried += 1
    try:
        getattr(codepipeline, operation)(**parameters)
    except ClientError as error:
        found = error.response["Error"]
        if found["Code"] != code:
            failures.append(f"{operation}, {what}: {found['Code']} ({found['Message']}), not {code}")
        elif not found["Message"]:
            failures.append(f"{operation}, {what}: there is no message")
        return
    failures.append(f"{operation}, {what}: was accepted")


def changed(base, path, value):
    """A copy with one member set, or taken out where the value is None."""
    result = copy.deepcopy(base)
    at = result
    for key in path[:-1]:
        at = at[key]
    if value is None:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return result


# Action types.
PROPERTY = {"name": "do", "required": False, "key": False, "secret": False, "type": "String"}
TYPE = {
    "category": "Build",
    "provider": "Limits",
    "version": "1",
    "settings": {"entityUrlTemplate": "https://example.com/{Config:do}"},
    "configurationProperties": [PROPERTY],
    "inputArtifactDetails": {"minimumCount": 0, "maximumCount": 1},
    "outputArtifactDetails": {"minimumCount": 0, "maximumCount": 1},
}
for what, path, value in [
    ("no category", ["category"], None),
    ("no provider", ["provider"], None),
    ("no version", ["version"], None),
    ("no inputs", ["inputArtifactDetails"], None),
    ("no outputs", ["outputArtifactDetails"], None),
    ("an unknown category", ["category"], "Baking"),
    ("a category of AWS alone", ["category"], "Approval"),
    ("an empty provider", ["provider"], ""),
    ("a long provider", ["provider"], "p" * 36),
    ("a bad provider", ["provider"], "not good"),
    ("an empty version", ["version"], ""),
    ("a long version", ["version"], "1234567890"),
    ("a bad version", ["version"], "1.0"),
    ("too many inputs", ["inputArtifactDetails", "maximumCount"], 6),
    ("fewer than no inputs", ["inputArtifactDetails", "minimumCount"], -1),
    ("too many outputs", ["outputArtifactDetails", "maximumCount"], 6),
    ("least above most", ["outputArtifactDetails"], {"minimumCount": 2, "maximumCount": 1}),
    ("eleven properties", ["configurationProperties"], [dict(PROPERTY, name=f"p{n}") for n in range(11)]),
    ("an empty name", ["configurationProperties", 0, "name"], ""),
    ("a long name", ["configurationProperties", 0, "name"], "n" * 51),
    ("no required", ["configurationProperties", 0, "required"], None),
    ("no secret", ["configurationProperties", 0, "secret"], None),
    ("an unknown type", ["configurationProperties", 0, "type"], "Text"),
    ("an empty description", ["configurationProperties", 0, "description"], ""),
    ("a long description", ["configurationProperties", 0, "description"], "d" * 161),
    ("a queryable secret", ["configurationProperties", 0],
     dict(PROPERTY, required=True, secret=True, queryable=True)),
    ("a queryable that may be left out", ["configurationProperties", 0], dict(PROPERTY, queryable=True)),
    ("an empty link", ["settings", "entityUrlTemplate"], ""),
    ("a long link", ["settings", "entityUrlTemplate"], "https://example.com/" + "x" * 2048),
]:
    refused(VALIDATION, what, "create_custom_action_type", **changed(TYPE, path, value))
codepipeline.create_custom_action_type(**TYPE)
refused(VALIDATION, "twice", "create_custom_action_type", **TYPE)
codepipeline.create_custom_action_type(
    **dict(TYPE, provider="Queried", configurationProperties=[dict(PROPERTY, required=True, queryable=True)])
)
refused(VALIDATION, "an unknown owner", "list_action_types", actionOwnerFilter="Nobody")

# Pipelines.
for bucket in ("limits", "limits-source"):
    s3.create_bucket(Bucket=bucket)
s3.put_bucket_versioning(Bucket="limits-source", VersioningConfiguration={"Status": "Enabled"})
s3.put_object(Bucket="limits-source", Key="s.zip", Body=b"source")
KIND = clients.custom("Build", "Limits")
PIPELINE = {
    "pipeline": clients.pipeline(
        "limits", "limits",
        [clients.source("limits-source", "s.zip")],
        [clients.action("Act", KIND, ["Source"], ["Out"], {"do": "x"})],
    )
}
STAGES = ["pipeline", "stages"]
ACT = STAGES + [1, "actions", 0]
for code, what, path, value in [
    (VALIDATION, "no name", ["pipeline", "name"], None),
    (VALIDATION, "no role", ["pipeline", "roleArn"], None),
    (VALIDATION, "no stages", STAGES, None),
    (VALIDATION, "an empty name", ["pipeline", "name"], ""),
    (VALIDATION, "a long name", ["pipeline", "name"], "n" * 101),
    (VALIDATION, "a bad name", ["pipeline", "name"], "not good"),
    (VALIDATION, "a bad role", ["pipeline", "roleArn"], "role"),
    (VALIDATION, "an unknown store", ["pipeline", "artifactStore", "type"], "FTP"),
    (VALIDATION, "a long bucket", ["pipeline", "artifactStore", "location"], "b" * 64),
    (VALIDATION, "an empty key", ["pipeline", "artifactStore", "encryptionKey"], {"id": "", "type": "KMS"}),
    (VALIDATION, "a long key", ["pipeline", "artifactStore", "encryptionKey"],
     {"id": "k" * 401, "type": "KMS"}),
    (VALIDATION, "a long stage", STAGES + [1, "name"], "s" * 101),
    (VALIDATION, "a bad stage", STAGES + [1, "name"], "not good"),
    (VALIDATION, "a long action", ACT + ["name"], "a" * 101),
    (VALIDATION, "a run order of 0", ACT + ["runOrder"], 0),
    (VALIDATION, "a run order of 1000", ACT + ["runOrder"], 1000),
    (VALIDATION, "a long artifact", ACT + ["outputArtifacts"], [{"name": "o" * 101}]),
    (VALIDATION, "a bad artifact", ACT + ["outputArtifacts"], [{"name": "not good"}]),
    (VALIDATION, "a long key of configuration", ACT + ["configuration"], {"k" * 51: "x"}),
    (VALIDATION, "an empty value", ACT + ["configuration"], {"do": ""}),
    (VALIDATION, "a long value", ACT + ["configuration"], {"do": "v" * 1001}),
    (VALIDATION, "a bad namespace", ACT + ["namespace"], "not good"),
    (VALIDATION, "an unknown mode", ["pipeline", "executionMode"], "RANDOM"),
    (VALIDATION, "an unknown type", ["pipeline", "pipelineType"], "V9"),
    (VALIDATION, "a long region", ACT + ["region"], "r" * 31),
    ("InvalidStructureException", "one stage", STAGES, PIPELINE["pipeline"]["stages"][:1]),
    ("InvalidStageDeclarationException", "a stage twice", STAGES + [1, "name"], "Stage0"),
    ("InvalidActionDeclarationException", "an unknown type of action", ACT + ["actionTypeId", "version"], "2"),
    ("InvalidActionDeclarationException", "an unknown input", ACT + ["inputArtifacts"], [{"name": "Nothing"}]),
    ("InvalidActionDeclarationException", "an unknown key", ACT + ["configuration"], {"did": "x"}),
    ("InvalidActionDeclarationException", "too many outputs", ACT + ["outputArtifacts"],
     [{"name": "A"}, {"name": "B"}]),
]:
    refused(code, what, "create_pipeline", **changed(PIPELINE, path, value))
codepipeline.create_pipeline(**PIPELINE)
refused("PipelineNameInUseException", "twice", "create_pipeline", **PIPELINE)
refused("PipelineNotFoundException", "an unknown pipeline", "get_pipeline", name="nothing")
refused(VALIDATION, "a long name", "get_pipeline", name="n" * 101)
refused(VALIDATION, "a version of 0", "get_pipeline", name="limits", version=0)
refused(VALIDATION, "no results", "list_pipelines", maxResults=0)
refused("PipelineNotFoundException", "an unknown pipeline", "get_pipeline_state", name="nothing")
refused("PipelineNotFoundException", "an unknown pipeline", "start_pipeline_execution", name="nothing")
refused(VALIDATION, "a long token", "start_pipeline_execution", name="limits", clientRequestToken="t" * 129)
refused(VALIDATION, "a bad token", "start_pipeline_execution", name="limits", clientRequestToken="a b")
refused(VALIDATION, "no variables", "start_pipeline_execution", name="limits", variables=[])
refused(VALIDATION, "51 variables", "start_pipeline_execution", name="limits",
        variables=[{"name": f"v{n}", "value": "x"} for n in range(51)])
refused(VALIDATION, "a bad variable", "start_pipeline_execution", name="limits",
        variables=[{"name": "not good", "value": "x"}])
refused(VALIDATION, "a long value", "start_pipeline_execution", name="limits",
        variables=[{"name": "v", "value": "x" * 1001}])
refused(VALIDATION, "an id that is none", "get_pipeline_execution", pipelineName="limits",
        pipelineExecutionId="1")
refused("PipelineExecutionNotFoundException", "an unknown execution", "get_pipeline_execution",
        pipelineName="limits", pipelineExecutionId=UUID)
for operation in ("list_pipeline_executions", "list_action_executions"):
    refused(VALIDATION, "no results", operation, pipelineName="limits", maxResults=0)
    refused(VALIDATION, "101 results", operation, pipelineName="limits", maxResults=101)
    refused(VALIDATION, "an empty token", operation, pipelineName="limits", nextToken="")
    refused("InvalidNextTokenException", "a made-up token", operation, pipelineName="limits", nextToken="x")

# Jobs.
refused(VALIDATION, "no type", "poll_for_jobs")
for what, path, value in [
    ("an unknown owner", ["owner"], "Nobody"),
    ("another owner", ["owner"], "AWS"),
    ("an empty provider", ["provider"], ""),
    ("a long provider", ["provider"], "p" * 36),
    ("a long version", ["version"], "1234567890"),
    ("an unknown category", ["category"], "Baking"),
]:
    refused(VALIDATION, what, "poll_for_jobs", actionTypeId=changed(KIND, path, value))
refused("ActionTypeNotFoundException", "an unknown type", "poll_for_jobs",
        actionTypeId=clients.custom("Build", "Nothing"))
refused(VALIDATION, "no jobs", "poll_for_jobs", actionTypeId=KIND, maxBatchSize=0)
refused(VALIDATION, "a query where there is none", "poll_for_jobs", actionTypeId=KIND, queryParam={"do": "x"})
QUERIED = clients.custom("Build", "Queried")
refused(VALIDATION, "no query where there is one", "poll_for_jobs", actionTypeId=QUERIED)
refused(VALIDATION, "two queries", "poll_for_jobs", actionTypeId=QUERIED, queryParam={"do": "x", "a": "b"})
refused(VALIDATION, "a long query", "poll_for_jobs", actionTypeId=QUERIED, queryParam={"do": "x" * 51})
refused(VALIDATION, "a bad query", "poll_for_jobs", actionTypeId=QUERIED, queryParam={"do": "not good"})

JOB_OPERATIONS = {
    "acknowledge_job": {"nonce": "1"},
    "get_job_details": {},
    "put_job_success_result": {},
    "put_job_failure_result": {"failureDetails": {"type": "JobFailed", "message": "m"}},
}
for operation, parameters in JOB_OPERATIONS.items():
    refused(VALIDATION, "no job", operation, **parameters)
    for bad in ("", "1", UUID.upper(), UUID + "0"):
        refused(VALIDATION, f"the job {bad!r}", operation, jobId=bad, **parameters)
    refused("JobNotFoundException", "an unknown job", operation, jobId=UUID, **parameters)
refused(VALIDATION, "no nonce", "acknowledge_job", jobId=UUID)
refused(VALIDATION, "an empty nonce", "acknowledge_job", jobId=UUID, nonce="")
refused(VALIDATION, "a long nonce", "acknowledge_job", jobId=UUID, nonce="1" * 51)

# Third-party jobs.
KIND_OF_PARTNER = dict(KIND, owner="ThirdParty")
refused(VALIDATION, "no type", "poll_for_third_party_jobs")
refused(VALIDATION, "another owner", "poll_for_third_party_jobs", actionTypeId=KIND)
refused(VALIDATION, "no jobs", "poll_for_third_party_jobs", actionTypeId=KIND_OF_PARTNER, maxBatchSize=0)
refused("ActionTypeNotFoundException", "an unknown type", "poll_for_third_party_jobs",
        actionTypeId=KIND_OF_PARTNER)
THIRD_PARTY_OPERATIONS = {
    "get_third_party_job_details": {},
    "acknowledge_third_party_job": {"nonce": "1"},
    "put_third_party_job_success_result": {},
    "put_third_party_job_failure_result": {"failureDetails": {"type": "JobFailed", "message": "m"}},
}
for operation, parameters in THIRD_PARTY_OPERATIONS.items():
    refused(VALIDATION, "no job", operation, clientToken="t", **parameters)
    refused(VALIDATION, "no token", operation, jobId="j", **parameters)
    for bad in ("", "j" * 513):
        refused(VALIDATION, "a job of no length that may be", operation, jobId=bad, clientToken="t", **parameters)
    for bad in ("", "t" * 257):
        refused(VALIDATION, "a token of no length that may be", operation, jobId="j", clientToken=bad, **parameters)
    refused("JobNotFoundException", "an unknown job", operation, jobId="../" * 170, clientToken="t", **parameters)
refused(VALIDATION, "no nonce", "acknowledge_third_party_job", jobId="j", clientToken="t")
refused(VALIDATION, "a long token", "put_third_party_job_success_result", jobId="j", clientToken="t",
        continuationToken="t" * 2049)
refused(VALIDATION, "no details", "put_third_party_job_failure_result", jobId="j", clientToken="t")
refused(VALIDATION, "a custom type", "get_action_type", **KIND)
refused("ActionTypeNotFoundException", "an unknown type", "get_action_type", **KIND_OF_PARTNER)


def next_job():
    execution = codepipeline.start_pipeline_execution(name="limits")["pipelineExecutionId"]
    while True:
        jobs = codepipeline.poll_for_jobs(actionTypeId=KIND)["jobs"]
        if jobs:
            return execution, jobs[0]


execution, job = next_job()
refused("InvalidJobStateException", "a job that nobody acknowledged", "put_job_success_result", jobId=job["id"])
refused("InvalidNonceException", "a wrong nonce", "acknowledge_job", jobId=job["id"], nonce="0")
codepipeline.acknowledge_job(jobId=job["id"], nonce=job["nonce"])
refused("InvalidNonceException", "a second time", "acknowledge_job", jobId=job["id"], nonce=job["nonce"])
for what, parameters in [
    ("an empty token", {"continuationToken": ""}),
    ("a long token", {"continuationToken": "t" * 2049}),
    ("an empty summary", {"executionDetails": {"summary": ""}}),
    ("a long summary", {"executionDetails": {"summary": "s" * 2049}}),
    ("a long id", {"executionDetails": {"externalExecutionId": "i" * 1501}}),
    ("101 percent", {"executionDetails": {"percentComplete": 101}}),
    ("-1 percent", {"executionDetails": {"percentComplete": -1}}),
    ("no revision", {"currentRevision": {"changeIdentifier": "c"}}),
    ("no change", {"currentRevision": {"revision": "r"}}),
    ("a long revision", {"currentRevision": {"revision": "r" * 1501, "changeIdentifier": "c"}}),
    ("a long change", {"currentRevision": {"revision": "r", "changeIdentifier": "c" * 101}}),
    ("a long summary of it",
     {"currentRevision": {"revision": "r", "changeIdentifier": "c", "revisionSummary": "s" * 2049}}),
    ("a bad variable", {"outputVariables": {"not good": "x"}}),
    ("variables before the end", {"continuationToken": "t", "outputVariables": {"v": "x"}}),
]:
    refused(VALIDATION, what, "put_job_success_result", jobId=job["id"], **parameters)
refused("OutputVariablesSizeExceededException", "122,881 bytes of variables", "put_job_success_result",
        jobId=job["id"], outputVariables={"v": "x" * 122_880})
for what, details in [
    ("no type", {"message": "m"}),
    ("no message", {"type": "JobFailed"}),
    ("an unknown type", {"type": "Tired", "message": "m"}),
    ("an empty message", {"type": "JobFailed", "message": ""}),
    ("a long message", {"type": "JobFailed", "message": "m" * 5001}),
    ("a long id", {"type": "JobFailed", "message": "m", "externalExecutionId": "i" * 1501}),
]:
    refused(VALIDATION, what, "put_job_failure_result", jobId=job["id"], failureDetails=details)
refused(VALIDATION, "no details", "put_job_failure_result", jobId=job["id"])
# None of these ended the job: the longest that is allowed does.
codepipeline.put_job_failure_result(
    jobId=job["id"], failureDetails={"type": "JobFailed", "message": "m" * 5000}
)
assert clients.ended(codepipeline, "limits", execution) == "Failed"
for operation, parameters in JOB_OPERATIONS.items():
    if operation.startswith("put_"):
        refused("InvalidJobStateException", "a job that has ended", operation, jobId=job["id"], **parameters)

# What steers executions.
IN_PIPELINE = {"pipelineName": "limits"}
OF_EXECUTION = dict(IN_PIPELINE, pipelineExecutionId=UUID)
for operation, sound, wrong in [
    ("stop_pipeline_execution", OF_EXECUTION,
     {"pipelineName": [None, "", "n" * 101, "not good"], "pipelineExecutionId": [None, "", "1", UUID.upper()],
      "reason": ["r" * 201]}),
    ("retry_stage_execution", dict(OF_EXECUTION, stageName="Stage1", retryMode="FAILED_ACTIONS"),
     {"pipelineName": [None, "", "n" * 101], "stageName": [None, "", "s" * 101, "not good"],
      "pipelineExecutionId": [None, "1"], "retryMode": [None, "", "SOME_ACTIONS"]}),
    ("put_approval_result", dict(IN_PIPELINE, stageName="Stage1", actionName="Act", token=UUID,
                                 result={"summary": "s", "status": "Approved"}),
     {"pipelineName": [None, ""], "stageName": [None, ""], "actionName": [None, "", "a" * 101],
      "token": [None, "", "t", UUID.upper()],
      "result": [None, {}, {"summary": "s"}, {"status": "Approved"}, {"summary": "s", "status": "Maybe"},
                 {"summary": "s" * 513, "status": "Approved"}]}),
    ("enable_stage_transition", dict(IN_PIPELINE, stageName="Stage1", transitionType="Inbound"),
     {"pipelineName": [None, ""], "stageName": [None, ""], "transitionType": [None, "", "Sideways"]}),
    ("disable_stage_transition", dict(IN_PIPELINE, stageName="Stage1", transitionType="Inbound", reason="r"),
     {"pipelineName": [None, ""], "stageName": [None, ""], "transitionType": [None, "", "Sideways"],
      "reason": [None, "", "r" * 301, "a/b", "\n"]}),
    ("put_action_revision", dict(IN_PIPELINE, stageName="Stage0", actionName="Source",
                                 actionRevision={"revisionId": "r", "revisionChangeId": "c", "created": 1}),
     {"pipelineName": [None, ""], "stageName": [None, ""], "actionName": [None, ""],
      "actionRevision": [None, {"revisionId": "r", "created": 1}, {"revisionChangeId": "c", "created": 1},
                         {"revisionId": "r", "revisionChangeId": "c"},
                         {"revisionId": "r" * 1501, "revisionChangeId": "c", "created": 1},
                         {"revisionId": "r", "revisionChangeId": "c" * 101, "created": 1}]}),
    ("delete_custom_action_type", {"category": "Build", "provider": "Nothing", "version": "1"},
     {"category": [None, "Baking"], "provider": [None, "", "p" * 36], "version": [None, "", "1234567890"]}),
]:
    for member, values in wrong.items():
        for value in values:
            refused(VALIDATION, f"{member} {str(value)[:20]!r}", operation, **changed(sound, [member], value))
    if "pipelineName" in sound:
        refused("PipelineNotFoundException", "an unknown pipeline", operation, **dict(sound, pipelineName="nothing"))
    if "stageName" in sound:
        refused("StageNotFoundException", "an unknown stage", operation, **dict(sound, stageName="Nothing"))
    if "actionName" in sound:
        refused("ActionNotFoundException", "an unknown action", operation, **dict(sound, actionName="Nothing"))
refused("ActionTypeNotFoundException", "an unknown type", "delete_custom_action_type",
        category="Build", provider="Nothing", version="1")
refused("PipelineExecutionNotStoppableException", "an unknown execution", "stop_pipeline_execution", **OF_EXECUTION)
refused("PipelineExecutionNotStoppableException", "an execution that has ended", "stop_pipeline_execution",
        pipelineName="limits", pipelineExecutionId=execution)
refused("NotLatestPipelineExecutionException", "an unknown execution", "retry_stage_execution",
        **dict(OF_EXECUTION, stageName="Stage1", retryMode="FAILED_ACTIONS"))
refused("StageNotRetryableException", "a stage that went well", "retry_stage_execution",
        pipelineName="limits", pipelineExecutionId=execution, stageName="Stage0", retryMode="ALL_ACTIONS")
refused(VALIDATION, "an action that asks for nothing", "put_approval_result", pipelineName="limits",
        stageName="Stage1", actionName="Act", token=UUID, result={"summary": "s", "status": "Approved"})
refused(VALIDATION, "the way out of the last stage", "disable_stage_transition", pipelineName="limits",
        stageName="Stage1", transitionType="Outbound", reason="r")
refused(VALIDATION, "no pipeline", "update_pipeline")
refused("PipelineNotFoundException", "an unknown pipeline", "update_pipeline",
        **changed(PIPELINE, ["pipeline", "name"], "nothing"))
refused("InvalidStructureException", "one stage", "update_pipeline",
        **changed(PIPELINE, STAGES, PIPELINE["pipeline"]["stages"][:1]))
refused("InvalidActionDeclarationException", "an unknown key", "update_pipeline",
        **changed(PIPELINE, ACT + ["configuration"], {"did": "x"}))
refused("InvalidActionDeclarationException", "a timeout of what is no approval", "update_pipeline",
        **changed(PIPELINE, ACT + ["timeoutInMinutes"], 5))

# What the service has and this one has not, by name.
refused("NotBuiltException", "not built", "rollback_stage", pipelineName="limits", stageName="Stage1",
        targetPipelineExecutionId=UUID)
refused("NotBuiltException", "not built", "list_webhooks")
refused("NotBuiltException", "not built", "create_pipeline",
        **changed(changed(PIPELINE, ["pipeline", "name"], "parallel"), ["pipeline", "executionMode"], "PARALLEL"))

if failures:
    sys.exit("\n".join(failures))
print(f"{tried} violations were refused")
