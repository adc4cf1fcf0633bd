//! Credentials of jobs that take hours.

use std::time::Duration;

use tokio::time::Instant;

use crate::service::Fault;
use crate::stage::StageFault;
use crate::world::{World, end};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn credentials_of_a_job_of_three_hours_are_renewed_every_ten_minutes() {
    let world = World::new();
    let job = [("do", "sleep"), ("seconds", "10800")];
    world.service.add("job", &job, 1, 2).await;
    let began = Instant::now();
    let worker = world.start().await;
    world.service.until_all_ended().await;
    world.service.success("job").await;
    assert!(began.elapsed() >= 180 * MINUTE);
    let inner = world.service.inner.lock().await;
    let mut times = vec![began];
    times.extend(&inner.detail_times);
    assert_eq!(times.len(), 1 + 18, "{times:?}");
    for pair in times.windows(2) {
        assert!(pair[1] - pair[0] <= 10 * MINUTE + Duration::from_secs(1));
    }
    // Both outputs were stored with the last of them.
    assert_eq!(*world.stage.used.lock().await, [19, 19]);
    drop(inner);
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn the_interval_follows_the_lifetime_that_is_assumed() {
    let mut world = World::new();
    world.config.credential_lifetime = 60 * MINUTE;
    assert_eq!(world.config.renew_after(), 40 * MINUTE);
    let job = [("do", "sleep"), ("seconds", "10000")];
    world.service.add("job", &job, 0, 1).await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    // After 40, 80, 120 and 160 of 166 minutes.
    assert_eq!(world.service.inner.lock().await.details, 4);
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn inputs_that_take_an_hour_are_fetched_with_fresh_credentials() {
    let world = World::new();
    world.service.add("job", &[("do", "ok")], 1, 0).await;
    world
        .stage
        .fetch_faults
        .lock()
        .await
        .push_back(StageFault::Slow);
    let worker = world.start().await;
    world.service.until_all_ended().await;
    world.service.success("job").await;
    let details = world.service.inner.lock().await.details;
    assert!((5..=6).contains(&details), "{details}");
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn a_renewal_without_an_answer_is_tried_again_in_half_a_minute() {
    let world = World::new();
    let job = [("do", "sleep"), ("seconds", "900")];
    world.service.add("job", &job, 0, 1).await;
    let faults = [Fault::LoseAnswer, Fault::LoseRequest, Fault::LoseAnswer];
    world
        .service
        .inner
        .lock()
        .await
        .detail_faults
        .extend(faults);
    let worker = world.start().await;
    world.service.until_all_ended().await;
    world.service.success("job").await;
    let inner = world.service.inner.lock().await;
    let times = &inner.detail_times;
    assert_eq!(times.len(), 4, "{times:?}");
    for pair in times.windows(2) {
        let pause = pair[1] - pair[0];
        assert!((29..=31).contains(&pause.as_secs()), "{pause:?}");
    }
    assert_eq!(*world.stage.used.lock().await, [2]);
    drop(inner);
    end(&world, worker).await;
}

#[tokio::test(start_paused = true)]
async fn a_short_job_asks_for_nothing() {
    let world = World::new();
    let job = [("do", "sleep"), ("seconds", "590")];
    world.service.add("job", &job, 1, 1).await;
    let worker = world.start().await;
    world.service.until_all_ended().await;
    assert_eq!(world.service.inner.lock().await.details, 0);
    end(&world, worker).await;
}
