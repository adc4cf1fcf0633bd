//! Every fault of the control path at every operation of a worker of custom jobs.

use pipefitter_tests::fault_table::{FaultTable, Operation, Upset};
use pipefitter_tests::pipelines::Action;
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Rig, RigOptions, ServiceOptions};

const fn of(name: &'static str, seen_as: &'static str) -> Operation {
    Operation {
        name,
        seen_as,
        pipeline: "good",
        end: "succeeded",
    }
}

/// In the order of a job's life.
const OPERATIONS: [Operation; 7] = [
    of("PollForJobs", "PollForJobs"),
    of("AcknowledgeJob", "AcknowledgeJob"),
    Operation {
        pipeline: "slow",
        ..of("GetJobDetails", "GetJobDetails")
    },
    of("GetObject", "GET"),
    of("PutObject", "PUT"),
    of("PutJobSuccessResult", "PutJobSuccessResult"),
    Operation {
        name: "PutJobFailureResult",
        seen_as: "PutJobFailureResult",
        pipeline: "bad",
        end: "failed",
    },
];

#[tokio::test]
async fn nothing_is_lost_and_nothing_doubled_whatever_goes_wrong_where() {
    let mut table = FaultTable::default();
    for upset in Upset::ALL {
        let plugin = Plugin::probe("Probe").granted();
        let mut rig = Rig::start(RigOptions {
            plugins: vec![plugin.clone()],
            service: ServiceOptions {
                reoffer_after: "300ms".to_owned(),
                ..ServiceOptions::default()
            },
        })
        .await;
        // Renewed while a plugin waits, so that GetJobDetails is among what is sent.
        rig.setup.worker = "credential-lifetime = \"1s\"\n".to_owned();
        let act = || Action::new("Act", &plugin).input("Source");
        rig.pipeline("good", [act().output("Out")]).await;
        rig.pipeline("slow", [act().doing("wait-file")]).await;
        rig.pipeline("bad", [act().doing("fail")]).await;
        let worker = rig.worker().await;
        for operation in OPERATIONS {
            table.row(&rig, operation, upset).await;
        }
        let said = worker.stop_cleanly().await;
        assert!(!said.contains("left in the journal"), "{upset:?}\n{said}");
        assert!(!said.contains("attempt 2"), "{upset:?}\n{said}");
    }
    println!("{}", table.rendered());
}
