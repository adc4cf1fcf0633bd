//! One action execution, from its start to its end.
//!
//! ```text
//!   start ── S3 source ──> FetchSource ───────────────> fetched ──> end
//!     │
//!     ├── approval ───────────────────────────────────> answer, timeout ──> end
//!     │
//!     └── others ──> job ──> (continuation: job, job ..) ──> success ──> VerifyOutputs ──> end
//!                     └── failure, timeout ──────────────────────────────────────────────> end
//! ```
//!
//! A configuration that cannot be resolved ends it at its start, with `ConfigurationError`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::check_action_type::fill;
use super::check_pipeline::check_queryable;
use super::check_resolved::{check_resolved_size, check_resolved_value};
use super::engine::{Effect, Engine, Timer, WatchedSource, new_id};
use super::event::{ActionEvent, ArtifactLocation, ErrorDetails, EventKind, Phase, Status};
use super::model::{Action, ActionTypeId, Configuration};
use super::operation::ExecutionDetails;
use super::resolve::{Namespaces, resolve};
use super::state::{Artifact, JobStatus, Revision, Run, SourceRevision};
use crate::auth::{later, random};

/// How much of the pipeline's and the artifact's name an object's key shows, as on AWS.
const KEY_PIPELINE: usize = 20;
const KEY_ARTIFACT: usize = 10;
const KEY_SUFFIX: usize = 7;

/// How long a manual approval waits for an answer (the user guide's limits page).
const APPROVAL_TIMEOUT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What a source action brought home.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) version_id: String,
    /// Without quotes.
    pub(super) etag: String,
    /// Seconds since the epoch.
    pub(super) modified: f64,
}

impl Engine {
    /// Starts an action of the stage that an execution is in; returns its run, and why it must be
    /// ended at once, if it must.
    pub(super) fn start_run(
        &mut self,
        execution_id: &str,
        stage: usize,
        action: usize,
    ) -> Option<(String, Option<ErrorDetails>)> {
        let execution = self.executions.get(execution_id)?;
        let pipeline = self.pipelines.get(&execution.pipeline)?;
        let declaration = &pipeline.declaration;
        let declared = declaration.stages[stage].actions[action].clone();
        let bucket = declaration
            .artifact_store
            .as_ref()
            .map(|store| store.location.clone())
            .unwrap_or_default();
        let key = declaration
            .artifact_store
            .as_ref()
            .and_then(|s| s.encryption_key.clone());
        let outputs: Vec<_> = declared
            .output_artifacts
            .iter()
            .map(|artifact| ArtifactLocation {
                name: artifact.name.clone(),
                bucket: bucket.clone(),
                key: object_key(&declaration.name, &artifact.name),
            })
            .collect();
        let inputs = declared
            .input_artifacts
            .iter()
            .filter_map(|input| execution.artifacts.get(&input.name).cloned())
            .collect();
        let resolved = if self.types.contains_key(&declared.action_type_id) {
            self.resolve_configuration(&declared, &execution.namespaces)
        } else {
            Err(format!("{} was deleted", declared.action_type_id))
        };
        let (configuration, fault) = match resolved {
            Ok(configuration) => (configuration, None),
            Err(fault) => (declared.configuration.clone(), Some(fault)),
        };
        let id = new_id();
        let is_approval = declared.action_type_id == ActionTypeId::manual_approval();
        let timeout = match declared.timeout_in_minutes {
            Some(minutes) => Duration::from_secs(60 * u64::from(minutes)),
            None if is_approval => APPROVAL_TIMEOUT,
            None => self.settings.switches.action_timeout,
        };
        let run = Run {
            id: id.clone(),
            pipeline: execution.pipeline.clone(),
            execution: execution_id.to_owned(),
            stage,
            stage_name: declaration.stages[stage].name.clone(),
            version: execution.version,
            status: Status::InProgress,
            phase: Phase::Queued,
            started: self.now,
            updated: self.now,
            updated_by: None,
            details: ExecutionDetails::default(),
            error: None,
            configuration,
            inputs,
            outputs,
            variables: BTreeMap::new(),
            revision: None,
            deadline: later(self.now, timeout),
            job: None,
            approval_token: None,
            declared,
        };
        self.timers
            .insert((run.deadline, Timer::Timeout { run: id.clone() }));
        let is_s3 = run.declared.action_type_id == ActionTypeId::s3_source();
        let fetch = is_s3.then(|| fetch(&run, key)).flatten();
        let name = run.declared.name.clone();
        if let Some(pipeline) = self.pipelines.get_mut(&run.pipeline) {
            let slot = &mut pipeline.slots[stage];
            slot.latest_runs.insert(name.clone(), id.clone());
        }
        if let Some(execution) = self.executions.get_mut(execution_id) {
            execution.runs.push(id.clone());
            if let Some(held) = execution.stages.get_mut(&run.stage_name) {
                held.current.insert(name, id.clone());
            }
        }
        self.runs.insert(id.clone(), run);
        if let Some(fault) = fault {
            return Some((id, Some(ErrorDetails::new("ConfigurationError", fault))));
        }
        if let Some(effect) = fetch {
            self.set_phase(&id, Phase::Running);
            self.effect(effect);
        } else if is_approval {
            self.ask_for_approval(&id);
        } else {
            self.queue_job(&id, None);
            self.tell(&id);
        }
        Some((id, None))
    }

    fn resolve_configuration(
        &self,
        action: &Action,
        namespaces: &Namespaces,
    ) -> Result<Configuration, String> {
        let queryable = self
            .types
            .get(&action.action_type_id)
            .and_then(|kind| kind.queryable());
        let mut resolved = Configuration::new();
        for (name, value) in &action.configuration {
            let value = resolve(name, value, namespaces).map_err(|error| error.to_string())?;
            if queryable.is_some_and(|property| property.name == *name) {
                check_queryable(name, &value)?;
            }
            if self.settings.switches.resolved_values_limited {
                check_resolved_value(name, &value)?;
            }
            resolved.insert(name.clone(), value);
        }
        check_resolved_size(&resolved)?;
        Ok(resolved)
    }

    /// A source's object is in its artifact, or is not, and why.
    pub(super) fn source_fetched(&mut self, id: &str, result: Result<Fetched, ErrorDetails>) {
        self.pending.remove(id);
        let began_at = self.fetching.remove(id).flatten();
        let Some(run) = self.runs.get_mut(id) else {
            return;
        };
        if run.status != Status::InProgress {
            return;
        }
        let fetched = match result {
            Ok(fetched) => fetched,
            Err(error) => return self.end_run(id, Some(error)),
        };
        run.details.summary = Some(format!("Amazon S3 version id: {}", fetched.version_id));
        run.details.external_execution_id = Some(fetched.version_id.clone());
        let configured = |name| run.configuration.get(name).cloned().unwrap_or_default();
        run.variables = BTreeMap::from([
            ("BucketName".to_owned(), configured("S3Bucket")),
            ("ETag".to_owned(), fetched.etag.clone()),
            ("ObjectKey".to_owned(), configured("S3ObjectKey")),
            ("VersionId".to_owned(), fetched.version_id.clone()),
        ]);
        run.revision = Some(Revision {
            id: fetched.version_id.clone(),
            change_id: fetched.version_id.clone(),
            summary: Some(format!("Amazon S3 version id: {}", fetched.version_id)),
            created: fetched.modified,
        });
        let (pipeline, action) = (run.pipeline.clone(), run.declared.name.clone());
        // A look that came meanwhile has seen no older version than was fetched.
        if let Some(pipeline) = self.pipelines.get_mut(&pipeline)
            && let Some(seen) = pipeline.seen.get_mut(&action)
            && *seen == began_at
        {
            *seen = Some(fetched.version_id);
        }
        self.end_run(id, None);
    }

    /// A run goes on in another job, with what that may change of it.
    pub(super) fn continue_run(&mut self, id: &str) {
        let switches = &self.settings.switches;
        let (keeps_outputs, spans) = (
            switches.continuation_keeps_outputs,
            switches.timeout_spans_continuations,
        );
        let deadline = later(self.now, switches.action_timeout);
        let Some(run) = self.runs.get_mut(id) else {
            return;
        };
        if !keeps_outputs {
            for output in &mut run.outputs {
                output.key = object_key(&run.pipeline, &output.name);
            }
        }
        if !spans {
            let timer = || Timer::Timeout { run: id.to_owned() };
            self.timers.remove(&(run.deadline, timer()));
            run.deadline = deadline;
            self.timers.insert((deadline, timer()));
        }
    }

    /// The worker's outputs are all there, or one is not.
    pub(super) fn outputs_verified(&mut self, id: &str, result: Result<(), ErrorDetails>) {
        self.pending.remove(id);
        self.end_run(id, result.err());
    }

    /// Ends an action execution, well or badly, and lets its execution go on.
    pub(super) fn end_run(&mut self, id: &str, error: Option<ErrorDetails>) {
        let status = match error {
            Some(_) => Status::Failed,
            None => Status::Succeeded,
        };
        self.finish_run(id, status, error);
    }

    /// Ends an action execution whatever its worker does; what it still says is not heard.
    pub(super) fn abandon_run(&mut self, id: &str) {
        let Some(run) = self.runs.get_mut(id) else {
            return;
        };
        if let Some(job) = run.job.take() {
            self.close_job(&job, JobStatus::Abandoned);
        }
        self.finish_run(id, Status::Abandoned, None);
    }

    fn finish_run(&mut self, id: &str, status: Status, error: Option<ErrorDetails>) {
        let Some(run) = self.runs.get_mut(id) else {
            return;
        };
        if run.status != Status::InProgress {
            return;
        }
        run.status = status;
        run.phase = Phase::Ended;
        run.error = error;
        run.updated = self.now;
        self.timers
            .remove(&(run.deadline, Timer::Timeout { run: id.to_owned() }));
        let (execution_id, stage) = (run.execution.clone(), run.stage);
        if status == Status::Succeeded {
            if let Some(execution) = self.executions.get_mut(&execution_id) {
                record_outputs(run, execution);
            }
        } else {
            run.variables.clear();
        }
        if run.revision.is_some()
            && let Some(pipeline) = self.pipelines.get_mut(&run.pipeline)
            && let Some(slot) = pipeline.slots.get_mut(stage)
        {
            slot.announced.remove(&run.declared.name);
        }
        self.tell(id);
        self.advance_stage(&execution_id, stage);
    }

    /// An action took longer than the service waits.
    pub(super) fn time_out(&mut self, id: &str) {
        let Some(run) = self.runs.get_mut(id) else {
            return;
        };
        let hours = run.deadline.duration_since(run.started).as_secs_f64() / 3600.0;
        if let Some(job) = run.job.take() {
            self.close_job(&job, JobStatus::TimedOut);
        }
        let message = format!("the action did not end within its timeout of {hours} hours");
        self.end_run(id, Some(ErrorDetails::new("JobFailed", message)));
    }

    pub(super) fn set_phase(&mut self, id: &str, phase: Phase) {
        if let Some(run) = self.runs.get_mut(id) {
            run.phase = phase;
            run.updated = self.now;
        }
        self.tell(id);
    }

    /// Tells watchers how an action execution stands.
    pub(super) fn tell(&mut self, id: &str) {
        let Some(run) = self.runs.get(id) else { return };
        let has_ended_well = run.status == Status::Succeeded;
        let event = ActionEvent {
            stage: run.stage_name.clone(),
            action: run.declared.name.clone(),
            action_execution_id: run.id.clone(),
            action_type: run.declared.action_type_id.short(),
            status: run.status,
            phase: run.phase,
            summary: run.details.summary.clone(),
            percent: run.details.percent_complete,
            external_execution_id: run.details.external_execution_id.clone(),
            external_execution_url: self.execution_url(run),
            error: run.error.clone(),
            approval_token: run.approval_token.clone(),
            output_variables: run.variables.clone(),
            output_artifacts: if has_ended_well {
                run.outputs.clone()
            } else {
                Vec::new()
            },
        };
        let (pipeline, execution) = (run.pipeline.clone(), run.execution.clone());
        self.emit(&pipeline, &execution, EventKind::Action(Box::new(event)));
    }

    /// The link that the action type makes of a run.
    pub(super) fn execution_url(&self, run: &Run) -> Option<String> {
        let kind = self.known_type(&run.declared.action_type_id)?;
        let template = kind.settings.as_ref()?.execution_url_template.as_deref();
        let id = run.details.external_execution_id.as_deref();
        fill(template, &kind.mask(&run.configuration), id)
    }

    /// The source objects whose changes start executions.
    pub(super) fn watched_sources(&self) -> Vec<WatchedSource> {
        let mut watched = Vec::new();
        for pipeline in self.pipelines.values() {
            for action in pipeline
                .declaration
                .stages
                .iter()
                .flat_map(|stage| &stage.actions)
            {
                if let Some(seen) = pipeline.seen.get(&action.name)
                    && let Some(object) = source_object(&action.configuration)
                {
                    watched.push(WatchedSource {
                        pipeline: pipeline.declaration.name.clone(),
                        action: action.name.clone(),
                        object,
                        seen: seen.clone(),
                    });
                }
            }
        }
        watched
    }

    /// A source object was looked at: a version not seen before starts an execution. Returns whether it must be looked
    /// at once more: another version was seen while this look went on, and which of them is newer nobody can tell.
    pub(super) fn source_seen(&mut self, source: &WatchedSource, version: Option<String>) -> bool {
        let Some(pipeline) = self.pipelines.get_mut(&source.pipeline) else {
            return false;
        };
        let Some(seen) = pipeline.seen.get_mut(&source.action) else {
            return false;
        };
        if version.is_none() || *seen == version {
            return false;
        }
        if *seen != source.seen {
            return true;
        }
        *seen = version;
        let detail = format!("{}/{}", source.object.0, source.object.1);
        let trigger = super::event::Trigger::PollForSourceChanges;
        if let Err(error) = self.begin_execution(&source.pipeline, trigger, detail, BTreeMap::new())
        {
            tracing::warn!(pipeline = source.pipeline, %error, "a source change starts nothing");
        }
        false
    }
}

/// The bucket and key that an S3 source action names, once nothing in them refers to a variable.
pub(super) fn source_object(configuration: &Configuration) -> Option<(String, String)> {
    Some((
        configuration.get("S3Bucket")?.clone(),
        configuration.get("S3ObjectKey")?.clone(),
    ))
}

fn fetch(run: &Run, key: Option<super::model::EncryptionKey>) -> Option<Effect> {
    let output = run.outputs.first()?;
    Some(Effect::FetchSource {
        run: run.id.clone(),
        from: source_object(&run.configuration)?,
        to: (output.bucket.clone(), output.key.clone()),
        key,
    })
}

/// Makes what a run produced known to the actions after it.
fn record_outputs(run: &Run, execution: &mut super::state::Execution) {
    let is_source = run.declared.action_type_id.category == "Source";
    let revision = run.revision.as_ref().filter(|_| is_source);
    for output in &run.outputs {
        let artifact = Artifact {
            location: output.clone(),
            revision: revision.map(|r| r.id.clone()),
        };
        execution.artifacts.insert(output.name.clone(), artifact);
    }
    if let Some(revision) = revision {
        // A retry finds it anew.
        execution
            .revisions
            .retain(|source| source.action != run.declared.name);
        execution.revisions.push(SourceRevision {
            action: run.declared.name.clone(),
            artifact: run.outputs.first().map(|output| output.name.clone()),
            revision: revision.clone(),
        });
    }
    if let Some(namespace) = &run.declared.namespace {
        execution
            .namespaces
            .insert(namespace.clone(), run.variables.clone());
    }
}

fn object_key(pipeline: &str, artifact: &str) -> String {
    let cut = |text: &str, length| text.chars().take(length).collect::<String>();
    format!(
        "{}/{}/{}",
        cut(pipeline, KEY_PIPELINE),
        cut(artifact, KEY_ARTIFACT),
        random(
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
            KEY_SUFFIX
        )
    )
}
