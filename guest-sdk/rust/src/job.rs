//! One job: what CodePipeline wants done.

use std::fmt;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::{Context, Failure, config, files};

/// The action type that a job is for, as it is registered with CodePipeline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionType {
    /// `Source`, `Build`, `Test`, `Deploy`, `Invoke`, `Approval` or `Compute`.
    pub category: String,
    /// `Custom` or `ThirdParty`.
    pub owner: String,
    /// The provider's name, at most 35 characters.
    pub provider: String,
    /// The version of the action type (not of the plugin), at most 9 characters.
    pub version: String,
}

/// Where in which pipeline the action stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PipelineContext {
    /// The pipeline's name.
    pub pipeline: String,
    /// The stage's name.
    pub stage: String,
    /// The action's name.
    pub action: String,
    /// The pipeline's ARN. Absent for third-party jobs.
    pub pipeline_arn: Option<String>,
    /// The id of the pipeline execution. Absent for third-party jobs.
    pub pipeline_execution_id: Option<String>,
    /// The id of this execution of the action: the same for every job of a continuation chain.
    pub action_execution_id: Option<String>,
}

/// An artifact that an earlier action made. Read-only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputArtifact {
    /// The name in the pipeline's definition.
    pub name: String,
    /// The directory that holds it.
    pub path: PathBuf,
    /// Absent when the artifact was an archive and was unpacked into `path`. Otherwise the one file
    /// in `path`.
    pub file: Option<PathBuf>,
    /// The revision that the service gave.
    pub revision: Option<String>,
}

impl InputArtifact {
    /// The files in it, as sorted relative paths. See [`walk`](crate::walk).
    ///
    /// # Errors
    /// When a directory cannot be read.
    pub fn files(&self) -> Result<Vec<PathBuf>, Failure> {
        files::walk(&self.path)
    }

    /// Reads a file of it by its relative path.
    ///
    /// # Errors
    /// When it cannot be read; the message names artifact and path.
    pub fn read(&self, path: impl AsRef<Path>) -> Result<Vec<u8>, Failure> {
        let path = path.as_ref();
        fs::read(self.path.join(path)).with_context(|| self.reading(path))
    }

    /// Reads a text file of it by its relative path.
    ///
    /// # Errors
    /// When it cannot be read or is not UTF-8; the message names artifact and path.
    pub fn read_to_string(&self, path: impl AsRef<Path>) -> Result<String, Failure> {
        let path = path.as_ref();
        fs::read_to_string(self.path.join(path)).with_context(|| self.reading(path))
    }

    fn reading(&self, path: &Path) -> String {
        format!(
            "reading `{}` of input artifact `{}`",
            path.display(),
            self.name
        )
    }
}

/// An artifact that this action is to make. When the job succeeds the host packs the directory and
/// uploads it; it is dropped when the job fails or returns
/// [`Outcome::in_progress`](crate::Outcome::in_progress).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputArtifact {
    /// The name in the pipeline's definition.
    pub name: String,
    /// The directory to fill.
    pub path: PathBuf,
}

impl OutputArtifact {
    /// Writes a file at a relative path, making the directories that it is in.
    ///
    /// # Errors
    /// When the path is absolute or has `..`, or the file cannot be written; the message names
    /// artifact and path.
    pub fn write(&self, path: impl AsRef<Path>, content: impl AsRef<[u8]>) -> Result<(), Failure> {
        let path = path.as_ref();
        let inside = path
            .components()
            .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !inside {
            return Err(Failure::job_failed(format!(
                "`{}` leaves output artifact `{}`: give a relative path without `..`",
                path.display(),
                self.name
            )));
        }
        let target = self.path.join(path);
        let written = target
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&target, content));
        written.with_context(|| {
            format!(
                "writing `{}` of output artifact `{}`",
                path.display(),
                self.name
            )
        })
    }
}

/// One job. Its `Debug` text leaves out the values of the configuration and the token, which may be
/// secret.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Job {
    /// The job's id. A new one for every job of a continuation chain.
    pub id: String,
    /// 1, or more when the host runs the same job again after a crash (only where the manifest says
    /// `retry-safe = true`): what an earlier attempt did outside the sandbox may have happened.
    pub attempt: u32,
    /// The AWS account of the pipeline, 12 digits, where the service tells it.
    pub account_id: Option<String>,
    /// The action type.
    pub action_type: ActionType,
    /// The action's configuration, checked by the host against the manifest. [`Job::config`] gives it
    /// typed.
    pub configuration: Vec<(String, String)>,
    /// The pipeline, stage and action.
    pub pipeline: PipelineContext,
    /// The input artifacts, in the order of the pipeline's definition.
    pub inputs: Vec<InputArtifact>,
    /// The output artifacts, in the order of the pipeline's definition.
    pub outputs: Vec<OutputArtifact>,
    /// A private, empty directory for temporary files, where the operator granted `scratch`.
    pub scratch: Option<PathBuf>,
    /// The token of the previous job of this action, as it is. [`Job::token`] gives it typed.
    pub continuation_token: Option<String>,
    /// Facts that a later host may add, such as `region`. Ignore names you do not know.
    pub attributes: Vec<(String, String)>,
}

impl Job {
    /// The configuration as a type of the plugin's.
    ///
    /// - Numbers, booleans, texts and enums without fields are read from the value's text.
    /// - `Option` is `None` where the key is absent or its value empty; `#[serde(default)]` works.
    /// - `Vec` is a list with commas: `docs/*, *.md`.
    /// - A struct or map is read as JSON.
    /// - A field `base_url` takes the keys `base_url`, `base-url` and `baseUrl`; so do enum values.
    ///
    /// `#[serde(flatten)]` reads texts only.
    ///
    /// # Errors
    /// A `ConfigurationError` that names the key and what it takes.
    pub fn config<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        config::from_pairs(&self.configuration)
    }

    /// One value of the configuration as text.
    #[must_use]
    pub fn config_value(&self, key: &str) -> Option<&str> {
        lookup(&self.configuration, key)
    }

    /// One of the attributes, such as `region`.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        lookup(&self.attributes, name)
    }

    /// What the previous job of this action gave to
    /// [`Outcome::in_progress`](crate::Outcome::in_progress); `None` in the first job.
    ///
    /// # Errors
    /// When the token is not of that type, as when the plugin was replaced between two jobs.
    pub fn token<T: DeserializeOwned>(&self) -> Result<Option<T>, Failure> {
        let Some(token) = &self.continuation_token else {
            return Ok(None);
        };
        serde_json::from_str(token).map(Some).map_err(|error| {
            // The error's text may quote the token; its place in it does not.
            Failure::job_failed(format!(
                "the continuation token is not one that this version of the plugin makes (column {}): \
                 start the action again",
                error.column()
            ))
        })
    }

    /// The input artifact of a name.
    ///
    /// # Errors
    /// A `ConfigurationError` that names those there are.
    pub fn input(&self, name: &str) -> Result<&InputArtifact, Failure> {
        self.inputs
            .iter()
            .find(|input| input.name == name)
            .ok_or_else(|| {
                absent(
                    "input",
                    name,
                    self.inputs.iter().map(|input| input.name.as_str()),
                )
            })
    }

    /// The first input artifact.
    ///
    /// # Errors
    /// A `ConfigurationError` when the action has none.
    pub fn first_input(&self) -> Result<&InputArtifact, Failure> {
        self.inputs
            .first()
            .ok_or_else(|| none("input", &self.pipeline.action))
    }

    /// The output artifact of a name.
    ///
    /// # Errors
    /// A `ConfigurationError` that names those there are.
    pub fn output(&self, name: &str) -> Result<&OutputArtifact, Failure> {
        self.outputs
            .iter()
            .find(|output| output.name == name)
            .ok_or_else(|| {
                absent(
                    "output",
                    name,
                    self.outputs.iter().map(|output| output.name.as_str()),
                )
            })
    }

    /// The first output artifact.
    ///
    /// # Errors
    /// A `ConfigurationError` when the action has none.
    pub fn first_output(&self) -> Result<&OutputArtifact, Failure> {
        self.outputs
            .first()
            .ok_or_else(|| none("output", &self.pipeline.action))
    }

    /// The directory for temporary files.
    ///
    /// # Errors
    /// A `PermissionError` that says what the operator must grant.
    pub fn scratch_dir(&self) -> Result<&Path, Failure> {
        self.scratch.as_deref().ok_or_else(|| {
            Failure::permission_error(
                "this action needs a directory for temporary files: the worker's operator grants it \
                 with `scratch = true` under the plugin's `grant`",
            )
        })
    }
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<&str> = self
            .configuration
            .iter()
            .map(|(key, _)| key.as_str())
            .collect();
        f.debug_struct("Job")
            .field("id", &self.id)
            .field("attempt", &self.attempt)
            .field("account_id", &self.account_id)
            .field("action_type", &self.action_type)
            .field("configuration_keys", &keys)
            .field("pipeline", &self.pipeline)
            .field("inputs", &self.inputs)
            .field("outputs", &self.outputs)
            .field("scratch", &self.scratch)
            .field("continues", &self.continuation_token.is_some())
            .field("attributes", &self.attributes)
            .finish()
    }
}

fn lookup<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

fn absent<'a>(what: &str, name: &str, there: impl Iterator<Item = &'a str>) -> Failure {
    let there: Vec<String> = there.map(|name| format!("`{name}`")).collect();
    let there = if there.is_empty() {
        "none".to_owned()
    } else {
        there.join(", ")
    };
    Failure::configuration_error(format!(
        "the action needs an {what} artifact named `{name}`; the pipeline gives it {there}"
    ))
}

fn none(what: &str, action: &str) -> Failure {
    Failure::configuration_error(format!(
        "action `{action}` needs an {what} artifact: give it one in the pipeline's definition"
    ))
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use crate::{FailureKind, Outcome, testing};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct State {
        step: u8,
        release: String,
    }

    #[test]
    fn a_token_comes_back_as_it_was_given() {
        let state = State {
            step: 2,
            release: "r1".into(),
        };
        let outcome = Outcome::in_progress(&state);
        let token = outcome.continuation_token().unwrap().to_owned();
        assert_eq!(testing::job().build().token::<State>(), Ok(None));
        assert_eq!(
            testing::job().token(&token).build().token(),
            Ok(Some(state))
        );
    }

    #[test]
    fn a_strange_token_fails_the_job_without_showing_it() {
        let failure = testing::job()
            .token("hush")
            .build()
            .token::<State>()
            .unwrap_err();
        assert_eq!(failure.kind, FailureKind::JobFailed);
        assert!(!failure.message.contains("hush"), "{failure}");
    }

    #[test]
    fn a_missing_artifact_is_named_with_those_that_are_there() {
        let job = testing::job().input("Docs", "/in/Docs").build();
        assert_eq!(job.input("Docs").unwrap().path.to_str(), Some("/in/Docs"));
        let failure = job.input("Source").unwrap_err();
        assert_eq!(failure.kind, FailureKind::ConfigurationError);
        assert_eq!(
            failure.message,
            "the action needs an input artifact named `Source`; the pipeline gives it `Docs`"
        );
        assert!(
            job.first_output()
                .unwrap_err()
                .message
                .contains("needs an output artifact")
        );
    }

    #[test]
    fn outputs_are_written_inside_their_directory_only() {
        let dir = tempfile::tempdir().unwrap();
        let job = testing::job().output("Site", dir.path()).build();
        let site = job.output("Site").unwrap();
        site.write("a/b.txt", "text").unwrap();
        assert_eq!(
            std::fs::read_to_string(dir.path().join("a/b.txt")).unwrap(),
            "text"
        );
        for path in ["/etc/x", "../x", "a/../../x"] {
            assert!(
                site.write(path, "")
                    .unwrap_err()
                    .message
                    .contains("leaves output artifact")
            );
        }
    }

    #[test]
    fn debug_text_has_no_values_of_the_configuration() {
        let job = testing::job()
            .config("password", "hunter2")
            .token("hush")
            .build();
        let text = format!("{job:?}");
        assert!(text.contains("password") && !text.contains("hunter2") && !text.contains("hush"));
    }
}
