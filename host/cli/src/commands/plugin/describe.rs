//! A plugin's facts as text for people and as JSON for programs.
//!
//! The JSON is documented in docs/PLUGINS.md: keys are added, and never change.

use std::fmt::Write;
use std::time::Duration;

use pipefitter_codepipeline::clean_text;
use pipefitter_plugins::units::{format_duration, format_size};
use pipefitter_plugins::{
    ActionTypeKey, ArtifactCounts, Capabilities, LIMIT_KEYS, LimitUnit, LimitValues, Manifest,
    PluginFiles, Property,
};
use pipefitter_sandbox::{Entry, FileKind, Producer};
use serde_json::{Map, Value, json};

use super::facts::Facts;
use crate::config::ConfigProblem;

/// Where values begin.
const INDENT: usize = 16;

/// What people are told.
pub(super) fn text(facts: &Facts) -> String {
    let mut text = facts.file.display().to_string();
    let mut line = |name: &str, value: &str| {
        // A manifest's texts are its author's, and go to a terminal.
        let mut lines = value.lines().map(clean_text);
        let first = lines.next().unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = write!(text, "\n  {name:<width$}{first}", width = INDENT - 2);
        for more in lines {
            let _ = write!(text, "\n{:INDENT$}{more}", "");
        }
    };
    if let Some(manifest) = facts.manifest() {
        line("action type", &manifest.key().to_string());
        if let Some(description) = &manifest.action.description {
            line("description", description);
        }
    }
    line("kind", kind(facts.survey.kind).0);
    if let Some(contract) = &facts.survey.contract {
        line("contract", &format!("pipefitter:action {contract}"));
    }
    match facts.survey.entry {
        Some(Entry::AsyncHandler) => line("entry", "asynchronous: an operator has to allow it"),
        Some(Entry::Command) => line("entry", "plain command: it speaks the command protocol"),
        Some(Entry::Handler) | None => {}
    }
    line("digest", &facts.digest.to_string());
    line("size", &size(facts.bytes));
    if let Some(plugin) = &facts.plugin {
        line("manifest", &manifest_place(plugin));
        line("signature", &signature(plugin));
    }
    if !facts.survey.producers.is_empty() {
        line("made by", &made_by(&facts.survey.producers));
    }
    if let Some(manifest) = facts.manifest() {
        line("properties", &properties(&manifest.properties));
        line("inputs", &counts(manifest.inputs.counts));
        line("outputs", &counts(manifest.outputs.counts));
        line("limits", &limits(&manifest.limits));
        line("asks for", &asks(&manifest.capabilities));
    }
    line("needs", &needs(facts));
    line("imports", &list(&facts.survey.imports));
    line("exports", &list(&facts.survey.exports));
    text
}

/// The kind for people, and for programs with the adapter's.
fn kind(kind: FileKind) -> (&'static str, &'static str, Option<&'static str>) {
    match kind {
        FileKind::Component => ("component", "component", None),
        FileKind::Module => (
            "core module, made a component when it is loaded",
            "core_module",
            None,
        ),
        FileKind::ReactorModule => (
            "core module for wasip1, adapted as a library when it is loaded",
            "core_module",
            Some("reactor"),
        ),
        FileKind::CommandModule => (
            "core module for wasip1, adapted as a command when it is loaded",
            "core_module",
            Some("command"),
        ),
        _ => ("no plugin", "other", None),
    }
}

/// As far as people care.
pub(super) fn size(bytes: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    match bytes {
        0..KIB => format!("{bytes} bytes"),
        KIB..MIB => format!("{} KiB", bytes.div_ceil(KIB)),
        _ => format!("{}.{} MiB", bytes / MIB, bytes % MIB * 10 / MIB),
    }
}

fn manifest_place(plugin: &PluginFiles) -> String {
    match &plugin.manifest_file {
        Some(beside) => format!("{} {}", beside.display(), plugin.manifest_digest),
        None => "embedded".to_owned(),
    }
}

fn signature(plugin: &PluginFiles) -> String {
    match &plugin.signature {
        None => "none".to_owned(),
        Some(seen) if seen.verified => format!("good, by key {} ({})", seen.key_id, seen.comment),
        Some(seen) => format!(
            "says key {}; `pipefitter plugin verify` judges it",
            seen.key_id
        ),
    }
}

/// Languages first: they are what is asked most.
fn made_by(producers: &[Producer]) -> String {
    let (languages, tools): (Vec<&Producer>, Vec<_>) = producers
        .iter()
        .partition(|producer| producer.role == "language");
    let named = |producer: &&Producer| {
        format!("{} {}", producer.name, producer.version)
            .trim_end()
            .to_owned()
    };
    let all = languages.iter().chain(&tools).map(named);
    all.collect::<Vec<_>>().join(", ")
}

fn properties(properties: &[Property]) -> String {
    let described = properties.iter().map(|property| {
        let flags = [
            (property.required, "required"),
            (property.key, "key"),
            (property.secret, "secret"),
            (property.queryable, "queryable"),
        ];
        let flags: String = flags
            .iter()
            .filter(|(set, _)| *set)
            .map(|(_, flag)| format!(", {flag}"))
            .collect();
        let description = property.description.as_ref();
        let description = description.map(|text| format!(": {}", clean_text(text)));
        format!(
            "{} ({}{flags}){}",
            clean_text(&property.name),
            property.kind.as_str().to_lowercase(),
            description.unwrap_or_default()
        )
    });
    or_none(described.collect::<Vec<_>>().join("\n"))
}

fn counts(counts: ArtifactCounts) -> String {
    match (counts.min, counts.max) {
        (0, 0) => "none".to_owned(),
        (min, max) if min == max => min.to_string(),
        (min, max) => format!("{min} to {max}"),
    }
}

fn limits(limits: &LimitValues) -> String {
    let named = limits
        .iter()
        .map(|(key, value)| format!("{key} {}", limit(key, value)));
    let named: Vec<String> = named.collect();
    if named.is_empty() {
        "those of the host".to_owned()
    } else {
        named.join(", ")
    }
}

fn limit(key: &str, value: u64) -> String {
    let unit = LIMIT_KEYS.iter().find(|known| known.name == key);
    match unit.map(|known| known.unit) {
        Some(LimitUnit::Duration) => format_duration(Duration::from_millis(value)),
        Some(LimitUnit::Size) => format_size(value),
        _ => value.to_string(),
    }
}

fn asks(asked: &Capabilities) -> String {
    let reason = |reason: &Option<String>| {
        let reason = reason
            .as_ref()
            .map(|text| format!(": {}", clean_text(text)));
        reason.unwrap_or_default()
    };
    let mut lines = Vec::new();
    if asked.scratch {
        lines.push("a scratch directory".to_owned());
    }
    for ask in &asked.directories {
        let access = if ask.write { "write to" } else { "read" };
        let (guest, reason) = (&ask.guest, reason(&ask.reason));
        lines.push(format!("a directory to {access} at {guest}{reason}"));
    }
    for ask in &asked.network {
        let to = clean_text(&ask.to);
        lines.push(format!("the network at {to}{}", reason(&ask.reason)));
    }
    for ask in &asked.secrets {
        lines.push(format!("the secret {}{}", ask.name, reason(&ask.reason)));
    }
    or_none(lines.join("\n"))
}

/// What only a grant of the operator's satisfies, by its imports.
fn needs(facts: &Facts) -> String {
    let survey = &facts.survey;
    let needed = [
        (survey.needs_network(), "network"),
        (survey.needs_secrets(), "secrets"),
    ];
    let named = needed.iter().filter(|(import, _)| import.is_some());
    let named: Vec<&str> = named.map(|(_, name)| *name).collect();
    or_none(named.join(", "))
}

fn list(names: &[String]) -> String {
    or_none(names.join("\n"))
}

fn or_none(text: String) -> String {
    if text.is_empty() {
        "none".to_owned()
    } else {
        text
    }
}

/// What programs are told: docs/PLUGINS.md has its keys.
pub(super) fn json(facts: &Facts) -> Value {
    let (_, kind, adapter) = kind(facts.survey.kind);
    let producers = facts
        .survey
        .producers
        .iter()
        .map(|one| json!({ "role": one.role, "name": one.name, "version": one.version }));
    let mut value = json!({
        "file": facts.file.display().to_string(),
        "name": facts.name,
        "digest": facts.digest.to_string(),
        "size": facts.bytes,
        "kind": kind,
        "adapter": adapter,
        "contract": facts.survey.contract,
        "entry": facts.survey.entry.map(Entry::export),
        "imports": facts.survey.imports,
        "exports": facts.survey.exports,
        "producers": producers.collect::<Vec<_>>(),
        "problems": facts.problems.iter().map(problem).collect::<Vec<_>>(),
        "manifest": null,
        "signature": null,
        "action_type": null,
    });
    if let Some(plugin) = &facts.plugin {
        let beside = plugin.manifest_file.as_ref();
        value["manifest"] = json!({
            "file": beside.map(|file| file.display().to_string()),
            "digest": plugin.manifest_digest.to_string(),
        });
        value["signature"] = plugin.signature.as_ref().map_or(Value::Null, |seen| {
            json!({ "key_id": seen.key_id, "comment": seen.comment, "verified": seen.verified })
        });
        of_manifest(&mut value, &plugin.manifest);
    }
    value
}

pub(super) fn action_type(key: &ActionTypeKey) -> Value {
    json!({ "category": key.category, "provider": key.provider, "version": key.version })
}

pub(super) fn problem(problem: &ConfigProblem) -> Value {
    json!({
        "message": problem.message,
        "remedy": problem.remedy,
        "warning": problem.warning,
    })
}

fn of_manifest(value: &mut Value, manifest: &Manifest) {
    value["action_type"] = action_type(manifest.key());
    value["description"] = json!(manifest.action.description);
    value["retry_safe"] = json!(manifest.retry_safe());
    value["resumable"] = json!(manifest.resumable());
    let properties = manifest.properties.iter().map(|property| {
        json!({
            "name": property.name,
            "type": property.kind.as_str().to_lowercase(),
            "required": property.required,
            "key": property.key,
            "secret": property.secret,
            "queryable": property.queryable,
            "description": property.description,
        })
    });
    value["properties"] = properties.collect();
    let counts = |counts: ArtifactCounts| json!({ "min": counts.min, "max": counts.max });
    value["inputs"] = counts(manifest.inputs.counts);
    value["outputs"] = counts(manifest.outputs.counts);
    value["outputs"]["allow_empty"] = json!(manifest.outputs.allow_empty);
    let limits: Map<String, Value> = manifest
        .limits
        .iter()
        .map(|(key, value)| (key.replace('-', "_"), json!(value)))
        .collect();
    value["limits"] = Value::Object(limits);
    let asked = &manifest.capabilities;
    value["capabilities"] = json!({
        "scratch": asked.scratch,
        "directories": asked.directories.iter().map(
            |ask| json!({ "guest": ask.guest, "write": ask.write, "reason": ask.reason })
        ).collect::<Vec<_>>(),
        "network": asked.network.iter().map(
            |ask| json!({ "to": ask.to, "reason": ask.reason })
        ).collect::<Vec<_>>(),
        "secrets": asked.secrets.iter().map(
            |ask| json!({ "name": ask.name, "reason": ask.reason })
        ).collect::<Vec<_>>(),
    });
}
