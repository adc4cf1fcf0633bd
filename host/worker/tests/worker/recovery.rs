//! What a start makes of the records of an earlier run.

use pipefitter_codepipeline::{FailureType, SuccessResult};
use pipefitter_journal::Phase;
use serde_json::json;

use crate::service::{Fault, State};
use crate::world::{World, end};

/// A job that the service has handed out once, in this state.
async fn handed_out(world: &World, state: State) {
    world.service.add("job", &[("do", "ok")], 1, 1).await;
    let mut inner = world.service.inner.lock().await;
    inner.jobs[0].nonce = 1;
    inner.jobs[0].state = state;
    inner.jobs[0].handed_out = Some(tokio::time::Instant::now());
}

#[tokio::test(start_paused = true)]
async fn a_job_that_was_about_to_be_acknowledged() {
    for (state, by_rule) in [(State::Created, 0), (State::InProgress, 1)] {
        let world = World::new();
        handed_out(&world, state).await;
        world.left("job", 0, Phase::Acknowledging).await;
        let worker = world.start().await;
        world.service.until_all_ended().await;
        world.service.success("job").await;
        assert_eq!(end(&world, worker).await.counters.adopted_by_rule, by_rule);
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_was_acknowledged_runs_with_fresh_details() {
    let world = World::new();
    handed_out(&world, State::InProgress).await;
    world.left("job", 0, Phase::Acknowledged).await;
    world
        .service
        .inner
        .lock()
        .await
        .detail_faults
        .push_back(Fault::LoseRequest);
    let worker = world.start().await;
    world.service.until_all_ended().await;
    world.service.success("job").await;
    assert_eq!(world.service.inner.lock().await.acks, 0);
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_ran_runs_again_only_where_that_is_safe() {
    for (retry_safe, attempt, runs) in [(false, 1, 0), (true, 1, 1), (true, 3, 0)] {
        let mut world = World::new();
        world.retry_safe = retry_safe;
        handed_out(&world, State::InProgress).await;
        world.left("job", attempt, Phase::Running).await;
        let worker = world.start().await;
        world.service.until_all_ended().await;
        assert_eq!(world.runner.begun.borrow().len(), runs);
        if runs == 0 {
            let failure = world.service.failure("job").await;
            assert_eq!(failure.kind, FailureType::SystemUnavailable);
            assert!(
                failure
                    .message
                    .starts_with("the worker was restarted while the plugin ran")
            );
        } else {
            assert_eq!(world.runner.begun.borrow()[0], ("job".to_owned(), 2));
            world.service.success("job").await;
        }
        end(&world, worker).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_outbox_is_sent_again() {
    let world = World::new();
    handed_out(&world, State::InProgress).await;
    let result = SuccessResult::default();
    let outcome = json!({ "result": "success", "with": result });
    let phase = Phase::Finished {
        outcome,
        replaced: false,
    };
    world.left("job", 1, phase).await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    world.service.success("job").await;
    assert!(world.runner.begun.borrow().is_empty());
    end(&world, worker).await;
    assert!(world.records().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_cannot_be_read_becomes_a_failure() {
    let world = World::new();
    handed_out(&world, State::InProgress).await;
    let phase = Phase::Finished {
        outcome: json!({ "what": 1 }),
        replaced: false,
    };
    world.left("job", 1, phase).await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    world.service.failure("job").await;
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn jobs_of_an_earlier_run_wait_for_slots() {
    let mut world = World::new();
    world.config.slots = 1;
    for at in 0..5 {
        let id = format!("job-{at}");
        world
            .service
            .add(&id, &[("do", "sleep"), ("seconds", "5")], 0, 0)
            .await;
        world.service.inner.lock().await.jobs[at].state = State::InProgress;
        world.left(&id, 0, Phase::Acknowledged).await;
    }
    world.service.add("new", &[("do", "ok")], 0, 0).await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    assert_eq!(
        world.runner.most.load(std::sync::atomic::Ordering::SeqCst),
        1
    );
    assert_eq!(world.runner.begun.borrow().last().unwrap().0, "new");
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn an_envelope_is_opened_before_the_plugin_sees_it() {
    let mut world = World::new();
    world.retry_safe = true;
    world.service.add("job", &[("do", "ok")], 0, 0).await;
    let token = r#"pipefitter:1:{"attempt":1,"origin":"first","token":"page 7"}"#;
    world.service.inner.lock().await.jobs[0].token = Some(token.to_owned());
    let worker = world.start().await;
    world.service.until_all_ended().await;
    let spec = world.specs.recv().await.unwrap();
    assert_eq!(spec.job.continuation_token.as_deref(), Some("page 7"));
    assert_eq!(spec.job.attempt, 2);
    end(&world, worker).await;
}
