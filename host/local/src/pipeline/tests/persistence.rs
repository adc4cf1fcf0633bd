//! A service that is killed at any moment goes on from where it was.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::property::{Step, step};
use super::third_party::{deploy, partners};
use super::*;
use crate::pipeline::kept::{Change, Row};

/// What is on disk.
#[derive(Default)]
pub(super) struct Disk(BTreeMap<(String, String), Vec<u8>>);

impl Disk {
    pub(super) fn write(&mut self, changes: Vec<Change>) {
        for Change { kind, key, value } in changes {
            let place = (kind.to_owned(), key);
            match value {
                Some(value) => drop(self.0.insert(place, value)),
                None => drop(self.0.remove(&place)),
            }
        }
    }

    fn rows(&self) -> Vec<Row> {
        let rows = self.0.iter();
        rows.map(|((kind, key), value)| (kind.clone(), key.clone(), value.clone()))
            .collect()
    }
}

/// All that an engine would have on disk, as text for messages.
fn all(engine: &mut Engine) -> BTreeMap<(String, String), String> {
    engine.touch_all();
    let mut disk = Disk::default();
    disk.write(engine.take_changes().unwrap());
    shown(&disk)
}

fn shown(disk: &Disk) -> BTreeMap<(String, String), String> {
    let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).unwrap();
    disk.0.iter().map(|(k, v)| (k.clone(), text(v))).collect()
}

impl Fixture {
    /// Kills the service after its last write, and starts another on the same disk. Watchers and
    /// effects go with it.
    pub(super) fn killed(&mut self, disk: &Disk) {
        let settings = self.engine.settings.clone();
        self.killed_and_set(disk, settings);
    }

    /// The same, and the other is started with other settings.
    fn killed_and_set(&mut self, disk: &Disk, settings: Settings) {
        self.registry = Registry::new(self.clock.clone());
        let registry = self.registry.clone();
        self.engine = Engine::restored(settings, registry, &disk.rows()).unwrap();
    }
}

fn offered(name: &str, job: &Value, mut body: Value, fixture: &mut Fixture) {
    body["jobId"] = job["id"].clone();
    // Refused where the job is not in a state for it.
    let _ = fixture.call(name, body);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_on_disk_is_the_whole_state_at_any_moment(
        steps in prop::collection::vec((step(), any::<bool>()), 1..60),
    ) {
        let mut fixture = Fixture::new();
        let mut built = action("A", 1);
        built["outputArtifacts"] = json!([{ "name": "Out" }]);
        let stages = vec![vec![built, action("B", 1)], vec![action("C", 1)]];
        fixture.ok("CreatePipeline", pipeline(stages));
        let mut disk = Disk::default();
        disk.write(fixture.engine.take_changes().unwrap());
        let mut seen: Vec<Value> = Vec::new();
        for (step, are_effects_over) in steps {
            match step {
                Step::Start => drop(fixture.call("StartPipelineExecution", json!({ "name": "p" }))),
                Step::Poll(batch) => seen.extend(fixture.poll(batch)),
                Step::Wait(seconds) => fixture.advance(seconds),
                _ if seen.is_empty() => {}
                Step::Acknowledge(index) => {
                    let job = index.get(&seen);
                    let body = json!({ "nonce": job["nonce"] });
                    offered("AcknowledgeJob", job, body, &mut fixture);
                }
                Step::Succeed(index) => {
                    offered("PutJobSuccessResult", index.get(&seen), json!({}), &mut fixture);
                }
                Step::Continue(index) => {
                    let body = json!({ "continuationToken": "more" });
                    offered("PutJobSuccessResult", index.get(&seen), body, &mut fixture);
                }
                Step::Fail(index) => {
                    let details = json!({ "type": "JobFailed", "message": "m" });
                    let body = json!({ "failureDetails": details });
                    offered("PutJobFailureResult", index.get(&seen), body, &mut fixture);
                }
            }
            if are_effects_over {
                fixture.settle();
            }
            disk.write(fixture.engine.take_changes().unwrap());
            let before = all(&mut fixture.engine);
            prop_assert_eq!(&before, &shown(&disk), "something changed and was not kept");
            fixture.killed(&disk);
            prop_assert_eq!(&all(&mut fixture.engine), &before, "something came back otherwise");
        }
        // Whatever had begun can be brought to its end.
        fixture.settle();
        for job in &seen {
            offered("PutJobSuccessResult", job, json!({}), &mut fixture);
            fixture.settle();
        }
        loop {
            fixture.advance(60);
            let jobs = fixture.poll(100);
            if jobs.is_empty() {
                break;
            }
            for job in jobs {
                let body = json!({ "jobId": job["id"], "nonce": job["nonce"] });
                fixture.ok("AcknowledgeJob", body);
                fixture.succeed(job["id"].as_str().unwrap());
            }
        }
        let listed = fixture.ok("ListPipelineExecutions", json!({ "pipelineName": "p" }));
        for summary in listed["pipelineExecutionSummaries"].as_array().unwrap() {
            prop_assert_ne!(&summary["status"], "InProgress");
        }
        prop_assert!(fixture.engine.timers.is_empty() && fixture.engine.offers.is_empty());
    }
}

#[test]
fn sessions_and_moved_time_survive_and_a_row_that_nobody_knows_is_refused() {
    let mut fixture = Fixture::new();
    let mut built = action("A", 1);
    built["outputArtifacts"] = json!([{ "name": "Out" }]);
    fixture.ok("CreatePipeline", pipeline(vec![vec![built]]));
    fixture.begin("p");
    let job = fixture.poll(1).pop().unwrap();
    let key = job["data"]["artifactCredentials"]["accessKeyId"]
        .as_str()
        .unwrap();
    let mut disk = Disk::default();
    disk.write(fixture.engine.take_changes().unwrap());
    fixture.killed(&disk);
    assert!(fixture.registry.lookup(key).is_some());
    fixture.advance(3600);
    disk.write(fixture.engine.take_changes().unwrap());
    let ahead = crate::pipeline::saved::ahead(&disk.rows()).unwrap();
    assert_eq!(ahead, Duration::from_secs(3600));
    let mut rows = disk.rows();
    rows.push(("dreams".into(), "1".into(), b"{}".to_vec()));
    let registry = Registry::new(fixture.clock.clone());
    let error = Engine::restored(settings(), registry, &rows).err().unwrap();
    assert!(error.to_string().contains("dreams"), "{error}");
}

#[test]
fn partners_types_that_a_start_does_not_bring_back_are_named_with_their_pipelines() {
    let mut fixture = Fixture::with(|settings| settings.third_party = partners());
    fixture.ok(
        "CreatePipeline",
        pipeline(vec![vec![deploy("A"), deploy("B"), action("C", 1)]]),
    );
    let mut disk = Disk::default();
    disk.write(fixture.engine.take_changes().unwrap());
    fixture.killed(&disk);
    assert!(fixture.engine.not_connected().is_empty());
    let named = [("Deploy/Partner/1".to_owned(), ["p"].into())];
    let mut nobody = partners();
    nobody.action_types[0].clients.clear();
    for third_party in [ThirdParty::default(), nobody] {
        let settings = Settings {
            third_party,
            ..settings()
        };
        fixture.killed_and_set(&disk, settings);
        assert_eq!(fixture.engine.not_connected(), named.clone().into());
    }
}
