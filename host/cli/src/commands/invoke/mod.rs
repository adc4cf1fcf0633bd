//! `pipefitter invoke`: one plugin, once, with no service.
//!
//! The real worker runs the job: only the service and S3 are stood in for, by a source that offers this one
//! job and by staging that takes folders of this machine. So checks, limits, masking and messages are those of
//! production, and cannot drift from them.

mod job;
mod report;
mod run;
mod source;
mod staging;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use pipefitter_codepipeline::{JobContents, JobId};
use pipefitter_plugins::{Plugin, load_plugin};
use pipefitter_worker::{WorkerConfig, WorkerEvent};

use self::job::check_names;
pub(crate) use self::job::{JobFile, in_order};
pub(crate) use self::report::revision_json;
pub(crate) use self::run::{Runner, settings};
pub(crate) use self::source::Answer;
use crate::args::InvokeArgs;
use crate::config::{Config, load_or_empty, print_problems};
use crate::exit::Exit;
use crate::plugin_files::{one_plugin_file, report_plugin_problems};
use crate::print;
use crate::signals::Signals;
use crate::temporary::TemporaryDir;
use crate::wiring::{Engine, StateDir};

pub(crate) fn main(args: InvokeArgs) -> Result<Exit> {
    let mut config = match load_or_empty(args.config.as_deref()) {
        Ok(config) => config,
        Err(problems) => {
            print_problems(&problems);
            return Ok(Exit::Config);
        }
    };
    let folder = TemporaryDir::new()?;
    let state = StateDir::open(folder.path())?;
    let settings = settings(&mut config, &state);
    let engine = Engine::new(&state, &config, &settings)?;
    let file = one_plugin_file(&args.plugin)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    let ended = runtime.block_on(invoke(&args, &config, settings, &engine, file));
    // The plugin may still be compiled, for nobody.
    runtime.shutdown_background();
    ended
}

async fn invoke(
    args: &InvokeArgs,
    config: &Config,
    settings: WorkerConfig,
    engine: &Engine,
    file: PathBuf,
) -> Result<Exit> {
    let mut signals = Signals::new()?;
    let (policy, preparer) = (config.supply.policy.clone(), Arc::clone(&engine.preparer));
    let loading = move || load_plugin(&file, &policy, preparer.as_ref());
    let loaded = tokio::select! {
        loaded = tokio::task::spawn_blocking(loading) => {
            loaded.context("loading the plugin was interrupted")?
        }
        _ = signals.next() => bail!("interrupted before the plugin was loaded"),
    };
    let plugin = match loaded {
        Ok(plugin) => plugin,
        Err(problems) => {
            report_plugin_problems(&problems);
            return Ok(Exit::Host);
        }
    };
    let (job, contents) = job_of(args, &plugin)?;
    let runner = Runner {
        config,
        settings,
        engine,
        plugin,
    };
    let stop = async {
        signals.next().await;
    };
    finish(&runner.run(job, contents, stop, show).await?)
}

fn show(event: &WorkerEvent) {
    match event {
        WorkerEvent::Log {
            level,
            text,
            fields,
            ..
        } => {
            let fields: String = fields
                .iter()
                .map(|(name, value)| format!(" {name}={value}"))
                .collect();
            print::error_line(format_args!("{} {text}{fields}", report::level(*level)));
        }
        WorkerEvent::Notice { text, .. } => print::error_line(format_args!("worker: {text}")),
        _ => {}
    }
}

fn finish(answer: &Answer) -> Result<Exit> {
    let (json, exit) = report::render(answer);
    print::line(format_args!("{json:#}"))?;
    Ok(exit)
}

fn job_of(args: &InvokeArgs, plugin: &Plugin) -> Result<(JobId, JobContents)> {
    let mut file = JobFile::load(args.job.as_deref())?;
    file.configuration.extend(args.set.iter().cloned());
    let inputs = places(&args.inputs, |path| {
        path.canonicalize()
            .with_context(|| format!("input {} cannot be read", path.display()))
    })?;
    let inputs = in_order(inputs, file.inputs.as_deref(), "--input NAME=PATH")?;
    let outputs = places(&args.outputs, empty_folder)?;
    let outputs = in_order(outputs, file.outputs.as_deref(), "--output NAME=DIR")?;
    let contents = file.contents(plugin, &inputs, &outputs)?;
    let id = file.id.unwrap_or_else(|| "invoke".to_owned());
    Ok((JobId::new(id), contents))
}

fn places(
    given: &[(String, String)],
    place: impl Fn(&Path) -> Result<PathBuf>,
) -> Result<Vec<(String, PathBuf)>> {
    let names: Vec<&str> = given.iter().map(|(name, _)| name.as_str()).collect();
    check_names(&names)?;
    given
        .iter()
        .map(|(name, path)| Ok((name.clone(), place(Path::new(path))?)))
        .collect()
}

/// What is there is never mixed with what a plugin makes, nor overwritten.
fn empty_folder(path: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(path)
        .with_context(|| format!("could not make the output folder {}", path.display()))?;
    let mut entries =
        std::fs::read_dir(path).with_context(|| format!("could not read {}", path.display()))?;
    if entries.next().is_some() {
        bail!(
            "the output folder {} is not empty: give another, or empty it",
            path.display()
        );
    }
    path.canonicalize()
        .with_context(|| format!("could not read {}", path.display()))
}
