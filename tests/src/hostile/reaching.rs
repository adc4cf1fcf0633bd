//! What guests do with the network and the secrets that they were granted.

use super::case::{Case, Seen};
use super::output::{FORMS, SECRET};

const REQUESTS: &[(&str, &str)] = &[("requests", "5")];
const IN_FLIGHT: &[(&str, &str)] = &[("requests-in-flight", "3")];
const HEADERS: &[(&str, &str)] = &[("header-bytes", "\"8KiB\"")];
const TIME: &[(&str, &str)] = &[("request-time", "\"600ms\"")];
const CONNECT: &[(&str, &str)] = &[("connect-time", "\"600ms\"")];
const FIRST_BYTE: &[(&str, &str)] = &[("first-byte-time", "\"600ms\"")];
const BETWEEN_BYTES: &[(&str, &str)] = &[("between-bytes-time", "\"600ms\"")];

/// What a guest is told of a response that does not come, or not to its end.
const READ_TIMEOUTS: &[&str] = &["HttpResponseTimeout", "ConnectionReadTimeout"];

/// What a guest asked for, and was denied.
const DENIED: &str = "HttpRequestDenied";

fn untold(seen: &Seen, said: &str) {
    for form in FORMS {
        assert!(!said.contains(form), "{form:?} is told: {said}");
        assert!(!seen.log.contains(form), "{form:?} is logged: {}", seen.log);
    }
}

/// A slow server is none of the plugin's faults, and none of its limits: it is told, and goes on.
fn times_out(seen: &Seen, errors: &[&str], told: &str) {
    let error = seen.variable("error").unwrap_or_default();
    assert!(errors.contains(&error), "{error}");
    let told = format!("has hit the {told}");
    assert!(seen.log.contains(&told), "{told}: {}", seen.log);
}

pub(super) const CASES: &[Case] = &[
    Case::hits("ask_too_often", "requests", "limit on requests", "5")
        .limited(REQUESTS)
        .reaching(),
    Case::succeeds("ask_many_at_a_time")
        .limited(IN_FLIGHT)
        .reaching()
        .and(|seen| assert_eq!(seen.variable("most"), Some("3"))),
    Case::hits(
        "send_giant_headers",
        "header-bytes",
        "limit on the size of headers",
        "8 KiB",
    )
    .limited(HEADERS)
    .reaching(),
    Case::hits(
        "be_sent_giant_headers",
        "header-bytes",
        "limit on the size of headers",
        "8 KiB",
    )
    .limited(HEADERS)
    .reaching(),
    Case::hits(
        "send_many_headers",
        "headers",
        "limit on the number of headers",
        "128",
    )
    .reaching(),
    Case::hits(
        "be_sent_many_headers",
        "headers",
        "limit on the number of headers",
        "128",
    )
    .reaching(),
    Case::hits(
        "send_without_end",
        "request-bytes",
        "limit on bytes sent",
        "64 KiB",
    )
    .limited(&[("request-bytes", "\"64KiB\"")])
    .reaching(),
    Case::hits(
        "receive_without_end",
        "response-bytes",
        "limit on bytes received",
        "64 KiB",
    )
    .limited(&[("response-bytes", "\"64KiB\"")])
    .reaching(),
    Case::succeeds("wait_for_a_connection")
        .limited(CONNECT)
        .reaching()
        .and(|seen| {
            let told = "time limit of a connection of 600 ms (`connect-time`)";
            times_out(seen, &["ConnectionTimeout"], told);
        }),
    Case::succeeds("wait_on_a_silent_server")
        .limited(FIRST_BYTE)
        .reaching()
        .and(|seen| {
            let told = "time limit of a response's beginning of 600 ms (`first-byte-time`)";
            times_out(seen, READ_TIMEOUTS, told);
        }),
    Case::succeeds("wait_on_a_stalled_server")
        .limited(BETWEEN_BYTES)
        .reaching()
        .and(|seen| {
            let told = "time limit between a response's bytes of 600 ms (`between-bytes-time`)";
            times_out(seen, READ_TIMEOUTS, told);
        }),
    Case::succeeds("wait_on_a_dripping_server")
        .limited(TIME)
        .reaching()
        .and(|seen| {
            let told = "time limit of a request of 600 ms (`request-time`)";
            times_out(seen, READ_TIMEOUTS, told);
        }),
    Case::succeeds("ask_for_metadata").reaching().and(|seen| {
        assert_eq!(seen.result.variables.len(), 16, "{:?}", seen.result);
        for (place, error) in &seen.result.variables {
            let refused = [DENIED, "HttpRequestUriInvalid"].contains(&error.as_str());
            assert!(refused, "{place}: {error}");
        }
    }),
    Case::succeeds("follow_a_redirect").reaching().and(|seen| {
        assert_eq!(seen.variable("status"), Some("302"));
        assert_eq!(seen.variable("error"), Some(DENIED));
    }),
    Case::succeeds("forge_requests")
        .reaching()
        .and(|seen| assert_eq!(seen.result.variables.len(), 10)),
    Case::succeeds("break_out_of_granted_folders")
        .reaching()
        .and(|seen| assert_eq!(seen.result.variables.len(), 16, "{:?}", seen.result)),
    Case::succeeds("read_other_secrets")
        .reaching()
        .and(|seen| assert_eq!(seen.variable("denied"), Some("20"))),
    Case::succeeds("flood_with_secret_reads")
        .reaching()
        .and(|seen| assert_eq!(seen.variable("read"), Some("3000"))),
    Case::fails("tell_a_granted_secret", &["told "])
        .reaching()
        .and(|seen| {
            let (_, message) = seen.result.failure();
            untold(seen, message);
            let hidden = seen.log.lines().filter(|line| line.contains("***"));
            assert!(hidden.count() >= 16, "{}", seen.log);
        }),
    Case::fails(
        "hide_a_secret_in_variables",
        &["output variable `told`", "the secret `granted`"],
    )
    .reaching()
    .and(|seen| untold(seen, &format!("{:?}", seen.result))),
    Case::fails(
        "hide_a_secret_in_its_token",
        &["continuation token", "the secret `granted`"],
    )
    .reaching()
    .and(|seen| untold(seen, &format!("{:?}", seen.result))),
    Case::succeeds("hide_a_secret_in_its_summary")
        .reaching()
        .and(|seen| {
            let summary = seen.result.summary.as_deref().unwrap_or_default();
            assert!(summary.contains("***"), "{summary}");
            untold(seen, summary);
        }),
    Case::succeeds("look_for_an_attached_secret")
        .reaching()
        .and(|seen| {
            // The server got the host's header in place of the guest's own.
            assert_eq!(seen.variable("there"), Some("yes"));
            assert_eq!(
                seen.variable("length"),
                Some(SECRET.len().to_string().as_str())
            );
            untold(seen, &seen.log);
            assert!(seen.log.contains("repeated ***"), "{}", seen.log);
        }),
];
