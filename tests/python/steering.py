"""A pipeline's owner with boto3, and a worker of theirs: executions stopped both ways in mid-job, stages retried,
approvals, transitions, announced revisions, an update and a deleted type."""

import datetime
import time

from botocore.exceptions import ClientError

import clients

codepipeline, s3 = clients.client("codepipeline"), clients.client("s3")
KIND = clients.custom("Build", "Steered")
FORGE = clients.custom("Source", "Forge")


def refused(code, operation, **parameters):
    try:
        getattr(codepipeline, operation)(**parameters)
    except ClientError as error:
        found = error.response["Error"]
        assert found["Code"] == code, f"{operation}: {found}"
        return
    raise SystemExit(f"{operation} was accepted, not refused with {code}")


def soon(what, look):
    """What `look` finds, once that is something."""
    until = time.monotonic() + clients.DEADLINE
    while time.monotonic() < until:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise SystemExit(f"{what} did not come in {clients.DEADLINE} s")


def take(kind=KIND):
    """The next job, acknowledged."""
    job = soon("a job", lambda: codepipeline.poll_for_jobs(actionTypeId=kind)["jobs"])[0]
    codepipeline.acknowledge_job(jobId=job["id"], nonce=job["nonce"])
    return job


def succeed(job, **parameters):
    codepipeline.put_job_success_result(jobId=job["id"], **parameters)


def fail(job):
    codepipeline.put_job_failure_result(jobId=job["id"], failureDetails={"type": "JobFailed", "message": "no"})


def start(name):
    return codepipeline.start_pipeline_execution(name=name)["pipelineExecutionId"]


def status(name, execution):
    found = codepipeline.get_pipeline_execution(pipelineName=name, pipelineExecutionId=execution)
    return found["pipelineExecution"]["status"]


def stage(name, at):
    return codepipeline.get_pipeline_state(name=name)["stageStates"][at]


def until(name, execution, wanted):
    soon(f"{wanted} of {execution}", lambda: status(name, execution) == wanted)


for category, provider, counts in [("Build", "Steered", (0, 1)), ("Source", "Forge", (0, 0))]:
    codepipeline.create_custom_action_type(
        category=category, provider=provider, version="1",
        inputArtifactDetails={"minimumCount": 0, "maximumCount": counts[1]},
        outputArtifactDetails={"minimumCount": 0, "maximumCount": 1},
    )
for bucket in ("steered", "steered-source"):
    s3.create_bucket(Bucket=bucket)
s3.put_bucket_versioning(Bucket="steered-source", VersioningConfiguration={"Status": "Enabled"})
s3.put_object(Bucket="steered-source", Key="s.zip", Body=b"source")
SOURCE = clients.source("steered-source", "s.zip")
APPROVAL = {"category": "Approval", "owner": "AWS", "provider": "Manual", "version": "1"}


def declared(name, *stages, mode="SUPERSEDED"):
    return dict(clients.pipeline(name, "steered", [SOURCE], *stages), executionMode=mode)


# Stopped in mid-job: waited for, then abandoned; each is retried.
codepipeline.create_pipeline(
    pipeline=declared("stops", [clients.action("A", KIND), clients.action("B", KIND)], [clients.action("C", KIND)])
)
execution = start("stops")
stopped = {"pipelineName": "stops", "pipelineExecutionId": execution}
retried = dict(stopped, stageName="Stage1")
jobs = [take(), take()]
codepipeline.stop_pipeline_execution(**stopped, reason="a look first")
assert status("stops", execution) == "Stopping"
refused("DuplicatedStopRequestException", "stop_pipeline_execution", **stopped)
refused("ConflictException", "retry_stage_execution", **retried, retryMode="FAILED_ACTIONS")
succeed(jobs[0])
fail(jobs[1])
until("stops", execution, "Stopped")
summary = codepipeline.list_pipeline_executions(pipelineName="stops")["pipelineExecutionSummaries"][0]
assert summary["status"] == "Stopped" and summary["stopTrigger"] == {"reason": "a look first"}, summary
assert stage("stops", 1)["latestExecution"]["status"] == "Stopped"
codepipeline.retry_stage_execution(**retried, retryMode="FAILED_ACTIONS")
job = take()
assert job["data"]["pipelineContext"]["action"]["name"] == jobs[1]["data"]["pipelineContext"]["action"]["name"]
codepipeline.stop_pipeline_execution(**stopped, abandon=True)
assert status("stops", execution) == "Stopped"
refused("InvalidJobStateException", "put_job_success_result", jobId=job["id"])
assert "artifactCredentials" not in codepipeline.get_job_details(jobId=job["id"])["jobDetails"]["data"]
found = codepipeline.list_action_executions(
    pipelineName="stops", filter={"pipelineExecutionId": execution}
)["actionExecutionDetails"]
assert found[0]["status"] == "Abandoned", found
codepipeline.retry_stage_execution(**retried, retryMode="ALL_ACTIONS")
for job in (take(), take()):
    succeed(job)
succeed(take())
assert clients.ended(codepipeline, "stops", execution) == "Succeeded"
assert stage("stops", 1)["retryStageMetadata"]["manualStageRetryAttempt"] == 2

# An approval between two stages; a newer execution supersedes the one that waits.
ask = clients.action("Ask", APPROVAL, configuration={"CustomData": "is it good?"})
codepipeline.create_pipeline(pipeline=declared("asks", [ask], [clients.action("A", KIND)]))
first = start("asks")
asked = soon("a question", lambda: stage("asks", 1)["actionStates"][0].get("latestExecution"))
second, third = start("asks"), None
soon("one that waits", lambda: stage("asks", 1).get("inboundExecution"))
third = start("asks")
until("asks", second, "Superseded")
answer = {"pipelineName": "asks", "stageName": "Stage1", "actionName": "Ask"}
approved = codepipeline.put_approval_result(
    **answer, token=asked["token"], result={"summary": "it is", "status": "Approved"}
)
assert isinstance(approved["approvedAt"], datetime.datetime), approved
refused("ApprovalAlreadyCompletedException" if stage("asks", 1)["latestExecution"]["pipelineExecutionId"] == first
        else "InvalidApprovalTokenException", "put_approval_result",
        **answer, token=asked["token"], result={"summary": "", "status": "Rejected"})
succeed(take())
assert clients.ended(codepipeline, "asks", first) == "Succeeded"
asked = soon("the third's question", lambda: stage("asks", 1)["actionStates"][0]["latestExecution"].get("token"))
codepipeline.put_approval_result(**answer, token=asked, result={"summary": "it is not", "status": "Rejected"})
assert clients.ended(codepipeline, "asks", third) == "Failed"

# A disabled transition, in a queued pipeline: they wait in order.
codepipeline.create_pipeline(pipeline=declared("waits", [clients.action("A", KIND)], mode="QUEUED"))
way = {"pipelineName": "waits", "stageName": "Stage0", "transitionType": "Outbound"}
codepipeline.disable_stage_transition(**way, reason="not now")
executions = [start("waits"), start("waits")]
soon("two that wait", lambda: len(stage("waits", 1)["inboundExecutions"]) == 2)
shown = stage("waits", 1)["inboundTransitionState"]
assert shown["enabled"] is False and shown["disabledReason"] == "not now", shown
codepipeline.enable_stage_transition(**way)
for execution in executions:
    job = take()
    assert job["data"]["pipelineContext"]["pipelineExecutionId"] == execution, job
    succeed(job)
    assert clients.ended(codepipeline, "waits", execution) == "Succeeded"

# A custom source, announced; then an update cancels what runs.
forge = clients.action("Source", FORGE)
pipeline = clients.pipeline("forged", "steered", [forge], [clients.action("A", KIND)])
codepipeline.create_pipeline(pipeline=pipeline)
revision = {"revisionId": "r1", "revisionChangeId": "c1", "created": datetime.datetime(2026, 1, 1)}
source = {"pipelineName": "forged", "stageName": "Stage0", "actionName": "Source", "actionRevision": revision}
announced = codepipeline.put_action_revision(**source)
assert announced["newRevision"] is True, announced
again = codepipeline.put_action_revision(**source)
assert again["newRevision"] is False, again
assert again["pipelineExecutionId"] == announced["pipelineExecutionId"]
succeed(take(FORGE), currentRevision={"revision": "r1", "changeIdentifier": "c1"})
job = take()
updated = codepipeline.update_pipeline(pipeline=dict(pipeline, stages=pipeline["stages"] + [
    {"name": "More", "actions": [clients.action("B", KIND)]}
]))["pipeline"]
assert updated["version"] == 2 and len(updated["stages"]) == 3, updated
assert clients.ended(codepipeline, "forged", announced["pipelineExecutionId"]) == "Cancelled"
refused("InvalidJobStateException", "put_job_success_result", jobId=job["id"])
assert len(codepipeline.get_pipeline(name="forged", version=1)["pipeline"]["stages"]) == 2

# A deleted type.
kind = {name: KIND[name] for name in ("category", "provider", "version")}
codepipeline.delete_custom_action_type(**kind)
refused("ActionTypeNotFoundException", "poll_for_jobs", actionTypeId=KIND)
artifacts = {"minimumCount": 0, "maximumCount": 1}
restored = dict(kind, inputArtifactDetails=artifacts, outputArtifactDetails=artifacts)
refused("ValidationException", "create_custom_action_type", **dict(
    restored, outputArtifactDetails={"minimumCount": 0, "maximumCount": 2}
))
codepipeline.create_custom_action_type(**restored)
assert codepipeline.poll_for_jobs(actionTypeId=KIND)["jobs"] == []
print("everything was steered")
