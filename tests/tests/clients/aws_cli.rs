//! The AWS CLI, as a pipeline's owner types it.

use std::io::Write as _;

use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Rig, RigOptions, archives, binary, finished};
use serde_json::Value;

use crate::boto::{action_type_json, client};

async fn aws(rig: &Rig, arguments: &[&str]) -> Value {
    let mut command = client(&binary::venv("aws"), &rig.service.endpoint);
    command
        .args(arguments)
        .args(["--output", "json"])
        .current_dir(rig.folder());
    let (code, said, errors) = finished(command).await;
    assert_eq!(code, 0, "aws {arguments:?}: {said}{errors}");
    serde_json::from_str(&said).unwrap_or_default()
}

#[tokio::test]
async fn the_aws_cli_makes_a_pipeline_and_reads_its_results() {
    let plugin = Plugin::probe("Probe");
    let rig = Rig::start(RigOptions::default()).await;
    plugin.install(&rig.setup.plugins_dir);
    let file = |name: &str, content: &[u8]| {
        let mut file = std::fs::File::create(rig.folder().join(name)).unwrap();
        file.write_all(content).unwrap();
    };
    let declared = action_type_json(&rig.setup.plugins_dir.join("probe.wasm")).await;
    file("type.json", declared.as_bytes());
    file(
        "source.zip",
        &archives::zip(&[("hello.txt", b"hello from the command line")]),
    );
    let pipeline = serde_json::json!({ "pipeline": {
        "name": "cli",
        "roleArn": "arn:aws:iam::000000000000:role/pipeline",
        "artifactStore": { "type": "S3", "location": "cli-artifacts" },
        "stages": [
            { "name": "Source", "actions": [{
                "name": "Source",
                "actionTypeId": { "category": "Source", "owner": "AWS", "provider": "S3", "version": "1" },
                "configuration": {
                    "S3Bucket": "cli-source", "S3ObjectKey": "source.zip", "PollForSourceChanges": "false"
                },
                "outputArtifacts": [{ "name": "Source" }]
            }] },
            { "name": "Build", "actions": [{
                "name": "Build",
                "actionTypeId":
                    { "category": "Build", "owner": "Custom", "provider": "Probe", "version": "1" },
                "configuration": { "var.out": "typed" },
                "inputArtifacts": [{ "name": "Source" }],
                "outputArtifacts": [{ "name": "Built" }]
            }] }
        ]
    } });
    file("pipeline.json", pipeline.to_string().as_bytes());

    aws(
        &rig,
        &[
            "codepipeline",
            "create-custom-action-type",
            "--cli-input-json",
            "file://type.json",
        ],
    )
    .await;
    aws(&rig, &["s3", "mb", "s3://cli-source"]).await;
    aws(&rig, &["s3", "mb", "s3://cli-artifacts"]).await;
    aws(
        &rig,
        &[
            "s3api",
            "put-bucket-versioning",
            "--bucket",
            "cli-source",
            "--versioning-configuration",
            "Status=Enabled",
        ],
    )
    .await;
    aws(
        &rig,
        &["s3", "cp", "source.zip", "s3://cli-source/source.zip"],
    )
    .await;
    aws(
        &rig,
        &[
            "codepipeline",
            "create-pipeline",
            "--cli-input-json",
            "file://pipeline.json",
        ],
    )
    .await;
    let _worker = rig.worker().await;
    let started = aws(
        &rig,
        &["codepipeline", "start-pipeline-execution", "--name", "cli"],
    )
    .await;
    let execution = started["pipelineExecutionId"]
        .as_str()
        .expect("an execution was started");
    assert_eq!(rig.service.ended(execution).await, "succeeded");

    let state = aws(
        &rig,
        &["codepipeline", "get-pipeline-state", "--name", "cli"],
    )
    .await;
    let latest = &state["stageStates"][1]["actionStates"][0]["latestExecution"];
    assert_eq!(latest["status"], "Succeeded", "{state:#}");
    let listed = aws(
        &rig,
        &[
            "codepipeline",
            "list-action-executions",
            "--pipeline-name",
            "cli",
        ],
    )
    .await;
    let built = &listed["actionExecutionDetails"][0];
    assert_eq!(
        built["output"]["outputVariables"]["out"], "typed",
        "{listed:#}"
    );
    let place = &built["output"]["outputArtifacts"][0]["s3location"];
    let from = format!(
        "s3://{}/{}",
        place["bucket"].as_str().unwrap(),
        place["key"].as_str().unwrap()
    );
    aws(&rig, &["s3", "cp", &from, "built.zip"]).await;
    let built = archives::unzip(&std::fs::read(rig.folder().join("built.zip")).unwrap());
    let hello = built.iter().find(|(name, _)| name == "Source/hello.txt");
    assert_eq!(
        hello.map(|(_, content)| content.as_slice()),
        Some(&b"hello from the command line"[..])
    );
}
