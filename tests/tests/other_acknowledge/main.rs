//! The worker's suite of faults once more, with services at which a job may be acknowledged again with its nonce
//! (docs/AWS-ASSUMPTIONS.md). `pipefitter_tests` knows it by this executable's name.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

#[path = "../faults/main.rs"]
mod faults;

#[test]
fn services_take_a_second_acknowledge_here() {
    let options = pipefitter_tests::ServiceOptions::default();
    assert_eq!(options.assume, ["acknowledge-again=yes"]);
}
