//! boto3; the programs are in tests/python.

use std::path::Path;

use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{
    Process, Rig, RigOptions, ServiceOptions, binary, finished, terminal_results,
};
use tokio::process::Command;

pub(crate) fn client(program: &Path, endpoint: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONUNBUFFERED", "1")
        .env_remove("AWS_PROFILE")
        .env_remove("AWS_CA_BUNDLE")
        .env_remove("AWS_SESSION_TOKEN");
    command
}

pub(crate) fn python(program: &str, endpoint: &str) -> Command {
    let mut command = client(&binary::venv("python"), endpoint);
    command.arg(binary::root().join("tests/python").join(program));
    command
}

/// What `pipefitter action-type json` prints for a plugin.
pub(crate) async fn action_type_json(wasm: &Path) -> String {
    let mut command = Command::new(binary::pipefitter());
    command.args(["action-type", "json"]).arg(wasm);
    let (code, json, said) = finished(command).await;
    assert_eq!(code, 0, "{said}");
    json
}

/// Shows `CreateCustomActionType`, `ListActionTypes`, `CreatePipeline`, `ListPipelines` as on AWS: boto3
/// makes and lists them.
#[tokio::test]
async fn boto3_makes_everything_and_reads_it_back() {
    let plugin = Plugin::probe("Probe");
    let rig = Rig::start(RigOptions::default()).await;
    plugin.install(&rig.setup.plugins_dir);
    let declared = rig.folder().join("type.json");
    std::fs::write(
        &declared,
        action_type_json(&rig.setup.plugins_dir.join("probe.wasm")).await,
    )
    .unwrap();
    let _worker = rig.worker().await;
    let mut program = python("everything.py", &rig.service.endpoint);
    program.arg(&declared);
    let (code, said, errors) = finished(program).await;
    assert_eq!(code, 0, "{said}{errors}");
}

/// Shows `CodePipeline` as on AWS: one violation of each constraint of the model, sent by boto3 without checks of its own, is a
/// ValidationException.
#[tokio::test]
async fn violations_are_refused_as_the_service_would() {
    let rig = Rig::start(RigOptions::default()).await;
    let (code, said, errors) = finished(python("violations.py", &rig.service.endpoint)).await;
    assert_eq!(code, 0, "{said}{errors}");
    println!("{said}");
}

#[tokio::test]
async fn executions_are_steered_with_boto3_from_stop_to_update() {
    let rig = Rig::start(RigOptions::default()).await;
    let (code, said, errors) = finished(python("steering.py", &rig.service.endpoint)).await;
    assert_eq!(code, 0, "{said}{errors}");
    // What the terminal of `dev` said meanwhile.
    for told in [
        ", its actions are waited for: a look first",
        ", its actions are abandoned",
        "stops goes on with execution ",
        "\u{2717} A was abandoned",
        " was stopped",
        "Ask waits for an approval: aws codepipeline put-approval-result --pipeline-name asks",
        " was superseded: superseded by execution ",
        " was cancelled: the pipeline was updated",
    ] {
        rig.service.process.line(told).await;
    }
}

#[tokio::test]
async fn crc64nvme_is_verified_and_given_back() {
    let rig = Rig::start(RigOptions::default()).await;
    let (code, said, errors) = finished(python("checksums.py", &rig.service.endpoint)).await;
    assert_eq!(code, 0, "{said}{errors}");
}

#[tokio::test]
async fn a_rival_made_with_boto3_and_our_worker_share_jobs() {
    const ACTIONS: usize = 40;
    let plugin = Plugin::probe("Probe");
    let service = ServiceOptions {
        reoffer_after: "100ms".to_owned(),
        ..Default::default()
    };
    let mut rig = Rig::start(RigOptions {
        plugins: vec![plugin.clone()],
        service,
    })
    .await;
    rig.setup.worker = "exclusive = false".to_owned();
    let actions = (0..ACTIONS).map(|at| {
        let action = Action::new(&format!("Act{at}"), &plugin);
        action.with("var.out", "ours")
    });
    let actions: Vec<Action> = actions.collect();
    let stop = rig.folder().join("stop");
    let seed = std::process::id();
    println!("seed {seed}");
    let mut rival = python("rival.py", &rig.proxy.url());
    rival.arg("Probe").arg(&stop).arg(seed.to_string());
    let rival = Process::start("rival.py", rival);
    rival.line("polling").await;
    rig.pipeline("shared", actions).await;
    let execution = rig.service.begin("shared").await;
    let worker = rig.worker().await;

    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    std::fs::write(&stop, b"").unwrap();
    assert_eq!(rival.ended().await.code(), Some(0), "{}", rival.output());
    assert_eq!(worker.stop().await.code(), Some(0));
    let results = terminal_results(&rig.proxy.exchanges());
    assert_eq!(results.len(), ACTIONS);
    assert!(results.values().all(|&taken| taken == 1), "{results:?}");
    let refused: Vec<_> = rig
        .proxy
        .of("PutJob*")
        .into_iter()
        .filter(|put| !put.is_ok())
        .collect();
    assert!(
        refused.is_empty(),
        "a result was sent for a job of the other: {refused:?}"
    );
    println!("{}", rival.output());
}
