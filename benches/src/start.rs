//! The start of `pipefitter dev`: with an empty state directory it compiles its plugins, with the same one
//! again it compiles nothing. Nothing that people use today does the same, so nothing stands beside it.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::time::Instant;

use crate::measure::{ended_children, since};
use crate::report::{Report, Row, Unit};
use crate::{Options, data, remove};

const PLUGINS: [&str; 2] = ["site", "linkcheck"];
/// No further round begins after this.
const BUDGET: Duration = Duration::from_secs(20);
const PIPELINE: &str = include_str!("pipeline.json");

/// Seconds since the process was started.
struct Start {
    /// Plugins loaded, service up.
    listens: f64,
    /// Gone again, after a whole execution.
    over: f64,
    /// Of processors.
    processor: Option<f64>,
}

pub(crate) fn measure(options: &Options, report: &mut Report) -> Result<()> {
    eprintln!("start of pipefitter dev");
    let folder = options.work.join("dev");
    let plugins = folder.join("plugins");
    std::fs::create_dir_all(&plugins).context("could not make a folder for plugins")?;
    for name in PLUGINS {
        let file = format!("{name}.wasm");
        std::fs::copy(options.plugins.join(&file), plugins.join(&file))
            .with_context(|| format!("could not copy {file}: build the plugins first"))?;
    }
    std::fs::write(folder.join("pipeline.json"), PIPELINE)
        .context("could not write the pipeline")?;
    let pages = data::pages(&folder.join("source"))?;

    let row = |what: String, with| Row::new(&what, with, Unit::Seconds);
    let (first, again) = (
        "first start: 2 plugins compiled",
        "start again: none compiled",
    );
    let ready = "`dev`: until it listens, plugins loaded".to_owned();
    let whole = format!("`dev --once`: start, site and linkcheck of {pages} pages, exit");
    let mut listens = vec![row(ready.clone(), first), row(ready, again)];
    let mut over = vec![row(whole.clone(), first), row(whole, again)];
    let began = Instant::now();
    for round in 0..options.rounds() {
        if round > 0 && began.elapsed() > BUDGET {
            break;
        }
        remove(&folder.join("state"))?;
        for (at, compiled) in [PLUGINS.len(), 0].into_iter().enumerate() {
            let start = dev(options, &folder, compiled)?;
            listens[at].values.push(start.listens);
            over[at].values.push(start.over);
            over[at].processor.extend(start.processor);
        }
    }
    report.add(listens);
    report.add(over);
    Ok(())
}

/// One whole run, which must succeed and compile as many plugins as is thought.
fn dev(options: &Options, folder: &Path, compiled: usize) -> Result<Start> {
    let before = ended_children();
    let began = Instant::now();
    let mut child = Command::new(&options.pipefitter)
        .args([
            "--log",
            "pipefitter_plugins=info",
            "dev",
            "--once",
            "--port",
            "0",
        ])
        .args(["--plugins", "plugins", "--pipeline", "pipeline.json"])
        .args(["--source", "source", "--state-dir", "state"])
        .current_dir(folder)
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start {}", options.pipefitter.display()))?;
    let (Some(stdout), Some(mut stderr)) = (child.stdout.take(), child.stderr.take()) else {
        bail!("the output of pipefitter is not to be had");
    };
    // A few lines of log fit into the pipe: they can be read when all is over.
    let mut shown = String::new();
    let mut listens = None;
    for line in BufReader::new(stdout).lines() {
        let line = line.context("could not read what pipefitter shows")?;
        if line.starts_with("Listening on ") {
            listens = Some(began.elapsed().as_secs_f64());
        }
        shown.push_str(&line);
        shown.push('\n');
    }
    let status = child.wait().context("could not wait for pipefitter")?;
    let over = began.elapsed().as_secs_f64();
    let mut log = String::new();
    stderr
        .read_to_string(&mut log)
        .context("could not read pipefitter's log")?;
    if !status.success() {
        bail!("pipefitter dev failed: {status}\n{shown}{log}");
    }
    let found = log.matches("compiled=true").count();
    if found != compiled || log.matches("compiled=").count() != PLUGINS.len() {
        bail!("{compiled} plugins were to be compiled, {found} were:\n{log}");
    }
    Ok(Start {
        listens: listens.context("pipefitter dev never said that it listens")?,
        over,
        processor: since(before),
    })
}
