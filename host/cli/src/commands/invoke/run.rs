//! One job through the real worker, with the service and S3 stood in for.

use std::future::Future;
use std::sync::Arc;

use anyhow::{Context, Result};
use pipefitter_claims::Single;
use pipefitter_codepipeline::{JobContents, JobId};
use pipefitter_plugins::{Catalogue, Custody, Plugin};
use pipefitter_worker::{SourceParts, Worker, WorkerConfig, WorkerEvent, WorkerParts};
use secrecy::ExposeSecret;
use tokio::sync::watch;

use super::source::{Answer, OneJob};
use super::staging::LocalStaging;
use crate::config::Config;
use crate::wiring::{Engine, StateDir, egress, secrets, worker_config};

/// A worker's settings for a job of this machine; what is demanded of the plugin's files is made to fit, too.
pub(crate) fn settings(config: &mut Config, state: &StateDir) -> WorkerConfig {
    let mut settings = worker_config(config, state);
    settings.poll_interval_min = std::time::Duration::from_millis(1);
    // A developer's own files, which a group of the developer's own often may write.
    config.supply.policy.custody = Custody::Advised;
    settings
}

/// What a job is run by.
pub(crate) struct Runner<'a> {
    pub(crate) config: &'a Config,
    pub(crate) settings: WorkerConfig,
    pub(crate) engine: &'a Engine,
    pub(crate) plugin: Arc<Plugin>,
}

impl Runner<'_> {
    /// Runs it to its answer. Once `stop` is ready the job is cancelled; its answer still comes.
    pub(crate) async fn run(
        mut self,
        job: JobId,
        contents: JobContents,
        stop: impl Future<Output = ()>,
        mut tell: impl FnMut(&WorkerEvent),
    ) -> Result<Answer> {
        if let Some(property) = self.plugin.manifest.queryable_property() {
            // A worker polls for values; this job's is as good as any.
            let value = contents.configuration.get(&property.name);
            let value = value.map_or("", |value| value.expose_secret()).to_owned();
            let key = self.plugin.manifest.key().clone();
            self.settings.query_values.insert(key, vec![value]);
        }
        let (source, answer) = OneJob::new(job, contents);
        let staging = LocalStaging {
            limits: self.settings.unpack_limits,
        };
        let secrets = secrets(self.config).await?;
        let parts = WorkerParts {
            egress: egress(self.config, secrets.as_deref()).await?,
            secrets,
            sources: vec![SourceParts::new(Arc::new(source), Arc::new(staging))],
            runner: Arc::clone(&self.engine.runner) as _,
            journal: Arc::new(pipefitter_journal::Memory::default()),
            claims: Arc::new(Single),
            catalogue: watch::Sender::new(Arc::new(Catalogue::of([self.plugin]))).subscribe(),
        };
        let worker = Worker::start(self.settings, parts)
            .await
            .context("the worker does not start")?;
        let mut events = worker.events();
        tokio::pin!(answer, stop);
        let mut stopped = false;
        let answer = loop {
            tokio::select! {
                biased;
                event = events.recv() => {
                    if let Ok(event) = &event {
                        tell(event);
                    }
                }
                answer = &mut answer => break answer.context("the worker ended without a result")?,
                () = &mut stop, if !stopped => {
                    stopped = true;
                    worker.cancel();
                }
            }
        };
        worker.drain();
        worker.join().await.context("the worker failed")?;
        Ok(answer)
    }
}
