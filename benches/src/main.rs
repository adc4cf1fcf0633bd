//! What is measured, against what people use today, in one run: `cargo xtask bench`.
//!
//! Each comparison goes round by round over all its contestants, in an order that rotates, so that a machine
//! that gets slower or busier meanwhile does so for all of them; the median of the rounds counts. Whoever
//! unpacks or packs is a process of its own, ours too: start-up is in everybody's time, and memory can be told
//! apart. All data is made from one seed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

mod archives;
mod contestants;
mod data;
mod journal;
mod machine;
mod measure;
mod random;
mod report;
mod start;

use machine::Machine;
use report::Report;

const USAGE: &str = "usage: bench --work DIR --pipefitter FILE --plugins DIR [--quick]";

/// What one run takes.
pub(crate) struct Options {
    /// A folder of the benchmark's own: emptied at its start, removed at its end.
    work: PathBuf,
    /// The binary whose start is measured.
    pipefitter: PathBuf,
    /// Holds `site.wasm` and `linkcheck.wasm`.
    plugins: PathBuf,
    /// A twentieth of the data and one round: shows that it runs, and measures nothing.
    quick: bool,
}

impl Options {
    fn read(arguments: &[String]) -> Option<Self> {
        let (mut work, mut pipefitter, mut plugins, mut quick) = (None, None, None, false);
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            match name.as_str() {
                "--quick" => quick = true,
                "--work" => work = Some(rest.next()?.into()),
                "--pipefitter" => pipefitter = Some(rest.next()?.into()),
                "--plugins" => plugins = Some(rest.next()?.into()),
                _ => return None,
            }
        }
        // Some of what is run starts in a folder of its own: every path must hold there too.
        let whole = |path: Option<PathBuf>| std::path::absolute(path?).ok();
        Some(Self {
            work: whole(work)?,
            pipefitter: whole(pipefitter)?,
            plugins: whole(plugins)?,
            quick,
        })
    }

    /// A count or size, as large as this run has it.
    pub(crate) fn scaled(&self, full: u64) -> u64 {
        if self.quick { (full / 20).max(1) } else { full }
    }

    /// How often each contestant has its turn.
    pub(crate) fn rounds(&self) -> usize {
        if self.quick { 1 } else { 5 }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["unpack", archive, into] => contestants::unpack_ours(archive.as_ref(), into.as_ref()),
        ["pack", from, archive] => contestants::pack_ours(from.as_ref(), archive.as_ref()),
        _ => match Options::read(&arguments) {
            Some(options) => compare(&options),
            None => {
                eprintln!("{USAGE}");
                return ExitCode::from(2);
            }
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn compare(options: &Options) -> Result<()> {
    empty(&options.work)?;
    let machine = Machine::look(&options.work);
    let tools = contestants::Tools::find()?;
    let mut report = Report::default();

    archives::compare(options, &tools, &mut report)?;
    journal::compare(options, &mut report)?;
    start::measure(options, &mut report)?;

    print!("{}\n{}", machine.facts(&tools), report);
    if options.quick {
        println!("\nA quick run: these figures say nothing.");
    }
    remove(&options.work)
}

fn empty(folder: &Path) -> Result<()> {
    remove(folder)?;
    std::fs::create_dir_all(folder).with_context(|| format!("could not make {}", folder.display()))
}

/// A folder that is not there is as good as removed.
pub(crate) fn remove(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error).with_context(|| format!("could not remove {}", folder.display())),
    }
}

/// A path as an argument of other programs.
pub(crate) fn text(path: &Path) -> Result<&str> {
    match path.to_str() {
        Some(text) => Ok(text),
        None => bail!("{} is not UTF-8: choose another folder", path.display()),
    }
}
