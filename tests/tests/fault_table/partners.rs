//! Every fault of the control path at every operation of a partner's worker.

use pipefitter_tests::fault_table::{FaultTable, Operation, Upset};
use pipefitter_tests::pipelines::{Action, Pipeline};
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Rig, ServiceOptions, Worker, small_source};

use super::partner::{ADA, BOB, nothing_leaked, probe, rig_with, write_tokens};

/// In the order of a job's life.
const OPERATIONS: [Operation; 7] = [
    Operation::new("PollForThirdPartyJobs", ADA.pipeline),
    Operation::new("GetThirdPartyJobDetails", ADA.pipeline),
    Operation::new("AcknowledgeThirdPartyJob", ADA.pipeline),
    Operation {
        seen_as: "GET",
        ..Operation::new("GetObject", ADA.pipeline)
    },
    Operation {
        seen_as: "PUT",
        ..Operation::new("PutObject", ADA.pipeline)
    },
    Operation::new("PutThirdPartyJobSuccessResult", ADA.pipeline),
    Operation {
        end: "failed",
        ..Operation::new("PutThirdPartyJobFailureResult", BOB.pipeline)
    },
];

async fn rig(plugin: &Plugin, reoffer_after: &str) -> Rig {
    let service = ServiceOptions {
        reoffer_after: reoffer_after.to_owned(),
        ..ServiceOptions::default()
    };
    let tokens = "{ file = \"tokens.json\" }";
    let rig = rig_with(plugin, &[ADA, BOB], tokens, "uuid", service).await;
    write_tokens(&rig, &[(ADA.id, ADA.token), (BOB.id, BOB.token)]);
    let act = || Action::new("Act", plugin).input("Source").third_party();
    for (customer, action) in [(ADA, act().output("Out")), (BOB, act().doing("fail"))] {
        let pipeline = Pipeline::new(customer.pipeline).stage([action]);
        rig.service.create(&pipeline, small_source()).await;
    }
    rig
}

async fn ends_well(rig: &Rig, worker: Worker, upset: Upset) {
    let said = worker.stop_cleanly().await;
    assert!(!said.contains("left in the journal"), "{upset:?}\n{said}");
    assert!(!said.contains("attempt 2"), "{upset:?}\n{said}");
    nothing_leaked(rig, &said);
}

#[tokio::test]
async fn nothing_is_lost_and_nothing_doubled_whatever_goes_wrong_where() {
    let mut table = FaultTable::default();
    for upset in Upset::ALL {
        let rig = rig(&probe(), "300ms").await;
        let worker = rig.worker().await;
        for operation in OPERATIONS {
            table.row(&rig, &worker, operation, upset).await;
        }
        ends_well(&rig, worker, upset).await;
    }
    table.show();
}

#[tokio::test]
async fn a_job_that_another_worker_was_offered_and_took_is_left_alone() {
    let mut table = FaultTable::default();
    let rig = rig(&probe(), "60s").await;
    let worker = rig.worker().await;
    let upset = Upset::Overtaken;
    for operation in OPERATIONS.iter().filter(|of| of.is_before_ownership()) {
        table.row(&rig, &worker, *operation, upset).await;
    }
    ends_well(&rig, worker, upset).await;
    table.show();
}
