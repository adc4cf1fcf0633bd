"""Every limit of the API that a client can break, broken by boto3 with its own checks switched off: the
service answers as AWS does. What the model says is broken as `breaking` generates it; then come the rules that
no model tells."""

import copy
import sys

from botocore.exceptions import ClientError

import breaking
import clients

codepipeline = clients.client("codepipeline", parameter_validation=False)
s3 = clients.client("s3")
VALIDATION = "ValidationException"
KINDS = {
    "required", "type", "enum", "min", "max", "pattern", "min of a key", "max of a key", "pattern of a key",
}
# All of the service's: none is without a constraint.
OPERATIONS = 44
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


# What the model says.
broken = set()
for name, where, what, words, code, request in breaking.requests(codepipeline.meta.service_model):
    tried += 1
    broken.add((name, what))
    try:
        codepipeline._make_api_call(name, request)
        failures.append(f"{name}, {where or 'itself'}, {what}: was accepted")
    except ClientError as error:
        found = error.response["Error"]
        names_it = f"at '{where}'" in found["Message"] and words in found["Message"]
        if found["Code"] != code or not names_it:
            failures.append(f"{name}, {where or 'itself'}, {what}: {found}")
modelled, tried = tried, 0
constraints = breaking.constraints(codepipeline.meta.service_model)
failures += [f"{name}, {what}: nothing breaks it" for name, what in sorted(constraints ^ broken)]
# So that a model that is read wrongly does not pass for one without constraints.
assert {what for _, what in constraints} == KINDS, constraints
assert len({name for name, _ in constraints}) == OPERATIONS, constraints

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
    ("a category of AWS alone", ["category"], "Approval"),
    ("least above most", ["outputArtifactDetails"], {"minimumCount": 2, "maximumCount": 1}),
    ("a queryable secret", ["configurationProperties", 0],
     dict(PROPERTY, required=True, secret=True, queryable=True)),
    ("a queryable that may be left out", ["configurationProperties", 0], dict(PROPERTY, queryable=True)),
]:
    refused(VALIDATION, what, "create_custom_action_type", **changed(TYPE, path, value))
codepipeline.create_custom_action_type(**TYPE)
refused(VALIDATION, "twice", "create_custom_action_type", **TYPE)
codepipeline.create_custom_action_type(
    **dict(TYPE, provider="Queried", configurationProperties=[dict(PROPERTY, required=True, queryable=True)])
)

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
refused("PipelineNotFoundException", "an unknown pipeline", "get_pipeline_state", name="nothing")
refused("PipelineNotFoundException", "an unknown pipeline", "start_pipeline_execution", name="nothing")
refused("PipelineExecutionNotFoundException", "an unknown execution", "get_pipeline_execution",
        pipelineName="limits", pipelineExecutionId=UUID)
for operation in ("list_pipeline_executions", "list_action_executions"):
    refused("InvalidNextTokenException", "a made-up token", operation, pipelineName="limits", nextToken="x")

# Jobs.
refused(VALIDATION, "another owner", "poll_for_jobs", actionTypeId=changed(KIND, ["owner"], "AWS"))
refused("ActionTypeNotFoundException", "an unknown type", "poll_for_jobs",
        actionTypeId=clients.custom("Build", "Nothing"))
refused(VALIDATION, "a query where there is none", "poll_for_jobs", actionTypeId=KIND, queryParam={"do": "x"})
QUERIED = clients.custom("Build", "Queried")
refused(VALIDATION, "no query where there is one", "poll_for_jobs", actionTypeId=QUERIED)
refused(VALIDATION, "two queries", "poll_for_jobs", actionTypeId=QUERIED, queryParam={"do": "x", "a": "b"})

JOB_OPERATIONS = {
    "acknowledge_job": {"nonce": "1"},
    "get_job_details": {},
    "put_job_success_result": {},
    "put_job_failure_result": {"failureDetails": {"type": "JobFailed", "message": "m"}},
}
for operation, parameters in JOB_OPERATIONS.items():
    for bad in ("1", UUID.upper(), UUID + "0"):
        refused(VALIDATION, f"the job {bad!r}", operation, jobId=bad, **parameters)
    refused("JobNotFoundException", "an unknown job", operation, jobId=UUID, **parameters)

# Third-party jobs.
KIND_OF_PARTNER = dict(KIND, owner="ThirdParty")
refused(VALIDATION, "another owner", "poll_for_third_party_jobs", actionTypeId=KIND)
refused("ActionTypeNotFoundException", "an unknown type", "poll_for_third_party_jobs",
        actionTypeId=KIND_OF_PARTNER)
THIRD_PARTY_OPERATIONS = {
    "get_third_party_job_details": {},
    "acknowledge_third_party_job": {"nonce": "1"},
    "put_third_party_job_success_result": {},
    "put_third_party_job_failure_result": {"failureDetails": {"type": "JobFailed", "message": "m"}},
}
for operation, parameters in THIRD_PARTY_OPERATIONS.items():
    refused("JobNotFoundException", "an unknown job", operation, jobId="../" * 170, clientToken="t", **parameters)
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
refused(VALIDATION, "variables before the end", "put_job_success_result", jobId=job["id"],
        continuationToken="t", outputVariables={"v": "x"})
refused("OutputVariablesSizeExceededException", "122,881 bytes of variables", "put_job_success_result",
        jobId=job["id"], outputVariables={"v": "x" * 122_880})
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
for operation, sound in [
    ("stop_pipeline_execution", OF_EXECUTION),
    ("retry_stage_execution", dict(OF_EXECUTION, stageName="Stage1", retryMode="FAILED_ACTIONS")),
    ("put_approval_result", dict(IN_PIPELINE, stageName="Stage1", actionName="Act", token=UUID,
                                 result={"summary": "s", "status": "Approved"})),
    ("enable_stage_transition", dict(IN_PIPELINE, stageName="Stage1", transitionType="Inbound")),
    ("disable_stage_transition", dict(IN_PIPELINE, stageName="Stage1", transitionType="Inbound", reason="r")),
    ("put_action_revision", dict(IN_PIPELINE, stageName="Stage0", actionName="Source",
                                 actionRevision={"revisionId": "r", "revisionChangeId": "c", "created": 1})),
]:
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
print(f"{modelled} violations of the model were refused, and {tried} of other rules")
