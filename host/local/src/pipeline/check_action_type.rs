//! What a custom action type must satisfy beyond the shapes of its members.

use std::collections::HashSet;

use super::error::ApiError;
use super::model::{ActionType, ActionTypeId, Settings, Tag};
use super::operation::CreateCustomActionType;

/// The categories that a custom action may have. (Approval and Compute are AWS's own.)
const CATEGORIES: [&str; 5] = ["Source", "Build", "Deploy", "Test", "Invoke"];

/// Tags per resource (the user guide's limits page).
const MAX_TAGS: usize = 50;

/// The action type that a request declares.
///
/// # Errors
/// `ValidationException` naming what must change.
pub(super) fn check(request: CreateCustomActionType) -> Result<ActionType, ApiError> {
    check_tags(&request.tags)?;
    if !CATEGORIES.contains(&request.category.as_str()) {
        return Err(ApiError::validation(format!(
            "Category '{}' cannot be used for a custom action type; use one of {}",
            request.category,
            CATEGORIES.join(", ")
        )));
    }
    for (side, details) in [
        ("input", request.input_artifact_details),
        ("output", request.output_artifact_details),
    ] {
        if details.minimum_count > details.maximum_count {
            return Err(ApiError::validation(format!(
                "The minimum count of {side} artifacts ({}) is greater than the maximum ({})",
                details.minimum_count, details.maximum_count
            )));
        }
    }
    if request.category == "Source" && request.input_artifact_details.maximum_count > 0 {
        return Err(ApiError::validation(
            "A Source action takes no input artifacts; set both counts of inputArtifactDetails to 0",
        ));
    }
    let mut names = HashSet::new();
    let mut queryable = None;
    for property in &request.configuration_properties {
        let name = &property.name;
        if !names.insert(name) {
            return Err(ApiError::validation(format!(
                "The configuration property '{name}' is declared more than once"
            )));
        }
        if property.queryable == Some(true) {
            if let Some(other) = queryable.replace(name) {
                return Err(ApiError::validation(format!(
                    "Only one configuration property can be queryable; '{other}' and '{name}' are"
                )));
            }
            if !property.required || property.secret {
                return Err(ApiError::validation(format!(
                    "The queryable configuration property '{name}' must be required and not secret"
                )));
            }
        }
    }
    if let Some(settings) = &request.settings {
        check_templates(settings, &names)?;
    }
    Ok(ActionType {
        id: ActionTypeId {
            category: request.category,
            owner: "Custom".into(),
            provider: request.provider,
            version: request.version,
        },
        settings: request.settings,
        action_configuration_properties: request.configuration_properties,
        input_artifact_details: request.input_artifact_details,
        output_artifact_details: request.output_artifact_details,
    })
}

/// Checks tags, which are accepted and returned but not kept.
///
/// # Errors
/// `TooManyTagsException`; `InvalidTagsException` for the service's own prefix.
pub(super) fn check_tags(tags: &[Tag]) -> Result<(), ApiError> {
    if tags.len() > MAX_TAGS {
        return Err(ApiError::new(
            "TooManyTagsException",
            format!(
                "{} tags were given; a resource can have {MAX_TAGS}",
                tags.len()
            ),
        ));
    }
    match tags
        .iter()
        .find(|tag| tag.key.to_ascii_lowercase().starts_with("aws:"))
    {
        Some(tag) => Err(ApiError::new(
            "InvalidTagsException",
            format!(
                "The tag key '{}' starts with aws:, which is reserved",
                tag.key
            ),
        )),
        None => Ok(()),
    }
}

fn check_templates(settings: &Settings, names: &HashSet<&String>) -> Result<(), ApiError> {
    let templates = [
        ("entityUrlTemplate", &settings.entity_url_template),
        ("executionUrlTemplate", &settings.execution_url_template),
        ("revisionUrlTemplate", &settings.revision_url_template),
    ];
    for (member, template) in templates {
        let mut rest = template.as_deref().unwrap_or_default();
        while let Some(start) = rest.find("{Config:") {
            rest = &rest[start + "{Config:".len()..];
            let name = rest.split('}').next().unwrap_or_default();
            if !names.contains(&name.to_owned()) {
                return Err(ApiError::validation(format!(
                    "{member} refers to {{Config:{name}}}, but no configuration property is \
                     called '{name}'"
                )));
            }
        }
    }
    Ok(())
}

/// Fills in a URL template of an action type.
///
/// None where it needs something that is not known yet.
pub(super) fn fill(
    template: Option<&str>,
    configuration: &super::model::Configuration,
    external_execution_id: Option<&str>,
) -> Option<String> {
    let mut url = template?.to_owned();
    if url.contains("{ExternalExecutionId}") {
        url = url.replace("{ExternalExecutionId}", external_execution_id?);
    }
    for (name, value) in configuration {
        url = url.replace(&format!("{{Config:{name}}}"), value);
    }
    Some(url)
}
