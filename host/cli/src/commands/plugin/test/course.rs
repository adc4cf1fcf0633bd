//! `pipefitter plugin test [DIR]`: build, run every case, say what is different.
//!
//! Cases run side by side, each with a worker, a folder and a server of its own; what they share is the plugin,
//! compiled once. What is printed is in the order of their names, as soon as that can be.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use pipefitter_plugins::load_manifest;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::case::{self, Case};
use super::copied::Copied;
use super::diff::Difference;
use super::report::{Outcome, Verdict, summary};
use super::run::{self, Subject};
use super::{judge, junit, new_case};
use crate::args::TestArgs;
use crate::commands::plugin::build;
use crate::config::{print_problems, takes_colours};
use crate::exit::Exit;
use crate::print;
use crate::signals::Signals;
use crate::temporary::TemporaryDir;
use crate::wiring::{Looking, StateDir};

pub(crate) fn main(args: TestArgs) -> Result<Exit> {
    let dir = build::folder(&args.dir)?;
    let wasm = match &args.wasm {
        Some(wasm) => wasm.clone(),
        None => {
            let output = build::output_of(&dir)?;
            if !args.no_build {
                let built = build::main(build::plain(&args.dir))?;
                if built != Exit::Success {
                    return Ok(built);
                }
            }
            output
        }
    };
    if !wasm.is_file() {
        bail!(
            "{} is not there: build the plugin with `pipefitter plugin build {}`",
            wasm.display(),
            args.dir.display()
        );
    }
    let folder = TemporaryDir::new()?;
    let copy = Copied::under_its_name(&wasm, &dir, folder.path())?;
    let looking = Looking::start()?;
    let manifest = match load_manifest(copy.wasm(), &looking) {
        Ok(manifest) => manifest,
        Err(problems) => {
            print_problems(&copy.problems(&problems));
            return Ok(Exit::Host);
        }
    };
    if let Some(name) = &args.new {
        new_case::make(&dir, name, &manifest)?;
        print::line(format_args!(
            "Made {}",
            args.dir.join("cases").join(name).display()
        ))?;
    }
    let subject = Subject {
        copy,
        manifest,
        state: StateDir::open(&folder.path().join("shared"))?.with_key()?,
    };
    let Some(names) = chosen(&args, &dir)? else {
        return Ok(Exit::Failure);
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    let outcomes = runtime.block_on(run_all(&args, &dir, names, subject));
    // A plugin may still be compiled, for nobody.
    runtime.shutdown_background();
    let (outcomes, interrupted) = outcomes?;
    if let Some(file) = &args.junit {
        let suite = dir.file_name().unwrap_or_default().to_string_lossy();
        std::fs::write(file, junit::render(&suite, &outcomes))
            .with_context(|| format!("could not write {}", file.display()))?;
    }
    if interrupted {
        print::error_line("error: interrupted before all cases had run");
        return Ok(Exit::Failure);
    }
    print::line(format_args!("\n{}", summary(&outcomes)))?;
    Ok(match outcomes.iter().all(Outcome::is_good) {
        true => Exit::Success,
        false => Exit::Failure,
    })
}

/// The names of the cases to run; none, which is told, where there are none.
fn chosen(args: &TestArgs, dir: &Path) -> Result<Option<Vec<String>>> {
    let cases = dir.join("cases");
    let all = case::list(&cases)?;
    if all.is_empty() {
        print::error_line(format_args!(
            "error: {} has no cases: make the first with `pipefitter plugin test {} --new NAME`, which takes \
             job.json and example/ for it",
            args.dir.display(),
            args.dir.display()
        ));
        return Ok(None);
    }
    if let Some(new) = &args.new {
        return Ok(Some(vec![new.clone()]));
    }
    let wanted = |name: &String| {
        args.cases.is_empty() || args.cases.iter().any(|part| name.contains(part.as_str()))
    };
    let names: Vec<String> = all.iter().filter(|name| wanted(name)).cloned().collect();
    if names.is_empty() {
        print::error_line(format_args!(
            "error: no case has {} in its name: there are {}",
            args.cases.join(" or "),
            all.join(", ")
        ));
        return Ok(None);
    }
    Ok(Some(names))
}

/// Runs them, and prints each as soon as those before it are printed. Also whether that was interrupted.
async fn run_all(
    args: &TestArgs,
    dir: &Path,
    names: Vec<String>,
    subject: Subject,
) -> Result<(Vec<Outcome>, bool)> {
    let mut signals = Signals::new()?;
    let stop = CancellationToken::new();
    let colours = takes_colours(&std::io::stdout());
    let update = args.update || args.new.is_some();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let slots = Arc::new(Semaphore::new(cores));
    let subject = Arc::new(subject);
    let mut running = JoinSet::new();
    // The first one alone compiles the plugin, for all.
    let compiled = CancellationToken::new();
    for (at, name) in names.iter().enumerate() {
        let (slots, subject, stop) = (Arc::clone(&slots), Arc::clone(&subject), stop.clone());
        let (name, path) = (name.clone(), dir.join("cases").join(name));
        let compiled = compiled.clone();
        running.spawn(async move {
            if at > 0 {
                compiled.cancelled().await;
            }
            let slot = slots.acquire().await;
            let outcome = one(&name, &path, &subject, update, &stop).await;
            drop(slot);
            compiled.cancel();
            (at, outcome)
        });
    }
    let mut ended = BTreeMap::new();
    let mut outcomes: Vec<Outcome> = Vec::new();
    loop {
        tokio::select! {
            _ = signals.next() => {
                if stop.is_cancelled() {
                    // Whoever asks twice waits no longer: the sandbox's processes end with this one.
                    break;
                }
                stop.cancel();
            }
            next = running.join_next() => match next {
                None => break,
                Some(done) => {
                    let (at, outcome) = done.context("a case ended the test")?;
                    ended.insert(at, outcome);
                    while let Some(outcome) = ended.remove(&outcomes.len()) {
                        if !stop.is_cancelled() {
                            print::line(outcome.render(colours).trim_end())?;
                        }
                        outcomes.push(outcome);
                    }
                }
            },
        }
    }
    Ok((outcomes, stop.is_cancelled()))
}

async fn one(
    name: &str,
    path: &Path,
    subject: &Subject,
    update: bool,
    stop: &CancellationToken,
) -> Outcome {
    let mut outcome = Outcome {
        name: name.to_owned(),
        verdict: Verdict::Passed,
        took: Duration::ZERO,
        log: String::new(),
        log_is_as_expected: false,
    };
    outcome.verdict = match judged(&mut outcome, path, subject, update, stop).await {
        Ok(verdict) => verdict,
        Err(error) => Verdict::Error(format!("{error:#}")),
    };
    outcome
}

async fn judged(
    outcome: &mut Outcome,
    path: &Path,
    subject: &Subject,
    update: bool,
    stop: &CancellationToken,
) -> Result<Verdict> {
    if stop.is_cancelled() {
        bail!("interrupted");
    }
    let case = Case::read(path, &outcome.name)?;
    let ran = run::run(&case, subject, update, stop).await?;
    outcome.took = ran.took;
    outcome.log.clone_from(&ran.log);
    if update {
        let (written, left) = judge::update(&case, &ran)?;
        return Ok(match (left.is_empty(), written) {
            (false, _) => Verdict::Failed(left),
            (true, true) => Verdict::Written,
            (true, false) => Verdict::Passed,
        });
    }
    let differences = judge::differences(&case, &ran)?;
    let of_log = |difference: &Difference| difference.file == judge::LOG;
    outcome.log_is_as_expected = case.expected.log.is_some() && !differences.iter().any(of_log);
    Ok(match differences.is_empty() {
        true => Verdict::Passed,
        false => Verdict::Failed(differences),
    })
}
