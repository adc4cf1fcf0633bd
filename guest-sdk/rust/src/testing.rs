//! For native unit tests of a plugin: a job made by hand, and a host to play.
//!
//! Natively [`log`](crate::log) writes to standard output, which `cargo test` shows for a test that
//! fails, and keeps the lines for [`take_log`]. All of it is per thread, as tests are.
//!
//! ```
//! use pipefitter_sdk::{Failure, Job, Outcome, testing};
//!
//! fn run(job: Job) -> Result<Outcome, Failure> {
//!     Ok(Outcome::succeeded().variable("name", job.config_value("name").unwrap_or("nobody")))
//! }
//!
//! let job = testing::job().config("name", "Ada").build();
//! assert_eq!(run(job)?.variable_value("name"), Some("Ada"));
//! # Ok::<(), Failure>(())
//! ```

use std::path::PathBuf;

use crate::log::Level;
use crate::{ActionType, InputArtifact, Job, OutputArtifact, PipelineContext};

/// A line that a plugin wrote to its job's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub level: Level,
    /// What it says.
    pub text: String,
    /// Names and values that go with it.
    pub fields: Vec<(String, String)>,
}

/// What a plugin told of how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// 0 to 100, if it said so.
    pub percent: Option<u8>,
    /// A few words.
    pub summary: String,
}

/// Makes a [`Job`]. [`job`] starts one.
#[derive(Clone, Debug)]
pub struct JobBuilder {
    job: Job,
}

/// Starts a job with nothing but ids: attempt 1, action `Build`/`Test`/`1` of pipeline `pipeline`.
#[must_use]
pub fn job() -> JobBuilder {
    JobBuilder {
        job: Job {
            id: "11111111-2222-4333-8444-555555555555".to_owned(),
            attempt: 1,
            account_id: Some("111122223333".to_owned()),
            action_type: ActionType {
                category: "Build".to_owned(),
                owner: "Custom".to_owned(),
                provider: "Test".to_owned(),
                version: "1".to_owned(),
            },
            configuration: Vec::new(),
            pipeline: PipelineContext {
                pipeline: "pipeline".to_owned(),
                stage: "stage".to_owned(),
                action: "action".to_owned(),
                pipeline_arn: Some(
                    "arn:aws:codepipeline:us-east-1:111122223333:pipeline".to_owned(),
                ),
                pipeline_execution_id: Some("22222222-3333-4444-8555-666666666666".to_owned()),
                action_execution_id: Some("33333333-4444-4555-8666-777777777777".to_owned()),
            },
            inputs: Vec::new(),
            outputs: Vec::new(),
            scratch: None,
            continuation_token: None,
            attributes: Vec::new(),
        },
    }
}

impl JobBuilder {
    /// Sets the job's id.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.job.id = id.into();
        self
    }

    /// Sets which attempt at the job this is.
    #[must_use]
    pub fn attempt(mut self, attempt: u32) -> Self {
        self.job.attempt = attempt;
        self
    }

    /// Sets one key of the configuration.
    #[must_use]
    pub fn config(mut self, key: impl Into<String>, value: impl ToString) -> Self {
        self.job.configuration.push((key.into(), value.to_string()));
        self
    }

    /// Sets the pipeline, stage and action.
    #[must_use]
    pub fn pipeline(mut self, pipeline: PipelineContext) -> Self {
        self.job.pipeline = pipeline;
        self
    }

    /// Sets the action type.
    #[must_use]
    pub fn action_type(mut self, action_type: ActionType) -> Self {
        self.job.action_type = action_type;
        self
    }

    /// Adds an input artifact that was unpacked into a directory.
    #[must_use]
    pub fn input(mut self, name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        let (name, path) = (name.into(), path.into());
        self.job.inputs.push(InputArtifact {
            name,
            path,
            file: None,
            revision: None,
        });
        self
    }

    /// Adds an input artifact that is one file, `file` in the directory `path`.
    #[must_use]
    pub fn input_file(
        mut self,
        name: impl Into<String>,
        path: impl Into<PathBuf>,
        file: &str,
    ) -> Self {
        let path = path.into();
        let file = Some(path.join(file));
        self.job.inputs.push(InputArtifact {
            name: name.into(),
            path,
            file,
            revision: None,
        });
        self
    }

    /// Adds an output artifact to be made in a directory.
    #[must_use]
    pub fn output(mut self, name: impl Into<String>, path: impl Into<PathBuf>) -> Self {
        self.job.outputs.push(OutputArtifact {
            name: name.into(),
            path: path.into(),
        });
        self
    }

    /// Grants a directory for temporary files.
    #[must_use]
    pub fn scratch(mut self, path: impl Into<PathBuf>) -> Self {
        self.job.scratch = Some(path.into());
        self
    }

    /// Makes it a later job of a continuation chain, with the token as it is sent: what
    /// [`Outcome::continuation_token`](crate::Outcome::continuation_token) gave.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.job.continuation_token = Some(token.into());
        self
    }

    /// Sets an attribute.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.job.attributes.push((name.into(), value.into()));
        self
    }

    /// The job.
    #[must_use]
    pub fn build(self) -> Job {
        self.job
    }
}

#[cfg(all(feature = "http", not(target_arch = "wasm32")))]
pub use host::{set_response, take_requests};
#[cfg(not(target_arch = "wasm32"))]
pub use host::{
    set_secret, set_secret_error, set_stop_requested, set_threshold, set_time_remaining, take_log,
    take_progress,
};

#[cfg(not(target_arch = "wasm32"))]
mod host {
    use std::time::Duration;

    use super::{LogLine, Progress};
    use crate::control::StopReason;
    use crate::host::with;
    use crate::log::Level;
    use crate::secrets::SecretError;

    /// Takes what this thread has written to the log since it was last asked.
    pub fn take_log() -> Vec<LogLine> {
        with(|host| std::mem::take(&mut host.log))
    }

    /// Takes what this thread has told of its progress since it was last asked.
    pub fn take_progress() -> Vec<Progress> {
        with(|host| std::mem::take(&mut host.progress))
    }

    /// Sets what [`stop_requested`](crate::control::stop_requested) answers on this thread.
    pub fn set_stop_requested(reason: Option<StopReason>) {
        with(|host| host.stop = reason);
    }

    /// Sets what [`time_remaining`](crate::control::time_remaining) answers on this thread.
    pub fn set_time_remaining(time: Duration) {
        with(|host| host.time_remaining = time);
    }

    /// Grants a secret to the plugins of this thread, in place of an earlier one of that name. What is not
    /// set is denied.
    pub fn set_secret(name: impl Into<String>, value: impl Into<Vec<u8>>) {
        with(|host| host.secrets.insert(name.into(), Ok(value.into())));
    }

    /// Sets what goes wrong when the plugins of this thread ask for the secret that the error names.
    pub fn set_secret_error(error: SecretError) {
        with(|host| host.secrets.insert(error.name().to_owned(), Err(error)));
    }

    /// Sets what requests of this thread to a URL are answered. What is not set is refused as if it were not granted.
    #[cfg(feature = "http")]
    pub fn set_response(url: impl Into<String>, response: crate::http::Response) {
        with(|host| host.responses.insert(url.into(), response));
    }

    /// Takes the requests that this thread has sent since it was last asked: method, URL and body.
    #[cfg(feature = "http")]
    #[must_use]
    pub fn take_requests() -> Vec<(String, String, Vec<u8>)> {
        with(|host| std::mem::take(&mut host.requests))
    }

    /// Sets the least level that the log of this thread keeps.
    pub fn set_threshold(level: Level) {
        with(|host| host.threshold = level);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{self, StopReason};
    use crate::log;

    #[test]
    fn what_a_plugin_logs_is_kept_with_its_fields() {
        log::info!("one\ntwo");
        log::warn!(page = "a.md", line = 3; "no such {}", "file");
        set_threshold(Level::Info);
        log::debug!("not kept");
        let lines: Vec<(Level, String)> = take_log()
            .into_iter()
            .map(|line| (line.level, line.text))
            .collect();
        let expected = [
            (Level::Info, "one"),
            (Level::Info, "two"),
            (Level::Warn, "no such file"),
        ];
        assert_eq!(
            lines,
            expected.map(|(level, text)| (level, text.to_owned()))
        );
        assert!(take_log().is_empty());
    }

    #[test]
    fn a_test_plays_the_host() {
        assert_eq!(control::stop_requested(), None);
        set_stop_requested(Some(StopReason::HandOver));
        assert_eq!(control::stop_requested(), Some(StopReason::HandOver));
        control::progress(40, "half way, nearly");
        control::progress(None, "somewhere");
        let told: Vec<Option<u8>> = take_progress()
            .into_iter()
            .map(|told| told.percent)
            .collect();
        assert_eq!(told, [Some(40), None]);
    }
}
