//! The model as Rust: three files of statics, laid out by rustfmt.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::read::{Model, Shape};
use crate::paths;

/// Values that no message may repeat, besides those that the model calls sensitive: they identify
/// somebody, or can hold what a pipeline keeps secret.
const SECRET: &[&str] = &[
    "ActionConfigurationQueryableValue",
    "ActionConfigurationValue",
    "ApprovalToken",
    "ClientToken",
    "ContinuationToken",
    "EnvironmentVariableValue",
    "Nonce",
    "OutputVariablesValue",
    "RuleConfigurationValue",
    "WebhookAuthConfigurationSecretToken",
];

/// The files by name.
pub(super) fn files(model: &Model) -> Result<Vec<(&'static str, String)>> {
    let inputs: BTreeSet<&str> = model
        .operations
        .values()
        .map(|operation| operation.input.shape.as_str())
        .collect();
    let (mut scalars, mut structures, mut requests) = (String::new(), String::new(), String::new());
    let mut patterns = BTreeMap::new();
    for name in model.of_requests()? {
        let shape = model.shape(name)?;
        let value = value(name, shape, &mut patterns)
            .with_context(|| format!("the shape {name} cannot be written"))?;
        let (file, visible) = match shape.kind.as_str() {
            "structure" | "list" | "map" if inputs.contains(name) => (&mut requests, ""),
            "structure" | "list" | "map" => (&mut structures, "pub(super) "),
            _ => (&mut scalars, "pub(super) "),
        };
        writeln!(file, "{visible}static {}: Shape = {value};", constant(name))?;
    }
    let mut known = String::new();
    for (pattern, name) in &patterns {
        writeln!(
            known,
            "static {name}: Pattern = Pattern::new({});",
            literal(pattern)
        )?;
    }
    let mut operations = String::new();
    for (name, operation) in &model.operations {
        writeln!(
            operations,
            "({name:?}, &{}),",
            constant(&operation.input.shape)
        )?;
    }
    let all = [
        (
            "scalars.rs",
            format!(
                "//! The strings, value sets, numbers and times in requests, and their patterns.\n{WARNING}\n\
                 use crate::pipeline::schema::{{ANY, Pattern, Shape, Text}};\n\n{known}\n{scalars}"
            ),
        ),
        (
            "structures.rs",
            format!(
                "//! The structures, lists and maps in requests.\n{WARNING}\n\
                 use super::scalars::*;\n\
                 use crate::pipeline::schema::{{ANY, Shape, opt, req}};\n\n{structures}"
            ),
        ),
        (
            "requests.rs",
            format!(
                "//! The request of each operation.\n{WARNING}\n\
                 use super::scalars::*;\nuse super::structures::*;\n\
                 use crate::pipeline::schema::{{Shape, opt, req}};\n\n\
                 /// Every operation of the model with the shape of its request, by name.\n\
                 pub(in crate::pipeline) static REQUESTS: &[(&str, &Shape)] = &[{operations}];\n\n{requests}"
            ),
        ),
    ];
    all.into_iter()
        .map(|(name, text)| Ok((name, formatted(&text)?)))
        .collect()
}

pub(super) const WARNING: &str =
    "//!\n//! Written by `cargo xtask model` from the model in botocore: not to be edited.\n";

/// The expression of a shape.
fn value(name: &str, shape: &Shape, patterns: &mut BTreeMap<String, String>) -> Result<String> {
    let size = || {
        let max = shape.max.map_or("ANY".to_owned(), |max| max.to_string());
        (shape.min.unwrap_or(0), max)
    };
    let part = |part: &Option<super::read::Reference>| {
        let part = part.as_ref().context("it does not say what is in it")?;
        anyhow::Ok(constant(&part.shape))
    };
    Ok(match shape.kind.as_str() {
        "string" if !shape.values.is_empty() => format!("Shape::Enum(&{:?})", shape.values),
        "string" => {
            let (min, max) = size();
            let mut text = format!("Text::of({min}, {max})");
            if let Some(pattern) = &shape.pattern {
                let first = format!("{}_PATTERN", constant(name));
                let known = patterns.entry(pattern.clone()).or_insert(first);
                write!(text, ".matching(&{known})")?;
            }
            if shape.sensitive || SECRET.contains(&name) {
                text.push_str(".sensitive()");
            }
            format!("Shape::Text({text})")
        }
        "integer" => {
            let bound = |bound: Option<i64>, none: &str| {
                bound.map_or(format!("i64::{none}"), |bound| bound.to_string())
            };
            let (min, max) = (bound(shape.min, "MIN"), bound(shape.max, "MAX"));
            format!("Shape::Int {{ min: {min}, max: {max} }}")
        }
        "boolean" => "Shape::Bool".to_owned(),
        "timestamp" => "Shape::Time".to_owned(),
        "list" => {
            let ((min, max), member) = (size(), part(&shape.member)?);
            format!("Shape::List {{ member: &{member}, min: {min}, max: {max} }}")
        }
        "map" => {
            let ((min, max), key, value) = (size(), part(&shape.key)?, part(&shape.value)?);
            format!("Shape::Map {{ key: &{key}, value: &{value}, min: {min}, max: {max} }}")
        }
        "structure" => {
            let members = shape.members.iter().map(|(name, member)| {
                let required = if shape.required.contains(name) {
                    "req"
                } else {
                    "opt"
                };
                format!("{required}({name:?}, &{})", constant(&member.shape))
            });
            let members: Vec<_> = members.collect();
            format!("Shape::Struct(&[{}])", members.join(", "))
        }
        other => bail!("nothing is known of type {other}"),
    })
}

/// `AWSRegionName` as `AWS_REGION_NAME`.
fn constant(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut written = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let begins = letter.is_uppercase() && at > 0;
        let follows_lower = begins && letters[at - 1].is_lowercase();
        let precedes_lower = begins && letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if follows_lower || precedes_lower {
            written.push('_');
        }
        written.push(letter.to_ascii_uppercase());
    }
    written
}

/// A string literal, raw where that reads better.
fn literal(text: &str) -> String {
    if text.contains('\\') {
        format!("r\"{text}\"")
    } else {
        format!("{text:?}")
    }
}

/// The text as `cargo fmt` leaves it.
pub(super) fn formatted(text: &str) -> Result<String> {
    let mut rustfmt = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout"])
        .current_dir(paths::root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("could not start rustfmt")?;
    let mut input = rustfmt.stdin.take().context("rustfmt takes no input")?;
    let text = text.to_owned();
    // From a thread: its output may fill the pipe before it has read all.
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = rustfmt.wait_with_output().context("rustfmt did not end")?;
    let written = writer.join().is_ok_and(|written| written.is_ok());
    if !written || !output.status.success() {
        bail!("rustfmt refused what was generated");
    }
    String::from_utf8(output.stdout).context("rustfmt wrote no UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_where_a_reader_would() {
        assert_eq!(constant("AWSRegionName"), "AWS_REGION_NAME");
        assert_eq!(constant("S3Location"), "S3_LOCATION");
        assert_eq!(constant("JobId"), "JOB_ID");
    }
}
