//! Hostile guests: the components that are written in Rust, and one for each file of wasm text.
//!
//! Text is what Rust cannot say, and much of it is the same line a thousand times. So lines of the form `;;@ WORDS` are
//! for us: `include NAME` puts the file `NAME.in` there, `repeat N` repeats the next line, and a file that begins with
//! `verbatim` is taken as it is, without its first line.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, anyhow};

use crate::guests::{copy, is_fresh, write};
use crate::paths;
use crate::process::run;

const DIRECTIVE: &str = ";;@ ";

/// Build them into `target/guests/hostile`.
pub(crate) fn build() -> Result<()> {
    let out = paths::guests().join("hostile");
    std::fs::create_dir_all(&out).context("could not make a folder for hostile guests")?;
    run(Command::new("cargo")
        .args(["build", "--locked", "--profile", "guest"])
        .args([
            "--target",
            "wasm32-wasip2",
            "-p",
            "pipefitter-hostile-guests",
            "-p",
            "pipefitter-hostile-reaching",
        ])
        .current_dir(paths::root()))?;
    let built = paths::target().join("wasm32-wasip2/guest");
    for (crate_, name) in [("guests", "rust"), ("reaching", "reaching")] {
        copy(
            &built.join(format!("pipefitter_hostile_{crate_}.wasm")),
            &out.join(name).with_extension("wasm"),
        )?;
    }
    run(Command::new("cargo")
        .args(["build", "--locked", "--profile", "guest"])
        .args([
            "--target",
            "wasm32-wasip1",
            "-p",
            "pipefitter-hostile-commands",
        ])
        .current_dir(paths::root()))?;
    copy(
        &paths::target().join("wasm32-wasip1/guest/pipefitter_hostile_commands.wasm"),
        &out.join("commands.wasm"),
    )?;
    assemble_all(&paths::root().join("tests/hostile/guests/wat"), &out)
}

fn assemble_all(source: &Path, out: &Path) -> Result<()> {
    let read = || format!("could not read {}", source.display());
    let files = std::fs::read_dir(source)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<std::io::Result<Vec<_>>>()
        })
        .with_context(read)?;
    let has = |path: &&std::path::PathBuf, extension: &str| {
        path.extension().is_some_and(|found| found == extension)
    };
    let included: Vec<&Path> = files
        .iter()
        .filter(|path| has(path, "in"))
        .map(|path| path.as_path())
        .collect();
    for file in files.iter().filter(|path| has(path, "wat")) {
        let name = file.file_stem().unwrap_or_default();
        let to = out.join(name).with_extension("wasm");
        let mut sources = included.clone();
        sources.push(file);
        if !is_fresh(&to, &sources) {
            let wasm = assemble(file).with_context(|| file.display().to_string())?;
            write(&to, &wasm)?;
        }
    }
    Ok(())
}

fn assemble(file: &Path) -> Result<Vec<u8>> {
    let text = std::fs::read_to_string(file).context("could not be read")?;
    let verbatim = format!("{DIRECTIVE}verbatim\n");
    if let Some(rest) = text.strip_prefix(&verbatim) {
        return Ok(rest.as_bytes().to_vec());
    }
    let mut whole = String::new();
    let mut times = 1;
    for line in text.lines() {
        let words = line.trim_start().strip_prefix(DIRECTIVE);
        match words.map(|words| words.split_once(' ')) {
            None => {
                for _ in 0..std::mem::replace(&mut times, 1) {
                    whole.push_str(line);
                    whole.push('\n');
                }
            }
            Some(Some(("repeat", count))) => {
                times = count
                    .parse()
                    .with_context(|| format!("`{count}` is no number of times"))?;
            }
            Some(Some(("include", name))) => {
                let path = file.with_file_name(format!("{name}.in"));
                let included = std::fs::read_to_string(&path)
                    .with_context(|| format!("could not read {}", path.display()))?;
                whole.push_str(&included);
            }
            Some(_) => return Err(anyhow!("`{}` is no directive", line.trim())),
        }
    }
    wat::parse_str(&whole).map_err(|error| {
        // Where in the expanded text is of no use; what is wrong is.
        anyhow!("is not wasm text: {error}")
    })
}
