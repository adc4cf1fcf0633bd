//! Every limit has a guest that goes against it.

use pipefitter_plugins::LIMIT_KEYS;
use pipefitter_tests::hostile::{End, served};

/// Limits that are told and do not end the job: what is over them is left out of the log, waits, or is a request that
/// failed. The cases of these guests see that it is so.
const TOLD: [(&str, &str); 8] = [
    ("log", "flood_the_log"),
    ("log-rate", "log_too_fast"),
    ("log-line", "log_a_line_without_end"),
    ("requests-in-flight", "ask_many_at_a_time"),
    ("request-time", "wait_on_a_dripping_server"),
    ("connect-time", "wait_for_a_connection"),
    ("first-byte-time", "wait_on_a_silent_server"),
    ("between-bytes-time", "wait_on_a_stalled_server"),
];

#[test]
fn every_limit_has_a_guest_that_goes_against_it() {
    for key in LIMIT_KEYS.iter().map(|key| key.name) {
        let hit = served().any(|case| matches!(case.end, End::Hits(hit, ..) if hit == key));
        let told = TOLD
            .iter()
            .any(|(told, guest)| *told == key && served().any(|case| case.guest == *guest));
        assert!(hit || told, "no guest for `{key}`");
    }
}
