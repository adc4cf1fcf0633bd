//! Job logs as text: what the plugin said, without times; and comparing that with lines that may have wildcards.
//!
//! `[..]` is any text within a line, a line `...` any number of lines. As with results, a log is written as what was
//! expected sees it: wildcards stay where they match.

use std::path::Path;

use anyhow::{Context, Result};

/// A table of so many fields at most: larger logs are compared, but not aligned around wildcards.
const MOST_FIELDS: usize = 16_000_000;

/// What the plugin said, of a worker's log of a job: between the worker's lines about its start and its end.
pub(super) fn read(file: &Path, plugin: &str) -> Result<String> {
    let text = match std::fs::read(file) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        // A job that ends before it is run may have no log.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => {
            return Err(error)
                .with_context(|| format!("could not read the job's log {}", file.display()));
        }
    };
    Ok(of_plugin(&text, plugin))
}

fn of_plugin(text: &str, plugin: &str) -> String {
    let lines: Vec<String> = text.lines().map(without_time).collect();
    let begins = format!("debug plugin `{plugin}` runs, attempt ");
    let Some(first) = lines.iter().position(|line| line.starts_with(&begins)) else {
        return String::new();
    };
    // The worker's own comes after all of the plugin's.
    let ends = |line: &String| line.starts_with("debug run ended after ");
    let last = lines.iter().rposition(ends).unwrap_or(lines.len());
    let said = lines.get(first + 1..last).unwrap_or_default();
    said.iter().map(|line| format!("{line}\n")).collect()
}

/// `2026-01-02T03:04:05.678Z INFO  text` becomes `info text`. What goes on from the line before has no time.
fn without_time(line: &str) -> String {
    let mut words = line.splitn(3, ' ');
    let level = words.nth(1).unwrap_or_default();
    let known = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"];
    if line.starts_with(' ') || !known.contains(&level) {
        return line.to_owned();
    }
    let text = words.next().unwrap_or_default();
    // Levels of four letters are followed by two spaces.
    let text = if level.len() == 4 {
        text.strip_prefix(' ').unwrap_or(text)
    } else {
        text
    };
    let text = with_plain_fields(text);
    format!("{} {text}", level.to_lowercase())
        .trim_end()
        .to_owned()
}

/// The worker writes each field at a line's end as `name="value"`; quotes that are not needed go.
fn with_plain_fields(text: &str) -> String {
    let mut rest = text;
    let mut fields = Vec::new();
    // Inside of quotes there is no quote without a backslash, and so no second beginning of a value.
    while let Some((head, value)) = rest
        .strip_suffix('"')
        .and_then(|rest| rest.rsplit_once("=\""))
        && let Some((before, name)) = head.rsplit_once(' ')
        && !name.is_empty()
        && !name.contains('"')
    {
        let plain = |c: char| !c.is_whitespace() && !matches!(c, '"' | '\\');
        fields.push(match !value.is_empty() && value.chars().all(plain) {
            true => format!(" {name}={value}"),
            false => format!(" {name}=\"{value}\""),
        });
        rest = before;
    }
    fields.reverse();
    format!("{rest}{}", fields.concat())
}

/// The log as it is seen by what was expected: the same, if nothing is different.
pub(super) fn seen_as(expected: &str, actual: &str) -> String {
    let expected: Vec<&str> = expected.lines().collect();
    let actual: Vec<&str> = actual.lines().collect();
    let fields = (expected.len() + 1).saturating_mul(actual.len() + 1);
    let seen = match fields <= MOST_FIELDS {
        true => aligned(&expected, &actual),
        false if one_to_one(&expected, &actual) => expected,
        false => actual,
    };
    seen.iter().map(|line| format!("{line}\n")).collect()
}

fn one_to_one(expected: &[&str], actual: &[&str]) -> bool {
    expected.len() == actual.len() && expected.iter().zip(actual).all(|(e, a)| matches(e, a))
}

/// Of all ways to lay the lines beside each other, one with the fewest that have no counterpart.
fn aligned<'a>(expected: &[&'a str], actual: &[&'a str]) -> Vec<&'a str> {
    let width = actual.len() + 1;
    // How many lines are left over from `e` and `a` on.
    let mut left = vec![0_u32; (expected.len() + 1) * width];
    for e in (0..=expected.len()).rev() {
        for a in (0..width).rev() {
            let at = |e: usize, a: usize| left[e * width + a];
            left[e * width + a] = match (expected.get(e), actual.get(a)) {
                (None, None) => 0,
                (None, Some(_)) => at(e, a + 1) + 1,
                (Some(&"..."), None) => at(e + 1, a),
                (Some(&"..."), Some(_)) => at(e + 1, a).min(at(e, a + 1)),
                (Some(_), None) => at(e + 1, a) + 1,
                (Some(line), Some(said)) => {
                    let apart = at(e + 1, a).min(at(e, a + 1)) + 1;
                    if matches(line, said) {
                        apart.min(at(e + 1, a + 1))
                    } else {
                        apart
                    }
                }
            };
        }
    }
    let mut seen = Vec::new();
    let (mut e, mut a) = (0, 0);
    while e < expected.len() || a < actual.len() {
        let now = left[e * width + a];
        let is = |e: usize, a: usize, more: u32| {
            left.get(e * width + a).is_some_and(|l| l + more == now)
        };
        match (expected.get(e), actual.get(a)) {
            (Some(&"..."), said) => {
                if said.is_some() && is(e, a + 1, 0) {
                    a += 1;
                } else {
                    seen.push("...");
                    e += 1;
                }
            }
            (Some(line), Some(said)) if matches(line, said) && is(e + 1, a + 1, 0) => {
                seen.push(*line);
                e += 1;
                a += 1;
            }
            (_, Some(said)) if is(e, a + 1, 1) => {
                seen.push(*said);
                a += 1;
            }
            // One that was expected and not said.
            _ => e += 1,
        }
    }
    seen
}

/// Whether a line is one that is expected; `[..]` in that is any text.
fn matches(expected: &str, line: &str) -> bool {
    let mut parts = expected.split("[..]");
    let Some(mut rest) = parts.next().and_then(|first| line.strip_prefix(first)) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plugins_lines_are_told_from_the_workers() {
        let text = "2026-01-02T03:04:05.678Z DEBUG input `Source`: 9 bytes fetched\n\
                    2026-01-02T03:04:05.678Z DEBUG plugin `hello` runs, attempt 1\n\
                    2026-01-02T03:04:05.678Z INFO  Hello, Ada! n=\"1\" file=\"a \\\"b\" to=\"x=y\"\n\
                    2026-01-02T03:04:05.678Z DEBUG run ended after midnight\n\
                    2026-01-02T03:04:05.678Z ERROR two\n    lines\n\
                    2026-01-02T03:04:05.678Z WARN    far\n\
                    2026-01-02T03:04:05.678Z DEBUG run ended after 2ms: 1ms of processor time\n\
                    2026-01-02T03:04:05.678Z DEBUG output `Out`: 1 files, 3 bytes uploaded\n";
        assert_eq!(
            of_plugin(text, "hello"),
            "info Hello, Ada! n=1 file=\"a \\\"b\" to=x=y\ndebug run ended after midnight\nerror two\n    lines\nwarn   far\n"
        );
        assert_eq!(
            of_plugin("2026-01-02T03:04:05.678Z DEBUG no run\n", "hello"),
            ""
        );
    }

    #[test]
    fn wildcards_stand_for_text_in_a_line_and_for_lines() {
        for (expected, line) in [
            ("a", "a"),
            ("[..]", ""),
            ("took [..] ms", "took 12 ms"),
            ("[..]b[..]b", "ab b"),
            ("x[..]", "x"),
        ] {
            assert!(matches(expected, line), "{expected}: {line}");
        }
        for (expected, line) in [
            ("a", "ab"),
            ("a[..]a", "a"),
            ("[..]b[..]b", "ab"),
            ("", "x"),
        ] {
            assert!(!matches(expected, line), "{expected}: {line}");
        }
        for (expected, actual) in [
            ("", ""),
            ("...\n", ""),
            ("...\n", "a\nb\n"),
            ("a\n...\nz\n", "a\nz\n"),
            ("a\n...\nz [..]\n", "a\nb\nc\nz 1\n"),
        ] {
            assert_eq!(seen_as(expected, actual), expected, "{actual}");
        }
    }

    #[test]
    fn what_still_matches_stays_beside_what_does_not() {
        let seen = seen_as(
            "begin\ntook [..] ms\n...\nend\n",
            "begin\nnew\ntook 3 ms\nx\ny\nends\n",
        );
        assert!(seen.starts_with("begin\nnew\ntook [..] ms\n"), "{seen}");
        assert!(seen.contains("...\n"), "{seen}");
        assert_eq!(seen_as("a\nb\n", "a\n"), "a\n");
        assert_eq!(seen_as("", "a\n"), "a\n");
    }
}
