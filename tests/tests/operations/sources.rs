//! Two sources in one worker: told apart in jobs, journal and logs, and each alone in its troubles.

use std::collections::BTreeSet;

use pipefitter_tests::pipelines::{Action, Pipeline};
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{
    Fault, Proxy, Rig, Service, Worker, appears, small_source, terminal_results,
};
use serde_json::Value;

/// The same in every source: pipeline, action and what it does.
async fn begin_waiting(service: &Service, plugin: &Plugin) -> String {
    let action = Action::new("Act", plugin)
        .doing("wait-file")
        .input("Source");
    let pipeline = Pipeline::new("same").stage([action]);
    service.create(&pipeline, small_source()).await;
    service.begin("same").await
}

/// The jobs that a source's service gave to the worker; each has one result, and it has none of another's.
async fn jobs_of(proxy: &Proxy) -> BTreeSet<String> {
    // The service tells of the end before the answer to a result has passed the proxy.
    proxy
        .until("a result of each job", |exchanges| {
            terminal_results(exchanges).values().all(|&taken| taken > 0)
        })
        .await;
    let results = terminal_results(&proxy.exchanges());
    assert!(results.values().all(|&taken| taken == 1), "{results:?}");
    let jobs: BTreeSet<String> = results.into_keys().collect();
    for sent in proxy.of("PutJob*") {
        assert!(
            jobs.contains(&sent.subject),
            "the result of another source's job: {sent:?}"
        );
    }
    jobs
}

/// What lines of the worker's log say of a field, for one source.
fn logged(worker: &Worker, line: &str, source: &str, field: &str) -> BTreeSet<String> {
    let lines = worker.process.lines_with(line);
    let fields = lines.iter().filter_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        let ours = line["fields"]["source"] == source;
        ours.then(|| {
            line["fields"][field]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        })
    });
    fields.collect()
}

#[tokio::test]
async fn both_are_served_and_told_apart_across_a_crash() {
    let plugin = Plugin::probe("Probe").granted().retry_safe();
    let mut rig = Rig::with(&[&plugin]).await;
    let (second, its_proxy) = rig.add_source("second", &[&plugin]).await;
    let worker = rig.worker().await;
    let of_main = begin_waiting(&rig.service, &plugin).await;
    let of_second = begin_waiting(&second, &plugin).await;
    let markers = appears(&rig.setup.granted, "started-", 2).await;
    worker.crash().await;
    for marker in markers {
        std::fs::remove_file(rig.setup.granted.join(marker)).unwrap();
    }

    // What the journal kept leads each job back to where it came from.
    let worker = rig.worker().await;
    appears(&rig.setup.granted, "started-", 2).await;
    rig.go();
    for (service, execution) in [(&rig.service, &of_main), (&second, &of_second)] {
        assert_eq!(service.ended(execution).await, "succeeded");
        let actions = service.actions("same", execution).await;
        assert_eq!(actions["Act"].variables["attempt"], "2");
        // The job's own log, found by the id that its service shows.
        let log = actions["Act"].external_id.clone().unwrap_or_default();
        assert!(
            rig.job_logs().contains_key(&log),
            "{log}: {:?}",
            rig.job_logs().keys()
        );
    }
    worker.process.terminate();
    assert_eq!(worker.process.ended().await.code(), Some(0));
    let (main, second) = (jobs_of(&rig.proxy).await, jobs_of(&its_proxy).await);
    assert!(
        main.len() == 1 && second.len() == 1 && main.is_disjoint(&second),
        "{main:?} {second:?}"
    );
    let log = "job reported";
    assert_eq!(
        logged(&worker, log, "main", "job"),
        main,
        "{}",
        worker.process.output()
    );
    assert_eq!(logged(&worker, log, "second", "job"), second);
}

#[tokio::test]
async fn of_three_the_denied_one_hibernates_and_recovers_while_the_others_work() {
    let plugin = Plugin::probe("Probe");
    let mut rig = Rig::with(&[&plugin]).await;
    let (second, its_proxy) = rig.add_source("second", &[&plugin]).await;
    let (third, thirds_proxy) = rig.add_source("third", &[&plugin]).await;
    its_proxy.spoil("PollForJobs", || {
        Fault::Answer(400, "AccessDeniedException")
    });
    let worker = rig.worker().await;
    let said = worker
        .process
        .line("polling second for Build/Probe/1 failed")
        .await;
    assert!(
        said.contains("ERROR") && said.contains("codepipeline:PollForJobs"),
        "{said}"
    );
    let action = || Action::new("Act", &plugin).with("var.out", "served");
    for service in [&second, &third] {
        service
            .create(&Pipeline::new("same").stage([action()]), small_source())
            .await;
    }
    let waiting = second.begin("same").await;
    let served = third.begin("same").await;
    assert_eq!(third.ended(&served).await, "succeeded");
    serves_main(&rig, &plugin, "beside-denied").await;
    // Asked slowly, and told of once.
    let (denied, others) = (its_proxy.of("PollForJobs"), rig.proxy.of("PollForJobs"));
    assert!(denied.iter().all(|poll| !poll.is_ok()));
    assert!(others.iter().any(|poll| poll.is_ok()));
    its_proxy.calm();
    assert_eq!(second.ended(&waiting).await, "succeeded");
    worker
        .process
        .line("polling second for Build/Probe/1 works again")
        .await;
    let said = worker.stop_cleanly().await;
    assert_eq!(
        said.matches("polling second for Build/Probe/1 failed")
            .count(),
        1,
        "{said}"
    );
    assert!(!said.contains("polling third"), "{said}");
    assert_eq!(
        (
            jobs_of(&its_proxy).await.len(),
            jobs_of(&thirds_proxy).await.len()
        ),
        (1, 1)
    );
}

#[tokio::test]
async fn one_that_is_dead_leaves_the_other_working() {
    let plugin = Plugin::probe("Probe").granted();
    let mut rig = Rig::with(&[&plugin]).await;
    let (second, _its_proxy) = rig.add_source("second", &[&plugin]).await;
    let worker = rig.worker().await;
    begin_waiting(&second, &plugin).await;
    appears(&rig.setup.granted, "started-", 1).await;
    second.process.kill().await;
    let said = worker
        .process
        .line("polling second for Build/Probe/1 failed")
        .await;
    assert!(said.contains("WARN"), "{said}");

    // Its job ends meanwhile, and the result waits for it, in this run and in the next, which starts without it.
    rig.go();
    waits_for_second(&worker).await;
    serves_main(&rig, &plugin, "one-dead").await;
    let said = worker.process.output();
    worker.crash().await;
    let worker = rig.worker().await;
    waits_for_second(&worker).await;
    serves_main(&rig, &plugin, "still-dead").await;
    let said = said + &worker.process.output();
    assert!(!said.contains("polling main"), "{said}");
    assert!(jobs_of(&rig.proxy).await.len() == 2, "{said}");
}

/// A result of the dead source's job is sent in vain.
async fn waits_for_second(worker: &Worker) {
    let found = |line: &str| -> Option<()> {
        let line: Value = serde_json::from_str(line).ok()?;
        let wanted = line["fields"]["message"] == "a result was not taken"
            && line["span"]["source"] == "second";
        wanted.then_some(())
    };
    worker.process.find(0, "a result sent in vain", found).await;
}

async fn serves_main(rig: &Rig, plugin: &Plugin, pipeline: &str) {
    let action = Action::new("Act", plugin).with("var.out", pipeline);
    let result = rig.outcome(pipeline, action).await;
    assert_eq!(result.variables["out"], pipeline);
}

/// Jobs of a source whose plugin has begun and made its marker.
fn begun(rig: &Rig, proxy: &Proxy) -> usize {
    let taken = proxy.of("AcknowledgeJob").into_iter();
    taken
        .filter(|taken| {
            let marker = format!("started-{}", taken.subject);
            rig.setup.granted.join(marker).exists()
        })
        .count()
}

#[tokio::test]
async fn the_slots_of_one_bound_its_own_jobs_and_nobody_elses() {
    let plugin = Plugin::probe("Probe").granted();
    let mut rig = Rig::with(&[&plugin]).await;
    let (second, its_proxy) = rig.add_source("second", &[&plugin]).await;
    rig.setup.slots = 8;
    rig.setup.source = "slots = 1".to_owned();
    let worker = rig.worker().await;
    let mut executions = Vec::new();
    for service in [&rig.service, &second] {
        let waits = |at| Action::new(&format!("Act{at}"), &plugin).doing("wait-file");
        let pipeline = Pipeline::new("same").stage((0..3).map(waits));
        service.create(&pipeline, small_source()).await;
        executions.push((service, service.begin("same").await));
    }
    appears(&rig.setup.granted, "started-", 4).await;
    // The other one is polled on; whatever else could begin would have.
    let polls = its_proxy.of("PollForJobs").len();
    its_proxy.count("PollForJobs", polls + 5).await;
    assert_eq!((begun(&rig, &rig.proxy), begun(&rig, &its_proxy)), (1, 3));
    rig.go();
    for (service, execution) in executions {
        assert_eq!(service.ended(&execution).await, "succeeded");
    }
    worker.stop_cleanly().await;
    assert_eq!(
        (
            jobs_of(&rig.proxy).await.len(),
            jobs_of(&its_proxy).await.len()
        ),
        (3, 3)
    );
    for poll in rig.proxy.of("PollForJobs") {
        assert_eq!(poll.request["maxBatchSize"], 1, "{poll:?}");
    }
}
