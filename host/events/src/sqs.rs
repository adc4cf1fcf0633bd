//! A queue of SQS, over the AWS SDK.

use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::Builder;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName as Attribute,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::address::QueueUrl;
use crate::event::ActionEvent;
use crate::queue::{Delivery, EventQueue, QueueError, QueueFault};

/// The longest that SQS waits for a message (API reference of ReceiveMessage).
const WAIT: i32 = 20;

/// The most that one answer holds, and one deletion takes (same, and DeleteMessageBatch).
const BATCH: i32 = 10;

/// One attempt: the wait, and as long as other requests of a source may take.
const ATTEMPT: Duration = Duration::from_secs(40);

/// The whole call, with one repetition.
const OPERATION: Duration = Duration::from_secs(60);

/// A message of an error, in characters: a sentence or two.
const MESSAGE: usize = 300;

/// A queue of SQS. Its messages are read with the credentials of the source whose pipelines they tell of.
pub struct SqsQueue {
    client: Client,
    url: QueueUrl,
}

impl SqsQueue {
    /// The queue at this URL. Nothing is sent: credentials and queue are tried by the first call.
    #[must_use]
    pub fn new(url: QueueUrl, sdk: &SdkConfig) -> SqsQueue {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(Duration::from_secs(5))
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(OPERATION)
            .build();
        let config = Builder::from(sdk)
            .endpoint_url(url.endpoint())
            .timeout_config(timeouts)
            // Whoever receives goes on anyway; a second try is for a connection that was just closed.
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            .build();
        SqsQueue {
            client: Client::from_conf(config),
            url,
        }
    }
}

#[async_trait]
impl EventQueue for SqsQueue {
    fn name(&self) -> &str {
        self.url.as_str()
    }

    async fn receive(&self) -> Result<Vec<Delivery>, QueueError> {
        let answer = self
            .client
            .receive_message()
            .queue_url(self.url.as_str())
            .max_number_of_messages(BATCH)
            .wait_time_seconds(WAIT)
            .message_system_attribute_names(Attribute::ApproximateReceiveCount)
            .send()
            .await
            .map_err(|error| failed("ReceiveMessage", &error))?;
        let messages = answer.messages.unwrap_or_default();
        Ok(messages.into_iter().filter_map(delivery).collect())
    }

    async fn delete(&self, receipts: Vec<String>) -> Result<(), QueueError> {
        const OPERATION: &str = "DeleteMessageBatch";
        let entries: Result<Vec<_>, _> = receipts
            .into_iter()
            .enumerate()
            .map(|(at, receipt)| {
                DeleteMessageBatchRequestEntry::builder()
                    .id(at.to_string())
                    .receipt_handle(receipt)
                    .build()
            })
            .collect();
        let entries = entries.map_err(|error| QueueError {
            operation: OPERATION,
            fault: QueueFault::Invalid,
            message: error.to_string(),
        })?;
        let answer = self
            .client
            .delete_message_batch()
            .queue_url(self.url.as_str())
            .set_entries(Some(entries))
            .send()
            .await
            .map_err(|error| failed(OPERATION, &error))?;
        match answer.failed() {
            [] => Ok(()),
            [first, ..] => Err(QueueError {
                operation: OPERATION,
                fault: QueueFault::Transient,
                message: format!(
                    "{} messages were not deleted, the first for {}",
                    answer.failed().len(),
                    cut(first.code())
                ),
            }),
        }
    }
}

/// A message without a receipt could not be deleted; SQS has none.
fn delivery(message: Message) -> Option<Delivery> {
    let times = message
        .attributes
        .as_ref()
        .and_then(|attributes| attributes.get(&Attribute::ApproximateReceiveCount))
        .and_then(|count| count.parse().ok())
        .unwrap_or(1);
    Some(Delivery {
        receipt: message.receipt_handle?,
        times,
        event: ActionEvent::read(message.body.as_deref().unwrap_or_default()),
    })
}

/// The SDK's error in a sentence. As for CodePipeline, what stands between the service and us has no say in whether
/// it is given up.
fn failed<E>(operation: &'static str, error: &SdkError<E, HttpResponse>) -> QueueError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let made = |fault, message: String| QueueError {
        operation,
        fault,
        message: cut(&message),
    };
    match error {
        SdkError::ServiceError(answer) => {
            let code = answer.err().code();
            let status = answer.raw().status().as_u16();
            let said = answer.err().message().unwrap_or_default();
            let message = match code {
                Some(code) => format!("{code}: {said}"),
                None => format!("an answer with status {status}, and no error code"),
            };
            made(fault_of(code, status), message)
        }
        SdkError::TimeoutError(_) => made(
            QueueFault::Transient,
            "no answer within the time allowed".to_owned(),
        ),
        SdkError::DispatchFailure(failure) => {
            let why = failure.as_connector_error().map(|error| innermost(error));
            made(
                QueueFault::Transient,
                format!("not reached: {}", why.unwrap_or_default()),
            )
        }
        SdkError::ResponseError(_) => made(
            QueueFault::Transient,
            "the answer was not understood".to_owned(),
        ),
        _ => made(
            QueueFault::Invalid,
            "the request could not be built".to_owned(),
        ),
    }
}

fn fault_of(code: Option<&str>, status: u16) -> QueueFault {
    let Some(code) = code else {
        return match status {
            401 | 403 | 407 => QueueFault::Denied,
            _ => QueueFault::Transient,
        };
    };
    // With awsJson1.0 a code may come as `com.amazonaws.sqs#QueueDoesNotExist`.
    let code = code.rsplit(['#', '.']).next().unwrap_or(code);
    match code {
        "QueueDoesNotExist" | "NonExistentQueue" | "QueueDeletedRecently" | "InvalidAddress" => {
            QueueFault::Missing
        }
        code if code.contains("Throttl") || code == "OverLimit" => QueueFault::Transient,
        code if code.starts_with("Kms") || code.contains("AccessDenied") => QueueFault::Denied,
        // Of the errors that all services share ("Common Errors" of the API references), those that are about who asks.
        "ExpiredToken"
        | "ExpiredTokenException"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "InvalidClientTokenId"
        | "InvalidSecurity"
        | "InvalidSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "RequestExpired"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException" => QueueFault::Denied,
        _ => match status {
            401 | 403 => QueueFault::Denied,
            429 => QueueFault::Transient,
            400..=499 => QueueFault::Invalid,
            _ => QueueFault::Transient,
        },
    }
}

/// What lies at the bottom of an error.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// The first line, without control codes, and not longer than a message is.
fn cut(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.chars()
        .filter(|c| !c.is_control())
        .take(MESSAGE)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_mean_what_is_done_about_them() {
        for (code, status, fault) in [
            (
                Some("AWS.SimpleQueueService.NonExistentQueue"),
                400,
                QueueFault::Missing,
            ),
            (
                Some("com.amazonaws.sqs#QueueDoesNotExist"),
                400,
                QueueFault::Missing,
            ),
            (Some("AccessDenied"), 403, QueueFault::Denied),
            (Some("AccessDeniedException"), 400, QueueFault::Denied),
            (Some("KmsAccessDenied"), 400, QueueFault::Denied),
            (Some("InvalidClientTokenId"), 403, QueueFault::Denied),
            (
                Some("com.amazon.coral.service#ExpiredTokenException"),
                400,
                QueueFault::Denied,
            ),
            (Some("TooManyRequestsException"), 429, QueueFault::Transient),
            (Some("RequestThrottled"), 403, QueueFault::Transient),
            (Some("ThrottlingException"), 400, QueueFault::Transient),
            (Some("InvalidParameterValue"), 400, QueueFault::Invalid),
            (Some("InternalError"), 500, QueueFault::Transient),
            (None, 403, QueueFault::Denied),
            (None, 404, QueueFault::Transient),
            (None, 502, QueueFault::Transient),
        ] {
            assert_eq!(fault_of(code, status), fault, "{code:?} {status}");
        }
    }

    #[test]
    fn what_a_service_says_is_one_short_line() {
        assert_eq!(cut("a\u{1b}[31m red\nsecond"), "a[31m red");
        assert_eq!(cut(&"x".repeat(1_000)).len(), MESSAGE);
    }
}
