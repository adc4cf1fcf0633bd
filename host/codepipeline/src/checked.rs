//! Results in the form that the service takes.
//!
//! What is prose (summary, message, revision summary) is cleaned, trimmed and cut, and left out or replaced
//! where nothing is left: nobody's job fails over a long sentence. What means something to a machine
//! (token, revision, variables) passes as it is or fails, with the field, the limit and what was found.
//! External execution ids stand between: control characters go, a cut one would lead nowhere.

use std::collections::BTreeMap;

use crate::limits;
use crate::source::{CurrentRevision, ExecutionDetails, FailureResult, FailureType, SuccessResult};
use crate::text::{clean_text, cut_utf16, utf16_len};

/// A field of a result that CodePipeline would refuse and that may not be cut. Its text is for the
/// pipeline's owner; it never repeats a value, only a variable's name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// Empty where the service takes at least one character.
    #[error("{field} is empty, but CodePipeline takes 1 to {max} characters")]
    Empty {
        /// CodePipeline's name of the field.
        field: &'static str,
        /// In UTF-16 code units.
        max: usize,
    },
    /// Too long, and of no use when cut.
    #[error("{field} has {actual} characters, but CodePipeline takes at most {max}")]
    TooLong {
        /// CodePipeline's name of the field.
        field: &'static str,
        /// In UTF-16 code units.
        max: usize,
        /// In UTF-16 code units.
        actual: usize,
    },
    /// An output variable's name.
    #[error(
        "outputVariables has the name \"{name}\", but CodePipeline takes only letters a to z and A to Z, \
         digits, @, - and _ in a name, and at least one of them"
    )]
    VariableName {
        /// The name, cleaned and cut so that it can be shown.
        name: String,
    },
    /// All variables together.
    #[error(
        "outputVariables has {actual} bytes of names and values, but CodePipeline takes at most {max} \
         for one action: put large values into an output artifact"
    )]
    VariablesTooLarge {
        /// In bytes of UTF-8.
        max: usize,
        /// In bytes of UTF-8.
        actual: usize,
    },
    /// Variables beside a continuation token.
    #[error(
        "outputVariables goes with a continuationToken ({count} given), but CodePipeline takes none \
         before the last job of an action: keep them in the token until then"
    )]
    VariablesWithToken {
        /// How many there are.
        count: usize,
    },
}

impl FieldError {
    /// CodePipeline's name of the field.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            FieldError::Empty { field, .. } | FieldError::TooLong { field, .. } => field,
            FieldError::VariableName { .. }
            | FieldError::VariablesTooLarge { .. }
            | FieldError::VariablesWithToken { .. } => "outputVariables",
        }
    }
}

/// How much of a bad variable name is shown, in UTF-16 code units: enough to find it.
const SHOWN_NAME: usize = 60;

impl SuccessResult {
    /// The result as the service takes it; of a checked one, the same again.
    ///
    /// # Errors
    /// The first field, in the order of the API's page, that breaks a limit of [`limits`] and may not be cut.
    pub fn checked(self) -> Result<SuccessResult, FieldError> {
        let current_revision = self.current_revision.map(revision).transpose()?;
        if let Some(token) = &self.continuation {
            length(
                "continuationToken",
                token.expose(),
                limits::CONTINUATION_TOKEN,
            )?;
            if !self.variables.is_empty() {
                return Err(FieldError::VariablesWithToken {
                    count: self.variables.len(),
                });
            }
        }
        let details = details(self.details)?;
        variables(&self.variables)?;
        Ok(SuccessResult {
            continuation: self.continuation,
            details,
            variables: self.variables,
            current_revision,
        })
    }
}

impl FailureResult {
    /// The result as the service takes it; of a checked one, the same again. It cannot fail: a failure
    /// that could not be reported would leave the action hanging. An external execution id that is too
    /// long is left out.
    #[must_use]
    pub fn checked(self) -> FailureResult {
        let message = prose(&self.message, limits::FAILURE_MESSAGE)
            .unwrap_or_else(|| no_message(self.kind).to_owned());
        let external_execution_id = self
            .external_execution_id
            .and_then(|id| one_line(&id))
            .filter(|id| utf16_len(id) <= limits::EXTERNAL_EXECUTION_ID);
        FailureResult {
            kind: self.kind,
            message,
            external_execution_id,
        }
    }
}

fn details(details: ExecutionDetails) -> Result<ExecutionDetails, FieldError> {
    let external_execution_id = details.external_execution_id.and_then(|id| one_line(&id));
    if let Some(id) = &external_execution_id {
        length(
            "executionDetails.externalExecutionId",
            id,
            limits::EXTERNAL_EXECUTION_ID,
        )?;
    }
    Ok(ExecutionDetails {
        summary: details
            .summary
            .and_then(|text| prose(&text, limits::EXECUTION_SUMMARY)),
        external_execution_id,
        percent_complete: details
            .percent_complete
            .map(|p| p.min(limits::PERCENT_COMPLETE)),
    })
}

fn revision(revision: CurrentRevision) -> Result<CurrentRevision, FieldError> {
    length(
        "currentRevision.revision",
        &revision.revision,
        limits::REVISION,
    )?;
    length(
        "currentRevision.changeIdentifier",
        &revision.change_identifier,
        limits::REVISION_CHANGE_IDENTIFIER,
    )?;
    Ok(CurrentRevision {
        created: revision
            .created
            .filter(|seconds| (0.0..=limits::CREATED_SECONDS).contains(seconds)),
        summary: revision
            .summary
            .and_then(|text| prose(&text, limits::REVISION_SUMMARY)),
        ..revision
    })
}

fn variables(variables: &BTreeMap<String, String>) -> Result<(), FieldError> {
    if let Some(name) = variables
        .keys()
        .find(|name| !limits::is_variable_name(name))
    {
        let name = cut_utf16(&clean_text(name).replace(['\n', '\t'], " "), SHOWN_NAME);
        return Err(FieldError::VariableName { name });
    }
    let actual = variables
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if actual > limits::OUTPUT_VARIABLES_BYTES {
        return Err(FieldError::VariablesTooLarge {
            max: limits::OUTPUT_VARIABLES_BYTES,
            actual,
        });
    }
    Ok(())
}

fn length(field: &'static str, text: &str, max: usize) -> Result<(), FieldError> {
    match utf16_len(text) {
        0 => Err(FieldError::Empty { field, max }),
        actual if actual > max => Err(FieldError::TooLong { field, max, actual }),
        _ => Ok(()),
    }
}

/// Cleaned, trimmed and cut; nothing where nothing is left.
fn prose(text: &str, max: usize) -> Option<String> {
    let clean = clean_text(text);
    let text = clean.trim();
    (!text.is_empty()).then(|| cut_utf16(text, max))
}

/// Without any control character, newline and tab included.
fn one_line(text: &str) -> Option<String> {
    let line = clean_text(text).replace(['\n', '\t'], "");
    let line = line.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

fn no_message(kind: FailureType) -> &'static str {
    match kind {
        FailureType::JobFailed => "the action failed and gave no message",
        FailureType::ConfigurationError => {
            "the action's configuration is wrong; no message says in what"
        }
        FailureType::PermissionError => {
            "something that the action needs may not be accessed; no message says what"
        }
        FailureType::RevisionOutOfSync => {
            "the revision is not the one expected; no message says why"
        }
        FailureType::RevisionUnavailable => "an input is missing; no message says which",
        FailureType::SystemUnavailable => {
            "a system that the action needs does not answer; no message says which"
        }
    }
}

#[cfg(test)]
mod tests;
