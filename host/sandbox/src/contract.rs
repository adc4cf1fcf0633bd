//! What of the contract a component imports, function by function: a later 0.1.x may have more than this host.

use wasmparser::{
    ComponentAlias, ComponentExternalKind, ComponentOuterAliasKind, ComponentType,
    ComponentTypeRef, InstanceTypeDeclaration,
};

/// How the names of its interfaces begin.
pub(crate) const PACKAGE: &str = "pipefitter:action/";

/// What plugins may import of it: interfaces, and their functions.
const FUNCTIONS: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("log", &["write", "threshold"]),
    ("control", &["progress", "stop-requested", "time-remaining"]),
    ("secrets", &["get", "get-bytes"]),
];

/// Whether a function of an import is there. Of interfaces that are not of the contract nothing is known here.
pub(crate) fn has(import: &str, function: &str) -> bool {
    let path = import.split('@').next().unwrap_or(import);
    let interface = path.strip_prefix(PACKAGE);
    let mut known = FUNCTIONS.iter();
    let known = known.find(|(name, _)| interface == Some(*name));
    known.is_none_or(|(_, functions)| functions.contains(&function))
}

/// The types of a component by their index: of those of instances the functions, of others nothing.
#[derive(Default)]
pub(crate) struct Types(Vec<Vec<String>>);

impl Types {
    /// The next in a section of types.
    pub(crate) fn declare(&mut self, declared: &ComponentType<'_>) {
        let ComponentType::Instance(declarations) = declared else {
            return self.another();
        };
        let functions = declarations
            .iter()
            .filter_map(|declaration| match declaration {
                InstanceTypeDeclaration::Export {
                    name,
                    ty: ComponentTypeRef::Func(_),
                } => Some(name.name.to_owned()),
                _ => None,
            });
        self.0.push(functions.collect());
    }

    /// The next in a section of aliases, which may be one of a type.
    pub(crate) fn alias(&mut self, alias: &ComponentAlias<'_>) {
        if matches!(
            alias,
            ComponentAlias::InstanceExport {
                kind: ComponentExternalKind::Type,
                ..
            } | ComponentAlias::Outer {
                kind: ComponentOuterAliasKind::Type,
                ..
            }
        ) {
            self.another();
        }
    }

    /// A type that is no instance's takes an index, too.
    pub(crate) fn another(&mut self) {
        self.0.push(Vec::new());
    }

    /// The functions of an instance of this type.
    pub(crate) fn functions(&self, index: u32) -> &[String] {
        let found = usize::try_from(index).ok().and_then(|at| self.0.get(at));
        found.map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_functions_are_those_of_the_contract() {
        let wit = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../wit");
        let mut resolve = wit_parser::Resolve::default();
        let (package, _) = resolve.push_dir(wit).unwrap();
        let exported = ["handler", "async-handler"];
        let interfaces = &resolve.packages[package].interfaces;
        let mut named = 0;
        for (name, id) in interfaces {
            if exported.contains(&name.as_str()) {
                continue;
            }
            let known = FUNCTIONS.iter().find(|(known, _)| known == name);
            let mut known = known
                .unwrap_or_else(|| panic!("{name} is not known"))
                .1
                .to_vec();
            let mut functions: Vec<&str> = resolve.interfaces[*id]
                .functions
                .keys()
                .map(String::as_str)
                .collect();
            known.sort_unstable();
            functions.sort_unstable();
            assert_eq!(known, functions, "{name}");
            named += 1;
        }
        assert_eq!(named, FUNCTIONS.len());
    }

    #[test]
    fn a_function_is_there_whatever_the_version_of_its_line() {
        assert!(has("pipefitter:action/log@0.1.9", "write"));
        assert!(!has("pipefitter:action/log@0.1.9", "shout"));
        assert!(has("wasi:cli/exit@0.2.0", "anything"));
    }
}
