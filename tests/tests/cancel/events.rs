//! Events by EventBridge and SQS: a worker that would poll in hours hears of a job, and of its end.

use std::time::Duration;

use pipefitter_tests::pipelines::{Action, Pipeline};
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Rig, Worker, appears, results_of};
use serde_json::json;

use super::queue::{Queue, detail};

/// A worker whose queue works and whose next poll is hours away.
async fn idle(plugin: &Plugin) -> (Rig, Queue, Worker) {
    let mut rig = Rig::with(&[plugin]).await;
    let queue = Queue::start(&mut rig).await;
    // Anything at all: so that the first receive is answered at once.
    queue.send(&["hello".to_owned()]).await;
    let mut first_poll = rig.proxy.hold("PollForJobs");
    let worker = rig.worker().await;
    first_poll.arrived().await;
    worker.process.line("events are received from").await;
    first_poll.release();
    rig.proxy.count("PollForJobs", 1).await;
    (rig, queue, worker)
}

async fn begin(rig: &Rig, name: &str, action: Action) -> (String, String) {
    let pipeline = Pipeline::new(name).stage([action]);
    rig.create(&pipeline).await;
    let execution = rig.service.begin(name).await;
    let id = rig.service.action_id(name, &execution, "Act").await;
    (execution, id)
}

async fn until_nothing_is_left(queue: &Queue) {
    let emptied = async {
        while queue.left().await != (0, 0) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), emptied)
        .await
        .expect("every message is deleted");
}

#[tokio::test]
async fn an_event_starts_a_job_that_the_next_poll_would_find_in_hours() {
    let plugin = Plugin::probe("Probe");
    let (rig, queue, worker) = idle(&plugin).await;
    let (execution, id) = begin(&rig, "docs", Action::new("Act", &plugin)).await;
    // A message makes its way through the worker meanwhile, and no poll does.
    queue.send(&["not an event".to_owned()]).await;
    until_nothing_is_left(&queue).await;
    assert_eq!(rig.proxy.of("PollForJobs").len(), 1);
    queue
        .tell(&detail("STARTED", "docs", &execution, ("Act", &id)))
        .await;
    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    until_nothing_is_left(&queue).await;
    worker.stop_cleanly().await;
}

#[tokio::test]
async fn an_abandoned_action_interrupts_its_job_and_no_other() {
    let plugin = Plugin::probe("Probe").granted();
    let (rig, queue, worker) = idle(&plugin).await;
    let waits = || Action::new("Act", &plugin).doing("wait-file");
    let (stays, staying) = begin(&rig, "stays", waits()).await;
    let (goes, going) = begin(&rig, "goes", waits()).await;
    queue
        .tell(&detail("STARTED", "stays", &stays, ("Act", &staying)))
        .await;
    appears(&rig.setup.granted, "started-", 2).await;

    rig.service.stop_execution("goes", &goes, true).await;
    // The right execution with another action's id, as of an attempt before a retry: it means neither.
    let earlier = "00000000-0000-0000-0000-000000000000";
    queue
        .tell(&detail("ABANDONED", "stays", &stays, ("Act", earlier)))
        .await;
    queue
        .tell(&detail("ABANDONED", "goes", &goes, ("Act", &going)))
        .await;
    let told = worker.process.line("its result is dropped").await;
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        (&told["level"], &told["fields"]["pipeline"]),
        (&json!("INFO"), &json!("goes"))
    );
    assert_eq!(told["fields"]["noticed"], "an event");
    rig.go();
    assert_eq!(rig.service.ended(&stays).await, "succeeded");
    until_nothing_is_left(&queue).await;

    let abandoned = told["fields"]["job"].as_str().unwrap();
    let results = results_of(&rig.proxy.exchanges());
    assert!(
        !results.contains_key(abandoned),
        "a result was sent: {results:?}"
    );
    assert_eq!(results.len(), 1);
    let logs = rig.job_logs();
    let cancelled = |log: &&String| log.contains("cancelled: CodePipeline has ended this action");
    assert_eq!(logs.values().filter(cancelled).count(), 1, "{logs:?}");
    let said = worker.stop_cleanly().await;
    assert!(!said.contains("left in the journal"), "{said}");
}

#[tokio::test]
async fn whatever_is_in_the_queue_the_worker_goes_on() {
    let plugin = Plugin::probe("Probe");
    let (rig, queue, worker) = idle(&plugin).await;
    let deep = "[".repeat(50_000);
    let event = |kind: &str, detail: serde_json::Value| {
        json!({ "source": "aws.codepipeline", "detail-type": kind, "region": "us-east-1", "detail": detail })
            .to_string()
    };
    let action = "CodePipeline Action Execution State Change";
    let mut bodies: Vec<String> = [
        "{",
        "null",
        "[]",
        "\u{1f4a5}",
        "{\"source\":7}",
        &deep,
        &"x".repeat(20_000),
    ]
    .map(str::to_owned)
    .to_vec();
    bodies.push(event(
        "CodePipeline Pipeline Execution State Change",
        json!({}),
    ));
    bodies.push(event(action, json!({})));
    bodies.push(event(action, json!({ "type": [] })));
    let mut odd = detail("STARTED", "docs", "e", ("Act", "a"));
    odd["type"]["version"] = json!({ "major": 1 });
    bodies.push(event(action, odd));
    let mut of_others = detail("STARTED", "docs", "e", ("Act", "a"));
    of_others["type"]["provider"] = json!("Other");
    bodies.push(event(action, of_others));
    bodies.push(event(
        action,
        detail("ABANDONED", "none", "none", ("Act", "none")),
    ));
    queue.send(&bodies).await;
    until_nothing_is_left(&queue).await;
    assert_eq!(
        rig.proxy.of("PollForJobs").len(),
        1,
        "nothing was polled for these"
    );

    let (execution, id) = begin(&rig, "docs", Action::new("Act", &plugin)).await;
    // Twice, as events may come.
    for _ in 0..2 {
        queue
            .tell(&detail("STARTED", "docs", &execution, ("Act", &id)))
            .await;
    }
    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    let said = worker.stop_cleanly().await;
    assert!(!said.contains("panicked"), "{said}");
}

#[tokio::test]
async fn a_queue_that_is_gone_leaves_usual_polling_until_it_is_back() {
    let plugin = Plugin::probe("Probe");
    let (rig, mut queue, worker) = idle(&plugin).await;
    queue.moto.process.kill().await;
    let told = worker.process.line("no events are received from").await;
    assert!(told.contains("\"WARN\""), "{told}");
    let (execution, _) = begin(&rig, "without", Action::new("Act", &plugin)).await;
    assert_eq!(rig.service.ended(&execution).await, "succeeded");

    let mark = worker.process.mark();
    queue.restart(&rig).await;
    queue.send(&["hello".to_owned()]).await;
    worker
        .process
        .line_after(mark, "events are received from")
        .await;
    let (execution, id) = begin(&rig, "with", Action::new("Act", &plugin)).await;
    queue
        .tell(&detail("STARTED", "with", &execution, ("Act", &id)))
        .await;
    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    until_nothing_is_left(&queue).await;
    worker.stop_cleanly().await;
}
