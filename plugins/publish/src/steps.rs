//! The steps, one job each, and the token that leads from one to the next.

use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use pipefitter_sdk::{CurrentRevision, Failure, Job, Outcome, log};
use serde::{Deserialize, Serialize};

use crate::config::Config;
use crate::copy::{Copied, copy};
use crate::link::symlink;
use crate::manifest::Manifest;
use crate::place::{GRANTED, Place};
use crate::prune::prune;
use crate::switch::{served, switch};
use crate::verify::verify;

/// The longest id of a release; CodePipeline's are 36 characters.
const RELEASE_CHARACTERS: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Step {
    Copy,
    Verify,
    Switch,
}

/// What the next job is to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    step: Step,
    release: String,
}

/// Publishes the first input artifact into the granted directory.
///
/// # Errors
/// A `PermissionError` that names the grant where the directory is missing or cannot be written; a
/// `ConfigurationError` naming the key; `JobFailed` where the copy differs or something else is in the
/// way.
pub fn run(job: Job) -> Result<Outcome, Failure> {
    publish(&job, Path::new(GRANTED))
}

/// As [`run`], with the granted directory at `granted`.
///
/// # Errors
/// As [`run`].
pub fn publish(job: &Job, granted: &Path) -> Result<Outcome, Failure> {
    let config = Config::of(job)?;
    let input = job.first_input()?;
    let first = || Token {
        step: Step::Copy,
        release: release_of(job),
    };
    let token = job.token::<Token>()?.unwrap_or_else(first);
    if token.release != safe(&token.release) {
        return Err(Failure::job_failed(
            "the continuation token names no release: start the action again",
        ));
    }
    if job.attempt > 1 {
        log::info!(
            "attempt {}: an earlier one may have done a part of this step",
            job.attempt
        );
    }
    let place = Place::open(granted, &config.target)?;
    let release = token.release.as_str();
    let next = |step| {
        Outcome::in_progress(Token {
            step,
            release: release.to_owned(),
        })
        .external_id(release)
    };
    match token.step {
        Step::Copy => match copy(&place, release, &input.path)? {
            Copied::Interrupted => Ok(next(Step::Copy).summary("stopped while copying")),
            Copied::All => {
                log::info!("copied to {}", place.partial(release).display());
                Ok(next(Step::Verify)
                    .percent(40)
                    .summary("copied, next: verify"))
            }
        },
        Step::Verify => {
            let manifest = verify(&place, release, &input.path)?;
            log::info!("verified {}", measured(&manifest));
            Ok(next(Step::Switch)
                .percent(80)
                .summary("verified, next: switch"))
        }
        Step::Switch => {
            let manifest = verify(&place, release, &input.path)?;
            let before = served(&place)?;
            switch(&place, release, symlink)?;
            log::info!("{} is now release {release}", place.current().display());
            let removed = prune(&place, config.keep, release)?;
            log::info!(removed = removed; "before it was {}", before.as_deref().unwrap_or("nothing"));
            Ok(done(&config, &manifest, input.revision.as_deref()))
        }
    }
}

fn done(config: &Config, manifest: &Manifest, revision: Option<&str>) -> Outcome {
    let release = &manifest.release;
    let created = UNIX_EPOCH + Duration::from_secs_f64(manifest.created.clamp(0.0, 1e11));
    let digest = manifest.files.digest();
    let current = CurrentRevision::new(revision.unwrap_or(&digest), release)
        .created(created)
        .summary(measured(manifest));
    let outcome = Outcome::succeeded()
        .variable("release", release)
        .variable("files", manifest.files.0.len())
        .summary(format!("published {}", measured(manifest)))
        .external_id(release)
        .current_revision(current)
        .percent(100);
    match &config.url {
        Some(url) => outcome.variable("url", url),
        None => outcome,
    }
}

fn measured(manifest: &Manifest) -> String {
    let files = manifest.files.0.len();
    let plural = if files == 1 { "" } else { "s" };
    format!("{files} file{plural}, {} bytes", manifest.files.bytes())
}

/// The same for every job and attempt of one execution of the action.
fn release_of(job: &Job) -> String {
    safe(
        job.pipeline
            .action_execution_id
            .as_deref()
            .unwrap_or(&job.id),
    )
}

/// An id as the name of a directory: ids of third parties are free text.
fn safe(id: &str) -> String {
    let name: String = id
        .chars()
        .take(RELEASE_CHARACTERS)
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') {
                c
            } else {
                '-'
            }
        })
        .collect();
    if name.is_empty() {
        "release".to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_id_is_a_name_that_stays_in_its_directory(id in "\\PC{0,80}|[./]{0,6}") {
            let name = safe(&id);
            prop_assert!((1..=RELEASE_CHARACTERS).contains(&name.len()));
            prop_assert!(!name.contains(['/', '.', '\\']));
            prop_assert_eq!(safe(&name), name);
        }
    }
}
