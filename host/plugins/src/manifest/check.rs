//! The rules of single values and of properties among each other; limits are those of the operation
//! CreateCustomActionType in CodePipeline's API reference, where no other source is named.

use super::model::{Property, PropertyType};
use super::problem::{Problems, meant, one_of};
use super::table::{At, printable};

const CATEGORIES: [&str; 5] = ["Source", "Build", "Deploy", "Test", "Invoke"];
const TYPES: [&str; 3] = ["string", "number", "boolean"];

pub(crate) fn check_category(category: &At<&str>, problems: &mut Problems<'_>) {
    if CATEGORIES.contains(&category.value) {
        return;
    }
    let remedy = match category.value {
        "Approval" | "Compute" => {
            "CodePipeline keeps it for its own actions: use Invoke".to_owned()
        }
        other => choose(other, &CATEGORIES),
    };
    problems.at(
        &category.span,
        format!(
            "`{}` is not a category of a custom action",
            printable(category.value)
        ),
        remedy,
    );
}

pub(crate) fn property_type(kind: &At<&str>, problems: &mut Problems<'_>) -> Option<PropertyType> {
    match kind.value {
        "string" => Some(PropertyType::String),
        "number" => Some(PropertyType::Number),
        "boolean" => Some(PropertyType::Boolean),
        other => {
            problems.at(
                &kind.span,
                format!("`{}` is not a type of a property", printable(other)),
                choose(other, &TYPES),
            );
            None
        }
    }
}

fn choose(given: &str, known: &[&str]) -> String {
    meant(given, known).map_or_else(
        || format!("use {}", one_of(known)),
        |other| format!("did you mean `{other}`?"),
    )
}

/// ActionProvider and Version: `[0-9A-Za-z_-]+`, 1 to `max`.
pub(crate) fn check_name(key: &str, name: &At<&str>, max: usize, problems: &mut Problems<'_>) {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if let Some(odd) = name.value.chars().find(|c| !allowed(*c)) {
        problems.at(
            &name.span,
            format!("`{key}` has {}", character(odd)),
            "use letters of English, digits, `_` and `-` only",
        );
    }
    check_length(key, name, max, problems);
}

fn character(c: char) -> String {
    match c {
        ' ' => "a space".to_owned(),
        c if c.is_control() => format!("the control character U+{:04X}", u32::from(c)),
        c => format!("the character `{c}`"),
    }
}

/// 1 to `max` characters.
pub(crate) fn check_length(key: &str, text: &At<&str>, max: usize, problems: &mut Problems<'_>) {
    let length = text.value.chars().count();
    if length == 0 {
        problems.at(
            &text.span,
            format!("`{key}` is empty"),
            "fill it in, or remove the line",
        );
    } else if length > max {
        problems.at(
            &text.span,
            format!("`{key}` has {length} characters, {max} are allowed"),
            "shorten it",
        );
    }
}

pub(crate) fn check_properties(properties: &[At<Property>], problems: &mut Problems<'_>) {
    let mut queryable: Option<&str> = None;
    for (position, At { value, span }) in properties.iter().enumerate() {
        let name = printable(&value.name);
        if properties[..position]
            .iter()
            .any(|earlier| earlier.value.name == value.name)
        {
            problems.at(
                span,
                format!("there are two properties named `{name}`"),
                "rename or remove one",
            );
        }
        if value.key && value.secret {
            problems.at(
                span,
                format!("property `{name}` is both `key` and `secret`"),
                "set one of them to false: a key is shown, a secret is not",
            );
        }
        if !value.queryable {
            continue;
        }
        if let Some(first) = queryable {
            problems.at(
                span,
                format!("`{name}` is the second queryable property, after `{first}`"),
                "leave `queryable = true` on one of them",
            );
        }
        queryable = queryable.or(Some(&value.name));
        if !value.required {
            problems.at(
                span,
                format!("property `{name}` is `queryable` but not `required`"),
                "add `required = true`",
            );
        }
        if value.secret {
            problems.at(
                span,
                format!("property `{name}` is both `queryable` and `secret`"),
                "set one of them to false: pollers send the value in clear",
            );
        }
    }
}

/// Absolute, and the same however it is written.
pub(crate) fn guest_path(path: &At<&str>, problems: &mut Problems<'_>) {
    const LONGEST: usize = 255;
    check_length("guest", path, LONGEST, problems);
    if path.value.is_empty() {
        return;
    }
    let fault = match path.value.strip_prefix('/') {
        None => Some("is not absolute"),
        Some("") => Some("is the root"),
        Some(rest) if rest.split('/').any(|part| matches!(part, "" | "." | "..")) => {
            Some("has an empty part, `.` or `..`")
        }
        Some(rest) if rest.contains(|c: char| c.is_control() || c == '\\') => {
            Some("has a control character or a backslash")
        }
        Some(_) => None,
    };
    if let Some(fault) = fault {
        problems.at(
            &path.span,
            format!("guest path `{}` {fault}", printable(path.value)),
            "write it such as \"/site\" or \"/srv/data\"",
        );
    }
}
