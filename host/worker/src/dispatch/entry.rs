//! One job as the dispatcher holds it.

use std::sync::Arc;

use pipefitter_claims::ClaimKey;
use pipefitter_codepipeline::{ClientId, JobContents, JobId, Nonce, Offer, PipelineContext};
use pipefitter_journal::{Phase, Record, RecordKey};
use pipefitter_plugins::{ActionTypeKey, Plugin};
use pipefitter_sandbox::{InputDir, StopHandle};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::config::{PluginSettings, SourceParts};
use crate::events::JobInfo;
use crate::job::{Brief, Noticed, Used};
use crate::life::{Answer, Life};
use crate::slots::Permit;

/// Names a job within this process: a job id may come twice.
pub(crate) type JobRef = u64;

/// What a plugin said last: percent and a few words.
pub(crate) type Progress = Option<(Option<u8>, String)>;

pub(crate) struct Entry {
    pub(crate) key: RecordKey,
    pub(crate) source: SourceParts,
    pub(crate) job: JobId,
    pub(crate) client: Option<ClientId>,
    pub(crate) action_type: ActionTypeKey,
    pub(crate) nonce: Nonce,
    /// Absent for a job of an earlier run.
    pub(crate) offer: Option<Offer>,
    pub(crate) contents: Option<JobContents>,
    /// When they came.
    pub(crate) learnt: Instant,
    /// Of the contents, also when a task has them.
    pub(crate) context: PipelineContext,
    /// As it was when the job came, whatever happens to the catalogue later.
    pub(crate) plugin: Option<Arc<Plugin>>,
    pub(crate) settings: PluginSettings,
    pub(crate) life: Life,
    /// Held exactly while `life.slot`.
    pub(crate) permit: Option<Permit>,
    /// From the staging on.
    pub(crate) brief: Option<Arc<Brief>>,
    pub(crate) staged: Vec<InputDir>,
    pub(crate) stop: Option<StopHandle>,
    pub(crate) cancel: CancellationToken,
    /// Dropped, it ends the upkeep.
    pub(crate) upkeep: Option<DropGuard>,
    /// Has the upkeep ask the service now.
    pub(crate) nudge: Arc<Notify>,
    /// How it was noticed that the service has ended the job.
    pub(crate) noticed: Option<Noticed>,
    /// Its outcome is a continuation: there will be another job.
    pub(crate) continues: bool,
    pub(crate) taken_at: i64,
    pub(crate) info: Arc<JobInfo>,
    pub(crate) progress: watch::Sender<Progress>,
}

impl Entry {
    pub(crate) fn claim_key(&self) -> ClaimKey {
        ClaimKey {
            source: self.key.source.clone(),
            job: self.key.job.clone(),
        }
    }

    pub(crate) fn record(&self, attempt: u32, phase: Phase) -> Record {
        Record {
            key: self.key.clone(),
            action_type: self.action_type.to_string(),
            nonce: self.nonce.expose().to_owned(),
            client: self
                .client
                .as_ref()
                .map(|client| client.as_str().to_owned()),
            attempt,
            retry_safe: self.life.rules.retry_safe,
            by_rule: self.life.by_rule,
            taken_at: self.taken_at,
            phase,
        }
    }

    /// Once the contents are known, events say where the action stands.
    pub(crate) fn learn(&mut self, contents: JobContents) {
        let mut info = (*self.info).clone();
        info.pipeline.clone_from(&contents.pipeline.pipeline);
        info.stage.clone_from(&contents.pipeline.stage);
        info.action.clone_from(&contents.pipeline.action);
        info.pipeline_execution
            .clone_from(&contents.pipeline.pipeline_execution_id);
        self.info = Arc::new(info);
        if let Some(nonce) = &contents.nonce {
            self.nonce = nonce.clone();
        }
        self.context = contents.pipeline.clone();
        self.learnt = Instant::now();
        self.contents = Some(contents);
    }
}

/// What comes with an answer, for the entry.
pub(crate) enum Bring {
    Nothing,
    Contents(Box<JobContents>),
    Staged(Vec<InputDir>),
    /// What a run used.
    Used(Box<Used>),
}

/// What a task returns.
pub(crate) enum Message {
    Answer {
        job: JobRef,
        tag: u32,
        answer: Answer,
        bring: Bring,
    },
    Polled(super::polls::Polled),
    /// A partner's job that was offered again, with its contents.
    Reopened {
        key: RecordKey,
        offer: Box<Offer>,
        permit: Permit,
    },
    Received(super::queues::Received),
    /// The service has ended the job.
    Noticed {
        job: JobRef,
        noticed: Noticed,
    },
    /// Nobody waits for it.
    Done,
}

/// What a task's panic means.
#[derive(Clone)]
pub(crate) enum OnPanic {
    Answer {
        job: JobRef,
        tag: u32,
    },
    /// By which poller, of those that had this key.
    Poll(super::polls::PollerKey, u64),
    /// Receiving from the queue of the source at this position.
    Queue(usize),
    /// Deleting from it.
    Deletion(usize),
    /// Of this job, which goes on without it.
    Nothing {
        job: JobRef,
    },
}
