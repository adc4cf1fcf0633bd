//! The operations on pipelines.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::engine::Engine;
use super::error::ApiError;
use super::event::Trigger;
use super::model::{Action, ActionTypeId, MASK, Pipeline};
use super::operation::{ByName, CreatePipeline, GetPipeline, ListPipelines, Operation};
use super::page::{self, Page};
use super::requests::UpdatePipeline;
use super::runs::source_object;
use super::state::{PipelineState, Slot, epoch};
use super::{check_action_type, check_pipeline};

/// Pipelines per Region and account (the user guide's limits page).
const MAX_PIPELINES: usize = 1000;

impl Engine {
    /// The S3 source objects that a pipeline would watch, by action.
    pub(super) fn sources_of(pipeline: &Pipeline) -> Vec<(String, (String, String))> {
        let actions = pipeline.stages.iter().flat_map(|stage| &stage.actions);
        actions
            .filter(|action| action.action_type_id == ActionTypeId::s3_source())
            .filter(|action| {
                let polls = action.configuration.get("PollForSourceChanges");
                // AWS: true unless the configuration says otherwise.
                polls.is_none_or(|value| !value.eq_ignore_ascii_case("false"))
            })
            .filter_map(|action| Some((action.name.clone(), source_object(&action.configuration)?)))
            .collect()
    }

    /// Whether a pipeline may be made or updated so, as far as the engine can tell.
    ///
    /// # Errors
    /// The service's exception for what is wrong.
    pub(super) fn check_declaration(&self, operation: &Operation) -> Result<(), ApiError> {
        match operation {
            Operation::CreatePipeline(request) => self.check_new_pipeline(request),
            Operation::UpdatePipeline(request) => {
                self.pipeline(&request.pipeline.name)?;
                check_pipeline::check(&request.pipeline, &self.types, &self.settings)
            }
            _ => Ok(()),
        }
    }

    fn check_new_pipeline(&self, request: &CreatePipeline) -> Result<(), ApiError> {
        check_action_type::check_tags(&request.tags)?;
        let declaration = &request.pipeline;
        if self.pipelines.contains_key(&declaration.name) {
            return Err(ApiError::new(
                "PipelineNameInUseException",
                format!(
                    "A pipeline with the name '{}' already exists",
                    declaration.name
                ),
            ));
        }
        if self.pipelines.len() >= MAX_PIPELINES {
            return Err(limit(&format!("{MAX_PIPELINES} pipelines")));
        }
        check_pipeline::check(declaration, &self.types, &self.settings)
    }

    pub(super) fn create_pipeline(&mut self, request: CreatePipeline) -> Result<Value, ApiError> {
        self.check_new_pipeline(&request)?;
        let mut declaration = request.pipeline;
        declaration.version = 1;
        let state = PipelineState {
            slots: declaration.stages.iter().map(|_| Slot::default()).collect(),
            earlier: BTreeMap::new(),
            created: self.now,
            updated: self.now,
            executions: VecDeque::new(),
            request_tokens: BTreeMap::new(),
            seen: not_seen(&declaration),
            declaration,
        };
        let answer = json!({
            "pipeline": self.masked(&state.declaration),
            "tags": request.tags,
        });
        let name = state.declaration.name.clone();
        self.pipelines.insert(name.clone(), state);
        if self.settings.start_on_create {
            let (trigger, user) = (Trigger::CreatePipeline, self.caller());
            // A pipeline whose variables have no values is made nevertheless.
            if let Err(error) = self.begin_execution(&name, trigger, user, BTreeMap::new()) {
                tracing::warn!(pipeline = name, %error, "a new pipeline starts nothing");
            }
        }
        Ok(answer)
    }

    /// Gives a pipeline a new definition. What runs by the old one is cancelled, its actions
    /// abandoned. Stages and actions that keep their names keep their history.
    pub(super) fn update_pipeline(&mut self, request: UpdatePipeline) -> Result<Value, ApiError> {
        let mut declaration = request.pipeline;
        let name = declaration.name.clone();
        let current = &self.pipeline(&name)?.declaration;
        self.keep_secrets(current, &mut declaration);
        check_pipeline::check(&declaration, &self.types, &self.settings)?;
        declaration.version = current.version + 1;
        self.cancel_executions(&name);
        let answer = json!({ "pipeline": self.masked(&declaration) });
        let now = self.now;
        if let Some(pipeline) = self.pipelines.get_mut(&name) {
            let slots = declaration.stages.iter().map(|stage| {
                let kept = pipeline.stage(&stage.name);
                let mut slot = kept.map_or_else(Slot::default, |at| pipeline.slots[at].clone());
                let has = |action: &String| stage.actions.iter().any(|a| a.name == *action);
                slot.latest_runs.retain(|action, _| has(action));
                slot.announced.retain(|action, _| has(action));
                slot.occupant = None;
                slot.waiting.clear();
                slot
            });
            pipeline.slots = slots.collect();
            // An object that was watched before is at the version that it was at.
            let mut seen = not_seen(&declaration);
            let before = Self::sources_of(&pipeline.declaration);
            for source in Self::sources_of(&declaration) {
                if before.contains(&source)
                    && let Some(version) = pipeline.seen.remove(&source.0)
                {
                    seen.insert(source.0, version);
                }
            }
            pipeline.seen = seen;
            pipeline.updated = now;
            let old = std::mem::replace(&mut pipeline.declaration, declaration);
            pipeline.earlier.insert(old.version, old);
        }
        Ok(answer)
    }

    /// A secret that comes back as it was shown, in asterisks, stays what it was.
    fn keep_secrets(&self, current: &Pipeline, update: &mut Pipeline) {
        for stage in &mut update.stages {
            let before = current.stages.iter().find(|s| s.name == stage.name);
            for action in &mut stage.actions {
                let before = before.and_then(|stage| {
                    let same = |a: &&Action| {
                        a.name == action.name && a.action_type_id == action.action_type_id
                    };
                    stage.actions.iter().find(same)
                });
                let (Some(before), Some(kind)) = (before, self.types.get(&action.action_type_id))
                else {
                    continue;
                };
                for (key, value) in &mut action.configuration {
                    if value == MASK
                        && kind.property(key).is_some_and(|property| property.secret)
                        && let Some(kept) = before.configuration.get(key)
                    {
                        value.clone_from(kept);
                    }
                }
            }
        }
    }

    /// Notes what source objects are now that were never looked at, so that only a later change
    /// counts.
    pub(super) fn note_sources(&mut self, name: &str, found: BTreeMap<String, Option<String>>) {
        if let Some(pipeline) = self.pipelines.get_mut(name) {
            for (action, version) in found {
                let seen = pipeline.seen.get_mut(&action);
                if let Some(seen) = seen.filter(|seen| seen.is_none()) {
                    *seen = version;
                }
            }
        }
    }

    pub(super) fn get_pipeline(&self, request: &GetPipeline) -> Result<Value, ApiError> {
        let pipeline = self.pipeline(&request.name)?;
        let declaration = match request.version {
            Some(version) if version != pipeline.declaration.version => {
                pipeline.earlier.get(&version).ok_or_else(|| {
                    ApiError::new(
                        "PipelineVersionNotFoundException",
                        format!("Pipeline '{}' has no version {version}", request.name),
                    )
                })?
            }
            _ => &pipeline.declaration,
        };
        Ok(json!({
            "pipeline": self.masked(declaration),
            "metadata": {
                "pipelineArn": self.arn(&request.name),
                "created": epoch(pipeline.created),
                "updated": epoch(pipeline.updated),
            },
        }))
    }

    pub(super) fn list_pipelines(&self, request: &ListPipelines) -> Result<Value, ApiError> {
        let all = self.pipelines.values().collect();
        let Page { items, next } =
            page::cut(all, request.next_token.as_deref(), request.max_results)?;
        let summaries: Vec<_> = items
            .into_iter()
            .map(|pipeline| {
                let declaration = &pipeline.declaration;
                json!({
                    "name": declaration.name,
                    "version": declaration.version,
                    "pipelineType": declaration.pipeline_type,
                    "executionMode": declaration.execution_mode.name(),
                    "created": epoch(pipeline.created),
                    "updated": epoch(pipeline.updated),
                })
            })
            .collect();
        Ok(page::answer("pipelines", json!(summaries), next))
    }

    /// Deletes a pipeline with all that goes on in it. One that is not there is deleted already.
    pub(super) fn delete_pipeline(&mut self, request: &ByName) -> Value {
        let Some(pipeline) = self.pipelines.remove(&request.name) else {
            return json!({});
        };
        for id in &pipeline.executions {
            let Some(execution) = self.executions.remove(id) else {
                continue;
            };
            for run in &execution.runs {
                self.runs.remove(run);
            }
        }
        let runs = &self.runs;
        let registry = &self.registry;
        self.jobs.retain(|_, job| {
            let stays = runs.contains_key(&job.run);
            if !stays {
                registry.revoke(job.sessions.iter().map(String::as_str));
            }
            stays
        });
        let jobs = &self.jobs;
        self.offers.retain(|_, job| jobs.contains_key(job));
        // Timers of what is gone find nothing when they fall due.
        json!({})
    }

    /// A declaration with its secrets as asterisks.
    fn masked(&self, declaration: &Pipeline) -> Pipeline {
        let mut masked = declaration.clone();
        for action in masked
            .stages
            .iter_mut()
            .flat_map(|stage| &mut stage.actions)
        {
            if let Some(kind) = self.known_type(&action.action_type_id) {
                action.configuration = kind.mask(&action.configuration);
            }
        }
        masked
    }
}

/// The sources that a pipeline watches, before anybody looked at them.
fn not_seen(declaration: &Pipeline) -> BTreeMap<String, Option<String>> {
    let sources = Engine::sources_of(declaration).into_iter();
    sources.map(|(action, _)| (action, None)).collect()
}

pub(super) fn limit(what: &str) -> ApiError {
    ApiError::new(
        "LimitExceededException",
        format!("There are {what} already, the most there can be"),
    )
}
