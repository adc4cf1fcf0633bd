"""boto3 clients for the embedded service: its address comes from AWS_ENDPOINT_URL."""

import time

import boto3
from botocore.config import Config

ROLE = "arn:aws:iam::000000000000:role/pipeline"
DEADLINE = 60


def client(name, credentials=None, **options):
    settings = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, **options)
    return boto3.client(name, region_name="us-east-1", config=settings, **(credentials or {}))


def custom(category, provider):
    return {"category": category, "owner": "Custom", "provider": provider, "version": "1"}


def action(name, kind, inputs=(), outputs=(), configuration=None, namespace=None):
    declared = {
        "name": name,
        "actionTypeId": kind,
        "configuration": configuration or {},
        "inputArtifacts": [{"name": artifact} for artifact in inputs],
        "outputArtifacts": [{"name": artifact} for artifact in outputs],
    }
    if namespace:
        declared["namespace"] = namespace
    return declared


def source(bucket, key):
    kind = {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"}
    configuration = {"S3Bucket": bucket, "S3ObjectKey": key, "PollForSourceChanges": "false"}
    return action("Source", kind, outputs=["Source"], configuration=configuration)


def pipeline(name, bucket, *stages):
    return {
        "name": name,
        "roleArn": ROLE,
        "artifactStore": {"type": "S3", "location": bucket},
        "pipelineType": "V2",
        "executionMode": "QUEUED",
        "stages": [{"name": f"Stage{at}", "actions": list(actions)} for at, actions in enumerate(stages)],
    }


def ended(codepipeline, name, execution):
    until = time.monotonic() + DEADLINE
    while time.monotonic() < until:
        found = codepipeline.get_pipeline_execution(pipelineName=name, pipelineExecutionId=execution)
        status = found["pipelineExecution"]["status"]
        if status not in ("InProgress", "Stopping"):
            return status
        time.sleep(0.05)
    raise SystemExit(f"execution {execution} of {name} did not end in {DEADLINE} s")


def actions(codepipeline, name, execution):
    pages = codepipeline.get_paginator("list_action_executions").paginate(
        pipelineName=name, filter={"pipelineExecutionId": execution}
    )
    return {found["actionName"]: found for page in pages for found in page["actionExecutionDetails"]}
