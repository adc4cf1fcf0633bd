//! The worker's suites once more, with services that give the other answers to what nothing public settles about
//! AWS (docs/AWS-ASSUMPTIONS.md). `pipefitter_tests` knows them by this executable's name.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[path = "../cancel/main.rs"]
mod cancel;
#[path = "../fault_table/jobs.rs"]
mod fault_table;
#[path = "../faults/main.rs"]
mod faults;
#[path = "../main_job/main.rs"]
mod main_job;
#[path = "../partner/main.rs"]
mod partners;

#[test]
fn services_give_the_other_answers_here() {
    let options = pipefitter_tests::ServiceOptions::default();
    assert!(options.assume.contains(&"poll-hides=no".to_owned()));
    assert_eq!(options.action_timeout, "1h");
}
