"""boto3 makes everything there is, from what `pipefitter action-type json` printed, and reads it back."""

import io
import json
import sys
import zipfile

import clients

codepipeline, s3 = clients.client("codepipeline"), clients.client("s3")

with open(sys.argv[1], encoding="utf-8") as file:
    declared = json.load(file)
made = codepipeline.create_custom_action_type(**declared)["actionType"]
kind = made["id"]
assert kind["owner"] == "Custom", kind
listed = codepipeline.list_action_types(actionOwnerFilter="Custom")["actionTypes"]
assert [found["id"] for found in listed] == [kind], listed
properties = {found["name"]: found for found in listed[0]["actionConfigurationProperties"]}
assert properties["secret"]["secret"] is True, properties

for bucket in ("py-source", "py-artifacts"):
    s3.create_bucket(Bucket=bucket)
s3.put_bucket_versioning(Bucket="py-source", VersioningConfiguration={"Status": "Enabled"})
packed = io.BytesIO()
with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
    archive.writestr("hello.txt", "hello from zipfile")
version = s3.put_object(Bucket="py-source", Key="source.zip", Body=packed.getvalue())["VersionId"]

secret = "a secret of the pipeline"
build = clients.action(
    "Build", kind, ["Source"], ["Built"],
    {"do": "ok", "var.out": "from boto3", "secret": secret}, "built",
)
again = clients.action("Again", kind, ["Built"], [], {"var.out": "#{built.out}, again"})
codepipeline.create_pipeline(
    pipeline=clients.pipeline(
        "boto", "py-artifacts", [clients.source("py-source", "source.zip")], [build], [again]
    )
)
assert [found["name"] for found in codepipeline.list_pipelines()["pipelines"]] == ["boto"]
shown = json.dumps(codepipeline.get_pipeline(name="boto"), default=str)
assert secret not in shown and "from boto3" in shown, shown

execution = codepipeline.start_pipeline_execution(name="boto")["pipelineExecutionId"]
status = clients.ended(codepipeline, "boto", execution)
actions = clients.actions(codepipeline, "boto", execution)
assert status == "Succeeded", json.dumps(actions, default=str, indent=1)
built = actions["Build"]["output"]
assert built["outputVariables"] == {"files": "1", "out": "from boto3"}, built
assert actions["Again"]["output"]["outputVariables"]["out"] == "from boto3, again"
assert secret not in json.dumps(actions, default=str)

where = built["outputArtifacts"][0]["s3location"]
object = s3.get_object(Bucket=where["bucket"], Key=where["key"])
assert object["ServerSideEncryption"] == "aws:kms", object
with zipfile.ZipFile(io.BytesIO(object["Body"].read())) as archive:
    assert archive.testzip() is None
    assert archive.read("Source/hello.txt") == b"hello from zipfile"
    assert archive.read("report.txt") == b"Source/hello.txt 18\n"

state = codepipeline.get_pipeline_state(name="boto")
assert [stage["latestExecution"]["status"] for stage in state["stageStates"]] == ["Succeeded"] * 3
found = codepipeline.list_pipeline_executions(pipelineName="boto")["pipelineExecutionSummaries"]
assert found[0]["sourceRevisions"][0]["revisionId"] == version, found
codepipeline.delete_pipeline(name="boto")
assert codepipeline.list_pipelines()["pipelines"] == []
print("everything was made, run and read")
