//! Requests that are refused for their date.
//!
//! The SDK learns the service's time from each answer, and signs what comes after by it. A client that repeats nothing
//! by itself so has its first request refused where this machine's clock is off. The service did nothing for it, so
//! that it can be sent once more even where repeating is not safe otherwise.

use std::time::{Duration, SystemTime};

use aws_sdk_codepipeline::config::http::HttpResponse;
use aws_sdk_codepipeline::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

/// From here on the SDK takes a refused signature for a clock that is off (`SKEW_DETECTION_THRESHOLD` of aws-runtime);
/// AWS refuses from 5 minutes.
const OFF: Duration = Duration::from_secs(4 * 60);

/// What the services call it.
const CODES: [&str; 4] = [
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "RequestExpired",
    "RequestTimeTooSkewed",
];

/// Sends a request, and once more where it was refused for its date.
///
/// # Errors
/// Those of the request that was sent last.
pub(crate) async fn dated<T, E, Sent>(
    send: impl Fn() -> Sent,
) -> Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata,
    Sent: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
{
    match send().await {
        Err(error) if is_refused_for_its_date(&error) => {
            tracing::debug!("this machine's clock is off: a request is dated by the service's");
            send().await
        }
        answer => answer,
    }
}

fn is_refused_for_its_date<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let code = error.as_service_error().and_then(|said| said.code());
    let date = error
        .raw_response()
        .and_then(|answer| answer.headers().get("date"));
    code.is_some_and(|code| CODES.contains(&code))
        && date.is_some_and(|date| is_off(date, SystemTime::now()))
}

fn is_off(date: &str, now: SystemTime) -> bool {
    let date = DateTime::from_str(date, Format::HttpDate);
    let Some(date) = date.ok().and_then(|date| SystemTime::try_from(date).ok()) else {
        return false;
    };
    let apart = date
        .duration_since(now)
        .unwrap_or_else(|behind| behind.duration());
    apart >= OFF
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_off_from_four_minutes_on_either_side() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        for (date, off) in [
            ("Sun, 09 Sep 2001 01:46:40 GMT", false),
            ("Sun, 09 Sep 2001 01:50:39 GMT", false),
            ("Sun, 09 Sep 2001 01:50:40 GMT", true),
            ("Sun, 09 Sep 2001 01:42:41 GMT", false),
            ("Sun, 09 Sep 2001 01:42:40 GMT", true),
            ("yesterday", false),
        ] {
            assert_eq!(is_off(date, now), off, "{date}");
        }
    }
}
