//! Events by EventBridge and SQS: a worker that would poll in hours hears of a job, and of its end.

use pipefitter_tests::pipelines::{Action, Pipeline};
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::queue::{Queue, detail};
use pipefitter_tests::{Rig, Worker, appears, dropped, results_of};
use serde_json::{Value, json};

/// A worker whose queue works and whose next poll is hours away.
async fn idle(plugin: &Plugin) -> (Rig, Queue, Worker) {
    let mut rig = Rig::with(&[plugin]).await;
    let queue = Queue::start(&mut rig).await;
    let worker = idle_in(&rig, &queue).await;
    (rig, queue, worker)
}

async fn idle_in(rig: &Rig, queue: &Queue) -> Worker {
    // Anything at all: so that the first receive is answered at once.
    queue.send(&["hello".to_owned()]).await;
    let polls = rig.proxy.of("PollForJobs").len();
    let mut first_poll = rig.proxy.hold("PollForJobs");
    let worker = rig.worker().await;
    first_poll.arrived().await;
    worker.process.line("events are received from").await;
    first_poll.release();
    rig.proxy.count("PollForJobs", polls + 1).await;
    worker
}

/// A message as EventBridge writes it.
fn message(detail: &Value) -> Value {
    json!({
        "source": "aws.codepipeline",
        "detail-type": "CodePipeline Action Execution State Change",
        "account": "000000000000",
        "region": "us-east-1",
        "detail": detail,
    })
}

async fn begin(rig: &Rig, name: &str, action: Action) -> (String, String) {
    let pipeline = Pipeline::new(name).stage([action]);
    rig.create(&pipeline).await;
    let execution = rig.service.begin(name).await;
    let id = rig.service.action_id(name, &execution, "Act").await;
    (execution, id)
}

#[tokio::test]
async fn an_event_starts_a_job_that_the_next_poll_would_find_in_hours() {
    let plugin = Plugin::probe("Probe");
    let (rig, queue, worker) = idle(&plugin).await;
    let (execution, id) = begin(&rig, "docs", Action::new("Act", &plugin)).await;
    // A message makes its way through the worker meanwhile, and no poll does.
    queue.send(&["not an event".to_owned()]).await;
    queue.empties().await;
    assert_eq!(rig.proxy.of("PollForJobs").len(), 1);
    queue
        .tell(&detail("STARTED", "docs", &execution, ("Act", &id)))
        .await;
    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    queue.empties().await;
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
    queue.empties().await;

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
async fn an_action_that_failed_or_was_canceled_without_its_worker_interrupts_its_job() {
    let plugin = Plugin::probe("Probe").granted();
    let mut rig = Rig::with(&[&plugin]).await;
    // What the receive of a worker that was stopped has got comes again soon.
    let queue = Queue::start_with(&mut rig, 2).await;
    let waits = Action::new("Act", &plugin).doing("wait-file");
    let pipeline = Pipeline::new("docs").stage([waits]);
    rig.create(&pipeline).await;
    for state in ["FAILED", "CANCELED"] {
        let worker = idle_in(&rig, &queue).await;
        let execution = rig.service.begin("docs").await;
        let id = rig.service.action_id("docs", &execution, "Act").await;
        let tell = async |state| {
            queue
                .tell(&detail(state, "docs", &execution, ("Act", &id)))
                .await
        };
        tell("STARTED").await;
        for marker in appears(&rig.setup.granted, "started-", 1).await {
            std::fs::remove_file(rig.setup.granted.join(marker)).unwrap();
        }
        let end = match state {
            "FAILED" => {
                // Its time is over.
                let day = json!({ "do": "advance", "seconds": 25 * 60 * 60 });
                rig.service.control(day).await;
                "failed"
            }
            _ => {
                // Its pipeline becomes another one.
                let update = rig.service.codepipeline.update_pipeline();
                let update = update.pipeline(pipeline.declaration());
                update.send().await.unwrap();
                "cancelled"
            }
        };
        assert_eq!(rig.service.ended(&execution).await, end);
        tell(state).await;
        dropped(&rig, worker, "an event").await;
        queue.empties().await;
    }
}

#[tokio::test]
async fn events_about_anything_else_leave_a_job_alone() {
    let plugin = Plugin::probe("Probe").granted();
    let (rig, queue, worker) = idle(&plugin).await;
    let waits = Action::new("Act", &plugin).doing("wait-file");
    let (execution, id) = begin(&rig, "docs", waits).await;
    let of_job = |state| detail(state, "docs", &execution, ("Act", &id));
    queue.tell(&of_job("STARTED")).await;
    appears(&rig.setup.granted, "started-", 1).await;
    let other = |place: &str, value: Value| {
        let mut event = message(&of_job("ABANDONED"));
        *event.pointer_mut(place).unwrap() = value;
        event.to_string()
    };
    let elsewhere = |account: &str, region: &str| {
        let mut event = message(&of_job("ABANDONED"));
        // Ids are an account's and a Region's own.
        event["detail"]["execution-id"] = json!("00000000-0000-0000-0000-000000000000");
        event["account"] = json!(account);
        event["region"] = json!(region);
        event.to_string()
    };
    let mut broken = message(&of_job("ABANDONED")).to_string();
    broken.pop();
    queue
        .send(&[
            other("/detail/pipeline", json!("others")),
            other("/detail/stage", json!("Stage2")),
            other("/detail/action", json!("Other")),
            other("/detail/action-execution-id", json!("another")),
            other("/detail/type/owner", json!("ThirdParty")),
            other("/detail/type/provider", json!("Other")),
            other("/detail/type/version", json!(2)),
            other("/detail/state", json!("RESUMED")),
            other("/detail/state", json!(["ABANDONED"])),
            other("/region", json!("eu-west-1")),
            other("/source", json!("aws.codebuild")),
            elsewhere("111122223333", "us-east-1"),
            elsewhere("000000000000", "eu-west-1"),
            broken,
        ])
        .await;
    queue.empties().await;
    rig.go();
    assert_eq!(rig.service.ended(&execution).await, "succeeded");
    let said = worker.stop_cleanly().await;
    let results = results_of(&rig.proxy.exchanges());
    assert_eq!(results.len(), 1, "{results:?}");
    assert!(!said.contains("its result is dropped"), "{said}");
    assert!(!said.contains("left in the journal"), "{said}");
}

#[tokio::test]
async fn whatever_is_in_the_queue_the_worker_goes_on() {
    let plugin = Plugin::probe("Probe");
    let (rig, queue, worker) = idle(&plugin).await;
    let deep = "[".repeat(50_000);
    let event = |detail: Value| message(&detail).to_string();
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
    let mut of_a_pipeline = message(&json!({}));
    of_a_pipeline["detail-type"] = json!("CodePipeline Pipeline Execution State Change");
    bodies.push(of_a_pipeline.to_string());
    bodies.push(event(json!({})));
    bodies.push(event(json!({ "type": [] })));
    let mut odd = detail("STARTED", "docs", "e", ("Act", "a"));
    odd["type"]["version"] = json!({ "major": 1 });
    bodies.push(event(odd));
    let mut of_others = detail("STARTED", "docs", "e", ("Act", "a"));
    of_others["type"]["provider"] = json!("Other");
    bodies.push(event(of_others));
    let mut elsewhere = message(&detail("STARTED", "docs", "e", ("Act", "a")));
    elsewhere["region"] = json!("eu-west-1");
    bodies.push(elsewhere.to_string());
    bodies.push(event(detail("RESUMED", "docs", "e", ("Act", "a"))));
    bodies.push(event(detail("ABANDONED", "none", "none", ("Act", "none"))));
    queue.send(&bodies).await;
    queue.empties().await;
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
    queue.empties().await;
    worker.stop_cleanly().await;
}
