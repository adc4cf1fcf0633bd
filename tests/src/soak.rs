//! Random rounds: executions begin, the worker is killed at random moments, requests and answers are
//! lost or spoilt, and in the end every execution has ended, every job that was acknowledged has exactly
//! one result that the service took, and the worker's journal holds nothing that is not settled.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::sleep;

use crate::pipelines::{Action, Pipeline};
use crate::plugins::Plugin;
use crate::proxy::Fault;
use crate::rig::{Rig, RigOptions};
use crate::service::ServiceOptions;
use crate::tally::{results_of, terminal_results};

/// What a round came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Executions begun, and ended.
    pub executions: usize,
    /// Jobs acknowledged, each with one result.
    pub jobs: usize,
    /// Times the worker was killed.
    pub kills: usize,
    /// Requests to CodePipeline that were spoilt.
    pub faults: usize,
}

/// Operations that are spoilt. Only a poll may be lost without a trace; the others are what the journal is
/// for.
const OPERATIONS: [&str; 6] = [
    "PollForJobs",
    "AcknowledgeJob",
    "AcknowledgeJob",
    "GetJobDetails",
    "PutJobSuccessResult",
    "PutJobFailureResult",
];

fn plugins() -> [Plugin; 2] {
    [
        Plugin::probe("Once"),
        Plugin::probe("Again").named("again").retry_safe(),
    ]
}

/// An action that does something of every kind.
fn action(random: &mut StdRng, plugin: &Plugin, name: &str) -> Action {
    let action = Action::new(name, plugin);
    match random.random_range(0..7) {
        0 => action.doing("fail").with("message", "as told"),
        1 => action
            .doing("continue")
            .with("hops", "2")
            .input("Source")
            .output(&format!("{name}Out")),
        2 | 3 => action
            .doing("sleep")
            .with("ms", &random.random_range(20..400).to_string()),
        4 => action.doing("trap"),
        _ => action.input("Source").output(&format!("{name}Out")),
    }
}

fn fault(random: &mut StdRng) -> Fault {
    match random.random_range(0..6) {
        0 => Fault::DropRequest,
        1 | 2 => Fault::DropAnswer,
        3 => Fault::Answer(400, "ThrottlingException"),
        4 => Fault::Answer(500, "InternalFailure"),
        _ => Fault::Answer(503, "ServiceUnavailableException"),
    }
}

/// One round: as many kills as told, everything else by the seed. The schedule is the seed's; how the
/// programs meet it is the machine's, so a seed that fails may have to be run a few times.
///
/// # Panics
/// Where an invariant does not hold.
pub async fn round(seed: u64, kills: usize) -> Summary {
    let mut random = StdRng::seed_from_u64(seed);
    let service = ServiceOptions {
        reoffer_after: "300ms".to_owned(),
        ..Default::default()
    };
    let plugins = plugins();
    let mut rig = Rig::start(RigOptions {
        plugins: plugins.to_vec(),
        service,
    })
    .await;
    rig.setup.slots = random.random_range(1..=8);
    let pipelines: Vec<Pipeline> = (0..3)
        .map(|at| pipeline(&mut random, &plugins, at))
        .collect();
    for pipeline in &pipelines {
        rig.create(pipeline).await;
    }
    let mut executions = Vec::new();
    let mut faults = 0;
    let mut worker = rig.worker().await;
    for _ in 0..kills {
        for _ in 0..random.random_range(1..=3) {
            let pipeline = &pipelines[random.random_range(0..pipelines.len())];
            executions.push((
                pipeline.name.clone(),
                rig.service.begin(&pipeline.name).await,
            ));
        }
        for _ in 0..random.random_range(0..=3) {
            let operation = OPERATIONS[random.random_range(0..OPERATIONS.len())];
            rig.proxy.next(operation, fault(&mut random));
            faults += 1;
        }
        // The schedule itself: at any moment of whatever goes on.
        sleep(Duration::from_millis(random.random_range(10..700))).await;
        worker.crash().await;
        worker = match random.random_bool(0.3) {
            // Killed again while it starts and recovers.
            true => {
                let starting = rig.setup.launch();
                sleep(Duration::from_millis(random.random_range(5..300))).await;
                starting.crash().await;
                rig.worker().await
            }
            false => rig.worker().await,
        };
    }
    rig.proxy.calm();
    for (_, execution) in &executions {
        rig.service.ended(execution).await;
    }
    let log = worker.stop_cleanly().await;
    assert!(
        !log.contains("are kept in the journal"),
        "seed {seed}: results are parked:\n{log}"
    );

    let exchanges = rig.proxy.exchanges();
    let taken = terminal_results(&exchanges);
    let wrong: Vec<_> = taken.iter().filter(|(_, taken)| **taken != 1).collect();
    assert!(
        wrong.is_empty(),
        "seed {seed}: {wrong:?} of {:?}",
        results_of(&exchanges)
    );
    // What is left in the journal can only be a result that the service has: after an acknowledge and a
    // result whose answers were both lost the worker keeps it for some minutes, to be sure.
    for line in log
        .lines()
        .filter(|line| line.contains("left in the journal"))
    {
        let known = taken.keys().any(|job| line.contains(job.as_str()));
        let adopted = exchanges.iter().any(|e| {
            e.operation == "AcknowledgeJob" && !e.is_ok() && line.contains(e.subject.as_str())
        });
        assert!(known && adopted, "seed {seed}: a job is left: {line}");
    }
    // Nothing that is left takes effect at another start.
    rig.worker().await.stop_cleanly().await;
    assert_eq!(
        terminal_results(&rig.proxy.exchanges()),
        taken,
        "seed {seed}: a second result"
    );
    for (pipeline, execution) in &executions {
        for (name, action) in rig.service.actions(pipeline, execution).await {
            assert_ne!(
                action.status, "InProgress",
                "seed {seed}: {name} of {execution}"
            );
        }
    }
    Summary {
        executions: executions.len(),
        jobs: taken.len(),
        kills,
        faults,
    }
}

fn pipeline(random: &mut StdRng, plugins: &[Plugin; 2], at: usize) -> Pipeline {
    let mut pipeline = Pipeline::new(&format!("soak-{at}"));
    for stage in 0..random.random_range(1..=2) {
        let actions: Vec<Action> = (0..random.random_range(1..=4))
            .map(|at| {
                let plugin = &plugins[random.random_range(0..plugins.len())];
                action(random, plugin, &format!("S{stage}A{at}"))
            })
            .collect();
        pipeline = pipeline.stage(actions);
    }
    pipeline
}
