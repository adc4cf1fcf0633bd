//! Every fault of the control path at every operation of a worker of custom jobs.

use pipefitter_tests::fault_table::{FaultTable, Operation, Upset};
use pipefitter_tests::pipelines::{Action, Pipeline};
use pipefitter_tests::plugins::Plugin;
use pipefitter_tests::{Exchange, Rig, RigOptions, ServiceOptions, Worker, archives};
use tokio::task::JoinSet;

const GET: Operation = Operation {
    seen_as: "GET",
    ..Operation::new("GetObject", "good")
};
const PUT: Operation = Operation {
    seen_as: "PUT",
    ..Operation::new("PutObject", "good")
};
const FAILURE: Operation = Operation {
    end: "failed",
    ..Operation::new("PutJobFailureResult", "bad")
};

/// In the order of a job's life.
const OPERATIONS: [Operation; 9] = [
    Operation::new("PollForJobs", "good"),
    Operation::new("AcknowledgeJob", "good"),
    Operation::new("GetJobDetails", "slow"),
    Operation::new("ListActionExecutions", "slow"),
    GET,
    PUT,
    Operation::new("PutJobSuccessResult", "good"),
    Operation {
        note: "with a continuation token",
        ..Operation::new("PutJobSuccessResult", "hop")
    },
    FAILURE,
];

/// Of an output that goes in parts.
const OF_PARTS: [Operation; 4] = [
    Operation::new("CreateMultipartUpload", "large"),
    Operation::new("UploadPart", "large"),
    Operation::new("CompleteMultipartUpload", "large"),
    // Sent where the upload comes to nothing.
    Operation {
        refused: Some("CompleteMultipartUpload"),
        end: "failed",
        ..Operation::new("AbortMultipartUpload", "large")
    },
];

/// Those of a job's life that a late answer can hold up.
const WAITED_FOR: [Operation; 6] = [
    OPERATIONS[0],
    OPERATIONS[1],
    GET,
    PUT,
    OPERATIONS[6],
    FAILURE,
];

async fn rig(reoffer_after: &str) -> (Rig, Plugin) {
    let plugin = Plugin::probe("Probe").granted();
    let mut rig = Rig::start(RigOptions {
        plugins: vec![plugin.clone()],
        service: ServiceOptions {
            reoffer_after: reoffer_after.to_owned(),
            ..ServiceOptions::default()
        },
    })
    .await;
    // Renewed and asked about while a plugin waits, so that both are among what is sent.
    rig.setup.worker = "credential-lifetime = \"1s\"\n".to_owned();
    rig.setup.source = "check-executions = \"1s\"\n".to_owned();
    let act = || Action::new("Act", &plugin).input("Source");
    rig.pipeline("good", [act().output("Out")]).await;
    rig.pipeline("slow", [act().doing("wait-file")]).await;
    rig.pipeline("hop", [act().doing("continue")]).await;
    rig.pipeline("bad", [act().doing("fail")]).await;
    (rig, plugin)
}

async fn ends_well(worker: Worker, upset: Upset) {
    let said = worker.stop_cleanly().await;
    assert!(!said.contains("left in the journal"), "{upset:?}\n{said}");
    assert!(!said.contains("attempt 2"), "{upset:?}\n{said}");
}

#[tokio::test]
async fn nothing_is_lost_and_nothing_doubled_whatever_goes_wrong_where() {
    let mut table = FaultTable::default();
    for upset in Upset::ALL {
        let (rig, _) = rig("300ms").await;
        let worker = rig.worker().await;
        for operation in OPERATIONS {
            table.row(&rig, &worker, operation, upset).await;
        }
        ends_well(worker, upset).await;
    }
    table.show();
}

#[tokio::test]
async fn a_job_that_another_worker_was_offered_and_took_is_left_alone() {
    let mut table = FaultTable::default();
    // Offered again when the other worker polls, and not of itself.
    let (rig, _) = rig("60s").await;
    let worker = rig.worker().await;
    for operation in OPERATIONS.iter().filter(|of| of.is_before_ownership()) {
        let upset = Upset::Overtaken;
        table.row(&rig, &worker, *operation, upset).await;
    }
    ends_well(worker, Upset::Overtaken).await;
    table.show();
}

#[tokio::test]
async fn an_upload_in_parts_is_finished_or_aborted_whatever_goes_wrong_where() {
    let mut table = FaultTable::default();
    for upset in Upset::ALL {
        let (rig, plugin) = rig("300ms").await;
        let act = Action::new("Act", &plugin).input("Source").output("Out");
        let source = archives::stored(&[("noise.bin", &archives::noise(9 << 20))]);
        let large = Pipeline::new("large").stage([act]);
        rig.service.create(&large, source).await;
        let worker = rig.worker().await;
        for operation in OF_PARTS {
            table.row(&rig, &worker, operation, upset).await;
        }
        ends_well(worker, upset).await;
    }
    table.show();
}

#[tokio::test]
async fn an_answer_that_comes_after_the_worker_gave_it_up_changes_nothing() {
    let mut rows = JoinSet::new();
    for operation in WAITED_FOR {
        rows.spawn(too_late(operation));
    }
    for table in rows.join_all().await {
        table.show();
    }
}

async fn too_late(operation: Operation) -> FaultTable {
    let mut table = FaultTable::default();
    // Offered again meanwhile, the job would be acknowledged by another request.
    let (rig, _) = rig("60s").await;
    let worker = rig.worker().await;
    table.row(&rig, &worker, operation, Upset::TooLate).await;
    let is_of_s3 = operation.seen_as != operation.name;
    if !is_of_s3 {
        // The service looks at it in the end, when the job is over. S3's went with its connection.
        let is_late = |e: &Exchange| e.operation.starts_with("Poll") || !e.is_ok();
        let late = |seen: &[Exchange]| {
            seen.iter()
                .any(|e| e.operation == operation.name && is_late(e))
        };
        rig.proxy
            .until("the request that came too late", late)
            .await;
    }
    ends_well(worker, Upset::TooLate).await;
    table
}
