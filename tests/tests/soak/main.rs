//! One short round of the soak. `cargo xtask soak` goes on for as long as it is told.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use pipefitter_tests::soak::round;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_round_of_kills_and_faults() {
    let seed = rand::random();
    println!("cargo run -p pipefitter-tests --bin soak -- --minutes 0 --seed {seed}");
    println!("{:?}", round(seed, 5).await);
}
