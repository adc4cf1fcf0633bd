//! From text to a manifest, or to everything that is wrong with the text.

use toml::de::DeTable;

use super::check::{
    check_category, check_length, check_name, check_properties, guest_path, property_type,
};
use super::model::{
    ActionDecl, ActionUrls, ArtifactCounts, Capabilities, DirectoryAsk, Inputs, LimitsAsked,
    Manifest, Outputs, Property, PropertyType, Unpack, UnpackMode,
};
use super::problem::{ManifestProblem, Problems};
use super::table::{At, Table, Value, described};
use super::urls::read_urls;
use crate::contract::ActionTypeKey;

/// Above this a file is no manifest: ten properties with the longest texts come to a tenth of it.
const LARGEST: usize = 64 << 10;

/// Properties of an action type (ActionConfigurationPropertyList).
const MOST_PROPERTIES: usize = 10;

/// Input or output artifacts of a custom action (MinimumArtifactCount, MaximumArtifactCount).
const MOST_ARTIFACTS: u32 = 5;

/// Directories in one manifest; a bound for the sake of whoever reviews the grants.
const MOST_DIRECTORIES: usize = 16;

/// Ours: CodePipeline has no description of an action type.
const LONGEST_DESCRIPTION: usize = 1_000;

impl Manifest {
    /// Read a manifest. `file_label` is what problems call the file.
    ///
    /// # Errors
    ///
    /// Every problem of the text, in its order; never an empty list.
    pub fn parse(text: &str, file_label: &str) -> Result<Manifest, Vec<ManifestProblem>> {
        let mut problems = Problems::new(file_label, text);
        if text.len() > LARGEST {
            problems.at(
                &(0..0),
                format!("{} bytes are more than a manifest may have", text.len()),
                format!("shorten it to {LARGEST} bytes"),
            );
            return Err(problems.finish());
        }
        let (tree, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            problems.not_toml(error.span(), error.message());
        }
        let manifest = read(tree.get_ref(), &mut problems);
        let problems = problems.finish();
        match manifest {
            Some(manifest) if problems.is_empty() => Ok(manifest),
            _ => Err(problems),
        }
    }
}

/// Nothing only where a problem says why.
fn read(tree: &DeTable<'_>, problems: &mut Problems<'_>) -> Option<Manifest> {
    let mut root = Table::root(tree);
    let action = root.table("action", "[action]", problems);
    let properties = read_properties(&mut root, problems);
    let inputs = root.table("inputs", "[inputs]", problems);
    let outputs = root.table("outputs", "[outputs]", problems);
    let limits = root.table("limits", "[limits]", problems);
    let capabilities = root.table("capabilities", "[capabilities]", problems);
    let action = match action {
        Some(table) => read_action(table, &properties, problems),
        None => {
            root.missing(
                "[action]",
                "add it with `category`, `provider` and `version`",
                problems,
            );
            None
        }
    };
    root.finish(problems);
    let inputs = inputs.map_or_else(
        || Some(Inputs::default()),
        |table| read_inputs(table, problems),
    );
    let outputs = outputs.map_or_else(
        || Some(Outputs::default()),
        |table| read_outputs(table, problems),
    );
    let limits = limits.map_or_else(LimitsAsked::default, |table| read_limits(table, problems));
    let capabilities = capabilities.map_or_else(Capabilities::default, |table| {
        read_capabilities(table, problems)
    });
    Some(Manifest {
        action: action?,
        properties,
        inputs: inputs?,
        outputs: outputs?,
        limits,
        capabilities,
    })
}

fn read_action(
    mut table: Table<'_, '_>,
    properties: &[Property],
    problems: &mut Problems<'_>,
) -> Option<ActionDecl> {
    let category = table.string("category", problems);
    let provider = table.string("provider", problems);
    let version = table.string("version", problems);
    let description = table.string("description", problems);
    let retry_safe = table.flag("retry-safe", problems);
    let resumable = table.flag("resumable", problems);
    let urls = table
        .table("urls", "[action.urls]", problems)
        .map_or_else(ActionUrls::default, |urls| {
            read_urls(urls, properties, problems)
        });
    for (key, found, remedy) in [
        (
            "category",
            &category,
            "add it: Source, Build, Deploy, Test or Invoke",
        ),
        (
            "provider",
            &provider,
            "add it: the name that pipelines will use, such as \"Site\"",
        ),
        ("version", &version, "add it, such as \"1\""),
    ] {
        // One that is there but is no text has been told of.
        if found.is_none() && table.get(key).is_none() {
            table.missing(key, remedy, problems);
        }
    }
    table.finish(problems);
    if let Some(category) = &category {
        check_category(category, problems);
    }
    if let Some(provider) = &provider {
        check_name("provider", provider, 35, problems);
    }
    if let Some(version) = &version {
        check_name("version", version, 9, problems);
    }
    if let Some(description) = &description {
        check_length("description", description, LONGEST_DESCRIPTION, problems);
    }
    Some(ActionDecl {
        key: ActionTypeKey {
            category: category?.value.to_owned(),
            provider: provider?.value.to_owned(),
            version: version?.value.to_owned(),
        },
        description: description.map(|text| text.value.to_owned()),
        retry_safe,
        resumable,
        urls,
    })
}

fn read_properties(root: &mut Table<'_, '_>, problems: &mut Problems<'_>) -> Vec<Property> {
    let Some(value) = root.get("property") else {
        return Vec::new();
    };
    let Some(items) = value.get_ref().as_array() else {
        problems.at(
            &value.span(),
            "`property` is not a list of tables",
            "write [[property]], in double brackets",
        );
        return Vec::new();
    };
    if let Some(first_too_many) = items.get(MOST_PROPERTIES) {
        problems.at(
            &first_too_many.span(),
            format!(
                "{} properties: an action type has at most {MOST_PROPERTIES}",
                items.len()
            ),
            "remove some, or put several settings into one",
        );
    }
    let found: Vec<At<Property>> = items
        .iter()
        .filter_map(|item| {
            let value = read_property(item, problems)?;
            Some(At {
                value,
                span: item.span(),
            })
        })
        .collect();
    check_properties(&found, problems);
    found.into_iter().map(|property| property.value).collect()
}

fn read_property(item: &Value<'_>, problems: &mut Problems<'_>) -> Option<Property> {
    let mut table = Table::of(item, "[[property]]", problems);
    let name = table.string("name", problems);
    let kind = table.string("type", problems);
    let required = table.flag("required", problems);
    let key = table.flag("key", problems);
    let secret = table.flag("secret", problems);
    let queryable = table.flag("queryable", problems);
    let description = table.string("description", problems);
    for (member, found, remedy) in [
        ("name", &name, "add it: pipelines set the property by it"),
        ("type", &kind, "add it: string, number or boolean"),
    ] {
        if found.is_none() && table.get(member).is_none() {
            table.missing(member, remedy, problems);
        }
    }
    table.finish(problems);
    if let Some(name) = &name {
        // ActionConfigurationKey.
        check_length("name", name, 50, problems);
    }
    if let Some(description) = &description {
        check_length("description", description, 160, problems);
    }
    let kind = kind.and_then(|kind| property_type(&kind, problems));
    Some(Property {
        name: name?.value.to_owned(),
        // A type that is missing or unknown has been told of; the name counts as declared all the same.
        kind: kind.unwrap_or(PropertyType::String),
        required,
        key,
        secret,
        queryable,
        description: description.map(|text| text.value.to_owned()),
    })
}

fn read_counts(table: &mut Table<'_, '_>, problems: &mut Problems<'_>) -> Option<ArtifactCounts> {
    let min = table.count("min", MOST_ARTIFACTS, problems);
    let max = table.count("max", MOST_ARTIFACTS, problems);
    let (Some(min), Some(max)) = (&min, &max) else {
        for key in ["min", "max"] {
            if table.get(key).is_none() {
                table.missing(key, "add it: a number of 0 to 5", problems);
            }
        }
        return None;
    };
    if min.value > max.value {
        problems.at(
            &min.span,
            format!("`min` is {}, more than `max`, {}", min.value, max.value),
            "lower `min` or raise `max`",
        );
    }
    Some(ArtifactCounts {
        min: min.value,
        max: max.value,
    })
}

fn read_inputs(mut table: Table<'_, '_>, problems: &mut Problems<'_>) -> Option<Inputs> {
    let counts = read_counts(&mut table, problems);
    let unpack = table.get("unpack").map_or_else(
        || Some(Unpack::default()),
        |value| read_unpack(value, counts, problems),
    );
    table.finish(problems);
    Some(Inputs {
        counts: counts?,
        unpack: unpack?,
    })
}

fn read_unpack(
    value: &Value<'_>,
    counts: Option<ArtifactCounts>,
    problems: &mut Problems<'_>,
) -> Option<Unpack> {
    let Some(items) = value.get_ref().as_array() else {
        return unpack_mode(value, problems).map(Unpack::All);
    };
    if let Some(counts) = counts
        && items.len() > counts.max as usize
    {
        problems.at(
            &value.span(),
            format!(
                "`unpack` names {} inputs, but `max` is {}",
                items.len(),
                counts.max
            ),
            "remove what is too much, or raise `max`",
        );
    }
    // All of them are read, so that all faults are told.
    let modes: Vec<Option<UnpackMode>> = items
        .iter()
        .map(|item| unpack_mode(item, problems))
        .collect();
    modes
        .into_iter()
        .collect::<Option<Vec<_>>>()
        .map(Unpack::Each)
}

fn unpack_mode(value: &Value<'_>, problems: &mut Problems<'_>) -> Option<UnpackMode> {
    match value.get_ref().as_str() {
        Some("auto") => Some(UnpackMode::Auto),
        Some("never") => Some(UnpackMode::Never),
        _ => {
            problems.at(
                &value.span(),
                format!("`unpack` is {}", described(value)),
                "write \"auto\" or \"never\", or a list of these by position",
            );
            None
        }
    }
}

fn read_outputs(mut table: Table<'_, '_>, problems: &mut Problems<'_>) -> Option<Outputs> {
    let counts = read_counts(&mut table, problems);
    let allow_empty = table.flag("allow-empty", problems);
    table.finish(problems);
    Some(Outputs {
        counts: counts?,
        allow_empty,
    })
}

fn read_limits(mut table: Table<'_, '_>, problems: &mut Problems<'_>) -> LimitsAsked {
    let limits = LimitsAsked {
        wall: table.duration("wall", problems),
        cpu: table.duration("cpu", problems),
        memory: table.size("memory", problems),
        log: table.size("log", problems),
    };
    table.finish(problems);
    limits
}

fn read_capabilities(mut table: Table<'_, '_>, problems: &mut Problems<'_>) -> Capabilities {
    let scratch = table.flag("scratch", problems);
    let directories = table.get("directories");
    table.finish(problems);
    Capabilities {
        scratch,
        directories: directories.map_or_else(Vec::new, |value| read_directories(value, problems)),
    }
}

fn read_directories(value: &Value<'_>, problems: &mut Problems<'_>) -> Vec<DirectoryAsk> {
    let Some(items) = value.get_ref().as_array() else {
        problems.at(
            &value.span(),
            format!("`directories` is {}, not a list", described(value)),
            "write directories = [{ guest = \"/site\", write = true, reason = \"..\" }]",
        );
        return Vec::new();
    };
    if let Some(too_many) = items.get(MOST_DIRECTORIES) {
        problems.at(
            &too_many.span(),
            format!("more than {MOST_DIRECTORIES} directories"),
            "ask for one that holds several",
        );
    }
    let mut asks: Vec<DirectoryAsk> = Vec::new();
    for item in items {
        let mut table = Table::of(item, "an entry of `directories`", problems);
        let guest = table.string("guest", problems);
        let write = table.flag("write", problems);
        let reason = table.string("reason", problems);
        if guest.is_none() && table.get("guest").is_none() {
            table.missing("guest", "add it: the path that the plugin uses", problems);
        }
        table.finish(problems);
        if let Some(reason) = &reason {
            check_length("reason", reason, LONGEST_DESCRIPTION, problems);
        }
        let Some(guest) = guest else { continue };
        if asks.iter().any(|ask| ask.guest == guest.value) {
            problems.at(
                &guest.span,
                format!("`{}` is asked for twice", guest.value),
                "remove one, and set `write` on the other if one of them has it",
            );
        }
        guest_path(&guest, problems);
        asks.push(DirectoryAsk {
            guest: guest.value.to_owned(),
            write,
            reason: reason.map(|text| text.value.to_owned()),
        });
    }
    asks
}
