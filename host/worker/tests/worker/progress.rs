//! What a plugin says on its way reaches CodePipeline at the end of its job.

use crate::world::{World, end};

#[tokio::test(start_paused = true)]
async fn progress_goes_out_with_a_continuation_that_says_nothing() {
    let world = World::new();
    world.service.add("job", &[("do", "half-way")], 0, 0).await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    let hop = world.service.success("job").await;
    assert!(hop.continuation.is_some());
    assert_eq!(hop.details.percent_complete, Some(40));
    assert_eq!(hop.details.summary.as_deref(), Some("half of the pages"));
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn progress_goes_out_with_a_result_and_what_the_plugin_says_at_its_end_counts_more() {
    let world = World::new();
    world.service.add("job", &[("do", "say")], 0, 0).await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    let details = world.service.success("job").await.details;
    assert_eq!(details.percent_complete, Some(70));
    assert_eq!(details.summary.as_deref(), Some("12 pages"));
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn a_job_that_says_nothing_keeps_what_earlier_ones_of_its_action_said() {
    let world = World::new();
    world.service.add("one", &[("do", "half-way")], 0, 0).await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    for (id, what) in [("two", "continue"), ("three", "continue"), ("four", "ok")] {
        let action = "action-of-one";
        world
            .service
            .add_next(id, action, "step 2", &[("do", what)])
            .await;
        world.service.until_all_ended().await;
        let details = world.service.success(id).await.details;
        assert_eq!(details.percent_complete, Some(40), "{id}");
        let summary = details.summary.unwrap();
        let expected = if id == "four" {
            "12 pages"
        } else {
            "half of the pages"
        };
        assert_eq!(summary, expected, "{id}");
    }
    // Another action's job knows nothing of it.
    world
        .service
        .add("other", &[("do", "continue")], 0, 0)
        .await;
    world.service.until_all_ended().await;
    let details = world.service.success("other").await.details;
    assert_eq!((details.percent_complete, details.summary), (None, None));
    end(&world, worker).await;
}
