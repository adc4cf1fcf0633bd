//! `[action.urls]`: links of the action type, with placeholders that CodePipeline fills in.

use super::model::{ActionUrls, Property};
use super::problem::{Problems, meant, one_of};
use super::table::{At, Table, printable};

/// Url and UrlTemplate of CodePipeline's API.
const LONGEST: usize = 2_048;

pub(crate) fn read_urls(
    mut table: Table<'_, '_>,
    properties: &[Property],
    problems: &mut Problems<'_>,
) -> ActionUrls {
    let entity = table.string("entity", problems);
    let execution = table.string("execution", problems);
    let revision = table.string("revision", problems);
    let third_party = table.string("third-party-configuration", problems);
    table.finish(problems);
    for (key, template) in [
        ("entity", &entity),
        ("execution", &execution),
        ("revision", &revision),
    ] {
        if let Some(template) = template {
            check_url(key, template, problems);
            check_placeholders(key, template, properties, problems);
        }
    }
    if let Some(url) = &third_party {
        check_url("third-party-configuration", url, problems);
        if url.value.contains(['{', '}']) {
            problems.at(
                &url.span,
                "`third-party-configuration` is a plain URL: nothing is filled in there",
                "remove the braces",
            );
        }
    }
    let owned = |text: Option<At<&str>>| text.map(|text| text.value.to_owned());
    ActionUrls {
        entity: owned(entity),
        execution: owned(execution),
        revision: owned(revision),
        third_party_configuration: owned(third_party),
    }
}

fn check_url(key: &str, url: &At<&str>, problems: &mut Problems<'_>) {
    super::check::check_length(key, url, LONGEST, problems);
    if url.value.is_empty() {
        return;
    }
    if !url.value.starts_with("https://") && !url.value.starts_with("http://") {
        problems.at(
            &url.span,
            format!("`{key}` is not a URL"),
            "begin it with https://",
        );
    } else if url
        .value
        .contains(|c: char| c.is_whitespace() || c.is_control())
    {
        problems.at(
            &url.span,
            format!("`{key}` has a space or a control character"),
            "write a space as %20",
        );
    }
}

fn check_placeholders(
    key: &str,
    template: &At<&str>,
    properties: &[Property],
    problems: &mut Problems<'_>,
) {
    let mut rest = template.value;
    while let Some(brace) = rest.find(['{', '}']) {
        let closed = rest[brace..]
            .strip_prefix('{')
            .and_then(|inner| inner.split_once('}'));
        let Some((inner, after)) = closed.filter(|(inner, _)| !inner.contains('{')) else {
            problems.at(
                &template.span,
                format!("`{key}` has a brace without its partner"),
                "write a placeholder as {Config:NAME} or {ExternalExecutionId}; a brace as %7B or %7D",
            );
            return;
        };
        check_placeholder(key, template, inner, properties, problems);
        rest = after;
    }
}

fn check_placeholder(
    key: &str,
    template: &At<&str>,
    inner: &str,
    properties: &[Property],
    problems: &mut Problems<'_>,
) {
    if inner == "ExternalExecutionId" {
        return;
    }
    let Some(name) = inner.strip_prefix("Config:") else {
        problems.at(
            &template.span,
            format!(
                "`{key}` has the placeholder `{{{}}}`, which CodePipeline does not know",
                printable(inner)
            ),
            "use {Config:NAME} with the name of a property, or {ExternalExecutionId}",
        );
        return;
    };
    let Some(property) = properties.iter().find(|property| property.name == name) else {
        let names: Vec<&str> = properties
            .iter()
            .map(|property| property.name.as_str())
            .collect();
        let remedy = match meant(name, &names) {
            Some(other) => format!("did you mean {{Config:{other}}}?"),
            None if names.is_empty() => "add a [[property]] of that name".to_owned(),
            None => format!("use {}", one_of(&names)),
        };
        problems.at(
            &template.span,
            format!(
                "`{key}` names the property `{}`, which is not declared",
                printable(name)
            ),
            remedy,
        );
        return;
    };
    if property.secret || !property.required {
        problems.at(
            &template.span,
            format!(
                "`{key}` names the property `{}`, which is {}",
                printable(name),
                if property.secret {
                    "secret"
                } else {
                    "not required"
                }
            ),
            "name one that is required and not secret: CodePipeline takes no other in a URL",
        );
    }
}
