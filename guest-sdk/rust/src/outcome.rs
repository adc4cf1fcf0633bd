//! What a run that did not fail came to.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Failure, log};

/// The characters that a plugin's token may have. CodePipeline takes 2,048; the host's own envelope
/// around it needs the rest.
const TOKEN_CHARACTERS: usize = 1_700;

/// What the CodePipeline console shows beside the action.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExecutionDetails {
    /// What was done, up to 2,048 characters; the host cuts longer text.
    pub summary: Option<String>,
    /// The id of this work in another system, up to 1,500 characters.
    pub external_execution_id: Option<String>,
    /// 0 to 100; more counts as 100.
    pub percent_complete: Option<u8>,
}

/// The revision that a source or deploy action made current.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct CurrentRevision {
    /// The revision, such as a commit, 1 to 1,500 characters.
    pub revision: String,
    /// What changed from the one before, such as a tag, 1 to 100 characters.
    pub change_identifier: String,
    /// When it was made, in seconds since 1970-01-01T00:00:00Z.
    pub created: Option<f64>,
    /// A description, up to 2,048 characters; the host cuts longer text.
    pub summary: Option<String>,
}

impl CurrentRevision {
    /// A revision and what tells it from the one before.
    #[must_use]
    pub fn new(revision: impl Into<String>, change_identifier: impl Into<String>) -> Self {
        Self {
            revision: revision.into(),
            change_identifier: change_identifier.into(),
            created: None,
            summary: None,
        }
    }

    /// Says when it was made. A time before 1970 is left out.
    #[must_use]
    pub fn created(mut self, time: SystemTime) -> Self {
        self.created = time
            .duration_since(UNIX_EPOCH)
            .ok()
            .map(|since| since.as_secs_f64());
        self
    }

    /// Describes it.
    #[must_use]
    pub fn summary(mut self, summary: impl Into<String>) -> Self {
        self.summary = Some(summary.into());
        self
    }
}

/// What a run that did not fail came to: [`Outcome::succeeded`] or [`Outcome::in_progress`].
///
/// ```
/// use pipefitter_sdk::Outcome;
///
/// let outcome = Outcome::succeeded().variable("pages", 3).summary("3 pages").percent(100);
/// assert_eq!(outcome.variable_value("pages"), Some("3"));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    kind: Kind,
    details: ExecutionDetails,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Succeeded(Success),
    InProgress(Continuation),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Success {
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) current_revision: Option<CurrentRevision>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Continuation {
    /// Text that cannot be sent is told as a failure when the job ends, so that the builder needs
    /// no `?`.
    pub(crate) token: Result<String, Failure>,
}

impl Outcome {
    /// The job is done.
    #[must_use]
    pub fn succeeded() -> Self {
        Self {
            kind: Kind::Succeeded(Success::default()),
            details: ExecutionDetails::default(),
        }
    }

    /// This job ends, the action goes on: CodePipeline makes a new job of it later, which gets
    /// `token` by [`Job::token`](crate::Job::token).
    ///
    /// The token is sent as JSON, at most 1,700 characters; one that is longer or cannot be written
    /// as JSON fails the job. It is not a place for secrets: CodePipeline stores it. Files written to
    /// output artifacts are dropped: the next job starts with empty ones.
    #[must_use]
    pub fn in_progress(token: impl Serialize) -> Self {
        let token = serde_json::to_string(&token)
            .map_err(|error| {
                Failure::job_failed(format!(
                    "the continuation token cannot be written as JSON: {error}"
                ))
            })
            .and_then(|token| {
                let characters = token.chars().count();
                if characters > TOKEN_CHARACTERS {
                    return Err(Failure::job_failed(format!(
                        "the continuation token has {characters} characters of at most \
                         {TOKEN_CHARACTERS}: keep what is large elsewhere and its name in the token"
                    )));
                }
                Ok(token)
            });
        Self {
            kind: Kind::InProgress(Continuation { token }),
            details: ExecutionDetails::default(),
        }
    }

    /// Sets an output variable, for `#{namespace.name}` in later actions. Names match
    /// `[A-Za-z0-9@_-]+`; names and values together are at most 122,880 bytes. The last value of a
    /// name counts. Only a success has variables.
    #[must_use]
    pub fn variable(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        let name = name.into();
        match &mut self.kind {
            Kind::Succeeded(success) => {
                success.variables.retain(|(other, _)| *other != name);
                success.variables.push((name, value.to_string()));
            }
            Kind::InProgress(_) => {
                log::warn!("variable `{name}` is dropped: a job in progress has none");
            }
        }
        self
    }

    /// Says what was done, up to 2,048 characters.
    #[must_use]
    pub fn summary(mut self, summary: impl Into<String>) -> Self {
        self.details.summary = Some(summary.into());
        self
    }

    /// Says how far the action is, 0 to 100; more counts as 100.
    #[must_use]
    pub fn percent(mut self, percent: u8) -> Self {
        self.details.percent_complete = Some(percent.min(100));
        self
    }

    /// Gives the id of this work in another system; CodePipeline puts it in the place of
    /// `{ExternalExecutionId}` in the action type's URL templates. Without one the host gives the id
    /// that leads to the job's log.
    #[must_use]
    pub fn external_id(mut self, id: impl Into<String>) -> Self {
        self.details.external_execution_id = Some(id.into());
        self
    }

    /// Tells the revision that the action made current. Only a success has one.
    #[must_use]
    pub fn current_revision(mut self, revision: CurrentRevision) -> Self {
        match &mut self.kind {
            Kind::Succeeded(success) => success.current_revision = Some(revision),
            Kind::InProgress(_) => {
                log::warn!("the current revision is dropped: a job in progress has none");
            }
        }
        self
    }

    /// Whether the job is done.
    #[must_use]
    pub fn is_succeeded(&self) -> bool {
        matches!(self.kind, Kind::Succeeded(_))
    }

    /// Whether there is more to do, in a later job.
    #[must_use]
    pub fn is_in_progress(&self) -> bool {
        !self.is_succeeded()
    }

    /// The output variables, in the order they were set.
    #[must_use]
    pub fn variables(&self) -> &[(String, String)] {
        match &self.kind {
            Kind::Succeeded(success) => &success.variables,
            Kind::InProgress(_) => &[],
        }
    }

    /// The value of an output variable.
    #[must_use]
    pub fn variable_value(&self, name: &str) -> Option<&str> {
        self.variables()
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }

    /// What the console shows.
    #[must_use]
    pub fn details(&self) -> &ExecutionDetails {
        &self.details
    }

    /// The revision made current.
    #[must_use]
    pub fn revision(&self) -> Option<&CurrentRevision> {
        match &self.kind {
            Kind::Succeeded(success) => success.current_revision.as_ref(),
            Kind::InProgress(_) => None,
        }
    }

    /// The token as it is sent; `None` when the job is done or the token cannot be sent.
    #[must_use]
    pub fn continuation_token(&self) -> Option<&str> {
        match &self.kind {
            Kind::Succeeded(_) => None,
            Kind::InProgress(continuation) => continuation.token.as_deref().ok(),
        }
    }

    /// The token as the type it was given as, for tests.
    ///
    /// # Errors
    /// When the job is done, or the token cannot be sent or is of another type.
    pub fn token<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        match &self.kind {
            Kind::Succeeded(_) => Err(Failure::job_failed("the job is done: it has no token")),
            Kind::InProgress(Continuation { token }) => {
                Ok(serde_json::from_str(token.as_ref().map_err(Clone::clone)?)?)
            }
        }
    }

    #[cfg(target_arch = "wasm32")]
    pub(crate) fn into_parts(self) -> (Kind, ExecutionDetails) {
        (self.kind, self.details)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_last_value_of_a_variable_counts() {
        let outcome = Outcome::succeeded()
            .variable("a", 1)
            .variable("b", "x")
            .variable("a", 2.5);
        let expected = [
            ("b".to_owned(), "x".to_owned()),
            ("a".to_owned(), "2.5".to_owned()),
        ];
        assert_eq!(outcome.variables(), expected);
    }

    #[test]
    fn a_job_in_progress_has_no_variables() {
        let outcome = Outcome::in_progress(7)
            .variable("a", 1)
            .percent(120)
            .summary("copied");
        assert!(outcome.is_in_progress() && outcome.variables().is_empty());
        assert_eq!(outcome.details().percent_complete, Some(100));
        assert_eq!(outcome.token::<u8>(), Ok(7));
    }

    #[test]
    fn a_token_that_is_too_long_says_what_to_do() {
        let outcome = Outcome::in_progress("x".repeat(1_699));
        assert_eq!(outcome.continuation_token(), None);
        let failure = outcome.token::<String>().unwrap_err();
        assert!(
            failure.message.contains("1701 characters of at most 1700"),
            "{failure}"
        );
        assert!(
            Outcome::in_progress("x".repeat(1_698))
                .continuation_token()
                .is_some()
        );
    }

    #[test]
    fn a_revisions_time_is_seconds_since_1970() {
        let time = UNIX_EPOCH + Duration::from_millis(1_500);
        assert_eq!(
            CurrentRevision::new("r", "c").created(time).created,
            Some(1.5)
        );
        let before = UNIX_EPOCH - Duration::from_secs(1);
        assert_eq!(CurrentRevision::new("r", "c").created(before).created, None);
    }
}
