//! `[build]`: how `plugin build` makes the plugin of its sources. Hosts read it to tell its faults, and go by nothing
//! in it.

use super::language::Language;
use super::model::{BuildCommand, BuildDecl, Engine};
use crate::toml_table::Table;

/// A path or a word of the command: longer is a slip.
const LONGEST: usize = 1_000;
const MOST_WORDS: usize = 64;

pub(crate) fn read(table: &Table<'_>) -> BuildDecl {
    let language = table.choice(
        "language",
        &Language::ALL.map(|language| (language.as_str(), language)),
    );
    let sdk = path(table, "sdk");
    let command = command(table, language);
    let engine = engine(table, language);
    BuildDecl {
        language,
        sdk,
        command,
        engine,
    }
}

/// Nothing where it is absent or wrong; the two keys go together.
fn command(table: &Table<'_>, language: Option<Language>) -> Option<BuildCommand> {
    let words = words(table);
    let output = path(table, "output");
    let is_there = |key| table.get(key).is_some();
    if is_there("command") && !is_there("output") {
        let remedy =
            "add it: the .wasm that the command makes, such as output = \"out/plugin.wasm\"";
        table.problem("command", "`command` is here and `output` is not", remedy);
    }
    if is_there("output") && !is_there("command") {
        let remedy = "add it, such as command = [\"make\", \"plugin\"], or remove `output`";
        table.problem("output", "`output` is here and `command` is not", remedy);
    }
    match language {
        Some(Language::Command) if !is_there("command") => table.problem(
            "language",
            "the language is \"command\", and there is no `command`",
            "add it with its `output`, such as command = [\"make\", \"plugin\"]",
        ),
        Some(other) if other != Language::Command && is_there("command") => table.problem(
            "command",
            format!("`command` is not for the language \"{other}\", which has a build of its own"),
            "remove one of the two",
        ),
        _ => {}
    }
    Some(BuildCommand {
        words: words?,
        output: output?,
    })
}

fn words(table: &Table<'_>) -> Option<Vec<String>> {
    let entry = table.get("command")?;
    let words = entry.texts()?;
    let fits = |word: &&str| word.chars().count() <= LONGEST && !word.contains('\0');
    let fault = if words
        .first()
        .is_none_or(|program| program.trim().is_empty())
    {
        Some("`command` names no program")
    } else if words.len() > MOST_WORDS || !words.iter().all(fits) {
        Some("`command` is too long")
    } else {
        None
    };
    if let Some(fault) = fault {
        entry.problem(
            fault,
            "write a program and its arguments, such as [\"make\", \"plugin\"]; what is longer belongs into a script",
        );
        return None;
    }
    Some(words.into_iter().map(str::to_owned).collect())
}

fn engine(table: &Table<'_>, language: Option<Language>) -> Option<Engine> {
    let engine = table.choice(
        "engine",
        &[
            (Engine::Quickjs.as_str(), Engine::Quickjs),
            (Engine::Starlingmonkey.as_str(), Engine::Starlingmonkey),
        ],
    );
    let scripts = [Language::Javascript, Language::Typescript];
    if let Some(other) = language.filter(|language| !scripts.contains(language))
        && table.get("engine").is_some()
    {
        table.problem(
            "engine",
            format!("`engine` is JavaScript's and TypeScript's, and the language is \"{other}\""),
            "remove it",
        );
    }
    engine
}

/// Relative to the plugin's folder: a manifest is read on other machines too.
fn path(table: &Table<'_>, key: &'static str) -> Option<String> {
    let path = table.text(key)?;
    let fault = if path.starts_with('/') {
        Some("is absolute")
    } else if path.chars().any(char::is_control) {
        Some("has a control character")
    } else if path.chars().count() > LONGEST {
        Some("is too long")
    } else {
        None
    };
    if let Some(fault) = fault {
        table.problem(
            key,
            format!("`{key}` {fault}"),
            "write a path as it is seen from the plugin's folder",
        );
        return None;
    }
    Some(path)
}
