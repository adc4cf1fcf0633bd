//! Requests to the service, the journal and the claims, and their answers in the words of a job's life.

use std::sync::Arc;
use std::time::Duration;

use pipefitter_claims::{Claim, ClaimKey, Claims};
use pipefitter_codepipeline::{
    Acknowledged, ActionExecution, ClientId, ErrorClass, JobContents, JobId, JobSource, Offer,
    ServiceError, clean_text, cut_utf16,
};
use pipefitter_journal::{Journal, Record, RecordKey};

use crate::job::{Brief, chain_of};
use crate::life::{AckAnswer, Answer, NOBODY_WAITS, RecallAnswer, SendAnswer};
use crate::outcome::JobResult;

use super::entry::Bring;

/// The service's reason for refusing a result, in the failure that replaces it.
const REASON: usize = 500;

pub(super) async fn claim(claims: &dyn Claims, key: &ClaimKey) -> Option<bool> {
    match claims.claim(key).await {
        Ok(claim) => Some(claim == Claim::Granted),
        Err(error) => {
            tracing::warn!(%error, "a job is not taken since its claim could not be decided");
            None
        }
    }
}

pub(super) async fn open(source: &dyn JobSource, offer: Option<Offer>) -> (Answer, Bring) {
    let Some(offer) = offer else {
        return (Answer::Opened(None), Bring::Nothing);
    };
    match source.open(&offer).await {
        Ok(contents) if contents.nonce.is_some() => {
            let chain = chain_of(&contents);
            (
                Answer::Opened(Some(chain)),
                Bring::Contents(Box::new(contents)),
            )
        }
        Ok(_) => {
            tracing::warn!("an offer has no nonce, so it cannot be acknowledged");
            (Answer::Opened(None), Bring::Nothing)
        }
        Err(error) => {
            tracing::warn!(%error, "an offer could not be opened");
            (Answer::Opened(None), Bring::Nothing)
        }
    }
}

/// `check`: ListActionExecutions may be asked.
pub(super) async fn details(
    source: &dyn JobSource,
    job: &JobId,
    client: Option<&ClientId>,
    check: bool,
) -> (Answer, Bring) {
    match source.details(job, client).await {
        Ok(contents) => match has_ended(source, &contents, check).await {
            Ok(false) => {
                let chain = chain_of(&contents);
                (
                    Answer::Recalled(RecallAnswer::Known(chain)),
                    Bring::Contents(Box::new(contents)),
                )
            }
            Ok(true) => {
                tracing::debug!("a job of an earlier run has ended");
                (Answer::Recalled(RecallAnswer::Gone), Bring::Nothing)
            }
            Err(after) => (Answer::Recalled(RecallAnswer::Retry(after)), Bring::Nothing),
        },
        Err(error) => {
            if error.class == ErrorClass::Gone {
                tracing::debug!(%error, "a job of an earlier run has ended");
            } else {
                tracing::warn!(%error, "a job of an earlier run could not be read again");
            }
            let answer = match error.class {
                ErrorClass::Gone | ErrorClass::LostRace => RecallAnswer::Gone,
                ErrorClass::Throttled => RecallAnswer::Retry(error.retry_after),
                ErrorClass::Transient | ErrorClass::Ambiguous | ErrorClass::NoToken => {
                    RecallAnswer::Retry(None)
                }
                ErrorClass::Denied => RecallAnswer::Denied,
                ErrorClass::Invalid => RecallAnswer::Invalid,
            };
            (Answer::Recalled(answer), Bring::Nothing)
        }
    }
}

/// Whether details are of a job that has ended: a job with artifacts has credentials while it goes on, and of one
/// without any ListActionExecutions alone can tell. `Err`: to be asked again, not before this time.
async fn has_ended(
    source: &dyn JobSource,
    contents: &JobContents,
    check: bool,
) -> Result<bool, Option<Duration>> {
    let has_artifacts = !contents.inputs.is_empty() || !contents.outputs.is_empty();
    if has_artifacts && contents.credentials.is_none() {
        return Ok(true);
    }
    if !check {
        return Ok(false);
    }
    match source.action_execution(&contents.pipeline).await {
        Ok(execution) => Ok(execution == ActionExecution::Ended),
        Err(error) => match error.class {
            ErrorClass::Transient | ErrorClass::Throttled => {
                tracing::warn!(%error, "whether a job of an earlier run goes on is asked again");
                Err(error.retry_after)
            }
            // The run's own checks tell what is missing.
            _ => Ok(false),
        },
    }
}

pub(super) fn acknowledged(got: Result<Acknowledged, ServiceError>) -> AckAnswer {
    let error = match got {
        Ok(Acknowledged::Ours) => return AckAnswer::Ours,
        Ok(Acknowledged::LostRace) => return AckAnswer::LostRace,
        Ok(Acknowledged::Ambiguous) => return AckAnswer::Ambiguous,
        Err(error) => error,
    };
    match error.class {
        // Every day's business: not worth a line.
        ErrorClass::LostRace => AckAnswer::LostRace,
        ErrorClass::Gone => AckAnswer::Gone,
        ErrorClass::Ambiguous => AckAnswer::Ambiguous,
        // Neither reached the job: it is asked again as if it had not been.
        ErrorClass::Throttled | ErrorClass::NoToken => AckAnswer::Throttled(error.retry_after),
        ErrorClass::Transient => {
            tracing::warn!(%error, "the answer to an acknowledge was not seen");
            AckAnswer::Unseen
        }
        ErrorClass::Denied | ErrorClass::Invalid => {
            tracing::error!(error = quiet(&error), "a job cannot be acknowledged");
            AckAnswer::Refused
        }
    }
}

/// A result, after the claim was confirmed.
pub(super) async fn send(
    claims: &dyn Claims,
    key: &ClaimKey,
    source: &dyn JobSource,
    (job, client): (&JobId, Option<&ClientId>),
    result: &JobResult,
    taken_at: i64,
) -> SendAnswer {
    match claims.confirm(key).await {
        Ok(Claim::Granted) => {}
        Ok(Claim::Taken) => return SendAnswer::ClaimLost,
        Err(error) => {
            tracing::warn!(%error, "a result waits since its claim could not be confirmed");
            return SendAnswer::Retry {
                unseen: false,
                after: None,
            };
        }
    }
    let sent = match result {
        JobResult::Success(success) => source.put_success(job, client, success).await,
        JobResult::Failure(failure) => source.put_failure(job, client, failure).await,
    };
    let Err(error) = sent else {
        return SendAnswer::Accepted;
    };
    if error.class == ErrorClass::Gone {
        tracing::debug!(error = quiet(&error), "a result came too late");
    } else {
        tracing::warn!(error = quiet(&error), "a result was not taken");
    }
    match error.class {
        // It may be that of a customer who has left: no token will ever come.
        ErrorClass::NoToken if nobody_waits(taken_at) => SendAnswer::GivenUp(format!(
            "no client token in {} days that it takes",
            NOBODY_WAITS.as_secs() / 86_400
        )),
        ErrorClass::Gone | ErrorClass::LostRace => SendAnswer::Gone,
        ErrorClass::Invalid => SendAnswer::Invalid(match error.code {
            Some(code) => format!("{code}: {}", error.message),
            None => error.message,
        }),
        ErrorClass::Throttled | ErrorClass::Denied | ErrorClass::NoToken => SendAnswer::Retry {
            unseen: false,
            after: error.retry_after,
        },
        ErrorClass::Transient | ErrorClass::Ambiguous => SendAnswer::Retry {
            unseen: true,
            after: error.retry_after,
        },
    }
}

/// Whether what became of a job that was taken then is of interest no more. In the time that people tell, since a job may
/// have seen many starts of the worker.
pub(crate) fn nobody_waits(taken_at: i64) -> bool {
    let age = jiff::Timestamp::now()
        .as_millisecond()
        .saturating_sub(taken_at);
    u64::try_from(age).is_ok_and(|age| Duration::from_millis(age) >= NOBODY_WAITS)
}

/// The service quotes what it finds invalid, and that may be a nonce or a token.
fn quiet(error: &ServiceError) -> String {
    match (error.class, &error.code) {
        (ErrorClass::Invalid, Some(code)) => format!("{}: {code}", error.operation),
        (ErrorClass::Invalid, None) => format!("{}: invalid", error.operation),
        _ => error.to_string(),
    }
}

/// The reason as a job's failure may say it.
pub(super) fn masked(answer: SendAnswer, brief: Option<&Brief>) -> SendAnswer {
    match answer {
        SendAnswer::Invalid(reason) => {
            let clean = clean_text(&reason);
            let masked = match brief {
                Some(brief) => brief.masker.mask(&clean).into_owned(),
                // Without the job's secrets nothing can be hidden: say nothing of what was quoted.
                None => "the reason is not shown, since it may quote a secret".to_owned(),
            };
            SendAnswer::Invalid(cut_utf16(&masked, REASON))
        }
        other => other,
    }
}

pub(super) async fn put(journal: Arc<dyn Journal>, record: Record) -> Answer {
    let written = journal.put(record).await;
    if let Err(error) = &written {
        tracing::error!(%error, cause = ?error_cause(error), "the journal was not written");
    }
    Answer::Written(written.is_ok())
}

pub(super) async fn remove(journal: &dyn Journal, key: &RecordKey) -> Answer {
    let removed = journal.remove(key).await;
    if let Err(error) = &removed {
        tracing::error!(%error, cause = ?error_cause(error), "a record was not removed");
    }
    Answer::Written(removed.is_ok())
}

fn error_cause(error: &dyn std::error::Error) -> Option<String> {
    error.source().map(ToString::to_string)
}
