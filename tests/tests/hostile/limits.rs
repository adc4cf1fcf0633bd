//! Every limit has a guest that goes against it.

use pipefitter_plugins::LIMIT_KEYS;
use pipefitter_tests::hostile::{End, served};

/// What is over these is left out of the log and told; the job goes on.
const TOLD: [(&str, &str); 3] = [
    ("log", "flood_the_log"),
    ("log-rate", "log_too_fast"),
    ("log-line", "log_a_line_without_end"),
];

/// Counted by the broker of a job's requests: tests/network and host/egress.
const BROKERS: [&str; 6] = [
    "requests-in-flight",
    "requests",
    "header-bytes",
    "request-bytes",
    "response-bytes",
    "request-time",
];

#[test]
fn every_limit_has_a_guest_that_goes_against_it() {
    for key in LIMIT_KEYS.iter().map(|key| key.name) {
        let hit = served().any(|case| matches!(case.end, End::Hits(hit, ..) if hit == key));
        let told = TOLD
            .iter()
            .any(|(told, guest)| *told == key && served().any(|case| case.guest == *guest));
        assert!(
            hit || told || BROKERS.contains(&key),
            "no guest for `{key}`"
        );
    }
}
