//! A job's result as the worker holds it and as the journal keeps it.

use pipefitter_codepipeline::{FailureResult, SuccessResult};
use serde::{Deserialize, Serialize};

/// What is reported. Secrets were masked before it was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "result", content = "with", rename_all = "kebab-case")]
pub(crate) enum JobResult {
    /// PutJobSuccessResult, with or without a continuation token.
    Success(SuccessResult),
    /// PutJobFailureResult.
    Failure(FailureResult),
}

impl JobResult {
    /// As the journal keeps it.
    pub(crate) fn encode(&self) -> serde_json::Value {
        // Maps with string keys and finite numbers only: nothing here can fail to be JSON. Should it
        // ever, an unreadable outcome is replaced by a plain failure after a restart.
        serde_json::to_value(self).unwrap_or(serde_json::Value::Null)
    }

    /// From the journal.
    pub(crate) fn decode(value: &serde_json::Value) -> Result<JobResult, serde_json::Error> {
        serde_json::from_value(value.clone())
    }
}
