//! Pages of the manual that have a part written by a task, between two marks.

use std::fs;

use anyhow::{Context, Result, bail};

use crate::paths;

const END: &str = "<!-- Written until here. -->";

/// A page as it is with `text` in the place of the task `cargo xtask TASK`.
pub(crate) fn filled(page: &str, task: &str, text: &str) -> Result<String> {
    let path = paths::root().join(page);
    let old = fs::read_to_string(path).with_context(|| format!("could not read {page}"))?;
    let begin = format!("<!-- Written by `cargo xtask {task}`: not to be edited. -->");
    let split = old.split_once(&begin);
    let split = split.and_then(|(before, rest)| Some((before, rest.split_once(END)?.1)));
    let Some((before, after)) = split else {
        bail!("{page} has no place for the table: it is between `{begin}` and `{END}`");
    };
    Ok(format!("{before}{begin}\n\n{text}\n{END}{after}"))
}

/// Write a page.
pub(crate) fn write(page: &str, text: &str) -> Result<()> {
    fs::write(paths::root().join(page), text).with_context(|| format!("could not write {page}"))
}
