//! All that shows of a file from its outside, and everything at once that keeps it from being a plugin here: for
//! commands that tell people about files. What is served goes by [`Shape`](crate::Shape), which stops at the first fault.

use serde::{Deserialize, Serialize};
use wasmparser::{KnownCustom, Parser, Payload};

use crate::adapt::{self, Adapter};
use crate::error::SandboxError;
use crate::shape::{self, Entry, Outside};
use crate::text;

/// Of each list, and characters of each text: more is no matter for people.
const MOST: usize = 500;
const LONGEST: usize = 2_000;

/// A file as its outside tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Survey {
    /// What it is.
    pub kind: FileKind,
    /// The version of `pipefitter:action` that it was built for, whether that is served or not.
    pub contract: Option<String>,
    /// What it is called by; none if it exports nothing of the kind.
    pub entry: Option<Entry>,
    /// The full names of what it imports, or its component does, in their order.
    pub imports: Vec<String>,
    /// The full names of what it exports, or its component does, in their order.
    pub exports: Vec<String>,
    /// The languages and tools that made it, by their own account; each once.
    pub producers: Vec<Producer>,
    /// Why it cannot be served here; none if its outside is as it should be.
    pub faults: Vec<SurveyFault>,
}

/// What a file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FileKind {
    /// A component.
    Component,
    /// A core module that names its world and is made a component as it is.
    Module,
    /// The same, with the adapter from wasip1 for libraries.
    ReactorModule,
    /// The same, with the adapter for commands.
    CommandModule,
    /// Nothing that a plugin could be.
    #[default]
    Other,
}

/// A part of what made a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Producer {
    /// `language`, `processed-by` or `sdk`.
    pub role: String,
    /// Its name.
    pub name: String,
    /// Its version; may be empty.
    pub version: String,
}

/// A reason why a file is no plugin here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SurveyFault {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl Survey {
    /// The import that only a grant of the network satisfies.
    #[must_use]
    pub fn needs_network(&self) -> Option<&str> {
        shape::network(&self.imports)
    }

    /// The import that only a grant of secrets satisfies.
    #[must_use]
    pub fn needs_secrets(&self) -> Option<&str> {
        shape::secrets(&self.imports)
    }

    /// Takes the file apart: not in a process that anything is lost by, where a stranger made it.
    pub(crate) fn of(wasm: &[u8], test: bool) -> Survey {
        let mut survey = Survey {
            producers: producers(wasm),
            ..Survey::default()
        };
        let outside = match adapt::adapted(wasm) {
            Ok((component, adapter)) => {
                survey.kind = match adapter {
                    None => FileKind::Component,
                    Some(Adapter::None) => FileKind::Module,
                    Some(Adapter::Reactor) => FileKind::ReactorModule,
                    Some(Adapter::Command) => FileKind::CommandModule,
                };
                Outside::read(&component)
            }
            Err(error) => Err(error),
        };
        match outside {
            Ok(outside) => {
                survey.contract = outside.named_contract().map(str::to_owned);
                survey.entry = outside.entry().map(|(entry, _)| entry);
                survey.faults = outside.faults(test).iter().map(SurveyFault::of).collect();
                survey.imports = outside.imports;
                survey.exports = outside.exports;
            }
            Err(error) => {
                survey.kind = FileKind::Other;
                survey.faults.push(SurveyFault::of(&error));
            }
        }
        survey
    }

    /// With nothing in it that steers a terminal or has no end: for one that a child has told.
    pub(crate) fn cleaned(self) -> Survey {
        let line = |text: String| {
            text::first_chars(&text::clean(&text.replace('\n', " ")), LONGEST).to_owned()
        };
        let lines = |texts: Vec<String>| texts.into_iter().take(MOST).map(line).collect();
        Survey {
            kind: self.kind,
            contract: self.contract.map(line),
            entry: self.entry,
            imports: lines(self.imports),
            exports: lines(self.exports),
            producers: self
                .producers
                .into_iter()
                .take(MOST)
                .map(|producer| Producer {
                    role: line(producer.role),
                    name: line(producer.name),
                    version: line(producer.version),
                })
                .collect(),
            faults: self
                .faults
                .into_iter()
                .take(MOST)
                .map(|fault| SurveyFault {
                    message: line(fault.message),
                    remedy: line(fault.remedy),
                })
                .collect(),
        }
    }
}

impl SurveyFault {
    /// The messages of refusals end in what to do.
    fn of(error: &SandboxError) -> SurveyFault {
        let said = error.to_string();
        let (message, remedy) = said
            .rsplit_once("; ")
            .unwrap_or((&said, "build it again with the language's tools"));
        let full = error.full();
        let cause = full.strip_prefix(&said).unwrap_or_default();
        SurveyFault {
            message: format!("{message}{cause}"),
            remedy: remedy.to_owned(),
        }
    }
}

/// Those of every module and component in it. What cannot be read has none.
fn producers(wasm: &[u8]) -> Vec<Producer> {
    let mut found: Vec<Producer> = Vec::new();
    for payload in Parser::new(0).parse_all(wasm) {
        let Ok(payload) = payload else { break };
        let Payload::CustomSection(section) = payload else {
            continue;
        };
        let KnownCustom::Producers(fields) = section.as_known() else {
            continue;
        };
        for field in fields.into_iter().flatten() {
            for value in field.values.into_iter().flatten() {
                let producer = Producer {
                    role: field.name.to_owned(),
                    name: value.name.to_owned(),
                    version: value.version.to_owned(),
                };
                if found.len() < MOST && !found.contains(&producer) {
                    found.push(producer);
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wasm_encoder::{
        Component, ComponentExportKind, ComponentExportSection, ComponentTypeSection, Module,
        ProducersField, ProducersSection,
    };

    use super::*;

    /// With nothing in it but exports by name, of a type.
    fn exporting(names: &[&str]) -> Vec<u8> {
        let mut component = Component::new();
        let mut types = ComponentTypeSection::new();
        types
            .defined_type()
            .primitive(wasm_encoder::PrimitiveValType::Bool);
        component.section(&types);
        let mut exports = ComponentExportSection::new();
        for name in names {
            exports.export(*name, ComponentExportKind::Type, 0, None);
        }
        component.section(&exports);
        component.finish()
    }

    #[test]
    fn one_of_a_later_contract_is_refused_as_such() {
        for version in ["0.2.0", "1.0.0", "10.0.0-rc.1"] {
            let name = format!("pipefitter:action/handler@{version}");
            let survey = Survey::of(&exporting(&[&name]), false);
            assert_eq!(survey.contract.as_deref(), Some(version));
            let fault = SurveyFault {
                message: format!(
                    "it was built for pipefitter:action {version}, this pipefitter serves 0.1.x"
                ),
                remedy: "update pipefitter".to_owned(),
            };
            assert_eq!(survey.faults, [fault]);
        }
    }

    #[test]
    fn what_is_served_has_no_fault_and_what_is_no_plugin_has_one() {
        let survey = Survey::of(&exporting(&["pipefitter:action/handler@0.1.7"]), false);
        assert_eq!((survey.kind, survey.faults), (FileKind::Component, vec![]));
        for (bytes, says) in [
            (&b""[..], "an empty file"),
            (b"#!/bin/sh", "no wasm"),
            (&Module::new().finish(), "names no world"),
        ] {
            let survey = Survey::of(bytes, false);
            assert_eq!(survey.kind, FileKind::Other);
            let [fault] = &survey.faults[..] else {
                panic!("{survey:?}");
            };
            assert!(
                fault.message.contains(says) && !fault.remedy.is_empty(),
                "{fault:?}"
            );
        }
    }

    #[test]
    fn producers_of_all_that_is_in_it_are_told_once() {
        let mut fields = ProducersSection::new();
        let mut language = ProducersField::new();
        language.value("Zig", "");
        fields.field("language", &language);
        let mut tools = ProducersField::new();
        tools.value("clang", "19.1.7");
        fields.field("processed-by", &tools);
        let mut module = Module::new();
        module.section(&fields);
        let mut component = Component::new();
        component.section(&wasm_encoder::ModuleSection(&module));
        component.section(&fields);
        let found = producers(&component.finish());
        let told: Vec<String> = found
            .iter()
            .map(|one| format!("{}: {} {}", one.role, one.name, one.version))
            .collect();
        assert_eq!(told, ["language: Zig ", "processed-by: clang 19.1.7"]);
    }

    #[test]
    fn what_a_child_tells_steers_no_terminal() {
        let survey = Survey {
            imports: vec![format!("\u{1b}[2J{}\nx", "y".repeat(10_000)); 10_000],
            ..Survey::default()
        };
        let cleaned = survey.cleaned();
        assert_eq!(cleaned.imports.len(), MOST);
        assert_eq!(cleaned.imports[0].len(), LONGEST);
        assert!(cleaned.imports[0].starts_with("yyy"));
    }

    proptest! {
        #[test]
        fn garbage_is_faulty_and_never_panics(
            tail in prop::collection::vec(any::<u8>(), 0..200),
            header in prop::sample::select(vec![&b""[..], b"\0asm\x0d\0\x01\0", b"\0asm\x01\0\0\0"]),
        ) {
            let wasm = [header, &tail].concat();
            prop_assert!(!Survey::of(&wasm, false).faults.is_empty());
        }
    }
}
