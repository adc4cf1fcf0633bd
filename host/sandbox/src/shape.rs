//! What a wasm file is, read from its outermost sections: cheap enough to look at every file that is
//! dropped into a directory, and the place where most mistakes get their explanation.

use serde::{Deserialize, Serialize};
use wasmparser::{ComponentExternalKind, ComponentTypeRef, Encoding, Parser, Payload};

use crate::contract;
use crate::error::SandboxError;
use crate::test_imports;
use crate::text;

/// The versions of the contract that are served.
const SERVED: &str = "0.1.";

/// What a plugin may be called by, the first that it exports: name, line of versions, and what it is then.
const ENTRIES: [(&str, &str, Entry); 3] = [
    ("pipefitter:action/handler", SERVED, Entry::Handler),
    (
        "pipefitter:action/async-handler",
        SERVED,
        Entry::AsyncHandler,
    ),
    ("wasi:cli/run", "0.2.", Entry::Command),
];

/// What a plugin is called by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// `handler` of the contract.
    #[default]
    Handler,
    /// `async-handler` of the contract.
    AsyncHandler,
    /// `wasi:cli/run`: a plain command, which speaks the command protocol.
    Command,
}

impl Entry {
    /// The versions of that which are served.
    fn line(self) -> &'static str {
        match self {
            Entry::Handler => ENTRIES[0].1,
            Entry::AsyncHandler => ENTRIES[1].1,
            Entry::Command => ENTRIES[2].1,
        }
    }

    /// The export that is called, without its version.
    #[must_use]
    pub fn export(self) -> &'static str {
        match self {
            Entry::Handler => ENTRIES[0].0,
            Entry::AsyncHandler => ENTRIES[1].0,
            Entry::Command => ENTRIES[2].0,
        }
    }
}

/// A component as its imports and exports tell it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Shape {
    /// What it is called by.
    #[serde(default)]
    pub entry: Entry,
    /// The version of the interface that it is called by, such as `0.1.0`; of a command that of `wasi:cli/run`.
    pub contract: String,
    /// The full names of its imports, in their order.
    pub imports: Vec<String>,
    /// The full names of its exports, in their order.
    pub exports: Vec<String>,
}

impl Shape {
    /// The import that only a grant of the network satisfies.
    #[must_use]
    pub fn needs_network(&self) -> Option<&str> {
        network(&self.imports)
    }

    /// The import that only a grant of secrets satisfies.
    #[must_use]
    pub fn needs_secrets(&self) -> Option<&str> {
        secrets(&self.imports)
    }

    /// What a component is, for whoever builds one and has no sandbox. Reads it in this process.
    ///
    /// # Errors
    /// As [`Sandbox::inspect`](crate::Sandbox::inspect), but for the size.
    pub fn of_own_build(wasm: &[u8]) -> Result<Shape, SandboxError> {
        Shape::read(wasm, false)
    }

    /// With nothing in it that steers a terminal: for one that a child has told.
    pub(crate) fn cleaned(self) -> Shape {
        let clean = |names: Vec<String>| names.iter().map(|name| text::clean(name)).collect();
        Shape {
            entry: self.entry,
            contract: text::clean(&self.contract),
            imports: clean(self.imports),
            exports: clean(self.exports),
        }
    }

    /// `test` is whether the imports of the suites are there.
    pub(crate) fn read(wasm: &[u8], test: bool) -> Result<Shape, SandboxError> {
        let outside = Outside::read(wasm)?;
        if let Some(fault) = outside.faults(test).into_iter().next() {
            return Err(fault);
        }
        let (entry, contract) = outside.entry().unwrap_or_default();
        Ok(Shape {
            entry,
            contract: contract.to_owned(),
            imports: outside.imports,
            exports: outside.exports,
        })
    }
}

/// The import that only a grant of the network satisfies.
pub(crate) fn network(imports: &[String]) -> Option<&str> {
    import_of(imports, "wasi:http/")
}

/// The import that only a grant of secrets satisfies.
pub(crate) fn secrets(imports: &[String]) -> Option<&str> {
    import_of(imports, "pipefitter:action/secrets")
}

fn import_of<'a>(imports: &'a [String], start: &str) -> Option<&'a str> {
    let mut imports = imports.iter().map(String::as_str);
    imports.find(|import| import.starts_with(start))
}

/// The names on a component's outside, whatever they are.
pub(crate) struct Outside {
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
    /// What it imports of the contract: full name of the import, and function.
    functions: Vec<(String, String)>,
}

impl Outside {
    /// Refuses what is no component.
    pub(crate) fn read(wasm: &[u8]) -> Result<Outside, SandboxError> {
        refuse_other_formats(wasm)?;
        let mut imports = Vec::new();
        let mut exports = Vec::new();
        let mut functions = Vec::new();
        let mut types = contract::Types::default();
        let mut depth = 0_u32;
        let malformed = |e: wasmparser::BinaryReaderError| SandboxError::Malformed(e.into());
        for payload in Parser::new(0).parse_all(wasm) {
            match payload.map_err(malformed)? {
                Payload::Version { encoding, .. } if depth == 0 => match encoding {
                    Encoding::Component => {}
                    Encoding::Module => {
                        return Err(SandboxError::NotAComponent {
                            found: "a core module",
                            remedy: "build it for wasm32-wasip2 (Rust), or adapt it with \
                                     `wasm-tools component new --adapt`",
                        });
                    }
                },
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth = depth.saturating_sub(1),
                Payload::ComponentTypeSection(section) if depth == 0 => {
                    for declared in section {
                        types.declare(&declared.map_err(malformed)?);
                    }
                }
                Payload::ComponentAliasSection(section) if depth == 0 => {
                    for alias in section {
                        types.alias(&alias.map_err(malformed)?);
                    }
                }
                Payload::ComponentImportSection(section) if depth == 0 => {
                    for import in section {
                        let import = import.map_err(malformed)?;
                        let name = import.name.name;
                        match import.ty {
                            ComponentTypeRef::Instance(index)
                                if name.starts_with(contract::PACKAGE) =>
                            {
                                let of_it = types.functions(index).iter();
                                functions.extend(of_it.map(|one| (name.to_owned(), one.clone())));
                            }
                            ComponentTypeRef::Type(_) => types.another(),
                            _ => {}
                        }
                        imports.push(name.to_owned());
                    }
                }
                Payload::ComponentExportSection(section) if depth == 0 => {
                    for export in section {
                        let export = export.map_err(malformed)?;
                        if export.kind == ComponentExternalKind::Type {
                            types.another();
                        }
                        exports.push(export.name.name.to_owned());
                    }
                }
                _ => {}
            }
        }
        Ok(Outside {
            imports,
            exports,
            functions,
        })
    }

    /// What it may be called by, and the version of that; `(none)` where that names none. One that is served goes before
    /// others.
    pub(crate) fn entry(&self) -> Option<(Entry, &str)> {
        let named = |(interface, _, entry): (&str, &str, Entry)| {
            self.exports.iter().find_map(move |name| {
                let rest = name.strip_prefix(interface)?;
                if rest.is_empty() {
                    Some((entry, "(none)"))
                } else {
                    Some((entry, rest.strip_prefix('@')?))
                }
            })
        };
        let found: Vec<(Entry, &str)> = ENTRIES.into_iter().filter_map(named).collect();
        let mut served = found.iter();
        let served = served.find(|(entry, version)| version.starts_with(entry.line()));
        served.or(found.first()).copied()
    }

    /// The version of the contract that it exports an entry of; `(none)` where that names none. A command names none.
    pub(crate) fn named_contract(&self) -> Option<&str> {
        let (entry, version) = self.entry()?;
        (entry != Entry::Command).then_some(version)
    }

    /// Everything that keeps it from being served, what matters most first. `test` is whether the imports of the suites
    /// are there.
    pub(crate) fn faults(&self, test: bool) -> Vec<SandboxError> {
        let mut faults = Vec::new();
        let mut served = true;
        match self.entry() {
            Some((entry, version)) if version.starts_with(entry.line()) => {}
            Some((Entry::Command, version)) => faults.push(SandboxError::CommandVersion {
                version: version.to_owned(),
            }),
            Some((Entry::Handler | Entry::AsyncHandler, version)) => {
                served = false;
                faults.push(SandboxError::ContractVersion {
                    version: version.to_owned(),
                    remedy: if is_later(version) {
                        "update pipefitter"
                    } else {
                        "build it with wit/action.wit of this version"
                    },
                });
            }
            None => faults.push(SandboxError::NoHandler {
                exports: self.exports.clone(),
            }),
        }
        for import in &self.imports {
            // What comes with another contract is told by that.
            let told = !served && import.starts_with(contract::PACKAGE);
            let suites = test && import.starts_with(test_imports::INTERFACE);
            if told || suites {
                continue;
            }
            if let Some(reason) = refusal(import) {
                faults.push(SandboxError::Import {
                    import: import.clone(),
                    reason,
                });
            }
        }
        let unknown = self.functions.iter();
        let unknown = unknown.filter(|(import, function)| !contract::has(import, function));
        faults.extend(unknown.filter(|_| served).map(|(import, function)| {
            SandboxError::Function {
                import: import.clone(),
                function: function.clone(),
            }
        }));
        faults
    }
}

/// Whether a version comes after those that are served: 0.2 and up.
fn is_later(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u64>().ok());
    let major = parts.next().flatten();
    let minor = parts.next().flatten();
    match (major, minor) {
        (Some(0), Some(minor)) => minor > 1,
        (Some(major), _) => major > 0,
        _ => false,
    }
}

fn refuse_other_formats(wasm: &[u8]) -> Result<(), SandboxError> {
    let refuse = |found, remedy| Err(SandboxError::NotAComponent { found, remedy });
    if wasm.starts_with(b"\0asm") {
        return Ok(());
    }
    if wasm.is_empty() {
        return refuse("an empty file", "build the component again");
    }
    if wasm.starts_with(b"\x7fELF") {
        return refuse(
            "compiled code (.cwasm) or a native program",
            "give the .wasm it was made from: native code is taken from nobody",
        );
    }
    let text = wasm.trim_ascii_start();
    if text.starts_with(b"(") || text.starts_with(b";;") {
        return refuse(
            "wasm text",
            "turn it into binary form with `wasm-tools parse`",
        );
    }
    refuse(
        "no wasm",
        "give the .wasm file that the build made, whole and not compressed",
    )
}

/// What is linked: namespace and package, the line of versions, and the interfaces.
const LINKED: &[(&str, &str, &[&str])] = &[
    (
        "pipefitter:action",
        SERVED,
        &["types", "log", "control", "secrets"],
    ),
    ("wasi:http", "0.2.", &["types", "outgoing-handler"]),
    (
        "wasi:cli",
        "0.2.",
        &[
            "environment",
            "exit",
            "stdin",
            "stdout",
            "stderr",
            "terminal-input",
            "terminal-output",
            "terminal-stdin",
            "terminal-stdout",
            "terminal-stderr",
        ],
    ),
    ("wasi:clocks", "0.2.", &["monotonic-clock", "wall-clock"]),
    ("wasi:filesystem", "0.2.", &["types", "preopens"]),
    ("wasi:io", "0.2.", &["error", "poll", "streams"]),
    (
        "wasi:random",
        "0.2.",
        &["random", "insecure", "insecure-seed"],
    ),
    (
        "wasi:sockets",
        "0.2.",
        &[
            "instance-network",
            "ip-name-lookup",
            "network",
            "tcp",
            "tcp-create-socket",
            "udp",
            "udp-create-socket",
        ],
    ),
];

/// Why an import is refused; nothing if it is linked.
fn refusal(import: &str) -> Option<String> {
    let (path, version) = import.split_once('@').unwrap_or((import, ""));
    let (package, interface) = path.split_once('/').unwrap_or((path, ""));
    if let Some((_, line, interfaces)) = LINKED.iter().find(|(name, ..)| *name == package)
        && interfaces.contains(&interface)
    {
        let named = if version.is_empty() {
            "(none)"
        } else {
            version
        };
        return (!version.starts_with(line)).then(|| {
            format!(
                "version {named} is not served, {line}x is; build the plugin with tools of that version"
            )
        });
    }
    Some(match (package, interface) {
        ("wasi:http", _) => {
            "plugins make requests (`outgoing-handler`) and serve none; build the plugin without it"
                .to_owned()
        }
        ("pipefitter:action", _) => {
            "this pipefitter does not have it; update pipefitter".to_owned()
        }
        _ if package.starts_with("wasi:") => {
            "this WASI interface is not available to plugins, and no grant makes it so; \
             build the plugin without it"
                .to_owned()
        }
        _ => "plugins get WASI 0.2 and pipefitter:action only; link what provides it into the \
             component (`wac plug`)"
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn garbage_is_refused_and_never_panics(tail in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut wasm = b"\0asm\x0d\0\x01\0".to_vec();
            wasm.extend(tail);
            prop_assert!(Shape::read(&wasm, false).is_err());
        }
    }

    #[test]
    fn every_version_of_a_line_is_linked_and_no_other() {
        for import in [
            "wasi:cli/environment@0.2.0",
            "wasi:sockets/tcp@0.2.12",
            "pipefitter:action/log@0.1.3",
            "pipefitter:action/types@0.1.0",
            "pipefitter:action/secrets@0.1.0",
            "wasi:http/outgoing-handler@0.2.3",
        ] {
            assert_eq!(refusal(import), None, "{import}");
        }
        for (import, says) in [
            ("wasi:cli/environment@0.3.0", "0.2.x"),
            ("wasi:http/incoming-handler@0.2.0", "serve none"),
            ("wasi:http/outgoing-handler@0.3.0", "0.2.x"),
            ("pipefitter:action/telepathy@0.1.0", "update pipefitter"),
            ("wasi:nn/graph@0.2.0", "no grant"),
            ("acme:tools/hammer", "wac plug"),
        ] {
            let reason = refusal(import).unwrap();
            assert!(reason.contains(says), "{import}: {reason}");
        }
    }
}
