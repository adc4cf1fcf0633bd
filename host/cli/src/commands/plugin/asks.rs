//! What a manifest asks for, beside what the component imports: they say the same, or the plugin is not built.
//!
//! An import that is not asked for would be refused by every worker, and the operator would be the first to learn of
//! it. An ask without an import is only a warning: a plugin may be on the way there.

use std::path::Path;
use std::sync::Arc;

use pipefitter_plugins::Manifest;
use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use crate::config::{ConfigProblem, Place};

/// Where a manifest asks.
#[derive(Default, Deserialize)]
struct Places {
    capabilities: Option<Asks>,
}

#[derive(Default, Deserialize)]
struct Asks {
    network: Option<Spanned<IgnoredAny>>,
    secrets: Option<Spanned<IgnoredAny>>,
}

/// A capability that shows in the imports.
struct Capability<'a> {
    key: &'static str,
    /// What a line that asks for it looks like.
    line: &'static str,
    /// What makes a plugin import it.
    used_by: &'static str,
    asked: bool,
    place: Option<&'a Spanned<IgnoredAny>>,
    import: Option<&'a str>,
}

/// What a component imports and only a grant provides.
#[derive(Clone, Copy, Default)]
pub(super) struct Needs<'a> {
    /// The import of the network.
    pub(super) network: Option<&'a str>,
    /// The import of secrets.
    pub(super) secrets: Option<&'a str>,
    /// It is a plain command: it asks for secrets by lines, which no import shows.
    pub(super) is_command: bool,
}

/// Where `manifest`, read from `text` of `file`, and a component differ. Those that are no warnings are refusals.
pub(super) fn differences(
    file: &Path,
    text: &str,
    manifest: &Manifest,
    needs: Needs<'_>,
) -> Vec<ConfigProblem> {
    // It has been parsed in full before: what is missing here is a place to show, at worst.
    let places: Places = toml::from_str(text).unwrap_or_default();
    let asked = Asked {
        network: !manifest.capabilities.network.is_empty(),
        secrets: !manifest.capabilities.secrets.is_empty(),
    };
    compared(file, text, places, asked, needs)
}

/// What a manifest that is wrong in other ways, or is not there, does not ask for and the component imports. Where it is
/// no TOML, nothing is known of its asks.
pub(super) fn lacking(file: &Path, text: &str, needs: Needs<'_>) -> Vec<ConfigProblem> {
    let Ok(places) = toml::from_str::<Places>(text) else {
        return Vec::new();
    };
    let asks = places.capabilities.as_ref();
    let asked = Asked {
        network: asks.is_some_and(|asks| asks.network.is_some()),
        secrets: asks.is_some_and(|asks| asks.secrets.is_some()),
    };
    let mut problems = compared(file, text, places, asked, needs);
    problems.retain(|problem| !problem.warning);
    problems
}

/// Which of the capabilities that show in imports are asked for.
struct Asked {
    network: bool,
    secrets: bool,
}

fn compared(
    file: &Path,
    text: &str,
    places: Places,
    asked: Asked,
    needs: Needs<'_>,
) -> Vec<ConfigProblem> {
    let mut has_table = places.capabilities.is_some();
    let asks = places.capabilities.unwrap_or_default();
    let capabilities = [
        Capability {
            key: "network",
            line: "network = [{ to = \"https://api.example.com\", reason = \"what for\" }]",
            used_by: "makes HTTP requests",
            asked: asked.network,
            place: asks.network.as_ref(),
            import: needs.network,
        },
        Capability {
            key: "secrets",
            line: "secrets = [{ name = \"a-name\", reason = \"what for\" }]",
            used_by: "reads secrets",
            asked: asked.secrets,
            place: asks.secrets.as_ref(),
            import: needs.secrets,
        },
    ];
    let (file, text): (Arc<Path>, Arc<str>) = (file.into(), text.into());
    let mut problems = Vec::new();
    for capability in capabilities {
        match (capability.import, capability.asked) {
            (Some(import), false) => {
                let place = if has_table {
                    "add to the table [capabilities]:"
                } else {
                    "add at the end:\n[capabilities]"
                };
                // By the time the next one is read this table is there.
                has_table = true;
                problems.push(ConfigProblem {
                    place: Place::File(Arc::clone(&file)),
                    message: format!(
                        "the plugin imports `{import}`, and its manifest does not ask for it"
                    ),
                    remedy: format!(
                        "{place}\n{}\nor leave out of the plugin, or of its world, what {}",
                        capability.line, capability.used_by
                    ),
                    warning: false,
                });
            }
            (None, true) if capability.key == "secrets" && needs.is_command => {}
            (None, true) => problems.push(ConfigProblem {
                place: capability.place.map_or_else(
                    || Place::File(Arc::clone(&file)),
                    |place| Place::Text {
                        file: Arc::clone(&file),
                        text: Arc::clone(&text),
                        span: place.span(),
                    },
                ),
                message: format!(
                    "the manifest asks for `{}`, and nothing in the plugin {}",
                    capability.key, capability.used_by
                ),
                remedy: format!(
                    "remove `{}` if it is not needed: operators are asked to grant it",
                    capability.key
                ),
                warning: true,
            }),
            _ => {}
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::render;

    const HTTP: &str = "wasi:http/outgoing-handler@0.2.12";
    const SECRETS: &str = "pipefitter:action/secrets@0.1.0";
    const LEAST: &str = "[action]\ncategory = \"Build\"\nprovider = \"Hello\"\nversion = \"1\"\n";

    fn shown(more: &str, imports: &[&str]) -> String {
        let text = format!("{LEAST}{more}");
        let manifest = Manifest::parse(&text, "action.toml").unwrap();
        let import = |start: &str| {
            let found = imports.iter().find(|import| import.starts_with(start));
            found.copied()
        };
        let needs = Needs {
            network: import("wasi:http/"),
            secrets: import("pipefitter:action/secrets"),
            is_command: false,
        };
        render(
            &differences(Path::new("action.toml"), &text, &manifest, needs),
            false,
        )
    }

    #[test]
    fn what_is_asked_for_and_imported_is_as_it_should_be() {
        let asks = "[capabilities]\nnetwork = [{ to = \"https://a.example\" }]\nsecrets = [{ name = \"a\" }]\n";
        assert_eq!(shown(asks, &[HTTP, SECRETS]), "");
        let apart = "[[capabilities.network]]\nto = \"https://a.example\"\n[[capabilities.secrets]]\nname = \"a\"\n";
        assert_eq!(shown(apart, &[HTTP, SECRETS]), "");
        assert_eq!(shown("", &["wasi:cli/environment@0.2.0"]), "");
    }

    #[test]
    fn a_command_that_asks_for_secrets_need_not_import_them() {
        let text = format!("{LEAST}[capabilities]\nsecrets = [{{ name = \"a\" }}]\n");
        let manifest = Manifest::parse(&text, "action.toml").unwrap();
        let needs = Needs {
            is_command: true,
            ..Needs::default()
        };
        let found = differences(Path::new("action.toml"), &text, &manifest, needs);
        assert_eq!(render(&found, false), "");
    }

    #[test]
    fn an_import_that_is_not_asked_for_comes_with_the_lines_to_add() {
        insta::assert_snapshot!(shown("", &[HTTP]));
        insta::assert_snapshot!(shown("[capabilities]\nscratch = true\n", &[HTTP, SECRETS]));
    }

    #[test]
    fn an_ask_that_nothing_imports_is_shown_where_it_is() {
        insta::assert_snapshot!(shown(
            "[capabilities]\nnetwork = [{ to = \"https://a.example\" }]\n[[capabilities.secrets]]\nname = \"a\"\n",
            &[]
        ));
    }

    /// The lines are copied: a manifest takes them.
    #[test]
    fn the_lines_to_add_are_a_manifest() {
        let shown = shown("", &[HTTP, SECRETS]);
        let lines: String = shown
            .lines()
            .map(str::trim)
            .filter(|line| {
                ["[capabilities]", "network =", "secrets ="]
                    .iter()
                    .any(|start| line.starts_with(start))
            })
            .map(|line| format!("{line}\n"))
            .collect();
        let manifest = Manifest::parse(&format!("{LEAST}{lines}"), "action.toml").unwrap();
        assert_eq!(manifest.capabilities.network.len(), 1);
        assert_eq!(manifest.capabilities.secrets.len(), 1);
    }
}
