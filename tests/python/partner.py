"""A partner's worker made with boto3, and its customers: third-party jobs from the poll to the result, with
ids that are free text."""

import sys

from botocore.exceptions import ClientError

import clients

codepipeline = clients.client("codepipeline", parameter_validation=False)
s3 = clients.client("s3")
KIND = {"category": "Deploy", "owner": "ThirdParty", "provider": "Partner", "version": "1"}
TOKENS = dict(pair.split("=", 1) for pair in sys.argv[1:])


def refused(code, operation, **parameters):
    try:
        getattr(codepipeline, operation)(**parameters)
    except ClientError as error:
        found = error.response["Error"]
        assert found["Code"] == code, f"{operation}: {found}"
        return
    raise SystemExit(f"{operation} was accepted, not refused with {code}")


declared = codepipeline.get_action_type(**KIND)["actionType"]
assert declared["executor"]["type"] == "JobWorker", declared
assert declared["executor"]["jobTimeout"] == 3600, declared
listed = codepipeline.list_action_types(actionOwnerFilter="ThirdParty")["actionTypes"]
assert [kind["id"] for kind in listed] == [KIND], listed

for bucket in ("partner", "partner-source"):
    s3.create_bucket(Bucket=bucket)
s3.put_bucket_versioning(Bucket="partner-source", VersioningConfiguration={"Status": "Enabled"})
s3.put_object(Bucket="partner-source", Key="s.zip", Body=b"the source")
executions = {}
for name in ("first", "second"):
    deploy = clients.action("Act", KIND, ["Source"], ["Out"], {"project": name, "key": "hunter2"})
    codepipeline.create_pipeline(
        pipeline=clients.pipeline(name, "partner", [clients.source("partner-source", "s.zip")], [deploy])
    )
    shown = codepipeline.get_pipeline(name=name)["pipeline"]["stages"][1]["actions"][0]["configuration"]
    assert shown == {"project": name, "key": "****"}, shown
    executions[name] = codepipeline.start_pipeline_execution(name=name)["pipelineExecutionId"]


def polled():
    """Jobs by their clients, until there is one for each."""
    found = {}
    while len(found) < len(TOKENS):
        jobs = codepipeline.poll_for_third_party_jobs(actionTypeId=KIND, maxBatchSize=5)["jobs"]
        found.update({job["clientId"]: job["jobId"] for job in jobs})
        assert all(set(job) == {"clientId", "jobId"} for job in jobs), jobs
    return found


jobs = polled()
assert set(jobs) == set(TOKENS), jobs
for client, job in jobs.items():
    assert 64 <= len(job) <= 512 and job.startswith("../"), job
    other = next(token for owner, token in TOKENS.items() if owner != client)
    token = TOKENS[client]
    refused("InvalidClientTokenException", "get_third_party_job_details", jobId=job, clientToken=other)
    details = codepipeline.get_third_party_job_details(jobId=job, clientToken=token)["jobDetails"]
    assert set(details) == {"id", "data", "nonce"} and details["id"] == job, details
    data = details["data"]
    name = data["pipelineContext"]["pipelineName"]
    assert set(data["pipelineContext"]) == {"pipelineName", "stage", "action"}, data["pipelineContext"]
    assert data["actionConfiguration"]["configuration"] == {"project": name, "key": "hunter2"}
    refused("InvalidNonceException", "acknowledge_third_party_job", jobId=job, nonce="0", clientToken=token)
    acknowledged = codepipeline.acknowledge_third_party_job(
        jobId=job, nonce=details["nonce"], clientToken=token
    )
    assert acknowledged["status"] == "InProgress", acknowledged

    given = data["artifactCredentials"]
    own = clients.client(
        "s3",
        credentials={
            "aws_access_key_id": given["accessKeyId"],
            "aws_secret_access_key": given["secretAccessKey"],
            "aws_session_token": given["sessionToken"],
        },
    )
    place = data["inputArtifacts"][0]["location"]["s3Location"]
    got = own.get_object(Bucket=place["bucketName"], Key=place["objectKey"])["Body"].read()
    assert got == b"the source", got
    place = data["outputArtifacts"][0]["location"]["s3Location"]
    own.put_object(Bucket=place["bucketName"], Key=place["objectKey"], Body=b"the result")

    if name == "first":
        codepipeline.put_third_party_job_success_result(
            jobId=job,
            clientToken=token,
            executionDetails={"summary": "done", "externalExecutionId": "run-1", "percentComplete": 100},
        )
        refused("InvalidJobStateException", "put_third_party_job_success_result", jobId=job, clientToken=token)
        refused("InvalidJobException", "get_third_party_job_details", jobId=job, clientToken=token)
    else:
        codepipeline.put_third_party_job_failure_result(
            jobId=job,
            clientToken=token,
            failureDetails={"type": "PermissionError", "message": "the customer's key is not valid"},
        )

assert clients.ended(codepipeline, "first", executions["first"]) == "Succeeded"
assert clients.ended(codepipeline, "second", executions["second"]) == "Failed"
done = clients.actions(codepipeline, "first", executions["first"])["Act"]["output"]
assert done["executionResult"]["externalExecutionUrl"] == "https://partner.example/first/run-1", done
assert not done.get("outputVariables"), done
failed = clients.actions(codepipeline, "second", executions["second"])["Act"]["output"]
assert failed["executionResult"]["errorDetails"]["code"] == "PermissionError", failed
