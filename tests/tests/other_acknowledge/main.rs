//! The worker's suites once more, with services at which a job may be acknowledged again with its nonce, and which
//! give details of a partner's job that has ended (docs/AWS-ASSUMPTIONS.md). `pipefitter_tests` knows it by this
//! executable's name.

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
fn services_take_a_second_acknowledge_here() {
    let options = pipefitter_tests::ServiceOptions::default();
    assert_eq!(
        options.assume,
        ["acknowledge-again=yes", "ended-third-party-details=data"]
    );
}
