//! What came of a case beside what was expected of it; and the other way round, for `--update`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::case::Case;
use super::diff::Difference;
use super::run::Ran;
use super::{log, result, tree};

const RESULT: &str = "expected/result.json";
pub(super) const LOG: &str = "expected/log.txt";

/// Everything that is not as expected.
pub(super) fn differences(case: &Case, ran: &Ran) -> Result<Vec<Difference>> {
    let Some(expected) = &case.expected.result else {
        bail!(
            "it has no expected/result.json: write what is expected, or take this run's with `--update --case {}`",
            case.name
        );
    };
    let mut found = Vec::new();
    let seen = seen(expected, ran);
    // 1 and 1.0, or keys in another order, are the same.
    if seen != *expected {
        let (expected, seen) = (result::text(expected), result::text(&seen));
        found.extend(Difference::of_texts(RESULT, &expected, &seen));
        found.extend(unexpected_failure(&seen, ran));
    }
    if let Some(expected) = &case.expected.log {
        let expected = with_line_end(expected);
        let seen = log::seen_as(&expected, &ran.log);
        found.extend(Difference::of_texts(LOG, &expected, &seen));
    }
    let neutral = |text: &str| ran.neutral(text);
    for name in &case.expected.outputs {
        let shown = format!("expected/outputs/{name}");
        let Some((_, actual)) = ran.outputs.iter().find(|(output, _)| output == name) else {
            let words = "was not made: only a job that succeeds has the outputs that it names";
            found.push(Difference::in_words(shown, words));
            continue;
        };
        let expected = case.dir.join(&shown);
        found.extend(tree::compare(&shown, &expected, actual, &neutral)?);
    }
    for name in &case.expected.directories {
        let shown = format!("expected/directories/{name}");
        let (expected, actual) = (case.dir.join(&shown), ran.directories.join(name));
        found.extend(tree::compare(&shown, &expected, &actual, &neutral)?);
    }
    found.extend(ran.http.iter().cloned());
    Ok(found)
}

/// What the job failed by, where what was expected does not show it.
fn unexpected_failure(seen: &str, ran: &Ran) -> Option<Difference> {
    let failure = &ran.results.last()?["failure"];
    let (kind, message) = (failure["type"].as_str()?, failure["message"].as_str()?);
    let shown = Value::from(message).to_string();
    let words = format!("the job failed as {kind}: {message}");
    (!seen.contains(&shown)).then(|| Difference::in_words(RESULT, words))
}

/// The results as what was expected sees them: one, or a list of them.
fn seen(expected: &Value, ran: &Ran) -> Value {
    match expected.is_array() {
        true => result::seen_as(expected, &Value::Array(ran.results.clone())),
        false => result::seen_as(expected, ran.results.first().unwrap_or(&Value::Null)),
    }
}

/// Write what came of a case as what is expected of it. Returns whether anything was written, and what cannot be
/// written: the requests that were made otherwise.
pub(super) fn update(case: &Case, ran: &Ran) -> Result<(bool, Vec<Difference>)> {
    let mut differences = match &case.expected.result {
        Some(_) => differences(case, ran)?,
        None => ran.http.clone(),
    };
    differences.retain(|difference| !difference.file.starts_with("expected/"));
    let expected = case.expected_dir();
    let new = case.expected.result.is_none();
    let mut written = false;
    let result = match (&case.expected.result, &ran.results[..]) {
        (Some(expected), _) => seen(expected, ran),
        (None, [one]) => one.clone(),
        (None, several) => Value::Array(several.to_vec()),
    };
    if case.expected.result.as_ref() != Some(&result) {
        write(&expected.join("result.json"), &result::text(&result))?;
        written = true;
    }
    if let Some(log) = &case.expected.log {
        let seen = log::seen_as(log, &ran.log);
        if seen != with_line_end(log) {
            write(&expected.join("log.txt"), &seen)?;
            written = true;
        }
    }
    let neutral = |text: &str| ran.neutral(text);
    let replace = |from: &Path, shown: &str| -> Result<bool> {
        let to = case.dir.join(shown);
        let same = tree::compare(shown, &to, from, &neutral)?.is_empty();
        if !same {
            tree::replace_tree(from, &to, &neutral)?;
        }
        Ok(!same)
    };
    let known = |names: &[String], name: &String| new || names.contains(name);
    for (name, made) in &ran.outputs {
        if known(&case.expected.outputs, name) {
            written |= replace(made, &format!("expected/outputs/{name}"))?;
        }
    }
    for name in &case.expected.outputs {
        let gone = case.dir.join("expected/outputs").join(name);
        if !ran.outputs.iter().any(|(output, _)| output == name) && gone.exists() {
            fs::remove_dir_all(&gone)
                .with_context(|| format!("could not remove {}", gone.display()))?;
            written = true;
        }
    }
    for name in tree::folders_in(&ran.directories)? {
        if known(&case.expected.directories, &name) {
            let shown = format!("expected/directories/{name}");
            written |= replace(&ran.directories.join(&name), &shown)?;
        }
    }
    Ok((written, differences))
}

fn with_line_end(text: &str) -> String {
    match text.is_empty() || text.ends_with('\n') {
        true => text.to_owned(),
        false => format!("{text}\n"),
    }
}

fn write(file: &Path, text: &str) -> Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("could not make {}", folder.display()))?;
    }
    fs::write(file, text).with_context(|| format!("could not write {}", file.display()))
}
