//! The engine: the whole state, its inputs and its clockwork.
//!
//! Pure but for random ids: an input (an operation, the end of an effect, the time) changes the
//! state and leaves effects behind for [`super::driver`] to carry out. Nothing here waits.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::error::ApiError;
use super::event::{Event, EventKind};
use super::model::{ActionType, ActionTypeId, EncryptionKey};
use super::operation::Operation;
use super::state::{Execution, Job, PipelineState, Run};
use crate::LostJobs;
use crate::auth::{ObjectRef, Registry};
use crate::third_party::ThirdParty;

/// What does not change while the service runs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) continuation_delay: Duration,
    pub(crate) reoffer_after: Duration,
    pub(crate) credential_lifetime: Duration,
    pub(crate) action_timeout: Duration,
    pub(crate) lost_jobs: LostJobs,
    pub(crate) third_party: ThirdParty,
}

/// What the engine wants done. Each but [`Effect::Emit`] ends in an input of the same run.
#[derive(Debug)]
pub(super) enum Effect {
    /// Tell watchers.
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

/// A source object that starts executions when it changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WatchedSource {
    pub(super) pipeline: String,
    pub(super) action: String,
    pub(super) object: ObjectRef,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// A continuation's job is to be offered.
    Offer { job: String },
    /// An action has taken too long.
    Timeout { run: String },
    /// A job has taken longer than its action type allows.
    JobTimeout { job: String },
}

pub(super) struct Engine {
    pub(super) settings: Settings,
    pub(super) registry: Registry,
    pub(super) types: BTreeMap<ActionTypeId, ActionType>,
    /// Custom types that were deleted: a version is never given to another type.
    pub(super) deleted_types: BTreeMap<ActionTypeId, ActionType>,
    pub(super) pipelines: BTreeMap<String, PipelineState>,
    pub(super) executions: HashMap<String, Execution>,
    pub(super) runs: HashMap<String, Run>,
    pub(super) jobs: HashMap<String, Job>,
    /// Jobs that pollers may get, now or once their hand-out lapses, by age.
    pub(super) offers: BTreeMap<u64, String>,
    pub(super) timers: BTreeSet<(Timestamp, Timer)>,
    pub(super) sequence: u64,
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
        let types = offered.map(|kind| (kind.id.clone(), kind)).collect();
        let now = registry.clock().now();
        Self {
            settings,
            registry,
            types,
            deleted_types: BTreeMap::new(),
            pipelines: BTreeMap::new(),
            executions: HashMap::new(),
            runs: HashMap::new(),
            jobs: HashMap::new(),
            offers: BTreeMap::new(),
            timers: BTreeSet::new(),
            sequence: 0,
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
        while let Some((due, timer)) = self.timers.pop_first() {
            if due > self.now {
                self.timers.insert((due, timer));
                return;
            }
            match timer {
                Timer::Offer { job } => self.offer_job(&job),
                Timer::Timeout { run } => self.time_out(&run),
                Timer::JobTimeout { job } => self.time_out_job(&job),
            }
        }
    }

    /// When [`Engine::tick`] next has something to do.
    pub(super) fn next_deadline(&self) -> Option<Timestamp> {
        self.timers.first().map(|(due, _)| *due)
    }

    /// What is to be done since the last call.
    pub(super) fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    pub(super) fn effect(&mut self, effect: Effect) {
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
