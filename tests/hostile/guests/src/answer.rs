//! What guests answer with, in few words.

use std::path::{Path, PathBuf};

use wasip2::filesystem::preopens::get_directories;

pub(crate) use crate::bindings::exports::pipefitter::action::handler::{Failure, Job, Outcome};
use crate::bindings::pipefitter::action::types::{
    Continuation, ExecutionDetails, FailureType, Success,
};

pub(crate) type Answer = Result<Outcome, Failure>;

fn details() -> ExecutionDetails {
    ExecutionDetails {
        summary: None,
        external_execution_id: None,
        percent_complete: None,
    }
}

/// Success, as if nothing had happened.
pub(crate) fn innocent() -> Answer {
    succeeded([])
}

pub(crate) fn succeeded<const N: usize>(variables: [(&str, String); N]) -> Answer {
    with_variables(
        variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    )
}

pub(crate) fn with_variables(variables: Vec<(String, String)>) -> Answer {
    Ok(Outcome::Succeeded(Success {
        variables,
        details: details(),
        current_revision: None,
    }))
}

pub(crate) fn in_progress(token: String) -> Answer {
    Ok(Outcome::InProgress(Continuation {
        token,
        details: details(),
    }))
}

pub(crate) fn failed(message: impl Into<String>) -> Answer {
    Err(Failure {
        kind: FailureType::JobFailed,
        message: message.into(),
        external_execution_id: None,
    })
}

/// Of several attempts each must fail: what each of them was told becomes a variable.
pub(crate) fn all_denied(attempts: Vec<(&str, std::io::Result<()>)>) -> Answer {
    let mut variables = Vec::new();
    for (what, result) in attempts {
        match result {
            Ok(()) => return failed(format!("{what} worked")),
            Err(error) => variables.push((what.to_owned(), format!("{:?}", error.kind()))),
        }
    }
    with_variables(variables)
}

/// The first output's folder.
pub(crate) fn output(job: &Job) -> PathBuf {
    job.outputs
        .first()
        .map_or_else(|| "/no-output".into(), |output| PathBuf::from(&output.path))
}

/// The first input's folder.
pub(crate) fn input(job: &Job) -> PathBuf {
    job.inputs
        .first()
        .map_or_else(|| "/no-input".into(), |input| PathBuf::from(&input.path))
}

pub(crate) fn configured<'a>(job: &'a Job, key: &str) -> &'a str {
    let found = job.configuration.iter().find(|(name, _)| name == key);
    found.map_or("", |(_, value)| value)
}

/// A symbolic link, word for word: the standard library has none for this target yet.
pub(crate) fn symlink(target: &str, folder: &Path, name: &str) -> std::io::Result<()> {
    let folder = folder.to_string_lossy();
    let given = get_directories();
    let Some((descriptor, _)) = given.iter().find(|(_, path)| *path == folder) else {
        return Err(std::io::Error::other("there is no such folder"));
    };
    descriptor
        .symlink_at(target, name)
        .map_err(|code| std::io::Error::other(code.to_string()))
}
