//! What the environment says: read here and nowhere else, so that nothing depends on it unseen.

use std::ffi::OsString;
use std::io::IsTerminal;

use secrecy::SecretString;

#[expect(
    clippy::disallowed_methods,
    reason = "this is where the environment is read"
)]
fn raw(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}

fn variable(name: &str) -> Option<String> {
    raw(name)?.into_string().ok()
}

/// Where a supervisor listens: sd_notify(3).
pub(crate) fn notify_socket() -> Option<OsString> {
    raw("NOTIFY_SOCKET")
}

/// What the AWS SDK would take by itself for a service, such as `S3`: read here, so that faults show early.
pub(crate) fn endpoint(service: &str) -> Option<String> {
    let ignored = variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    if ignored.is_some_and(|ignored| ignored.eq_ignore_ascii_case("true")) {
        return None;
    }
    variable(&format!("AWS_ENDPOINT_URL_{service}")).or_else(|| variable("AWS_ENDPOINT_URL"))
}

/// A secret of the operator's.
pub(crate) fn secret(name: &str) -> Option<SecretString> {
    variable(name).map(SecretString::from)
}

/// Whether a stream is a terminal that moves its cursor as told.
pub(crate) fn takes_codes(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && variable("TERM").is_none_or(|term| term != "dumb")
}

/// Whether a stream may be written to in colours; NO_COLOR is no-color.org's.
pub(crate) fn takes_colours(stream: &impl IsTerminal) -> bool {
    takes_codes(stream) && variable("NO_COLOR").is_none()
}
