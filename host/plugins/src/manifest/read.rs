//! From text to a manifest, or to everything that is wrong with the text.

use super::asks;
use super::build;
use super::check;
use super::model::{
    ActionDecl, ArtifactCounts, Inputs, Manifest, Outputs, Property, PropertyType, Unpack,
    UnpackMode,
};
use super::problem::ManifestProblem;
use super::urls::read_urls;
use crate::contract::ActionTypeKey;
use crate::limits::LimitValues;
use crate::toml_table::{self, Entry, Table, TableProblem};

/// Above this a file is no manifest: ten properties with the longest texts come to a tenth of it.
const LARGEST: usize = 64 << 10;

/// Properties of an action type (ActionConfigurationPropertyList).
const MOST_PROPERTIES: usize = 10;

/// Input or output artifacts of a custom action (MinimumArtifactCount, MaximumArtifactCount).
const MOST_ARTIFACTS: u32 = 5;

/// Ours: CodePipeline has no description of an action type.
pub(crate) const LONGEST_DESCRIPTION: usize = 1_000;

impl Manifest {
    /// Read a manifest. `file_label` is what problems call the file.
    ///
    /// # Errors
    ///
    /// Every problem of the text, in its order; never an empty list.
    pub fn parse(text: &str, file_label: &str) -> Result<Manifest, Vec<ManifestProblem>> {
        let manifest = if text.len() > LARGEST {
            Err(vec![TableProblem {
                span: 0..0,
                message: format!("{} bytes are more than a manifest may have", text.len()),
                remedy: format!("shorten it to {LARGEST} bytes"),
            }])
        } else {
            toml_table::read(text, read)
        };
        manifest.map_err(|problems| {
            let placed = |problem| ManifestProblem::of(file_label, text, problem);
            problems.into_iter().map(placed).collect()
        })
    }
}

/// Nothing only where a problem says why.
fn read(root: &Table<'_>) -> Option<Manifest> {
    // First, for the placeholders of [action.urls] are among them.
    let properties = read_properties(root);
    root.require(
        "action",
        "add [action] with `category`, `provider` and `version`",
    );
    let action = root.table("action", |table| read_action(table, &properties));
    let inputs = root.table("inputs", read_inputs);
    let outputs = root.table("outputs", read_outputs);
    let limits = root.table("limits", LimitValues::read);
    let capabilities = root.table("capabilities", asks::read);
    let build = root.table("build", build::read);
    Some(Manifest {
        action: action.flatten()?,
        properties,
        inputs: inputs.unwrap_or_else(|| Some(Inputs::default()))?,
        outputs: outputs.unwrap_or_else(|| Some(Outputs::default()))?,
        limits: limits.unwrap_or_default(),
        capabilities: capabilities.unwrap_or_default(),
        build: build.unwrap_or_default(),
    })
}

fn read_action(table: &Table<'_>, properties: &[Property]) -> Option<ActionDecl> {
    table.require("category", "add it: Source, Build, Deploy, Test or Invoke");
    table.require(
        "provider",
        "add it: the name that pipelines will use, such as \"Site\"",
    );
    table.require("version", "add it, such as \"1\"");
    let category = check::category(table);
    let provider = check::name(table, "provider", 35);
    let version = check::name(table, "version", 9);
    let description = check::text(table, "description", LONGEST_DESCRIPTION);
    let retry_safe = table.flag("retry-safe").unwrap_or(false);
    let resumable = table.flag("resumable").unwrap_or(false);
    let urls = table.table("urls", |urls| read_urls(urls, properties));
    Some(ActionDecl {
        key: ActionTypeKey {
            category: category?,
            provider: provider?,
            version: version?,
        },
        description,
        retry_safe,
        resumable,
        urls: urls.unwrap_or_default(),
    })
}

fn read_properties(root: &Table<'_>) -> Vec<Property> {
    let mut properties: Vec<Property> = Vec::new();
    let mut count = 0;
    root.tables("property", |table| {
        count += 1;
        if count == MOST_PROPERTIES + 1 {
            table.problem(
                "name",
                format!("more than {MOST_PROPERTIES} properties: an action type has no more"),
                "remove some, or put several settings into one",
            );
        }
        if let Some(property) = read_property(table) {
            check::property(table, &property, &properties);
            properties.push(property);
        }
    });
    properties
}

fn read_property(table: &Table<'_>) -> Option<Property> {
    table.require("name", "add it: pipelines set the property by it");
    table.require("type", "add it: string, number or boolean");
    // ActionConfigurationKey.
    let name = check::text(table, "name", 50);
    let kind = table.choice(
        "type",
        &[
            ("string", PropertyType::String),
            ("number", PropertyType::Number),
            ("boolean", PropertyType::Boolean),
        ],
    );
    let flag = |key| table.flag(key).unwrap_or(false);
    let required = flag("required");
    let key = flag("key");
    let secret = flag("secret");
    let queryable = flag("queryable");
    let description = check::text(table, "description", 160);
    Some(Property {
        name: name?,
        // A type that is missing or unknown has been told of; the name counts as declared all the same.
        kind: kind.unwrap_or(PropertyType::String),
        required,
        key,
        secret,
        queryable,
        description,
    })
}

fn read_counts(table: &Table<'_>) -> Option<ArtifactCounts> {
    for key in ["min", "max"] {
        table.require(key, format!("add it: a number of 0 to {MOST_ARTIFACTS}"));
    }
    let min = table.count("min", 0..=MOST_ARTIFACTS);
    let max = table.count("max", 0..=MOST_ARTIFACTS);
    let (min, max) = (min?, max?);
    if min > max {
        table.problem(
            "min",
            format!("`min` is {min}, more than `max`, {max}"),
            "lower `min` or raise `max`",
        );
    }
    Some(ArtifactCounts { min, max })
}

fn read_inputs(table: &Table<'_>) -> Option<Inputs> {
    let counts = read_counts(table);
    let unpack = match table.get("unpack") {
        Some(entry) => read_unpack(&entry, counts),
        None => Some(Unpack::default()),
    };
    Some(Inputs {
        counts: counts?,
        unpack: unpack?,
    })
}

fn read_unpack(entry: &Entry<'_>, counts: Option<ArtifactCounts>) -> Option<Unpack> {
    let mode = |entry: &Entry<'_>| {
        entry.choice(&[("auto", UnpackMode::Auto), ("never", UnpackMode::Never)])
    };
    let Some(items) = entry.items() else {
        return mode(entry).map(Unpack::All);
    };
    if let Some(counts) = counts
        && items.len() > counts.max as usize
    {
        entry.problem(
            format!(
                "`unpack` names {} inputs, but `max` is {}",
                items.len(),
                counts.max
            ),
            "remove what is too much, or raise `max`",
        );
    }
    // All of them are read, so that all faults are told.
    let modes: Vec<Option<UnpackMode>> = items.iter().map(mode).collect();
    modes
        .into_iter()
        .collect::<Option<Vec<_>>>()
        .map(Unpack::Each)
}

fn read_outputs(table: &Table<'_>) -> Option<Outputs> {
    let counts = read_counts(table);
    let allow_empty = table.flag("allow-empty").unwrap_or(false);
    Some(Outputs {
        counts: counts?,
        allow_empty,
    })
}
