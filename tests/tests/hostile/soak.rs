//! A short round of the hostile soak under each isolation. `cargo xtask soak` runs twenty thousand jobs under each.

use pipefitter_tests::hostile::soak::{Plan, soak};
use pipefitter_tests::hostile::{GROUPS, Isolation};

const JOBS: usize = 384;

async fn short(isolation: Isolation) {
    let seed: u64 = rand::random();
    println!("cargo run -p pipefitter-tests --bin hostile-soak -- --jobs {JOBS} --seed {seed}");
    for group in 0..GROUPS.len() {
        let plan = Plan {
            jobs: JOBS / GROUPS.len(),
            seed,
            isolation,
            group,
        };
        println!("{isolation:?}, group {group}: {:#?}", soak(plan).await);
    }
}

#[tokio::test]
async fn a_tenth_of_jobs_is_hostile_in_processes_of_their_own() {
    short(Isolation::Process).await;
}

#[tokio::test]
async fn a_tenth_of_jobs_is_hostile_in_the_workers_process() {
    short(Isolation::Shared).await;
}
