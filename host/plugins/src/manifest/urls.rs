//! `[action.urls]`: links of the action type, with placeholders that CodePipeline fills in.

use super::check;
use super::model::{ActionUrls, Property};
use crate::toml_table::{Table, meant, one_of};

/// Url and UrlTemplate of CodePipeline's API.
const LONGEST: usize = 2_048;

pub(crate) fn read_urls(table: &Table<'_>, properties: &[Property]) -> ActionUrls {
    ActionUrls {
        entity: template(table, "entity", properties),
        execution: template(table, "execution", properties),
        revision: template(table, "revision", properties),
        third_party_configuration: plain(table, "third-party-configuration"),
    }
}

fn template(table: &Table<'_>, key: &'static str, properties: &[Property]) -> Option<String> {
    let template = url(table, key)?;
    check_placeholders(table, key, &template, properties);
    Some(template)
}

fn plain(table: &Table<'_>, key: &'static str) -> Option<String> {
    let url = url(table, key)?;
    if url.contains(['{', '}']) {
        table.problem(
            key,
            format!("`{key}` is a plain URL: nothing is filled in there"),
            "remove the braces",
        );
    }
    Some(url)
}

fn url(table: &Table<'_>, key: &'static str) -> Option<String> {
    let url = check::text(table, key, LONGEST)?;
    if !url.starts_with("https://") && !url.starts_with("http://") {
        table.problem(
            key,
            format!("`{key}` is not a URL"),
            "begin it with https://",
        );
    } else if url.contains(|c: char| c.is_whitespace() || c.is_control()) {
        table.problem(
            key,
            format!("`{key}` has a space or a control character"),
            "write a space as %20",
        );
    }
    Some(url)
}

fn check_placeholders(
    table: &Table<'_>,
    key: &'static str,
    template: &str,
    properties: &[Property],
) {
    let mut rest = template;
    while let Some(brace) = rest.find(['{', '}']) {
        let closed = rest[brace..]
            .strip_prefix('{')
            .and_then(|inner| inner.split_once('}'));
        let Some((inner, after)) = closed.filter(|(inner, _)| !inner.contains('{')) else {
            table.problem(
                key,
                format!("`{key}` has a brace without its partner"),
                "write a placeholder as {Config:NAME} or {ExternalExecutionId}; a brace as %7B or %7D",
            );
            return;
        };
        check_placeholder(table, key, inner, properties);
        rest = after;
    }
}

fn check_placeholder(table: &Table<'_>, key: &'static str, inner: &str, properties: &[Property]) {
    if inner == "ExternalExecutionId" {
        return;
    }
    let Some(name) = inner.strip_prefix("Config:") else {
        table.problem(
            key,
            format!("`{key}` has the placeholder `{{{inner}}}`, which CodePipeline does not know"),
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
        table.problem(
            key,
            format!("`{key}` names the property `{name}`, which is not declared"),
            remedy,
        );
        return;
    };
    if property.secret || !property.required {
        let fault = if property.secret {
            "secret"
        } else {
            "not required"
        };
        table.problem(
            key,
            format!("`{key}` names the property `{name}`, which is {fault}"),
            "name one that is required and not secret: CodePipeline takes no other in a URL",
        );
    }
}
