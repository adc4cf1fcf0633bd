//! Whatever workers do, in whatever order: no job is lost, and none is anybody's twice.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::*;

#[derive(Clone, Debug)]
pub(super) enum Step {
    Start,
    Poll(usize),
    /// Acknowledge one of the hand-outs seen so far, also a stale one.
    Acknowledge(prop::sample::Index),
    Succeed(prop::sample::Index),
    Continue(prop::sample::Index),
    Fail(prop::sample::Index),
    Wait(u64),
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => Just(Step::Start),
        4 => (1_usize..4).prop_map(Step::Poll),
        5 => any::<prop::sample::Index>().prop_map(Step::Acknowledge),
        3 => any::<prop::sample::Index>().prop_map(Step::Succeed),
        2 => any::<prop::sample::Index>().prop_map(Step::Continue),
        1 => any::<prop::sample::Index>().prop_map(Step::Fail),
        2 => (0_u64..90).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn jobs_are_neither_lost_nor_shared(
        steps in prop::collection::vec(step(), 1..120),
        queued in any::<bool>(),
    ) {
        let mut fixture = Fixture::new();
        let stages = vec![
            vec![action("A", 1), action("B", 1), action("C", 2)],
            vec![action("D", 1)],
        ];
        let mut request = pipeline(stages);
        request["pipeline"]["executionMode"] =
            json!(if queued { "QUEUED" } else { "SUPERSEDED" });
        fixture.ok("CreatePipeline", request);
        let mut seen: Vec<Value> = Vec::new();
        let mut acknowledged: BTreeMap<String, usize> = BTreeMap::new();
        let mut ended: Vec<String> = Vec::new();
        let mut put = |fixture: &mut Fixture, name: &str, job: &Value, mut body: Value| {
            body["jobId"] = job["id"].clone();
            if fixture.call(name, body).is_ok() {
                ended.push(job["id"].to_string());
            }
        };
        for step in steps {
            match step {
                // A full queue refuses; that is no loss.
                Step::Start => drop(fixture.call("StartPipelineExecution", json!({ "name": "p" }))),
                Step::Poll(batch) => seen.extend(fixture.poll(batch)),
                Step::Wait(seconds) => fixture.advance(seconds),
                _ if seen.is_empty() => {}
                Step::Acknowledge(index) => {
                    let job = index.get(&seen);
                    let body = json!({ "jobId": job["id"], "nonce": job["nonce"] });
                    if fixture.call("AcknowledgeJob", body).is_ok() {
                        *acknowledged.entry(job["id"].to_string()).or_default() += 1;
                    }
                }
                Step::Succeed(index) => {
                    put(&mut fixture, "PutJobSuccessResult", index.get(&seen), json!({}));
                }
                Step::Continue(index) => {
                    let body = json!({ "continuationToken": "more" });
                    put(&mut fixture, "PutJobSuccessResult", index.get(&seen), body);
                }
                Step::Fail(index) => {
                    let details = json!({ "type": "JobFailed", "message": "m" });
                    let body = json!({ "failureDetails": details });
                    put(&mut fixture, "PutJobFailureResult", index.get(&seen), body);
                }
            }
            fixture.settle();
            let is_shared = acknowledged.values().any(|times| *times != 1);
            prop_assert!(!is_shared);
        }
        ended.sort();
        let is_owned = ended.iter().all(|id| acknowledged.contains_key(id));
        prop_assert!(is_owned);
        let is_doubled = ended.windows(2).any(|pair| pair[0] == pair[1]);
        prop_assert!(!is_doubled);
        // A diligent worker now ends whatever is open.
        for job in &seen {
            let put = json!({ "jobId": job["id"] });
            let _ = fixture.call("PutJobSuccessResult", put);
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
        // Only the timers of nothing are left.
        prop_assert!(fixture.engine.timers.is_empty() && fixture.engine.offers.is_empty());
    }
}
