//! The rules of single values and of properties among each other; limits are those of the operation
//! CreateCustomActionType in CodePipeline's API reference, where no other source is named.

use super::model::Property;
use crate::toml_table::{Table, meant, one_of};

const CATEGORIES: [&str; 5] = ["Source", "Build", "Deploy", "Test", "Invoke"];

pub(crate) fn category(table: &Table<'_>) -> Option<String> {
    let category = table.text("category")?;
    if CATEGORIES.contains(&category.as_str()) {
        return Some(category);
    }
    let remedy = match (category.as_str(), meant(&category, &CATEGORIES)) {
        ("Approval" | "Compute", _) => {
            "CodePipeline keeps it for its own actions: use Invoke".to_owned()
        }
        (_, Some(other)) => format!("did you mean `{other}`?"),
        (_, None) => format!("use {}", one_of(&CATEGORIES)),
    };
    table.problem(
        "category",
        format!("`{category}` is not a category of a custom action"),
        remedy,
    );
    None
}

/// ActionProvider and Version: `[0-9A-Za-z_-]+`, 1 to `max`.
pub(crate) fn name(table: &Table<'_>, key: &'static str, max: usize) -> Option<String> {
    let name = text(table, key, max)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if let Some(odd) = name.chars().find(|c| !allowed(*c)) {
        table.problem(
            key,
            format!("`{key}` has {}", character(odd)),
            "use letters of English, digits, `_` and `-` only",
        );
    }
    Some(name)
}

fn character(c: char) -> String {
    match c {
        ' ' => "a space".to_owned(),
        c if c.is_control() => format!("the control character U+{:04X}", u32::from(c)),
        c => format!("the character `{c}`"),
    }
}

/// 1 to `max` characters.
pub(crate) fn text(table: &Table<'_>, key: &'static str, max: usize) -> Option<String> {
    let text = table.text(key)?;
    let length = text.chars().count();
    if length > max {
        table.problem(
            key,
            format!("`{key}` has {length} characters, {max} are allowed"),
            "shorten it",
        );
    }
    Some(text)
}

/// `property` is what `table` says, after `earlier`.
pub(crate) fn property(table: &Table<'_>, property: &Property, earlier: &[Property]) {
    let name = &property.name;
    if earlier.iter().any(|other| other.name == *name) {
        table.problem(
            "name",
            format!("there are two properties named `{name}`"),
            "rename or remove one",
        );
    }
    if property.key && property.secret {
        table.problem(
            "key",
            format!("property `{name}` is both `key` and `secret`"),
            "set one of them to false: a key is shown, a secret is not",
        );
    }
    if !property.queryable {
        return;
    }
    if let Some(first) = earlier.iter().find(|other| other.queryable) {
        table.problem(
            "queryable",
            format!(
                "`{name}` is the second queryable property, after `{}`",
                first.name
            ),
            "leave `queryable = true` on one of them",
        );
    }
    if !property.required {
        table.problem(
            "queryable",
            format!("property `{name}` is `queryable` but not `required`"),
            "add `required = true`",
        );
    }
    if property.secret {
        table.problem(
            "queryable",
            format!("property `{name}` is both `queryable` and `secret`"),
            "set one of them to false: pollers send the value in clear",
        );
    }
}

/// Absolute, and the same however it is written.
pub(crate) fn guest_path(table: &Table<'_>, key: &'static str) -> Option<String> {
    const LONGEST: usize = 255;
    let path = text(table, key, LONGEST)?;
    let fault = match path.strip_prefix('/') {
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
        table.problem(
            key,
            format!("guest path `{path}` {fault}"),
            "write it such as \"/site\" or \"/srv/data\"",
        );
    }
    Some(path)
}
