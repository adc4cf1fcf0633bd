//! kill -9 of the service while pipelines wait for people, and while a partner's job is open.

use aws_sdk_codepipeline::types::{
    ApprovalResult, ApprovalStatus, PipelineExecutionStatus, StageState, StageTransitionType,
};
use pipefitter_tests::partners::{self, ADA, declared};
use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Exchange, Rig, RigOptions, Service, ServiceOptions, appears};
use tempfile::NamedTempFile;

use crate::restart::{kill, status};

/// A rig whose service knows a partner's type, and whose worker serves it besides the account's own.
async fn rig(probe: &Plugin, partner: &Plugin) -> (Rig, ServiceOptions, NamedTempFile) {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), declared(partner, &[ADA], "uuid")).unwrap();
    let options = ServiceOptions {
        third_party: Some(file.path().to_owned()),
        ..ServiceOptions::default()
    };
    let mut rig = Rig::start(RigOptions {
        plugins: vec![probe.clone(), partner.clone()],
        service: options.clone(),
    })
    .await;
    rig.setup.source = "action-types = [\"Build/Probe/1\"]\n".to_owned();
    rig.setup.tables = format!(
        "[[source]]\nid = \"partner\"\nregion = \"us-east-1\"\nendpoint-url = {:?}\nowner = \"ThirdParty\"\n\
         client-tokens = {{ env = \"PARTNER_TOKENS\" }}\naction-types = [\"Build/Partner/1\"]\n",
        rig.proxy.url()
    );
    let tokens = format!("{{{:?}: {:?}}}", ADA.id, ADA.token);
    rig.setup.environment = vec![("PARTNER_TOKENS".to_owned(), tokens)];
    (rig, options, file)
}

async fn stage(service: &Service, pipeline: &str) -> StageState {
    let state = service.codepipeline.get_pipeline_state().name(pipeline);
    let mut stages = state.send().await.unwrap().stage_states.unwrap();
    stages.swap_remove(1)
}

/// What an answer to the approval of the pipeline `asks` must show, once it waits.
async fn token(service: &Service) -> String {
    loop {
        let stage = stage(service, "asks").await;
        let latest = stage.action_states()[0].latest_execution();
        if let Some(token) = latest.and_then(|latest| latest.token()) {
            return token.to_owned();
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_approval_a_closed_way_a_stop_and_a_partners_job_outlive_the_service() {
    let probe = Plugin::probe("Probe").granted();
    let partner = partners::probe().named("partner").granted();
    let (mut rig, options, _file) = rig(&probe, &partner).await;
    let worker = rig.worker().await;
    let waits = |plugin: &Plugin| Action::new("Act", plugin).doing("wait-file");

    // A partner's job and one of an execution that is to stop once it has ended.
    let theirs = waits(&partner).third_party();
    rig.pipeline(ADA.pipeline, [theirs]).await;
    let theirs = rig.service.begin(ADA.pipeline).await;
    rig.pipeline("stops", [waits(&probe)]).await;
    let stopped = rig.service.begin("stops").await;
    appears(&rig.setup.granted, "started-", 2).await;
    rig.service.stop_execution("stops", &stopped, false).await;
    // One that nobody has approved yet.
    rig.pipeline("asks", [Action::approval("Ask")]).await;
    let asks = rig.service.begin("asks").await;
    let shown = token(&rig.service).await;
    // And one before a stage that nothing may enter.
    rig.pipeline("held", [Action::new("Act", &probe)]).await;
    let close = rig.service.codepipeline.disable_stage_transition();
    close
        .pipeline_name("held")
        .stage_name("Stage1")
        .transition_type(StageTransitionType::Inbound)
        .reason("not before noon")
        .send()
        .await
        .unwrap();
    let held = rig.service.begin("held").await;
    while stage(&rig.service, "held")
        .await
        .inbound_execution()
        .is_none()
    {
        tokio::task::yield_now().await;
    }

    kill(&mut rig, &options).await;

    let way = stage(&rig.service, "held").await;
    let transition = way.inbound_transition_state().unwrap();
    assert!(!transition.enabled());
    assert_eq!(transition.disabled_reason(), Some("not before noon"));
    let before = way.inbound_execution().unwrap();
    assert_eq!(before.pipeline_execution_id(), held);
    assert_eq!(
        status(&rig.service, "stops", &stopped).await,
        PipelineExecutionStatus::Stopping
    );
    assert_eq!(token(&rig.service).await, shown);

    let result = ApprovalResult::builder()
        .status(ApprovalStatus::Approved)
        .summary("seen before the crash")
        .build()
        .unwrap();
    let answer = rig.service.codepipeline.put_approval_result();
    answer
        .pipeline_name("asks")
        .stage_name("Stage1")
        .action_name("Ask")
        .token(shown)
        .result(result)
        .send()
        .await
        .unwrap();
    assert_eq!(rig.service.ended(&asks).await, "succeeded");
    let open = rig.service.codepipeline.enable_stage_transition();
    open.pipeline_name("held")
        .stage_name("Stage1")
        .transition_type(StageTransitionType::Inbound)
        .send()
        .await
        .unwrap();
    assert_eq!(rig.service.ended(&held).await, "succeeded");
    rig.go();
    assert_eq!(rig.service.ended(&theirs).await, "succeeded");
    assert_eq!(rig.service.ended(&stopped).await, "stopped");
    let act = &rig.service.actions("stops", &stopped).await["Act"];
    assert_eq!(act.status, "Succeeded");
    let said = worker.stop_cleanly().await;
    assert!(!said.contains("left in the journal"), "{said}");
    let taken = rig.proxy.of("PutThirdPartyJobSuccessResult");
    assert_eq!(
        taken.iter().filter(|put| put.is_ok()).count(),
        1,
        "{taken:?}"
    );
}

#[tokio::test]
async fn a_start_without_the_file_of_partners_says_whose_pipelines_want_for_it() {
    let probe = Plugin::probe("Probe").granted();
    let partner = partners::probe().named("partner").granted();
    let (mut rig, options, _file) = rig(&probe, &partner).await;
    let worker = rig.worker().await;
    let theirs = Action::new("Act", &partner)
        .doing("wait-file")
        .third_party();
    rig.pipeline(ADA.pipeline, [theirs]).await;
    let theirs = rig.service.begin(ADA.pipeline).await;
    appears(&rig.setup.granted, "started-", 1).await;
    assert!(!rig.service.process.output().contains("--third-party"));

    let without = ServiceOptions {
        third_party: None,
        ..options.clone()
    };
    kill(&mut rig, &without).await;
    let said = rig.service.process.line("`--third-party` file").await;
    for part in ["WARN", "Build/Partner/1", ADA.pipeline] {
        assert!(said.contains(part), "{said}");
    }
    // What is not a partner's goes on.
    let action = Action::new("Act", &probe).with("var.out", "as ever");
    let own = rig.outcome("own", action).await;
    assert_eq!(own.variables["out"], "as ever");
    rig.go();
    rig.proxy
        .until("a result refused", |exchanges| {
            let refused =
                |put: &Exchange| put.operation.starts_with("PutThirdParty") && !put.is_ok();
            exchanges.iter().any(refused)
        })
        .await;

    // With the file again the result is taken, by a worker that tries the token once more.
    worker.crash().await;
    kill(&mut rig, &options).await;
    let worker = rig.worker().await;
    assert_eq!(rig.service.ended(&theirs).await, "succeeded");
    worker.stop_cleanly().await;
    assert!(!rig.service.process.output().contains("--third-party"));
}
