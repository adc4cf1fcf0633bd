//! What an error of the SDK means for what is done next.
//!
//! | what came back | class |
//! |---|---|
//! | nothing: no connection, no answer in time, an answer that breaks off | transient |
//! | an AWS error code | the table [`CODES`]; if it is not there, by the status |
//! | a status without an AWS code (a proxy, a load balancer) | 401, 403, 407 denied; 429 throttled; else transient |
//! | an unknown AWS code with 4xx | 401, 403 denied; 429 throttled; else invalid |
//! | no credentials to sign with | denied, unless whoever gives them is in trouble: [`super::roles`] |
//!
//! An answer without a code is never `Invalid`: that class gives a result up, and what stands between the
//! service and us has no say in that.
//!
//! Messages are made here from the code, the first line of the service's own words and a hint. Bodies
//! stay out. So do the values that the service repeats (`Value '..' at 'nonce' failed to satisfy ..`) and
//! further lines, where a signature error shows the canonical request with its session token.

use std::error::Error;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_codepipeline::config::http::HttpResponse;
use aws_sdk_codepipeline::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::result::ConnectorError;

use crate::roles::class_of_credentials;
use crate::source::{ErrorClass, ServiceError};
use crate::text::{clean_text, cut_utf16};

/// Error codes and their classes. The first group is CodePipeline's (service model); the others are those
/// that all AWS services share ("Common Errors" of the API references, and the SDK's throttling codes).
const CODES: &[(&str, ErrorClass)] = &[
    // A job that is ended, or given to somebody else after a timeout, is as gone as an unknown one: a
    // result has no effect any more. An action type that is not there has no jobs to poll.
    ("JobNotFoundException", ErrorClass::Gone),
    ("InvalidJobException", ErrorClass::Gone),
    ("InvalidJobStateException", ErrorClass::Gone),
    ("ActionTypeNotFoundException", ErrorClass::Gone),
    ("InvalidNonceException", ErrorClass::LostRace),
    ("ValidationException", ErrorClass::Invalid),
    ("OutputVariablesSizeExceededException", ErrorClass::Invalid),
    ("InvalidClientTokenException", ErrorClass::NoToken),
    ("ConflictException", ErrorClass::Transient),
    ("ConcurrentModificationException", ErrorClass::Transient),
    // Slow down.
    ("Throttling", ErrorClass::Throttled),
    ("ThrottlingException", ErrorClass::Throttled),
    ("ThrottledException", ErrorClass::Throttled),
    ("RequestThrottled", ErrorClass::Throttled),
    ("RequestThrottledException", ErrorClass::Throttled),
    ("RequestLimitExceeded", ErrorClass::Throttled),
    ("TooManyRequestsException", ErrorClass::Throttled),
    ("TooManyRequests", ErrorClass::Throttled),
    ("SlowDown", ErrorClass::Throttled),
    // The service's trouble, not ours.
    ("InternalError", ErrorClass::Transient),
    ("InternalFailure", ErrorClass::Transient),
    ("InternalServerError", ErrorClass::Transient),
    ("InternalServerException", ErrorClass::Transient),
    ("ServiceUnavailable", ErrorClass::Transient),
    ("ServiceUnavailableException", ErrorClass::Transient),
    ("RequestTimeout", ErrorClass::Transient),
    ("RequestTimeoutException", ErrorClass::Transient),
    // Who we are, or what we may do.
    ("AccessDenied", ErrorClass::Denied),
    ("AccessDeniedException", ErrorClass::Denied),
    ("NotAuthorized", ErrorClass::Denied),
    ("UnauthorizedOperation", ErrorClass::Denied),
    ("OptInRequired", ErrorClass::Denied),
    ("ExpiredToken", ErrorClass::Denied),
    ("ExpiredTokenException", ErrorClass::Denied),
    ("InvalidToken", ErrorClass::Denied),
    ("RequestExpired", ErrorClass::Denied),
    ("RequestTimeTooSkewed", ErrorClass::Denied),
    ("InvalidSignatureException", ErrorClass::Denied),
    ("SignatureDoesNotMatch", ErrorClass::Denied),
    ("IncompleteSignature", ErrorClass::Denied),
    ("IncompleteSignatureException", ErrorClass::Denied),
    ("MissingAuthenticationToken", ErrorClass::Denied),
    ("MissingAuthenticationTokenException", ErrorClass::Denied),
    ("UnrecognizedClientException", ErrorClass::Denied),
    ("InvalidClientTokenId", ErrorClass::Denied),
    ("InvalidAccessKeyId", ErrorClass::Denied),
];

/// A message in UTF-16 code units: a paragraph, not a page.
const MESSAGE: usize = 600;

/// A code is an identifier; a longer one is somebody's text.
const CODE: usize = 100;

/// The longest wait that is taken from an answer: a slip of a proxy must not stop a worker for a day.
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// One call: its name, and what was sent that no message may repeat.
pub(crate) struct Call<'a> {
    operation: &'static str,
    hidden: &'a [&'a str],
}

impl<'a> Call<'a> {
    pub(crate) fn new(operation: &'static str, hidden: &'a [&'a str]) -> Self {
        Self { operation, hidden }
    }

    /// An error of our own making about this call.
    pub(crate) fn error(&self, class: ErrorClass, message: impl Into<String>) -> ServiceError {
        ServiceError {
            operation: self.operation,
            class,
            code: None,
            message: message.into(),
            retry_after: None,
        }
    }

    /// The SDK's error, classed.
    pub(crate) fn failed<E>(&self, error: &SdkError<E, HttpResponse>) -> ServiceError
    where
        E: ProvideErrorMetadata,
    {
        let answer = match error {
            SdkError::ServiceError(answer) => answer,
            SdkError::ResponseError(answer) => return self.not_understood(answer.raw()),
            SdkError::TimeoutError(_) => {
                return self.error(ErrorClass::Transient, "no answer within the time allowed");
            }
            SdkError::DispatchFailure(failure) => {
                return match failure.as_connector_error() {
                    Some(source) => self.not_sent(source),
                    None => self.error(ErrorClass::Transient, "the request could not be sent"),
                };
            }
            _ => return self.error(ErrorClass::Invalid, "the request could not be built"),
        };
        let status = answer.raw().status().as_u16();
        let code = answer
            .err()
            .code()
            .map(|code| cut_utf16(&clean_text(code), CODE));
        let said = answer
            .err()
            .message()
            .map(|text| self.first_line(text))
            .unwrap_or_default();
        let message = match (&code, said.as_str()) {
            (Some(code), "") => format!("{code}{}", hint(code)),
            (Some(code), said) => format!("{code}: {said}{}", hint(code)),
            (None, _) => no_code(status),
        };
        ServiceError {
            operation: self.operation,
            class: class_of(code.as_deref(), status),
            code,
            message,
            retry_after: retry_after(answer.raw()),
        }
    }

    fn not_understood(&self, answer: &HttpResponse) -> ServiceError {
        let status = answer.status().as_u16();
        let class = class_of(None, status);
        ServiceError {
            retry_after: retry_after(answer),
            ..self.error(class, no_code(status))
        }
    }

    fn not_sent(&self, source: &ConnectorError) -> ServiceError {
        let why = self.first_line(&reasons(source));
        match chain(source).find_map(|e| e.downcast_ref::<CredentialsError>()) {
            None if source.is_timeout() => self.error(
                ErrorClass::Transient,
                "no connection or answer within the time allowed",
            ),
            None => self.error(
                ErrorClass::Transient,
                format!("the service was not reached: {why}"),
            ),
            Some(denied) => {
                let class = class_of_credentials(denied);
                let remedy = match class {
                    ErrorClass::Denied => {
                        " (check the source's profile and role, and what the machine's own credentials are)"
                    }
                    _ => "",
                };
                self.error(class, format!("no credentials to sign with: {why}{remedy}"))
            }
        }
    }

    /// The first line, without the values that were sent.
    fn first_line(&self, text: &str) -> String {
        let mut text = text.to_owned();
        // A short value is in every second sentence by chance; the form below catches it all the same.
        for value in self.hidden.iter().filter(|value| value.len() >= 4) {
            text = text.replace(value, "(hidden)");
        }
        let text = without_values(&text);
        let line = text
            .lines()
            .map(str::trim)
            .find(|line| !line.is_empty())
            .unwrap_or("");
        cut_utf16(clean_text(line).trim_end_matches('.'), MESSAGE)
    }
}

pub(crate) fn class_of(code: Option<&str>, status: u16) -> ErrorClass {
    let known = code.and_then(|code| CODES.iter().find(|(known, _)| *known == code));
    match (known, status) {
        (Some((_, class)), _) => *class,
        (None, 401 | 403 | 407) => ErrorClass::Denied,
        (None, 429) => ErrorClass::Throttled,
        (None, 400..=499) if code.is_some() => ErrorClass::Invalid,
        (None, _) => ErrorClass::Transient,
    }
}

pub(crate) fn chain<'e>(
    error: &'e (dyn Error + 'static),
) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The chain in words, each said once. Display only: Debug of the SDK's types shows whole requests.
fn reasons(error: &ConnectorError) -> String {
    let mut said: Vec<String> = Vec::new();
    for error in chain(error) {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default().trim();
        let tells = !matches!(first, "" | "other" | "dispatch failure" | "service error");
        if tells && !said.iter().any(|earlier| earlier.contains(first)) {
            said.push(first.to_owned());
        }
    }
    said.join(": ")
}

/// An answer that CodePipeline does not give.
fn no_code(status: u16) -> String {
    let what = match status {
        200..=299 => "the answer broke off or is not CodePipeline's",
        _ => "the answer has none of CodePipeline's error codes",
    };
    format!(
        "{what} (HTTP status {status}): check what stands between this machine and the endpoint if this \
         goes on"
    )
}

/// Replaces what the service's validation repeats of the request.
fn without_values(text: &str) -> String {
    const BEFORE: &str = "Value '";
    const AFTER: &str = "' at '";
    let mut clean = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEFORE) {
        clean.push_str(before);
        clean.push_str("the value");
        let Some((_, after)) = after.split_once(AFTER) else {
            return clean;
        };
        clean.push_str(" at '");
        rest = after;
    }
    clean.push_str(rest);
    clean
}

/// Seconds in the general header, milliseconds in AWS's.
fn retry_after(answer: &HttpResponse) -> Option<Duration> {
    let number = |name| answer.headers().get(name)?.trim().parse::<u64>().ok();
    let wait = number("x-amz-retry-after")
        .map(Duration::from_millis)
        .or_else(|| number("retry-after").map(Duration::from_secs))?;
    Some(wait.min(LONGEST_WAIT))
}

/// What to do next, where the code alone leaves it open.
fn hint(code: &str) -> &'static str {
    match code {
        "AccessDenied" | "AccessDeniedException" | "NotAuthorized" | "UnauthorizedOperation" => {
            " (`pipefitter iam` prints the policy that the worker needs)"
        }
        "ActionTypeNotFoundException" => {
            " (register the action type, `pipefitter action-type json` prints the request, or check the \
             source's region and account)"
        }
        "InvalidClientTokenException" => {
            " (the token that is kept for this client is not the one of its connection: correct it, or have the \
             customer connect again)"
        }
        "ExpiredToken" | "ExpiredTokenException" => {
            " (renew the source's credentials, for a profile by signing in again)"
        }
        "RequestExpired" | "RequestTimeTooSkewed" => " (set this machine's clock)",
        "InvalidSignatureException" | "SignatureDoesNotMatch" => {
            " (check the source's secret key and this machine's clock)"
        }
        "UnrecognizedClientException" | "InvalidClientTokenId" | "InvalidAccessKeyId" => {
            " (check that the source's credentials are of its region's partition and still active)"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_code_goes_by_its_status() {
        for (code, status, class) in [
            (Some("SomethingNew"), 400, ErrorClass::Invalid),
            (Some("SomethingNew"), 403, ErrorClass::Denied),
            (Some("SomethingNew"), 429, ErrorClass::Throttled),
            (Some("SomethingNew"), 503, ErrorClass::Transient),
            (Some("ThrottlingException"), 400, ErrorClass::Throttled),
            (Some("SlowDown"), 503, ErrorClass::Throttled),
            (None, 200, ErrorClass::Transient),
            (None, 302, ErrorClass::Transient),
            (None, 400, ErrorClass::Transient),
            (None, 403, ErrorClass::Denied),
            (None, 407, ErrorClass::Denied),
            (None, 404, ErrorClass::Transient),
            (None, 429, ErrorClass::Throttled),
            (None, 502, ErrorClass::Transient),
        ] {
            assert_eq!(class_of(code, status), class, "{code:?} {status}");
        }
    }

    #[test]
    fn codes_are_listed_once() {
        for (at, (code, _)) in CODES.iter().enumerate() {
            assert!(
                CODES[at + 1..].iter().all(|(other, _)| other != code),
                "{code}"
            );
        }
    }

    #[test]
    fn values_are_not_repeated() {
        for (said, shown) in [
            ("no values here", "no values here"),
            (
                "2 validation errors detected: Value 'a' at 'nonce' failed: x; Value 'b'c' at 'jobId' failed: y",
                "2 validation errors detected: the value at 'nonce' failed: x; the value at 'jobId' failed: y",
            ),
            (
                "Value 'over\ntwo lines' at 'nonce' failed",
                "the value at 'nonce' failed",
            ),
            ("Value 'that never ends", "the value"),
        ] {
            assert_eq!(without_values(said), shown);
        }
    }
}
