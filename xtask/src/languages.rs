//! The guests of the conformance suite, one in each language; and docs/LANGUAGES.md, made of what the suite has seen.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::guests::is_fresh;
use crate::process::run;
use crate::{cargo, go, pages, paths, python, toolchains};

const PAGE: &str = "docs/LANGUAGES.md";

/// What a guest is built of, besides its own folder: the SDK of its own name, but for one.
fn sdk(guest: &str) -> &str {
    match guest {
        "typescript" => "javascript",
        other => other,
    }
}

/// The plugins that the project ships in other languages than Rust, and the SDK of each.
const PLUGINS: [(&str, &str); 5] = [
    ("checksum", "c"),
    ("licence", "go"),
    ("notify", "javascript"),
    ("policy", "python"),
    ("version", "zig"),
];

/// Build those into a folder: where there is no Go toolchain, all but what is in Go, which is said.
pub(crate) fn build_plugins(out: &Path) -> Result<()> {
    for (name, sdk) in PLUGINS {
        let plugin = paths::root().join("plugins").join(name);
        build_one(&plugin, sdk, &out.join(format!("{name}.wasm")))?;
    }
    Ok(())
}

/// Build every guest of the suite.
pub(crate) fn build() -> Result<()> {
    for folder in guests()? {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let out = paths::guests().join(format!("conformance-{name}.wasm"));
        build_one(&folder, sdk(&name), &out)?;
    }
    Ok(())
}

/// Build a plugin with the product's own command, unless it is newer than all that it is made of.
fn build_one(plugin: &Path, sdk: &str, out: &Path) -> Result<()> {
    if sdk == "python" {
        python::packages(plugin)?;
    }
    let mut sources = files(plugin)?;
    sources.extend(files(&paths::root().join("guest-sdk").join(sdk))?);
    if matches!(sdk, "cpp" | "zig") {
        sources.extend(files(&paths::root().join("guest-sdk/c"))?);
    }
    sources.push(paths::root().join("wit/action.wit"));
    let sources: Vec<&Path> = sources.iter().map(PathBuf::as_path).collect();
    if is_fresh(out, &sources) {
        return Ok(());
    }
    if sdk == "go" && !go::is_there() {
        go::skipped("there is no Go toolchain");
        return Ok(());
    }
    run(&mut plugin_build(plugin, sdk, out)?)
}

/// Build a guest as anybody's would come out: what a compiler notes of where packages lie names no folder of this machine.
pub(crate) fn build_for_all(guest: &Path, language: &str, out: &Path) -> Result<()> {
    let packages = cargo::folder("serde_json")?.join("..").canonicalize();
    let packages = packages.context("could not find cargo's packages")?;
    let flags = format!("--remap-path-prefix={}=/crates", packages.display());
    run(plugin_build(guest, sdk(language), out)?.env("RUSTFLAGS", flags))
}

fn plugin_build(plugin: &Path, sdk: &str, out: &Path) -> Result<Command> {
    let mut command = toolchains::plugin_build()?;
    if sdk == "rust" {
        command.args(["--profile", "guest"]);
    }
    command.arg(plugin).arg("--output").arg(out);
    Ok(command)
}

/// The folders of the suite's guests.
pub(crate) fn guests() -> Result<Vec<PathBuf>> {
    let folder = paths::root().join("tests/conformance/guests");
    let entries = fs::read_dir(&folder).context("could not read the folder of the guests")?;
    let mut found = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.join("action.toml").is_file() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Every file that somebody wrote: not what tools have left.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    const LEFT: [&str; 6] = [
        ".pipefitter",
        "target",
        "node_modules",
        ".venv",
        "__pycache__",
        ".zig-cache",
    ];
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(found);
    };
    for entry in entries {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() && !LEFT.contains(&name.as_str()) {
            found.extend(files(&path)?);
        } else if path.is_file() && !name.ends_with(".wasm") {
            found.push(path);
        }
    }
    Ok(found)
}

/// Write the matrix into the page.
pub(crate) fn write() -> Result<()> {
    let seen = paths::target().join("conformance.json");
    let seen = fs::read_to_string(&seen).with_context(|| {
        format!(
            "could not read {}: run `cargo xtask test --test conformance` first",
            seen.display()
        )
    })?;
    let seen: Value = serde_json::from_str(&seen).context("conformance.json is not JSON")?;
    let filled = pages::filled(PAGE, "languages", &tables(&seen)?)?;
    pages::write(PAGE, &filled)
}

fn tables(seen: &Value) -> Result<String> {
    let results = seen["results"].as_array().context("there are no results")?;
    let mut passed: BTreeMap<(&str, &str), bool> = BTreeMap::new();
    let mut languages = BTreeSet::new();
    let mut cases = Vec::new();
    for result in results {
        let text = |name: &str| {
            result[name]
                .as_str()
                .with_context(|| format!("a result has no {name}"))
        };
        let (language, case) = (text("language")?, text("case")?);
        languages.insert(language);
        if !cases.contains(&case) {
            cases.push(case);
        }
        passed.insert((case, language), result["passed"] == true);
    }
    cases.sort_unstable();
    let columns: Vec<&str> = languages.iter().copied().collect();
    // Writing to a String cannot fail, here and below.
    let mut text = format!(
        "| case | {} |\n|---|{}\n",
        columns.join(" | "),
        "---|".repeat(columns.len())
    );
    for case in cases {
        let _ = write!(text, "| `{case}` |");
        for language in &columns {
            let mark = match passed.get(&(case, *language)) {
                Some(true) => "yes",
                Some(false) => "**no**",
                None => "-",
            };
            let _ = write!(text, " {mark} |");
        }
        text.push('\n');
    }
    text.push_str(
        "\n| | size | compiling | loading | first job | a later job | linear memory |\n|---|---:|---:|---:|---:|---:|---:|\n",
    );
    for language in &columns {
        let measured = &seen["measured"][*language];
        let number = |name: &str| measured[name].as_u64();
        let shown = |value: Option<u64>, unit: &str| {
            value.map_or_else(|| "?".to_owned(), |value| format!("{value} {unit}"))
        };
        let kib = |name: &str| number(name).map(|bytes| bytes.div_ceil(1024));
        let _ = writeln!(
            text,
            "| {language} | {} | {} | {} | {} | {} | {} |",
            shown(kib("size"), "KiB"),
            shown(number("compile_ms"), "ms"),
            shown(number("load_us"), "µs"),
            shown(number("first_ms"), "ms"),
            shown(number("warm_ms"), "ms"),
            shown(kib("memory_peak"), "KiB"),
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_matrix_has_a_row_for_each_case_and_each_language() {
        let seen = json!({
            "results": [
                { "language": "rust", "case": "tree", "passed": true },
                { "language": "c", "case": "tree", "passed": false },
                { "language": "rust", "case": "network", "passed": true },
            ],
            "measured": { "rust": { "size": 1025, "compile_ms": 7, "load_us": 2, "first_ms": 5, "warm_ms": 3, "memory_peak": 1 } },
        });
        let text = tables(&seen).unwrap();
        let expected = "| case | c | rust |\n|---|---|---|\n| `network` | - | yes |\n| `tree` | **no** | yes |\n";
        assert!(text.starts_with(expected), "{text}");
        assert!(
            text.contains("| rust | 2 KiB | 7 ms | 2 µs | 5 ms | 3 ms | 1 KiB |"),
            "{text}"
        );
        assert!(text.contains("| c | ? | ? | ? | ? | ? | ? |"), "{text}");
    }

    #[test]
    fn the_page_has_every_language_with_its_figures() {
        let page = fs::read_to_string(paths::root().join(PAGE)).unwrap();
        for guest in guests().unwrap() {
            let name = guest.file_name().unwrap().to_str().unwrap();
            let figures = page
                .lines()
                .find(|line| line.starts_with(&format!("| {name} |")));
            let figures = figures.unwrap_or_else(|| panic!("{PAGE} has no figures of {name}"));
            assert!(!figures.contains('?'), "not measured: {figures}");
        }
        assert!(!page.contains("**no**"), "a language fails a case");
    }
}
