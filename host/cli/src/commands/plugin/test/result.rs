//! Results as JSON: what a job came to, and what was expected of it.
//!
//! What was expected decides what is looked at. So a result is written [as it is seen](seen_as) by what was expected:
//! the keys that are there, and patterns in place of the values that they match. If that is what was expected, nothing
//! is different; if not, the two texts show what is; and it is what `--update` writes.

use anyhow::{Context, Result, bail};
use pipefitter_codepipeline::{ExecutionDetails, FailureType};
use regex_lite::{Regex, RegexBuilder};
use serde_json::{Map, Value, json};

use crate::commands::invoke::{Answer, revision_json};

/// The keys of a result, in the order that they are written in.
const KEYS: [&str; 8] = [
    "outcome",
    "variables",
    "summary",
    "percent",
    "external_execution_id",
    "current_revision",
    "failure",
    "continuation_token",
];
const REVISION_KEYS: [&str; 4] = ["revision", "change_identifier", "created", "summary"];
const FAILURE_KEYS: [&str; 2] = ["type", "message"];
const OUTCOMES: [&str; 3] = ["succeeded", "in-progress", "failed"];
const TYPES: [&str; 6] = [
    "job-failed",
    "configuration-error",
    "permission-error",
    "revision-out-of-sync",
    "revision-unavailable",
    "system-unavailable",
];

/// What a job came to. An external id that the host made is left out: it leads to a log that goes with the run.
pub(super) fn of(answer: &Answer, hosts_id: &str) -> Value {
    let mut result = Map::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            result.insert(key.to_owned(), value);
        }
    };
    match answer {
        Answer::Success(success) => {
            let outcome = match &success.continuation {
                Some(_) => "in-progress",
                None => "succeeded",
            };
            put("outcome", outcome.into());
            if !success.variables.is_empty() {
                put("variables", json!(success.variables));
            }
            let ExecutionDetails {
                summary,
                external_execution_id,
                percent_complete,
            } = &success.details;
            put("summary", json!(summary));
            put("percent", json!(percent_complete));
            put(
                "external_execution_id",
                own(external_execution_id.as_deref(), hosts_id),
            );
            if let Some(revision) = &success.current_revision {
                put("current_revision", revision_json(revision));
            }
            let token = success.continuation.as_ref();
            put(
                "continuation_token",
                json!(token.map(|token| token.expose())),
            );
        }
        Answer::Failure(failure) => {
            put("outcome", "failed".into());
            put(
                "external_execution_id",
                own(failure.external_execution_id.as_deref(), hosts_id),
            );
            let kind = kind(failure.kind);
            put(
                "failure",
                json!({ "type": kind, "message": failure.message }),
            );
        }
    }
    Value::Object(result)
}

fn own(id: Option<&str>, hosts_id: &str) -> Value {
    json!(id.filter(|id| *id != hosts_id))
}

fn kind(kind: FailureType) -> &'static str {
    let position = match kind {
        FailureType::JobFailed => 0,
        FailureType::ConfigurationError => 1,
        FailureType::PermissionError => 2,
        FailureType::RevisionOutOfSync => 3,
        FailureType::RevisionUnavailable => 4,
        FailureType::SystemUnavailable => 5,
    };
    TYPES[position]
}

/// Whether a result, or a list of them, is one that can be expected.
pub(super) fn check(expected: &Value) -> Result<()> {
    let Some(list) = expected.as_array() else {
        return check_one(expected);
    };
    for (at, one) in list.iter().enumerate() {
        check_one(one).with_context(|| format!("job {}", at + 1))?;
    }
    Ok(())
}

fn check_one(expected: &Value) -> Result<()> {
    let members = check_keys(expected, "a result", &KEYS)?;
    if let Some(failure) = members.get("failure").filter(|value| !value.is_null()) {
        let failure = check_keys(failure, "`failure`", &FAILURE_KEYS)?;
        check_word(failure.get("type"), "type", &TYPES)?;
    }
    if let Some(revision) = members
        .get("current_revision")
        .filter(|value| !value.is_null())
    {
        check_keys(revision, "`current_revision`", &REVISION_KEYS)?;
    }
    if members
        .get("variables")
        .is_some_and(|value| !value.is_object())
    {
        bail!(
            "`variables` is not an object: write names and values, such as {{ \"pages\": \"3\" }}"
        );
    }
    check_word(members.get("outcome"), "outcome", &OUTCOMES)?;
    check_patterns(expected)
}

fn check_keys<'a>(value: &'a Value, what: &str, known: &[&str]) -> Result<&'a Map<String, Value>> {
    let Some(members) = value.as_object() else {
        bail!("{what} is not an object: it takes {}", known.join(", "));
    };
    if let Some(key) = members.keys().find(|key| !known.contains(&key.as_str())) {
        bail!("{what} has no key `{key}`: it takes {}", known.join(", "));
    }
    Ok(members)
}

fn check_word(value: Option<&Value>, key: &str, words: &[&str]) -> Result<()> {
    match value.and_then(Value::as_str) {
        Some(word) if !words.iter().any(|known| plain(known) == plain(word)) => {
            bail!(
                "`{key}` cannot be `{word}`: it is one of {}",
                words.join(", ")
            )
        }
        _ => Ok(()),
    }
}

/// Every pattern can be used.
pub(super) fn check_patterns(value: &Value) -> Result<()> {
    match value {
        Value::Object(members) => {
            if let Some(pattern) = members.get("matches").and_then(Value::as_str)
                && members.len() == 1
            {
                return whole(pattern).map(|_| ());
            }
            members.values().try_for_each(check_patterns)
        }
        Value::Array(items) => items.iter().try_for_each(check_patterns),
        _ => Ok(()),
    }
}

/// Of the whole text, whose lines `.` may cross.
fn whole(pattern: &str) -> Result<Regex> {
    RegexBuilder::new(&format!("^(?:{pattern})$"))
        .dot_matches_new_line(true)
        .build()
        .with_context(|| format!("`{pattern}` cannot be used as a regular expression"))
}

/// A result, or several, as what was expected sees it.
pub(super) fn seen_as(expected: &Value, actual: &Value) -> Value {
    match (expected, actual) {
        (Value::Array(expected), Value::Array(actual)) => {
            let seen = actual.iter().enumerate().map(|(at, actual)| {
                let expected = expected.get(at);
                expected.map_or_else(|| actual.clone(), |expected| one_seen_as(expected, actual))
            });
            seen.collect()
        }
        _ => one_seen_as(expected, actual),
    }
}

fn one_seen_as(expected: &Value, actual: &Value) -> Value {
    let Some(expected) = expected.as_object() else {
        return actual.clone();
    };
    let nothing = Value::Null;
    let seen = expected.iter().map(|(key, expected)| {
        let actual = actual.get(key).unwrap_or(&nothing);
        let seen = match key.as_str() {
            "outcome" => word_seen_as(expected, actual),
            "variables" if actual.is_null() => json!({}),
            "variables" => value_seen_as(expected, actual),
            "failure" | "current_revision" => part_seen_as(expected, actual),
            _ => value_seen_as(expected, actual),
        };
        (key.clone(), seen)
    });
    seen.collect()
}

/// Only the keys that are expected.
fn part_seen_as(expected: &Value, actual: &Value) -> Value {
    let (Some(expected), Some(actual)) = (expected.as_object(), actual.as_object()) else {
        return actual.clone();
    };
    let seen = expected.iter().map(|(key, expected)| {
        let actual = actual.get(key).unwrap_or(&Value::Null);
        let seen = match key.as_str() {
            "type" => word_seen_as(expected, actual),
            _ => value_seen_as(expected, actual),
        };
        (key.clone(), seen)
    });
    seen.collect()
}

/// `in_progress` is `in-progress`, and `JobFailed` is `job-failed`.
fn word_seen_as(expected: &Value, actual: &Value) -> Value {
    match (expected.as_str(), actual.as_str()) {
        (Some(word), Some(seen)) if plain(word) == plain(seen) => expected.clone(),
        _ => value_seen_as(expected, actual),
    }
}

fn plain(word: &str) -> String {
    let letters = word.chars().filter(|c| !matches!(c, '-' | '_'));
    letters.collect::<String>().to_ascii_lowercase()
}

/// JSON of any shape, all of it.
pub(super) fn value_seen_as(expected: &Value, actual: &Value) -> Value {
    if let Some(matched) = pattern_matches(expected, actual) {
        return if matched { expected } else { actual }.clone();
    }
    match (expected, actual) {
        (Value::Object(expected), Value::Object(actual)) => {
            let seen = actual.iter().map(|(key, actual)| {
                let expected = expected.get(key).unwrap_or(&Value::Null);
                (key.clone(), value_seen_as(expected, actual))
            });
            seen.collect()
        }
        (Value::Array(expected), Value::Array(actual)) => {
            let seen = actual.iter().enumerate().map(|(at, actual)| {
                value_seen_as(expected.get(at).unwrap_or(&Value::Null), actual)
            });
            seen.collect()
        }
        // 1 is 1.0.
        (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => {
            expected.clone()
        }
        _ => actual.clone(),
    }
}

/// None where it is no pattern.
fn pattern_matches(expected: &Value, actual: &Value) -> Option<bool> {
    let members = expected.as_object().filter(|members| members.len() == 1)?;
    let pattern = members.get("matches")?.as_str()?;
    let text = match actual {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return Some(false),
    };
    Some(whole(pattern).is_ok_and(|regex| regex.is_match(&text)))
}

/// As it is written into a file: the keys in the order of this page.
pub(super) fn text(value: &Value) -> String {
    let Some(list) = value.as_array() else {
        return one_text(value) + "\n";
    };
    if list.is_empty() {
        return "[]\n".to_owned();
    }
    let items: Vec<String> = list.iter().map(|one| indented(&one_text(one))).collect();
    format!("[\n  {}\n]\n", items.join(",\n  "))
}

fn one_text(value: &Value) -> String {
    members_text(value, &KEYS)
}

fn members_text(value: &Value, keys: &[&str]) -> String {
    let Some(members) = value.as_object().filter(|members| !members.is_empty()) else {
        return format!("{value:#}");
    };
    let known = keys
        .iter()
        .filter_map(|key| Some((*key, members.get(*key)?)));
    let lines: Vec<String> = known
        .map(|(key, value)| {
            let value = match key {
                "failure" => members_text(value, &FAILURE_KEYS),
                "current_revision" => members_text(value, &REVISION_KEYS),
                _ => format!("{value:#}"),
            };
            format!("  \"{key}\": {}", indented(&value))
        })
        .collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

fn indented(text: &str) -> String {
    text.replace('\n', "\n  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_as(expected: Value, actual: Value) -> bool {
        check(&expected).unwrap();
        seen_as(&expected, &actual) == expected
    }

    #[test]
    fn only_keys_that_are_expected_are_compared() {
        let actual = json!({
            "outcome": "succeeded", "variables": { "a": "1", "b": "2" }, "percent": 50, "summary": "x",
            "current_revision": { "revision": "r", "change_identifier": "c", "created": 1.0 }
        });
        for expected in [
            json!({}),
            json!({ "outcome": "succeeded" }),
            json!({ "variables": { "b": "2", "a": { "matches": "[0-9]" } } }),
            json!({ "percent": 50.0, "continuation_token": null }),
            json!({ "percent": { "matches": "5." } }),
            json!({ "current_revision": { "created": 1 } }),
        ] {
            assert!(is_as(expected.clone(), actual.clone()), "{expected}");
        }
        for expected in [
            json!({ "outcome": "failed" }),
            json!({ "variables": { "a": "1" } }),
            json!({ "variables": { "a": "1", "b": "2", "c": "3" } }),
            json!({ "variables": {} }),
            json!({ "summary": null }),
            json!({ "summary": { "matches": "" } }),
            json!({ "failure": { "message": { "matches": ".*" } } }),
            json!({ "current_revision": null }),
            json!([{ "outcome": "succeeded" }]),
        ] {
            assert!(!is_as(expected.clone(), actual.clone()), "{expected}");
        }
    }

    #[test]
    fn a_pattern_has_to_match_all_of_a_text_and_crosses_lines() {
        let with = |pattern: &str| json!({ "summary": { "matches": pattern } });
        let actual = json!({ "summary": "one\ntwo" });
        for (pattern, matched) in [
            ("one.two", true),
            ("one", false),
            ("two", false),
            ("x|one.*", true),
            ("one\ntwo|x", true),
        ] {
            assert_eq!(is_as(with(pattern), actual.clone()), matched, "{pattern}");
        }
    }

    #[test]
    fn what_is_seen_is_written_in_the_order_of_the_page() {
        let seen = json!([
            { "continuation_token": "t", "outcome": "in-progress" },
            { "failure": { "type": "job-failed", "message": "m" }, "outcome": "failed" }
        ]);
        assert_eq!(
            text(&seen),
            "[\n  {\n    \"outcome\": \"in-progress\",\n    \"continuation_token\": \"t\"\n  },\n  {\n    \
             \"outcome\": \"failed\",\n    \"failure\": {\n      \"type\": \"job-failed\",\n      \"message\": \
             \"m\"\n    }\n  }\n]\n"
        );
        assert_eq!(serde_json::from_str::<Value>(&text(&seen)).unwrap(), seen);
        assert_eq!(text(&json!([])), "[]\n");
        assert_eq!(text(&json!({})), "{}\n");
    }
}
