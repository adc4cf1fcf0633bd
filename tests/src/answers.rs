//! Which answers services give to the questions that nothing public settles about AWS.
//!
//! The worker's suites run with the answers that Pipefitter assumes, each as a test of its own, and again with the
//! others: `other_answers` and `other_acknowledge`. A test's executable tells which it is, so that nothing has to be
//! set and a test reads the same in all.
//!
//! Not all at once: where polls do not hide a job and its nonce can be acknowledged twice, two workers that polled it
//! are both told that it is theirs, and no worker could tell otherwise.

use std::sync::OnceLock;

use crate::service::ServiceOptions;

/// In `other_answers`, as `--assume` takes it.
const OTHER: [&str; 9] = [
    "continuation-keeps-outputs=no",
    "default-batch=10",
    "ended-details=job-not-found",
    "ended-third-party-details=job-not-found",
    "job-timeout-from=acknowledge",
    "late-result=job-not-found",
    "poll-hides=no",
    "resolved-values-limited=yes",
    "timeout-spans-continuations=no",
];

/// In `other_acknowledge`. The second, since `late-result=job-not-found` hides it from a worker.
const OTHER_ACKNOWLEDGE: [&str; 2] = ["acknowledge-again=yes", "ended-third-party-details=data"];

/// Sets the answers of this test's suite, times included.
pub(crate) fn give(options: &mut ServiceOptions) {
    static EXECUTABLE: OnceLock<String> = OnceLock::new();
    let executable = EXECUTABLE.get_or_init(|| {
        let own = std::env::current_exe().expect("the test's own executable has a path");
        let name = own.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    });
    if executable.starts_with("other_answers-") {
        options.assume = OTHER.map(str::to_owned).to_vec();
        options.reoffer_after = "1s".to_owned();
        // Less than any worker is told: a job's own run out while it is worked on.
        options.credential_lifetime = "2s".to_owned();
        options.action_timeout = "1h".to_owned();
    } else if executable.starts_with("other_acknowledge-") {
        options.assume = OTHER_ACKNOWLEDGE.map(str::to_owned).to_vec();
    }
}
