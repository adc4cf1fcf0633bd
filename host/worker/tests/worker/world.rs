//! A worker with everything around it.

use std::sync::Arc;
use std::time::Duration;

use pipefitter_claims::{Claims, Single};
use pipefitter_codepipeline::{JobSource, Owner};
use pipefitter_journal::{Journal, Memory, Phase, Record, RecordKey};
use pipefitter_plugins::Catalogue;
use pipefitter_sandbox::JobSpec;
use pipefitter_worker::{
    DrainReport, SourceEvents, SourceParts, Worker, WorkerConfig, WorkerHandle, WorkerParts,
    WorkerStatus,
};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

use crate::catalogue::catalogue;
use crate::runner::Runner;
use crate::service::{CLIENT, Service};
use crate::stage::Stage;

pub(crate) struct World {
    pub(crate) service: Service,
    pub(crate) runner: Runner,
    pub(crate) specs: mpsc::UnboundedReceiver<JobSpec>,
    pub(crate) stage: Stage,
    pub(crate) memory: Memory,
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) claims: Arc<dyn Claims>,
    pub(crate) config: WorkerConfig,
    pub(crate) events: Option<SourceEvents>,
    pub(crate) check_executions: Option<Duration>,
    pub(crate) retry_safe: bool,
    pub(crate) resumable: bool,
    _dir: TempDir,
}

impl World {
    pub(crate) fn new() -> World {
        let dir = tempfile::tempdir().unwrap();
        let mut config = WorkerConfig::new(dir.path().join("work"), dir.path().join("logs"));
        config.slots = 4;
        config.poll_interval_max = Duration::from_secs(5);
        let (runner, specs) = Runner::new();
        let memory = Memory::new();
        World {
            service: Service::new(),
            runner,
            specs,
            stage: Stage::default(),
            journal: Arc::new(memory.clone()),
            memory,
            claims: Arc::new(Single),
            config,
            events: None,
            check_executions: None,
            retry_safe: false,
            resumable: false,
            _dir: dir,
        }
    }

    pub(crate) async fn start(&self) -> WorkerHandle {
        self.start_with_catalogue().await.1
    }

    pub(crate) async fn start_with_catalogue(
        &self,
    ) -> (watch::Sender<Arc<Catalogue>>, WorkerHandle) {
        let (sender, catalogue) = watch::channel(catalogue(self.retry_safe, self.resumable));
        let service: Arc<dyn JobSource> = Arc::new(self.service.clone());
        let worker = self.start_of(vec![service], catalogue).await;
        (sender, worker)
    }

    /// A worker of other sources than the world's own.
    pub(crate) async fn start_of(
        &self,
        sources: Vec<Arc<dyn JobSource>>,
        catalogue: watch::Receiver<Arc<Catalogue>>,
    ) -> WorkerHandle {
        let sources = sources
            .into_iter()
            .map(|source| SourceParts {
                events: self.events.clone(),
                check_executions: self.check_executions,
                ..SourceParts::new(source, Arc::new(self.stage.clone()))
            })
            .collect();
        let parts = WorkerParts {
            egress: None,
            secrets: None,
            sources,
            runner: Arc::new(self.runner.clone()),
            journal: Arc::clone(&self.journal),
            claims: Arc::clone(&self.claims),
            catalogue,
        };
        Worker::start(self.config.clone(), parts).await.unwrap()
    }

    pub(crate) async fn records(&self) -> Vec<Record> {
        self.memory.load().await.unwrap()
    }

    /// A record as an earlier run left it.
    pub(crate) async fn left(&self, job: &str, attempt: u32, phase: Phase) {
        self.left_at(jiff::Timestamp::now(), job, attempt, phase)
            .await;
    }

    /// The same of a job that was taken then.
    pub(crate) async fn left_at(
        &self,
        taken_at: jiff::Timestamp,
        job: &str,
        attempt: u32,
        phase: Phase,
    ) {
        let record = Record {
            key: RecordKey {
                source: "main".to_owned(),
                job: job.to_owned(),
            },
            action_type: "Build/Site/1".to_owned(),
            nonce: "1".to_owned(),
            client: (self.service.owner() == Owner::ThirdParty).then(|| CLIENT.to_owned()),
            attempt,
            retry_safe: self.retry_safe,
            by_rule: false,
            taken_at: taken_at.as_millisecond(),
            phase,
        };
        self.memory.put(record).await.unwrap();
    }
}

/// Wait for a status.
pub(crate) async fn until(
    worker: &WorkerHandle,
    what: &str,
    test: impl FnMut(&WorkerStatus) -> bool,
) -> WorkerStatus {
    let mut status = worker.watch();
    let found = tokio::time::timeout(Duration::from_secs(40 * 3600), status.wait_for(test)).await;
    match found {
        Ok(Ok(status)) => status.clone(),
        _ => panic!("never happened: {what}; {:?}", worker.status()),
    }
}

/// Wait until nothing is under way, then end the worker and check that nothing leaked.
pub(crate) async fn end(world: &World, worker: WorkerHandle) -> DrainReport {
    let slots = world.config.slots;
    until(&worker, "all slots are free", |status| {
        status.jobs.is_empty() && status.slots_free == slots
    })
    .await;
    worker.drain();
    let report = worker.join().await.unwrap();
    assert_eq!(report.left, []);
    let left: Vec<_> = std::fs::read_dir(&world.config.work_dir).unwrap().collect();
    assert!(left.is_empty(), "the work directory is empty");
    report
}
