//! kill -9 of the service in mid-job, and a start with the same state directory.

use aws_sdk_codepipeline::types::PipelineExecutionStatus;
use pipefitter_tests::pipelines::{Action, Pipeline};
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{
    Rig, Service, ServiceOptions, archives, binary, finished, terminal_results,
};
use redb::{Database, TableDefinition};
use serde_json::json;
use tokio::process::Command;

use crate::By;

const ROUNDS: usize = 6;
const ACTIONS: usize = 12;

/// Kills the rig's service, and starts it again where it was.
pub(crate) async fn kill(rig: &mut Rig, options: &ServiceOptions) {
    let options = ServiceOptions {
        port: rig.service.address().port(),
        ..options.clone()
    };
    rig.service.process.kill().await;
    rig.service = Service::again(rig.folder(), &options).await;
}

pub(crate) async fn status(
    service: &Service,
    pipeline: &str,
    execution: &str,
) -> PipelineExecutionStatus {
    let request = service.codepipeline.get_pipeline_execution();
    let request = request
        .pipeline_name(pipeline)
        .pipeline_execution_id(execution);
    let found = request.send().await.unwrap().pipeline_execution.unwrap();
    found.status.unwrap()
}

#[tokio::test]
async fn a_pipeline_ends_right_whose_service_is_killed_again_and_again() {
    let plugin = Plugin::probe("Probe");
    let mut rig = Rig::with(&[&plugin]).await;
    let action = |at: usize| {
        let action = Action::new(&format!("Act{at}"), &plugin);
        match at % 3 {
            0 => action.doing("continue").with("hops", "2"),
            // Without artifacts: a transfer that meets three kills fails its action, rightly, and where is chance.
            1 => action.with("var.more", "one"),
            _ => action.with("var.out", "through"),
        }
    };
    let half = ACTIONS / 2;
    let pipeline = Pipeline::new("killed")
        .stage((0..half).map(action))
        .stage((half..ACTIONS).map(action));
    rig.create(&pipeline).await;
    let execution = rig.service.begin("killed").await;
    let worker = rig.worker().await;
    for round in 1..=ROUNDS {
        // In the midst of it: some results are in, and others are not.
        rig.proxy.count("PutJobSuccessResult", round * 2).await;
        kill(&mut rig, &ServiceOptions::default()).await;
    }
    while status(&rig.service, "killed", &execution).await == PipelineExecutionStatus::InProgress {
        tokio::task::yield_now().await;
    }
    let ended = status(&rig.service, "killed", &execution).await;
    let actions = rig.service.actions("killed", &execution).await;
    assert_eq!(ended, PipelineExecutionStatus::Succeeded, "{actions:#?}");
    assert_eq!(actions.len(), ACTIONS + 1);
    assert!(actions.values().all(|action| action.status == "Succeeded"));
    assert_eq!(actions["Act2"].variables["out"], "through");
    let log = worker.stop_cleanly().await;
    assert!(!log.contains("left in the journal"), "{log}");
    let results = terminal_results(&rig.proxy.exchanges());
    assert!(results.values().all(|&taken| taken <= 1), "{results:?}");
    println!("{} jobs over {ROUNDS} kills", results.len());
}

#[tokio::test]
async fn hand_outs_sessions_and_time_survive() {
    let mut by = By::with(ServiceOptions::default()).await;
    by.service
        .control(json!({ "do": "advance", "seconds": 600 }))
        .await;
    let job = by.take().await;
    by.restart().await;
    // The very session of before, and the same job.
    by.read_input(&job).await.unwrap();
    by.details(&job).await.unwrap();
    by.continued(&job).await.unwrap();
    let next = by.next().await;
    by.restart().await;
    assert!(
        by.poll(Some(1)).await.unwrap().is_empty(),
        "it is handed out"
    );
    by.acknowledge(&next).await.unwrap();
    by.service
        .control(json!({ "do": "advance", "seconds": 86_400 }))
        .await;
    by.restart().await;
    let late = by.failed(&next).await.unwrap_err();
    assert_eq!(late, "InvalidJobStateException", "it was timed out before");
    assert_eq!(
        status(&by.service, "p", &by.execution).await,
        PipelineExecutionStatus::Failed
    );
}

/// What a start in the folder of a service says that cannot go on from it.
async fn refusal(folder: &std::path::Path) -> String {
    let mut command = Command::new(binary::pipefitter());
    command
        .args(["dev", "--no-worker", "--port", "0", "--plugins", "."])
        .arg("--state-dir")
        .arg(folder)
        .current_dir(folder);
    let (code, said, errors) = finished(command).await;
    assert_ne!(code, 0, "{said}{errors}");
    errors
}

#[tokio::test]
async fn state_that_cannot_be_read_is_told_of_with_what_to_do() {
    const ROWS: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("rows");
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), &ServiceOptions::default()).await;
    service.process.kill().await;
    let folder = folder.path().join("service");
    let file = folder.join("service/codepipeline.redb");
    let database = Database::open(&file).unwrap();
    let transaction = database.begin_write().unwrap();
    let mut rows = transaction.open_table(ROWS).unwrap();
    rows.insert(("jobs", "\"a\""), b"{".as_slice()).unwrap();
    drop(rows);
    transaction.commit().unwrap();
    drop(database);
    let said = refusal(&folder).await;
    for part in ["codepipeline.redb", "row jobs \"a\"", "move it away"] {
        assert!(said.contains(part), "{said}");
    }
    std::fs::write(&file, b"no database").unwrap();
    let said = refusal(&folder).await;
    for part in ["codepipeline.redb", "damaged", "move it away"] {
        assert!(said.contains(part), "{said}");
    }
}

/// Each answer of S3 to an upload is held, and lost with the service that gave it.
#[tokio::test]
async fn an_upload_is_whole_whose_answer_is_lost_with_the_service() {
    const LARGE: usize = 9 << 20;
    let plugin = Plugin::probe("Probe");
    for (operation, answers, bytes) in [
        ("PUT", 1, 1 << 10),
        ("CreateMultipartUpload", 1, LARGE),
        // Both parts: one that was under way on its own might meet a service that is not there, by chance.
        ("UploadPart", 2, LARGE),
        ("CompleteMultipartUpload", 1, LARGE),
    ] {
        let mut rig = Rig::with(&[&plugin]).await;
        let noise = archives::noise(bytes);
        let action = Action::new("Act", &plugin).input("Source").output("Out");
        let pipeline = Pipeline::new("killed").stage([action]);
        let source = archives::stored(&[("noise.bin", &noise)]);
        rig.service.create(&pipeline, source).await;
        let mut held: Vec<_> = (0..answers)
            .map(|_| rig.proxy.hold_answer(operation))
            .collect();
        let worker = rig.worker().await;
        let execution = rig.service.begin("killed").await;
        for answer in &mut held {
            answer.arrived().await;
        }
        kill(&mut rig, &ServiceOptions::default()).await;
        // The worker hears of it only now, when it can be sent again.
        drop(held);
        assert_eq!(rig.service.ended(&execution).await, "succeeded");
        let actions = rig.service.actions("killed", &execution).await;
        let object = rig.service.object(&actions["Act"].outputs["Out"]).await;
        let files = archives::unzip(&object);
        assert!(
            files.iter().any(|(_, content)| *content == noise),
            "{operation}"
        );
        assert!(rig.proxy.of(operation).len() > answers, "{operation}");
        let log = worker.stop_cleanly().await;
        assert!(!log.contains("left in the journal"), "{log}");
        let results = terminal_results(&rig.proxy.exchanges());
        let taken: Vec<usize> = results.into_values().collect();
        assert_eq!(taken, [1], "{operation}");
    }
}
