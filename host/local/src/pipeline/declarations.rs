//! The operations on what is declared: action types and pipelines.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::{Value, json};

use super::engine::Engine;
use super::error::ApiError;
use super::model::{ActionTypeId, Pipeline};
use super::operation::{
    ByName, CreateCustomActionType, CreatePipeline, GetPipeline, ListActionTypes, ListPipelines,
};
use super::page::{self, Page};
use super::runs::source_object;
use super::state::{PipelineState, Slot, epoch};
use super::{check_action_type, check_pipeline};

/// Custom action types per Region and account (the user guide's limits page).
const MAX_ACTION_TYPES: usize = 50;

/// Pipelines per Region and account (the user guide's limits page).
const MAX_PIPELINES: usize = 1000;

impl Engine {
    pub(super) fn create_action_type(
        &mut self,
        request: CreateCustomActionType,
    ) -> Result<Value, ApiError> {
        let tags = json!(request.tags);
        let declared = check_action_type::check(request)?;
        let id = declared.id.clone();
        if self.types.contains_key(&id) {
            return Err(ApiError::validation(format!(
                "{id} already exists; a changed action type needs a new version"
            )));
        }
        let custom = self.types.keys().filter(|id| id.owner == "Custom").count();
        if custom >= MAX_ACTION_TYPES {
            return Err(limit(&format!("{MAX_ACTION_TYPES} custom action types")));
        }
        let answer = json!({ "actionType": declared, "tags": tags });
        self.types.insert(id, declared);
        Ok(answer)
    }

    pub(super) fn list_action_types(&self, request: &ListActionTypes) -> Result<Value, ApiError> {
        let is_here = request
            .region_filter
            .as_ref()
            .is_none_or(|region| *region == self.settings.region);
        let types: Vec<_> = self
            .types
            .values()
            .filter(|kind| {
                is_here
                    && request
                        .action_owner_filter
                        .as_ref()
                        .is_none_or(|o| *o == kind.id.owner)
            })
            .collect();
        let Page { items, next } = page::cut(types, request.next_token.as_deref(), None)?;
        Ok(page::answer("actionTypes", json!(items), next))
    }

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

    /// Whether a pipeline may be made as far as the engine can tell.
    ///
    /// # Errors
    /// The service's exception for what is wrong.
    pub(super) fn check_new_pipeline(&self, request: &CreatePipeline) -> Result<(), ApiError> {
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
        let seen = Self::sources_of(&declaration)
            .into_iter()
            .map(|(action, _)| (action, None))
            .collect();
        let state = PipelineState {
            slots: declaration.stages.iter().map(|_| Slot::default()).collect(),
            created: self.now,
            executions: VecDeque::new(),
            request_tokens: HashMap::new(),
            seen,
            latest_runs: HashMap::new(),
            declaration,
        };
        let answer = json!({
            "pipeline": self.masked(&state.declaration),
            "tags": request.tags,
        });
        self.pipelines.insert(state.declaration.name.clone(), state);
        Ok(answer)
    }

    /// Notes what a new pipeline's source objects are now, so that only a later change counts.
    pub(super) fn note_sources(&mut self, name: &str, seen: BTreeMap<String, Option<String>>) {
        if let Some(pipeline) = self.pipelines.get_mut(name) {
            pipeline.seen = seen;
        }
    }

    pub(super) fn get_pipeline(&self, request: &GetPipeline) -> Result<Value, ApiError> {
        let pipeline = self.pipeline(&request.name)?;
        let version = pipeline.declaration.version;
        if let Some(wanted) = request.version.filter(|wanted| *wanted != version) {
            return Err(ApiError::new(
                "PipelineVersionNotFoundException",
                format!("Pipeline '{}' has no version {wanted}", request.name),
            ));
        }
        Ok(json!({
            "pipeline": self.masked(&pipeline.declaration),
            "metadata": {
                "pipelineArn": self.arn(&request.name),
                "created": epoch(pipeline.created),
                "updated": epoch(pipeline.created),
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
                    "updated": epoch(pipeline.created),
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
            if let Some(kind) = self.types.get(&action.action_type_id) {
                action.configuration = kind.mask(&action.configuration);
            }
        }
        masked
    }
}

fn limit(what: &str) -> ApiError {
    ApiError::new(
        "LimitExceededException",
        format!("There are {what} already, the most there can be"),
    )
}
