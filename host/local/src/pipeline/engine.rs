//! The engine: the whole state, its inputs and its clockwork.
//!
//! Pure but for random ids: an input (an operation, the end of an effect, the time) changes the
//! state and leaves effects behind for [`super::driver`] to carry out. Nothing here waits.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::ApiError;
use super::event::{Event, EventKind};
use super::kept::Kept;
use super::model::{ActionType, ActionTypeId, EncryptionKey};
use super::operation::Operation;
use super::saved::Counters;
use super::state::{Execution, Job, PipelineState, Run};
pub(super) use super::timers::Timer;
use super::timers::Timers;
use crate::Switches;
use crate::auth::{ObjectRef, Registry};
use crate::third_party::ThirdParty;

/// What does not change while the service runs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) continuation_delay: Duration,
    pub(crate) start_on_create: bool,
    pub(crate) switches: Switches,
    pub(crate) third_party: ThirdParty,
}

/// What the engine wants done. Each but [`Effect::Emit`] ends in an input of the same run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Effect {
    /// Tell watchers.
    #[serde(skip)]
    Emit(Event),
    /// Copy a source object's newest version to its artifact; ends in [`Engine::source_fetched`].
    FetchSource {
        run: String,
        from: ObjectRef,
        to: ObjectRef,
        key: Option<EncryptionKey>,
    },
    /// See that each artifact was uploaded; ends in [`Engine::outputs_verified`].
    VerifyOutputs {
        run: String,
        objects: Vec<(String, ObjectRef)>,
    },
}

impl Effect {
    /// The action execution that waits for its end.
    fn run(&self) -> Option<&str> {
        match self {
            Self::Emit(_) => None,
            Self::FetchSource { run, .. } | Self::VerifyOutputs { run, .. } => Some(run),
        }
    }
}

/// A source object that starts executions when it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WatchedSource {
    pub(super) pipeline: String,
    pub(super) action: String,
    pub(super) object: ObjectRef,
    /// The version that was seen last when this was asked for.
    pub(super) seen: Option<String>,
}

pub(super) struct Engine {
    pub(super) settings: Settings,
    pub(super) registry: Registry,
    pub(super) types: Kept<ActionTypeId, ActionType>,
    /// Custom types that were deleted: a version is never given to another type.
    pub(super) deleted_types: Kept<ActionTypeId, ActionType>,
    pub(super) pipelines: Kept<String, PipelineState>,
    pub(super) executions: Kept<String, Execution>,
    pub(super) runs: Kept<String, Run>,
    pub(super) jobs: Kept<String, Job>,
    /// Jobs that pollers may get, now or once their hand-out lapses, by age.
    pub(super) offers: Kept<u64, String>,
    pub(super) timers: Timers,
    /// Effects that have not ended, by the action execution that waits for them.
    pub(super) pending: Kept<String, Effect>,
    /// Source action executions that are being copied, and which version had been seen last when that began.
    pub(super) fetching: BTreeMap<String, Option<String>>,
    pub(super) sequence: u64,
    /// As they were kept last.
    pub(super) counted: Option<Counters>,
    /// The time of the input being handled.
    pub(super) now: Timestamp,
    effects: Vec<Effect>,
}

impl Engine {
    pub(super) fn new(settings: Settings, registry: Registry) -> Self {
        let partners = settings.third_party.action_types.iter();
        let offered = ActionType::built_in()
            .into_iter()
            .chain(partners.map(ActionType::from));
        let now = registry.clock().now();
        let mut types = Kept::default();
        for kind in offered {
            types.insert(kind.id.clone(), kind);
        }
        Self {
            settings,
            registry,
            types,
            deleted_types: Kept::default(),
            pipelines: Kept::default(),
            executions: Kept::default(),
            runs: Kept::default(),
            jobs: Kept::default(),
            offers: Kept::default(),
            timers: Timers::default(),
            pending: Kept::default(),
            fetching: BTreeMap::new(),
            sequence: 0,
            counted: None,
            now,
            effects: Vec::new(),
        }
    }

    /// Carries out a request.
    ///
    /// # Errors
    /// The service's exception; the state is then unchanged.
    pub(super) fn handle(
        &mut self,
        operation: Operation,
        now: Timestamp,
    ) -> Result<Value, ApiError> {
        self.tick(now);
        match operation {
            Operation::CreateCustomActionType(request) => self.create_action_type(request),
            Operation::ListActionTypes(request) => self.list_action_types(&request),
            Operation::CreatePipeline(request) => self.create_pipeline(*request),
            Operation::GetPipeline(request) => self.get_pipeline(&request),
            Operation::ListPipelines(request) => self.list_pipelines(&request),
            Operation::DeletePipeline(request) => Ok(self.delete_pipeline(&request)),
            Operation::StartPipelineExecution(request) => self.start_execution(request),
            Operation::GetPipelineExecution(request) => self.get_execution(&request),
            Operation::GetPipelineState(request) => self.get_state(&request),
            Operation::ListPipelineExecutions(request) => self.list_executions(&request),
            Operation::ListActionExecutions(request) => self.list_action_executions(&request),
            Operation::PollForJobs(request) => self.poll_for_jobs(&request),
            Operation::AcknowledgeJob(request) => self.acknowledge_job(&request),
            Operation::GetJobDetails(request) => self.get_job_details(&request),
            Operation::PutJobSuccessResult(request) => self.put_job_success(request),
            Operation::PutJobFailureResult(request) => self.put_job_failure(request),
            Operation::UpdatePipeline(request) => self.update_pipeline(*request),
            Operation::DeleteCustomActionType(request) => self.delete_action_type(request),
            Operation::StopPipelineExecution(request) => self.stop_execution(request),
            Operation::RetryStageExecution(request) => self.retry_stage(&request),
            Operation::PutApprovalResult(request) => self.put_approval_result(request),
            Operation::EnableStageTransition(request) => self.enable_transition(&request),
            Operation::DisableStageTransition(request) => self.disable_transition(request),
            Operation::PutActionRevision(request) => self.put_action_revision(request),
            Operation::GetActionType(request) => self.get_action_type(&request),
            Operation::PollForThirdPartyJobs(request) => self.poll_for_third_party_jobs(&request),
            Operation::GetThirdPartyJobDetails(request) => {
                self.get_third_party_job_details(&request)
            }
            Operation::AcknowledgeThirdPartyJob(request) => {
                self.acknowledge_third_party_job(&request)
            }
            Operation::PutThirdPartyJobSuccessResult(request) => {
                self.put_third_party_job_success(request)
            }
            Operation::PutThirdPartyJobFailureResult(request) => {
                self.put_third_party_job_failure(request)
            }
        }
    }

    /// Does what has fallen due by `now`.
    pub(super) fn tick(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        while let Some(timer) = self.timers.pop_due(self.now) {
            match timer {
                Timer::Offer { job } => self.offer_job(&job),
                Timer::Timeout { run } => self.time_out(&run),
                Timer::JobTimeout { job } => self.time_out_job(&job),
            }
        }
    }

    /// When [`Engine::tick`] next has something to do.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.timers.first_due()
    }

    /// What is to be done since the last call.
    pub(super) fn take_effects(&mut self) -> Vec<Effect> {
        let effects = std::mem::take(&mut self.effects);
        for effect in &effects {
            if let Effect::FetchSource { run, .. } = effect {
                let seen = self.runs.get(run).and_then(|fetching| {
                    let pipeline = self.pipelines.get(&fetching.pipeline)?;
                    pipeline.seen.get(&fetching.declared.name)?.clone()
                });
                self.fetching.insert(run.clone(), seen);
            }
        }
        effects
    }

    /// Begins again what had begun when the process that was before this one ended.
    pub(super) fn resume_effects(&mut self) {
        self.effects.extend(self.pending.values().cloned());
    }

    pub(super) fn effect(&mut self, effect: Effect) {
        if let Some(run) = effect.run() {
            self.pending.insert(run.to_owned(), effect.clone());
        }
        self.effects.push(effect);
    }

    pub(super) fn emit(&mut self, pipeline: &str, execution: &str, kind: EventKind) {
        let event = Event::new(self.now, pipeline, execution, kind);
        self.effects.push(Effect::Emit(event));
    }

    pub(super) fn next_sequence(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    pub(super) fn pipeline(&self, name: &str) -> Result<&PipelineState, ApiError> {
        self.pipelines
            .get(name)
            .ok_or_else(|| ApiError::pipeline_not_found(name, &self.settings.account))
    }

    /// A type, also one that was deleted: what it says is secret stays so.
    pub(super) fn known_type(&self, id: &ActionTypeId) -> Option<&ActionType> {
        self.types.get(id).or_else(|| self.deleted_types.get(id))
    }

    /// Who asks: there is one user.
    pub(super) fn caller(&self) -> String {
        format!("arn:aws:iam::{}:root", self.settings.account)
    }

    pub(super) fn arn(&self, pipeline: &str) -> String {
        let Settings {
            region, account, ..
        } = &self.settings;
        format!("arn:aws:codepipeline:{region}:{account}:{pipeline}")
    }
}

/// A new id of the service's form.
pub(super) fn new_id() -> String {
    uuid::Uuid::new_v4().to_string()
}
