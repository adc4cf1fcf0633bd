//! A job's configuration against the manifest's properties.

use std::collections::BTreeMap;
use std::fmt;

use super::model::{Manifest, PropertyType};
use crate::toml_table::{meant, one_of, printable};

/// One fault of a job's configuration. The message names the key and what is allowed; it never shows the
/// value of a secret, nor that of a key that is not declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationProblem {
    /// Which property.
    pub key: String,
    /// What is wrong, and what is allowed.
    pub message: String,
}

impl fmt::Display for ConfigurationProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Manifest {
    /// Check what a pipeline configured.
    ///
    /// # Errors
    ///
    /// Every problem, sorted by key: a required property that is missing or empty, a key that is not
    /// declared, a value that does not read as its type.
    pub fn check_configuration(
        &self,
        configuration: &BTreeMap<String, String>,
    ) -> Result<(), Vec<ConfigurationProblem>> {
        let mut problems = Vec::new();
        for property in &self.properties {
            let given = configuration
                .get(&property.name)
                .filter(|value| !value.is_empty());
            let message = match given {
                None if property.required => format!(
                    "configuration property `{}` is required: set it in the pipeline's action configuration",
                    property.name
                ),
                None => continue,
                Some(value) if reads_as(property.kind, value) => continue,
                Some(value) => format!(
                    "configuration property `{}` is {}: it must be {}",
                    property.name,
                    shown(value, property.secret),
                    allowed(property.kind)
                ),
            };
            problems.push(ConfigurationProblem {
                key: property.name.clone(),
                message,
            });
        }
        let names: Vec<&str> = self
            .properties
            .iter()
            .map(|property| property.name.as_str())
            .collect();
        for key in configuration
            .keys()
            .filter(|key| self.property(key).is_none())
        {
            let advice = match meant(key, &names) {
                Some(other) => format!("did you mean `{other}`?"),
                None if names.is_empty() => format!("{} takes none", self.key()),
                None => format!("{} takes {}", self.key(), one_of(&names)),
            };
            problems.push(ConfigurationProblem {
                key: key.clone(),
                message: format!(
                    "`{}` is not a configuration property: {advice}",
                    printable(key)
                ),
            });
        }
        problems.sort_by(|a, b| a.key.cmp(&b.key));
        if problems.is_empty() {
            Ok(())
        } else {
            Err(problems)
        }
    }
}

fn reads_as(kind: PropertyType, value: &str) -> bool {
    match kind {
        PropertyType::String => true,
        PropertyType::Number => is_number(value),
        PropertyType::Boolean => matches!(value, "true" | "false"),
    }
}

/// Digits with an optional sign and fraction: every language a plugin is written in reads that alike,
/// which cannot be said of `1e3`, `0x10` or `.5`.
fn is_number(value: &str) -> bool {
    let unsigned = value.strip_prefix('-').unwrap_or(value);
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match unsigned.split_once('.') {
        None => digits(unsigned),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
    }
}

fn allowed(kind: PropertyType) -> &'static str {
    match kind {
        PropertyType::String => "text",
        PropertyType::Number => "a number, such as 3 or -0.5",
        PropertyType::Boolean => "`true` or `false`",
    }
}

fn shown(value: &str, secret: bool) -> String {
    const SHORT: usize = 40;
    if secret {
        return "a value that is not shown".to_owned();
    }
    let text = printable(value);
    if text.chars().count() <= SHORT {
        return format!("`{text}`");
    }
    let start: String = text.chars().take(SHORT).collect();
    format!("`{start}...`")
}
