//! The job around the site: configuration, artifacts, result.

use pipefitter_sdk::{Failure, Job, Outcome, log};

use crate::build::build;
use crate::config::Config;

/// Builds the site of the first input artifact into the first output artifact.
///
/// # Errors
/// A `ConfigurationError` naming the key; `JobFailed` naming file and line of what is wrong with the
/// input.
pub fn run(job: Job) -> Result<Outcome, Failure> {
    let config = Config::of(&job)?;
    let input = job.first_input()?;
    if let Some(file) = &input.file {
        let name = file
            .file_name()
            .unwrap_or(file.as_os_str())
            .to_string_lossy();
        return Err(Failure::job_failed(format!(
            "input artifact `{}` is the file `{name}`, not an archive of pages: give a zip or tar",
            input.name
        )));
    }
    let mut root = input.path.clone();
    if let Some(folder) = &config.source_folder {
        root.push(folder);
        if !root.is_dir() {
            return Err(Failure::configuration_key(
                "source-folder",
                format!("input artifact `{}` has no folder `{folder}`", input.name),
            ));
        }
    }
    let built = build(&config, &root, job.first_output()?)?;
    let summary = format!(
        "{}, {}",
        counted(built.pages, "page"),
        counted(built.words, "word")
    );
    log::info!(pages = built.pages, words = built.words, files = built.files, drafts = built.drafts; "built {}: {summary}", config.title);
    Ok(Outcome::succeeded()
        .variable("pages", built.pages)
        .variable("words", built.words)
        .summary(summary)
        .percent(100))
}

/// `3,400 words`, `1 word`.
fn counted(number: usize, what: &str) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    let plural = if number == 1 { "" } else { "s" };
    format!("{text} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn numbers_are_grouped_and_named() {
        for (number, text) in [
            (0, "0 words"),
            (1, "1 word"),
            (999, "999 words"),
            (3_400, "3,400 words"),
            (1_234_567, "1,234,567 words"),
        ] {
            assert_eq!(counted(number, "word"), text);
        }
    }
}
