//! What a pipeline must satisfy beyond the shapes of its members.
//!
//! Checked in the order a reader of the declaration meets it: the whole, each stage, each action;
//! then what ties actions together (artifacts, namespaces). The first fault is told.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::Value;

use super::engine::Settings;
use super::error::ApiError;
use super::model::{Action, ActionType, ActionTypeId, ExecutionMode, Pipeline};
use super::resolve;

/// A queryable property's value (the user guide: at most 20 characters, letters, digits, `_`, `-`).
const QUERYABLE_MAX: usize = 20;

/// Checks a declaration.
///
/// # Errors
/// The service's exception for the part at fault, naming it; `NotBuiltException` for what the
/// service has and this one has not.
pub(super) fn check(
    pipeline: &Pipeline,
    types: &BTreeMap<ActionTypeId, ActionType>,
    settings: &Settings,
) -> Result<(), ApiError> {
    refuse_unbuilt(pipeline)?;
    if pipeline.artifact_store.is_none() {
        return Err(ApiError::validation(
            "The pipeline must have an artifactStore",
        ));
    }
    if pipeline.stages.len() < 2 {
        return Err(ApiError::structure(format!(
            "Pipeline has only {} stage(s). There should be a minimum of 2 stages in a pipeline",
            pipeline.stages.len()
        )));
    }
    check_variables(pipeline)?;
    let mut stage_names = HashSet::new();
    for (index, stage) in pipeline.stages.iter().enumerate() {
        let name = &stage.name;
        if !stage_names.insert(name) {
            return Err(ApiError::stage(format!(
                "Stage names must be unique within the pipeline; '{name}' is used more than once"
            )));
        }
        if stage.actions.is_empty() {
            return Err(ApiError::stage(format!("Stage '{name}' has no actions")));
        }
        let mut action_names = HashSet::new();
        for action in &stage.actions {
            if !action_names.insert(&action.name) {
                return Err(ApiError::action(format!(
                    "Action names must be unique within a stage; '{}' is used more than once in \
                     stage '{name}'",
                    action.name
                )));
            }
            let is_source = action.action_type_id.category == "Source";
            if index == 0 && !is_source {
                return Err(ApiError::structure(format!(
                    "Pipeline should start with a stage that only contains source actions; \
                     '{}' in stage '{name}' is not one",
                    action.name
                )));
            }
            if index > 0 && is_source {
                return Err(ApiError::structure(format!(
                    "Source actions are only allowed in the first stage; '{}' is in stage '{name}'",
                    action.name
                )));
            }
            check_action(action, types, &settings.region)?;
            check_client(action, &pipeline.name, settings)?;
        }
    }
    check_artifacts(pipeline)?;
    check_namespaces(pipeline)
}

fn refuse_unbuilt(pipeline: &Pipeline) -> Result<(), ApiError> {
    let said = |value: &Option<Value>| match value {
        None => false,
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(members)) => !members.is_empty(),
        Some(_) => true,
    };
    let refuse = |is_used: bool, what: String| {
        if is_used {
            Err(ApiError::not_built(&what))
        } else {
            Ok(())
        }
    };
    refuse(
        pipeline.execution_mode == ExecutionMode::Parallel,
        "executionMode PARALLEL (use SUPERSEDED or QUEUED)".into(),
    )?;
    refuse(
        said(&pipeline.triggers),
        "the pipeline member triggers".into(),
    )?;
    refuse(
        said(&pipeline.artifact_stores),
        "the pipeline member artifactStores (use artifactStore: there is one Region)".into(),
    )?;
    for stage in &pipeline.stages {
        for (member, value) in [
            ("blockers", &stage.blockers),
            ("onFailure", &stage.on_failure),
            ("onSuccess", &stage.on_success),
            ("beforeEntry", &stage.before_entry),
        ] {
            refuse(
                said(value),
                format!("the stage member {member} (stage '{}')", stage.name),
            )?;
        }
        for action in &stage.actions {
            let mut outputs = action.output_artifacts.iter();
            for (member, is_used) in [
                ("commands", said(&action.commands)),
                ("outputVariables", said(&action.output_variables)),
                ("environmentVariables", said(&action.environment_variables)),
                (
                    "outputArtifacts.files",
                    outputs.any(|output| said(&output.files)),
                ),
            ] {
                refuse(
                    is_used,
                    format!("the action member {member} (action '{}')", action.name),
                )?;
            }
        }
    }
    Ok(())
}

fn check_variables(pipeline: &Pipeline) -> Result<(), ApiError> {
    if !pipeline.variables.is_empty() && pipeline.pipeline_type != "V2" {
        return Err(ApiError::structure(
            "Pipeline variables need a pipeline of type V2; set pipelineType to V2",
        ));
    }
    if pipeline.execution_mode != ExecutionMode::Superseded && pipeline.pipeline_type != "V2" {
        return Err(ApiError::structure(format!(
            "Execution mode {} needs a pipeline of type V2; set pipelineType to V2",
            pipeline.execution_mode.name()
        )));
    }
    let mut names = HashSet::new();
    match pipeline
        .variables
        .iter()
        .find(|variable| !names.insert(&variable.name))
    {
        Some(variable) => Err(ApiError::structure(format!(
            "The pipeline variable '{}' is declared more than once",
            variable.name
        ))),
        None => Ok(()),
    }
}

fn check_action(
    action: &Action,
    types: &BTreeMap<ActionTypeId, ActionType>,
    region: &str,
) -> Result<(), ApiError> {
    let (name, id) = (&action.name, &action.action_type_id);
    if id.owner == "AWS" && !types.contains_key(id) {
        return Err(ApiError::action(format!(
            "Action '{name}' is of type {}, which is not built into pipefitter's embedded \
             CodePipeline; it has AWS/Source/S3/1, AWS/Approval/Manual/1, custom and third-party \
             action types (docs/LOCAL.md)",
            id.short()
        )));
    }
    let Some(kind) = types.get(id) else {
        let remedy = if id.is_third_party() {
            "declare it in the file given with `pipefitter dev --third-party`"
        } else {
            "create it with CreateCustomActionType first"
        };
        return Err(ApiError::action(format!(
            "{id} is not available (action '{name}'); {remedy}"
        )));
    };
    if let Some(other) = action.region.as_deref().filter(|other| *other != region) {
        return Err(ApiError::action(format!(
            "Action '{name}' is for Region {other}; there is only {region} here, and AWS allows \
             no cross-Region source, third-party or custom actions"
        )));
    }
    if action.timeout_in_minutes.is_some() && *id != ActionTypeId::manual_approval() {
        return Err(ApiError::action(format!(
            "Action '{name}' has timeoutInMinutes, which is for manual approvals only"
        )));
    }
    for (side, declared, allowed) in [
        (
            "input",
            action.input_artifacts.len(),
            kind.input_artifact_details,
        ),
        (
            "output",
            action.output_artifacts.len(),
            kind.output_artifact_details,
        ),
    ] {
        if declared < allowed.minimum_count || declared > allowed.maximum_count {
            return Err(ApiError::action(format!(
                "Action '{name}' declares {declared} {side} artifact(s), but {} takes a minimum \
                 of {} and a maximum of {}",
                id.short(),
                allowed.minimum_count,
                allowed.maximum_count
            )));
        }
    }
    for property in &kind.action_configuration_properties {
        let value = action.configuration.get(&property.name);
        if property.required && value.is_none() {
            return Err(ApiError::action(format!(
                "Action configuration for action '{name}' is missing required configuration '{}'",
                property.name
            )));
        }
        if property.queryable == Some(true)
            && let Some(value) = value.filter(|value| !resolve::has_reference(value))
        {
            check_queryable(&property.name, value)
                .map_err(|fault| ApiError::action(format!("Action '{name}': {fault}")))?;
        }
    }
    match action
        .configuration
        .keys()
        .find(|key| kind.property(key).is_none())
    {
        Some(unknown) => Err(ApiError::action(format!(
            "Action configuration for action '{name}' contains unknown configuration '{unknown}'; \
             {} knows {}",
            id.short(),
            listed(
                kind.action_configuration_properties
                    .iter()
                    .map(|p| p.name.as_str())
            )
        ))),
        None => Ok(()),
    }
}

/// A customer must be connected to a third-party action type before a pipeline can use it.
fn check_client(action: &Action, pipeline: &str, settings: &Settings) -> Result<(), ApiError> {
    let id = &action.action_type_id;
    let partners = &settings.third_party;
    if !id.is_third_party() || partners.client(&id.in_settings(), pipeline).is_some() {
        return Ok(());
    }
    Err(ApiError::action(format!(
        "No customer is connected to {} in pipeline '{pipeline}' (action '{}'); add a client to the \
         type in the file given with `pipefitter dev --third-party`",
        id.short(),
        action.name
    )))
}

/// Checks the value of a queryable property.
///
/// # Errors
/// A message that names the property and what its value may be.
pub(super) fn check_queryable(property: &str, value: &str) -> Result<(), String> {
    let fits = (1..=QUERYABLE_MAX).contains(&value.chars().count())
        && value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    if fits {
        return Ok(());
    }
    Err(format!(
        "the value of the queryable configuration '{property}' must be at most {QUERYABLE_MAX} \
         letters, digits, '_' and '-'"
    ))
}

fn check_artifacts(pipeline: &Pipeline) -> Result<(), ApiError> {
    // Where each artifact is produced: (stage, run order).
    let mut produced: HashMap<&str, (usize, u32)> = HashMap::new();
    for (stage_index, stage) in pipeline.stages.iter().enumerate() {
        for action in &stage.actions {
            for output in &action.output_artifacts {
                if produced
                    .insert(&output.name, (stage_index, action.run_order))
                    .is_some()
                {
                    return Err(ApiError::action(format!(
                        "Output Artifact Bundle name must be unique within the pipeline. {} has \
                         been used more than once",
                        output.name
                    )));
                }
            }
        }
    }
    for (stage_index, stage) in pipeline.stages.iter().enumerate() {
        for action in &stage.actions {
            let mut seen = HashSet::new();
            for input in &action.input_artifacts {
                if !seen.insert(&input.name) {
                    return Err(ApiError::action(format!(
                        "Action '{}' names the input artifact {} more than once",
                        action.name, input.name
                    )));
                }
                let is_ready = produced
                    .get(input.name.as_str())
                    .is_some_and(|at| *at < (stage_index, action.run_order));
                if !is_ready {
                    return Err(ApiError::action(format!(
                        "Input Artifact Bundle {} in action '{}' is not declared as Output \
                         Artifact Bundle in any of the preceding actions",
                        input.name, action.name
                    )));
                }
            }
        }
    }
    Ok(())
}

fn check_namespaces(pipeline: &Pipeline) -> Result<(), ApiError> {
    let mut used = HashSet::new();
    for action in pipeline.stages.iter().flat_map(|stage| &stage.actions) {
        let Some(namespace) = &action.namespace else {
            continue;
        };
        if [resolve::SERVICE, resolve::PIPELINE].contains(&namespace.as_str()) {
            return Err(ApiError::action(format!(
                "Action '{}' has the namespace '{namespace}', which is reserved",
                action.name
            )));
        }
        if !used.insert(namespace) {
            return Err(ApiError::action(format!(
                "Namespaces must be unique within the pipeline; '{namespace}' is used more than \
                 once"
            )));
        }
    }
    Ok(())
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() {
        "none".into()
    } else {
        names.join(", ")
    }
}
