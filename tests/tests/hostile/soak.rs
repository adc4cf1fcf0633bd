//! A short round of the hostile soak under each isolation. `cargo xtask soak` runs twenty thousand jobs.

use pipefitter_tests::hostile::Isolation;
use pipefitter_tests::hostile::soak::{Plan, soak};

const JOBS: usize = 192;

async fn short(isolation: Isolation) {
    let seed: u64 = rand::random();
    let half = usize::from(seed.is_multiple_of(2));
    println!("cargo run -p pipefitter-tests --bin hostile-soak -- --jobs {JOBS} --seed {seed}");
    let plan = Plan {
        jobs: JOBS,
        seed,
        isolation,
        half,
    };
    println!("{isolation:?}, half {half}: {:#?}", soak(plan).await);
}

#[tokio::test]
async fn a_tenth_of_jobs_is_hostile_in_processes_of_their_own() {
    short(Isolation::Process).await;
}

#[tokio::test]
async fn a_tenth_of_jobs_is_hostile_in_the_workers_process() {
    short(Isolation::Shared).await;
}
