//! One call, with the patience that a shared account needs, and the times between which it was served.
//!
//! The SDK's own retries are off: an acknowledge that it sent twice would answer the wrong question. What
//! was throttled was not done, so that it is always sent again; what got no answer may have been done, so
//! that it is sent again only where that does no harm.
//!
//! An answer's words stay out for calls about jobs: the service repeats nonces and tokens in them.

use std::future::Future;
use std::time::Duration;

use aws_sdk_codepipeline::config::http::HttpResponse;
use aws_sdk_codepipeline::error::{ProvideErrorMetadata, SdkError};
use rand::Rng;
use tokio::time::Instant;

/// Waits between attempts: doubled from the first to the longest, half of each left to chance.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// How long a throttled call is repeated. CodePipeline documents no rates; one that refuses for longer is
/// not busy with us.
const THROTTLED_FOR: Duration = Duration::from_secs(300);

/// How often a call is sent that gets no answer.
const ATTEMPTS: u32 = 6;

/// The codes of all AWS services that say: slow down.
const THROTTLING: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestLimitExceeded",
    "TooManyRequestsException",
    "SlowDown",
];

/// The most of a service's words that is shown, characters.
const WORDS: usize = 300;

/// What is known of a call.
#[derive(Clone, Copy)]
pub(crate) struct Call {
    pub(crate) operation: &'static str,
    /// Whether it does no harm to do it twice.
    pub(crate) again: bool,
    /// Whether the service's words may be shown.
    pub(crate) words: bool,
}

impl Call {
    /// It changes nothing, or nothing more when done twice.
    pub(crate) const fn safe(operation: &'static str) -> Self {
        Self {
            operation,
            again: true,
            words: true,
        }
    }

    /// Done twice, it is something else.
    pub(crate) const fn once(operation: &'static str) -> Self {
        Self {
            operation,
            again: false,
            words: true,
        }
    }

    /// About a job.
    pub(crate) const fn quiet(self) -> Self {
        Self {
            words: false,
            ..self
        }
    }
}

/// An answer, and when it was made: after the first attempt that may have counted was sent.
pub(crate) struct Timed<T> {
    pub(crate) sent: Instant,
    pub(crate) received: Instant,
    pub(crate) value: T,
}

impl<T> Timed<T> {
    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> Timed<U> {
        Timed {
            sent: self.sent,
            received: self.received,
            value: f(self.value),
        }
    }
}

/// A call that was not done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{operation}: {said}")]
pub(crate) struct CallError {
    /// The operation's name in the service's model.
    pub(crate) operation: &'static str,
    /// The service's error code, where it gave one.
    pub(crate) code: Option<String>,
    /// What came back, in words without secrets.
    pub(crate) said: String,
}

impl CallError {
    pub(crate) fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

/// Makes a call until it is answered.
///
/// # Errors
/// The service's refusal, throttling that did not end, no answer.
pub(crate) async fn make<T, E, F, Sent>(call: Call, send: F) -> Result<Timed<T>, CallError>
where
    E: ProvideErrorMetadata,
    F: Fn() -> Sent,
    Sent: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
{
    let began = Instant::now();
    let mut sent = began;
    let mut wait = FIRST_WAIT;
    let mut attempts = 0;
    loop {
        let error = match send().await {
            Ok(value) => {
                return Ok(Timed {
                    sent,
                    received: Instant::now(),
                    value,
                });
            }
            Err(error) => error,
        };
        attempts += 1;
        let code = error.code().map(str::to_owned);
        let status = error.raw_response().map(|raw| raw.status().as_u16());
        let is_throttled = status == Some(429)
            || code
                .as_deref()
                .is_some_and(|code| THROTTLING.contains(&code));
        let is_unanswered = status.is_none_or(|status| status >= 500) && !is_local(&error);
        let goes_on = match (is_throttled, is_unanswered) {
            (true, _) => began.elapsed() < THROTTLED_FOR,
            (false, true) => call.again && attempts < ATTEMPTS,
            (false, false) => false,
        };
        if !goes_on {
            let said = words(call, &error, status);
            return Err(CallError {
                operation: call.operation,
                code,
                said,
            });
        }
        tokio::time::sleep(wait.mul_f64(rand::rng().random_range(0.5..1.0))).await;
        wait = (wait * 2).min(LONGEST_WAIT);
        if is_throttled && attempts == 1 {
            // Nothing was done yet: what is measured begins with the next attempt.
            sent = Instant::now();
            attempts = 0;
        }
    }
}

/// Whether it never left this machine, and never will.
fn is_local<E>(error: &SdkError<E, HttpResponse>) -> bool {
    let no_credentials = |source: &(dyn std::error::Error + 'static)| {
        source.is::<aws_credential_types::provider::error::CredentialsError>()
    };
    match error {
        SdkError::ConstructionFailure(_) => true,
        SdkError::DispatchFailure(failure) => failure
            .as_connector_error()
            .is_some_and(|error| chain(error).any(no_credentials)),
        _ => false,
    }
}

fn chain<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn words<E: ProvideErrorMetadata>(
    call: Call,
    error: &SdkError<E, HttpResponse>,
    status: Option<u16>,
) -> String {
    match (error.code(), error.message(), status) {
        (Some(code), Some(message), _) if call.words => {
            let line = message.lines().next().unwrap_or_default();
            let shown: String = line
                .chars()
                .filter(|c| !c.is_control())
                .take(WORDS)
                .collect();
            format!("{code}: {shown}")
        }
        (Some(code), _, _) => code.to_owned(),
        (None, _, Some(status)) => {
            format!(
                "status {status} without one of AWS's error codes: check what stands in between"
            )
        }
        (None, _, None) if is_local(error) => {
            "there are no credentials to sign with: `aws sts get-caller-identity` with the same \
             environment and profile tells more"
                .to_owned()
        }
        (None, _, None) => "no answer: check the network and the endpoint".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use aws_sdk_codepipeline::error::ErrorMetadata;

    use super::*;

    fn failed(status: u16, code: Option<&str>) -> SdkError<ErrorMetadata, HttpResponse> {
        let mut meta = ErrorMetadata::builder().message("The nonce '17' is wrong\nand a token");
        if let Some(code) = code {
            meta = meta.code(code);
        }
        let status = status.try_into().unwrap();
        SdkError::service_error(meta.build(), HttpResponse::new(status, "".into()))
    }

    /// The answers in turn; how many calls were made, and how it ended.
    async fn outcome(
        call: Call,
        answers: Vec<Result<u8, SdkError<ErrorMetadata, HttpResponse>>>,
    ) -> (usize, Result<Timed<u8>, CallError>) {
        let left = RefCell::new(answers);
        let count = left.borrow().len();
        let made = make(call, || {
            let answer = left.borrow_mut().remove(0);
            async move { answer }
        })
        .await;
        let left = left.borrow().len();
        (count - left, made)
    }

    fn throttled() -> SdkError<ErrorMetadata, HttpResponse> {
        failed(400, Some("ThrottlingException"))
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_is_borne_and_is_no_part_of_what_is_measured() {
        let began = Instant::now();
        let answers = vec![Err(throttled()), Err(throttled()), Ok(7)];
        let (calls, made) = outcome(Call::once("AcknowledgeJob"), answers).await;
        let made = made.ok().unwrap();
        assert_eq!((calls, made.value), (3, 7));
        assert!(made.sent > began && made.sent == made.received);
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_without_end_is_told() {
        let answers = std::iter::repeat_with(throttled)
            .take(200)
            .map(Err)
            .collect();
        let began = Instant::now();
        let (_, made) = outcome(Call::safe("PollForJobs"), answers).await;
        assert!(made.err().unwrap().is("ThrottlingException"));
        assert!(began.elapsed() < THROTTLED_FOR + LONGEST_WAIT);
    }

    #[tokio::test(start_paused = true)]
    async fn what_got_no_answer_is_sent_again_only_where_that_is_safe() {
        let (calls, made) = outcome(
            Call::safe("PollForJobs"),
            vec![Err(failed(500, None)), Ok(1)],
        )
        .await;
        let made = made.ok().unwrap();
        assert_eq!(calls, 2);
        assert!(made.sent < made.received, "the first may have counted");
        let answers = vec![Err(failed(503, None)), Ok(1)];
        let (calls, made) = outcome(Call::once("AcknowledgeJob"), answers).await;
        assert_eq!(calls, 1);
        let said = made.err().unwrap().to_string();
        assert!(said.contains("503"), "{said}");
    }

    #[tokio::test]
    async fn words_are_one_line_and_none_where_they_may_hold_a_nonce() {
        let refused = || vec![Err(failed(400, Some("InvalidNonceException")))];
        let (_, made) = outcome(Call::once("CreatePipeline"), refused()).await;
        let error = made.err().unwrap();
        assert_eq!(
            error.to_string(),
            "CreatePipeline: InvalidNonceException: The nonce '17' is wrong"
        );
        let (_, made) = outcome(Call::once("AcknowledgeJob").quiet(), refused()).await;
        assert_eq!(
            made.err().unwrap().to_string(),
            "AcknowledgeJob: InvalidNonceException"
        );
    }
}
