//! docs/SECURITY.md says what every limit is and which test shows what: both are looked up here, so that it stays true.
#![expect(clippy::unwrap_used, reason = "a test that fails panics")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use pipefitter_plugins::{LIMIT_KEYS, LimitUnit, LimitValues, toml_table};
use pipefitter_sandbox::Limit;

const SECURITY: &str = include_str!("../../../docs/SECURITY.md");

/// The cells of the table under a heading, without its first two rows.
fn table(heading: &str) -> Vec<Vec<&'static str>> {
    let (_, after) = SECURITY.split_once(heading).unwrap();
    after
        .lines()
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'))
        .skip(2)
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

#[test]
fn every_limit_is_listed_with_its_unit_and_default() {
    let rows = table("## Limits");
    let listed: Vec<&str> = rows.iter().map(|row| row[0].trim_matches('`')).collect();
    let keys: Vec<&str> = Limit::ALL.iter().map(|limit| limit.key()).collect();
    assert_eq!(
        listed, keys,
        "one row for each limit, in the order of Limit::ALL"
    );
    for (row, key) in rows.iter().zip(LIMIT_KEYS) {
        let unit = match key.unit {
            LimitUnit::Duration => "time",
            LimitUnit::Size => "bytes",
            LimitUnit::Count => "number",
        };
        assert_eq!(row[1], unit, "{}", key.name);
    }
    // The defaults are read as an operator's would be: what the paper says can be copied.
    let lines = rows.iter().map(|row| {
        let (key, value) = (row[0].trim_matches('`'), row[2].trim_matches('`'));
        match value.parse::<u64>() {
            Ok(count) => format!("{key} = {count}\n"),
            Err(_) => format!("{key} = \"{value}\"\n"),
        }
    });
    let text: String = lines.collect();
    let values = toml_table::read(&text, |table| Some(LimitValues::read(table))).unwrap();
    for limit in Limit::ALL {
        let value = values.get(limit.key());
        assert_eq!(value, Some(limit.default_value()), "{}", limit.key());
    }
}

#[test]
fn the_unit_for_systemd_has_what_isolation_needs() {
    let unit = between(include_str!("../../../docs/OPERATIONS.md"), "```ini", "```");
    let lines: Vec<&str> = unit.lines().collect();
    for needed in [
        "KillMode=mixed",
        "Delegate=memory pids cpu",
        "DelegateSubgroup=worker",
        "OOMPolicy=continue",
        "LimitCORE=1",
        "NoNewPrivileges=yes",
        "Type=notify",
    ] {
        assert!(lines.contains(&needed), "{needed} is not in\n{unit}");
    }
    for harmful in [
        "MemoryDenyWriteExecute=",
        "SystemCallFilter=",
        "ProtectProc=",
    ] {
        assert!(!unit.contains(harmful), "{harmful}");
    }
}

/// Every source file, by its path without `.rs`.
fn sources() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut left: Vec<PathBuf> = ["host", "tests", "fuzz"].map(|dir| root.join(dir)).into();
    let mut found = BTreeMap::new();
    while let Some(dir) = left.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let text = path.to_string_lossy();
            if path.is_dir() && !path.ends_with("target") && !path.ends_with("node_modules") {
                left.push(path);
            } else if let Some(name) = text.strip_suffix(".rs") {
                found.insert(name.to_owned(), fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

/// What stands in backticks and names a test: the end of its file's path, `::`, its name.
fn tests_named() -> Vec<(&'static str, &'static str)> {
    let quoted = SECURITY.split('`').skip(1).step_by(2);
    let named = quoted.filter_map(|text| text.split_once("::"));
    named.filter(|(file, _)| file.contains('/')).collect()
}

#[test]
fn every_test_that_is_named_is_there() {
    let sources = sources();
    let named = tests_named();
    assert!(named.len() > 50, "only {} are named", named.len());
    let missing: Vec<_> = named
        .into_iter()
        .filter(|(file, test)| {
            let (end, function) = (format!("/{file}"), format!("fn {test}("));
            let mut files = sources.iter().filter(|(path, _)| path.ends_with(&end));
            !files.any(|(_, text)| text.contains(&function))
        })
        .collect();
    assert!(missing.is_empty(), "no such tests: {missing:?}");
}

#[test]
fn every_yes_beside_others_is_shown_by_a_test() {
    let ours = table("## Beside others");
    let yes = ours.iter().filter(|row| row[1].starts_with("yes"));
    let yes: Vec<&str> = yes.map(|row| row[0]).collect();
    let shown = table("A yes of ours is shown by these tests:");
    assert_eq!(shown.iter().map(|row| row[0]).collect::<Vec<_>>(), yes);
    for row in shown {
        assert!(row[1].contains("::"), "{row:?}");
    }
}

#[test]
fn every_interface_that_is_linked_is_listed() {
    let source = include_str!("../../sandbox/src/shape.rs");
    let linked = between(source, "const LINKED", "\n];");
    let listed = between(SECURITY, "## What is linked unasked", "\n## ");
    let versions = |text: &&str| text.ends_with('.');
    let names: Vec<&str> = linked.split('"').skip(1).step_by(2).collect();
    assert!(names.len() > 30, "only {} were found", names.len());
    let missing: Vec<_> = names
        .into_iter()
        .filter(|name| !versions(name) && !listed.contains(name))
        .collect();
    assert!(missing.is_empty(), "not listed: {missing:?}");
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, after) = text.split_once(start).unwrap();
    after.split_once(end).unwrap().0
}
