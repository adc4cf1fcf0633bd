//! `pipefitter invoke`: one plugin, once, with no service.
//!
//! The real worker runs the job: only the service and S3 are stood in for, by a source that offers this one
//! job and by staging that takes folders of this machine. So checks, limits, masking and messages are those of
//! production, and cannot drift from them.

mod job;
mod report;
mod source;
mod staging;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use pipefitter_claims::Single;
use pipefitter_codepipeline::{
    ActionTypeId, Artifact, ContinuationToken, JobContents, JobId, Nonce, Owner, S3Location,
};
use pipefitter_plugins::{Catalogue, Custody, Plugin, load_plugin};
use pipefitter_worker::{SourceParts, Worker, WorkerEvent, WorkerParts};
use tokio::sync::{broadcast, watch};

use self::job::JobFile;
use self::source::{Answer, OneJob};
use self::staging::LocalStaging;
use crate::args::InvokeArgs;
use crate::config::{load_or_empty, print_problems};
use crate::exit::Exit;
use crate::plugin_files::{one_plugin_file, report_plugin_problems};
use crate::print;
use crate::signals::Signals;
use crate::temporary::TemporaryDir;
use crate::wiring::{Engine, StateDir, egress, secrets, worker_config};

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
    let mut settings = worker_config(&config, &state);
    settings.poll_interval_min = std::time::Duration::from_millis(1);
    // A developer's own files, which a group of the developer's own often may write.
    config.supply.policy.custody = Custody::Advised;
    let engine = Engine::new(&state, &config, &settings)?;
    let file = one_plugin_file(&args.plugin)?;
    let plugin = match load_plugin(&file, &config.supply.policy, engine.preparer.as_ref()) {
        Ok(plugin) => plugin,
        Err(problems) => {
            report_plugin_problems(&problems);
            return Ok(Exit::Host);
        }
    };
    let (job, contents) = job_of(&args, &plugin)?;
    let (source, answer) = OneJob::new(job, contents);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    let (egress, secrets) = runtime.block_on(async {
        let secrets = secrets(&config).await?;
        anyhow::Ok((egress(&config, secrets.as_deref()).await?, secrets))
    })?;
    let parts = WorkerParts {
        egress,
        secrets,
        sources: vec![SourceParts::new(
            Arc::new(source),
            Arc::new(LocalStaging {
                limits: settings.unpack_limits,
            }),
        )],
        runner: Arc::clone(&engine.runner) as _,
        journal: Arc::new(pipefitter_journal::Memory::default()),
        claims: Arc::new(Single),
        catalogue: watch::Sender::new(Arc::new(Catalogue::of([plugin]))).subscribe(),
    };
    runtime.block_on(async {
        let worker = Worker::start(settings, parts)
            .await
            .context("the worker does not start")?;
        let mut events = worker.events();
        let mut signals = Signals::new()?;
        let stopped = signals.next();
        tokio::pin!(answer, stopped);
        let mut interrupted = false;
        let answer = loop {
            tokio::select! {
                biased;
                event = events.recv() => show(event),
                answer = &mut answer => break answer.context("the worker ended without a result")?,
                _ = &mut stopped, if !interrupted => {
                    interrupted = true;
                    worker.cancel();
                }
            }
        };
        worker.drain();
        worker.join().await.context("the worker failed")?;
        finish(&answer)
    })
}

fn show(event: Result<WorkerEvent, broadcast::error::RecvError>) {
    match event {
        Ok(WorkerEvent::Log {
            level,
            text,
            fields,
            ..
        }) => {
            let fields: String = fields
                .iter()
                .map(|(name, value)| format!(" {name}={value}"))
                .collect();
            print::error_line(format_args!("{} {text}{fields}", report::level(level)));
        }
        Ok(WorkerEvent::Notice { text, .. }) => print::error_line(format_args!("worker: {text}")),
        _ => {}
    }
}

fn finish(answer: &Answer) -> Result<Exit> {
    let (json, exit) = report::render(answer);
    print::line(format_args!("{json:#}"))?;
    Ok(exit)
}

fn job_of(args: &InvokeArgs, plugin: &Plugin) -> Result<(JobId, JobContents)> {
    let file = JobFile::load(args.job.as_deref())?;
    let mut configuration: BTreeMap<String, String> = file.configuration.clone();
    configuration.extend(args.set.iter().cloned());
    let key = plugin.manifest.key();
    let contents = JobContents {
        nonce: Some(Nonce::new("invoke")),
        account: file.account_id.clone(),
        action_type: Some(ActionTypeId {
            category: key.category.clone(),
            owner: Owner::Custom,
            provider: key.provider.clone(),
            version: key.version.clone(),
        }),
        configuration: configuration
            .into_iter()
            .map(|(name, value)| (name, value.into()))
            .collect(),
        pipeline: file.pipeline_context(&key.category, &plugin.name),
        inputs: artifacts(&args.inputs, |path| {
            path.canonicalize()
                .with_context(|| format!("input {} cannot be read", path.display()))
        })?,
        outputs: artifacts(&args.outputs, empty_folder)?,
        credentials: None,
        continuation: file.continuation_token.clone().map(ContinuationToken::new),
        encryption_key: None,
    };
    let id = file.id.unwrap_or_else(|| "invoke".to_owned());
    Ok((JobId::new(id), contents))
}

fn artifacts(
    given: &[(String, String)],
    place: impl Fn(&Path) -> Result<PathBuf>,
) -> Result<Vec<Artifact>> {
    let names: Vec<&str> = given.iter().map(|(name, _)| name.as_str()).collect();
    check_names(&names)?;
    given
        .iter()
        .map(|(name, path)| {
            let path = place(Path::new(path))?;
            let Some(key) = path.to_str() else {
                bail!("{} is not Unicode: rename it", path.display());
            };
            Ok(Artifact {
                name: name.clone(),
                revision: None,
                location: Some(S3Location {
                    bucket: "this-machine".to_owned(),
                    key: key.to_owned(),
                }),
            })
        })
        .collect()
}

/// CodePipeline has no artifacts of other names, nor two of one name in a pipeline: what passes here would
/// not pass there.
fn check_names(names: &[&str]) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    for (at, name) in names.iter().enumerate() {
        if name.len() > 100 || !name.chars().all(plain) {
            bail!(
                "`{name}` cannot be an artifact's name: use 1 to 100 letters, digits, `_` and `-`"
            );
        }
        if names[..at].contains(name) {
            bail!("two artifacts are called `{name}`: give each a name of its own");
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn artifacts_have_the_names_that_codepipeline_takes() {
        assert!(check_names(&["Source", "a-b_1", &"x".repeat(100)]).is_ok());
        for wrong in [
            &["../S"][..],
            &["a b"],
            &["a.b"],
            &["S", "S"],
            &[&"x".repeat(101)],
        ] {
            assert!(check_names(wrong).is_err(), "{wrong:?}");
        }
    }
}
