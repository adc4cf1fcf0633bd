//! What nothing public settles about AWS, as switches.
//!
//! docs/AWS-ASSUMPTIONS.md names for each the sources, what Pipefitter assumes, and the switch.
//! [`Switches::default`] is what is assumed; a worker that is to be trusted works under either answer.

use std::time::Duration;

/// One answer for each open question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Switches {
    /// From handing a job out to offering it again, where nobody acknowledges it.
    pub reoffer_after: Duration,
    /// Whether a job that was handed out is kept from other polls until it is offered again. If not,
    /// each poll until then gets it with the same nonce.
    pub poll_hides: bool,
    /// How a call about a job is answered once the job was timed out or abandoned.
    pub late_result: LateResult,
    /// Whether the jobs of an action that continues have the same keys for their output artifacts.
    pub continuation_keeps_outputs: bool,
    /// Whether acknowledging a job again, with the nonce that it was acknowledged with, is answered
    /// as the first time instead of with an InvalidNonceException.
    pub acknowledge_again: bool,
    /// How long an action may take.
    pub action_timeout: Duration,
    /// Whether that counts from the action's start over all its jobs. If not, it counts anew from each
    /// continuation.
    pub timeout_spans_continuations: bool,
    /// How long a job's credentials work.
    pub credential_lifetime: Duration,
    /// How many jobs a poll gets that does not say how many.
    pub default_batch: usize,
    /// What GetJobDetails answers for a job that has ended.
    pub ended_details: EndedDetails,
    /// What GetThirdPartyJobDetails answers for a job that has ended.
    pub ended_third_party_details: EndedThirdPartyDetails,
    /// Whether the 1,000 characters that a value of an action's configuration may have are those of the resolved
    /// value, too.
    pub resolved_values_limited: bool,
    /// When the timeout begins that a third-party action type gives its jobs.
    pub job_timeout_from: JobTimeoutFrom,
}

/// How a call about a job is answered that comes too late: the service ended the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LateResult {
    /// The job is known: a result is an InvalidJobStateException.
    InvalidJobState,
    /// The job is forgotten: every call is a JobNotFoundException.
    JobNotFound,
}

/// What GetJobDetails answers for a job that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndedDetails {
    /// The job's data, without credentials.
    Data,
    /// JobNotFoundException.
    JobNotFound,
}

/// What GetThirdPartyJobDetails answers for a job that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndedThirdPartyDetails {
    /// InvalidJobException.
    InvalidJob,
    /// The job's data, without credentials.
    Data,
    /// JobNotFoundException.
    JobNotFound,
}

/// When the timeout of a third-party job begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JobTimeoutFrom {
    /// Once it is offered to pollers for the first time.
    Offer,
    /// Once a worker has acknowledged it.
    Acknowledge,
}

/// A name or an answer that no switch has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SwitchError {
    /// No such switch.
    #[error("there is no switch `{0}`: {NAMES} are")]
    Name(String),
    /// No such answer.
    #[error("the switch `{name}` takes {answers}, not `{value}`")]
    Value {
        /// The switch.
        name: String,
        /// What was given.
        value: String,
        /// What it takes.
        answers: &'static str,
    },
}

const NAMES: &str = "poll-hides, late-result, continuation-keeps-outputs, acknowledge-again, \
                     timeout-spans-continuations, default-batch, ended-details, \
                     ended-third-party-details, resolved-values-limited and job-timeout-from";

impl Switches {
    /// Sets a switch by name; times are not set so, since each caller has its own way to write them.
    ///
    /// # Errors
    /// A name or an answer that is none; nothing is set then.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), SwitchError> {
        let wrong = |answers| SwitchError::Value {
            name: name.to_owned(),
            value: value.to_owned(),
            answers,
        };
        let yes = || match value {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(wrong("yes or no")),
        };
        match name {
            "poll-hides" => self.poll_hides = yes()?,
            "continuation-keeps-outputs" => self.continuation_keeps_outputs = yes()?,
            "acknowledge-again" => self.acknowledge_again = yes()?,
            "timeout-spans-continuations" => self.timeout_spans_continuations = yes()?,
            "resolved-values-limited" => self.resolved_values_limited = yes()?,
            "late-result" => {
                self.late_result = match value {
                    "invalid-job-state" => LateResult::InvalidJobState,
                    "job-not-found" => LateResult::JobNotFound,
                    _ => return Err(wrong("invalid-job-state or job-not-found")),
                }
            }
            "ended-details" => {
                self.ended_details = match value {
                    "data" => EndedDetails::Data,
                    "job-not-found" => EndedDetails::JobNotFound,
                    _ => return Err(wrong("data or job-not-found")),
                }
            }
            "ended-third-party-details" => {
                self.ended_third_party_details = match value {
                    "invalid-job" => EndedThirdPartyDetails::InvalidJob,
                    "data" => EndedThirdPartyDetails::Data,
                    "job-not-found" => EndedThirdPartyDetails::JobNotFound,
                    _ => return Err(wrong("invalid-job, data or job-not-found")),
                }
            }
            "job-timeout-from" => {
                self.job_timeout_from = match value {
                    "offer" => JobTimeoutFrom::Offer,
                    "acknowledge" => JobTimeoutFrom::Acknowledge,
                    _ => return Err(wrong("offer or acknowledge")),
                }
            }
            "default-batch" => {
                let batch = value.parse().ok().filter(|batch| *batch > 0);
                self.default_batch = batch.ok_or_else(|| wrong("a number from 1 on"))?;
            }
            _ => return Err(SwitchError::Name(name.to_owned())),
        }
        Ok(())
    }
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            reoffer_after: Duration::from_secs(60),
            poll_hides: true,
            late_result: LateResult::InvalidJobState,
            continuation_keeps_outputs: true,
            acknowledge_again: false,
            action_timeout: Duration::from_secs(24 * 60 * 60),
            timeout_spans_continuations: true,
            credential_lifetime: Duration::from_secs(15 * 60),
            default_batch: 1,
            ended_details: EndedDetails::Data,
            ended_third_party_details: EndedThirdPartyDetails::InvalidJob,
            resolved_values_limited: false,
            job_timeout_from: JobTimeoutFrom::Offer,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switches_are_set_by_name_and_a_misspelling_is_told() {
        let mut switches = Switches::default();
        for (name, value) in [
            ("poll-hides", "no"),
            ("late-result", "job-not-found"),
            ("continuation-keeps-outputs", "no"),
            ("acknowledge-again", "yes"),
            ("timeout-spans-continuations", "no"),
            ("default-batch", "10"),
            ("ended-details", "job-not-found"),
            ("ended-third-party-details", "job-not-found"),
            ("ended-third-party-details", "data"),
            ("resolved-values-limited", "yes"),
            ("job-timeout-from", "acknowledge"),
        ] {
            let before = switches.clone();
            switches.set(name, value).unwrap();
            assert_ne!(switches, before, "{name}");
            assert!(NAMES.contains(name));
        }
        let error = switches.set("poll-hide", "no").unwrap_err();
        assert!(error.to_string().contains("poll-hides"), "{error}");
        for name in ["poll-hides", "default-batch", "late-result"] {
            let error = switches.set(name, "0").unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
