//! Holds what a plugin asks for, and what it is, against what the operator grants; a refusal names the lines to add.

use pipefitter_egress::NetworkGrant;
use pipefitter_plugins::toml_table::key;
use pipefitter_plugins::{DirectoryAsk, Manifest, PrepareError};
use pipefitter_sandbox::{Entry, Shape};

use crate::config::PluginGrants;

/// Whether the operator grants what the manifest asks for and the plugin cannot do without.
pub(crate) fn check_grants(
    name: &str,
    manifest: &Manifest,
    settings: Option<&PluginGrants>,
    config_file: &str,
) -> Result<(), PrepareError> {
    let asked = &manifest.capabilities;
    let mut lacks = Vec::new();
    let mut lines = Vec::new();
    if asked.scratch && !settings.is_some_and(|settings| settings.scratch) {
        lacks.push("a scratch directory".to_owned());
        lines.push("scratch = true".to_owned());
    }
    let missing: Vec<&DirectoryAsk> = asked
        .directories
        .iter()
        .filter(|ask| !settings.is_some_and(|settings| is_granted(ask, settings)))
        .collect();
    for ask in &missing {
        let access = if ask.write { "write to" } else { "read" };
        let reason = reason(ask.reason.as_ref());
        lacks.push(format!(
            "a directory of the host to {access} at `{}`{reason}",
            ask.guest
        ));
    }
    if !missing.is_empty() {
        // All of them, since the line replaces the one that is there.
        let entries: Vec<String> = asked
            .directories
            .iter()
            .map(|ask| grant_entry(ask, settings))
            .collect();
        lines.push(format!("directories = [{}]", entries.join(", ")));
    }
    let mut unreachable = false;
    for ask in asked.network.iter().filter(|ask| !ask.optional) {
        let grant = NetworkGrant::parse(&ask.to).map_err(|error| {
            PrepareError::lasting(format!(
                "plugin `{name}` asks for what no grant can be: {error}"
            ))
        })?;
        if !settings.is_some_and(|settings| settings.network.include(&grant)) {
            lacks.push(format!(
                "the network at {}{}",
                ask.to,
                reason(ask.reason.as_ref())
            ));
            unreachable = true;
        }
    }
    if unreachable {
        // All of them here, too.
        let entries: Vec<String> = asked
            .network
            .iter()
            .filter(|ask| !ask.optional)
            .map(|ask| format!("{:?}", ask.to))
            .collect();
        lines.push(format!("network = [{}]", entries.join(", ")));
    }
    let granted = |name: &String| settings.is_some_and(|settings| settings.secrets.contains(name));
    let mut unknown = Vec::new();
    let needed = asked.secrets.iter().filter(|ask| !ask.optional);
    for ask in needed.filter(|ask| !granted(&ask.name)) {
        lacks.push(format!(
            "the secret `{}`{}",
            ask.name,
            reason(ask.reason.as_ref())
        ));
        unknown.push(format!("{:?}", ask.name));
    }
    if !unknown.is_empty() {
        lines.push(format!("secrets = [{}]", unknown.join(", ")));
    }
    if lacks.is_empty() {
        return Ok(());
    }
    Err(PrepareError::lasting(format!(
        "plugin `{name}` asks for {}, which is not granted. To grant it, add to {config_file}:\n\
             [plugins.{}.grant]\n{}",
        lacks.join(" and "),
        key(name),
        lines.join("\n")
    )))
}

/// An asynchronous entry runs on an engine that the operator has to allow.
pub(crate) fn check_entry(
    name: &str,
    shape: &Shape,
    settings: Option<&PluginGrants>,
    config_file: &str,
) -> Result<(), PrepareError> {
    let allowed = settings.is_some_and(|settings| settings.asynchronous);
    if shape.entry != Entry::AsyncHandler || allowed {
        return Ok(());
    }
    Err(PrepareError::lasting(format!(
        "plugin `{name}` exports `{}@{}`, an asynchronous entry, which is not allowed. To allow it, add to \
             {config_file}:\n[plugins.{}]\nasync = true",
        shape.entry.export(),
        shape.contract,
        key(name),
    )))
}

/// What a component imports and only a grant provides: a plugin that needs it is not loaded without, whatever its
/// manifest asks.
pub(crate) fn check_imports(
    name: &str,
    manifest: &Manifest,
    shape: &Shape,
    settings: Option<&PluginGrants>,
    config_file: &str,
) -> Result<(), PrepareError> {
    let asked = &manifest.capabilities;
    let network = settings.is_some_and(|settings| !settings.network.is_empty());
    let secrets = settings.is_some_and(|settings| !settings.secrets.is_empty());
    for (import, granted, key_of_grant, asks, example) in [
        (
            shape.needs_network(),
            network,
            "network",
            asked.network.iter().map(|ask| &ask.to).collect::<Vec<_>>(),
            "https://api.example.com",
        ),
        (
            shape.needs_secrets(),
            secrets,
            "secrets",
            asked.secrets.iter().map(|ask| &ask.name).collect(),
            "a-name",
        ),
    ] {
        let Some(import) = import.filter(|_| !granted) else {
            continue;
        };
        let which = if asks.len() > 1 {
            ", with one of these at least"
        } else {
            ""
        };
        let entries: Vec<String> = match asks.as_slice() {
            [] => vec![format!("{example:?}")],
            asks => asks.iter().map(|ask| format!("{ask:?}")).collect(),
        };
        return Err(PrepareError::lasting(format!(
            "plugin `{name}` imports `{import}`, which is not granted. To grant it, add to {config_file}{which}:\n\
                 [plugins.{}.grant]\n{key_of_grant} = [{}]",
            key(name),
            entries.join(", ")
        )));
    }
    Ok(())
}

fn reason(reason: Option<&String>) -> String {
    reason
        .map(|reason| format!(" ({reason})"))
        .unwrap_or_default()
}

fn is_granted(ask: &DirectoryAsk, settings: &PluginGrants) -> bool {
    settings
        .directories
        .iter()
        .any(|grant| grant.guest == ask.guest && (grant.write || !ask.write))
}

fn grant_entry(ask: &DirectoryAsk, settings: Option<&PluginGrants>) -> String {
    let host = settings
        .and_then(|settings| {
            settings
                .directories
                .iter()
                .find(|grant| grant.guest == ask.guest)
        })
        .map_or_else(
            || "/path/on/this/machine".to_owned(),
            |grant| grant.host.display().to_string(),
        );
    let write = if ask.write { ", write = true" } else { "" };
    format!("{{ host = {host:?}, guest = {:?}{write} }}", ask.guest)
}

#[cfg(test)]
mod tests {
    use pipefitter_sandbox::DirectoryGrant;

    use super::*;

    fn manifest() -> Manifest {
        let text = r#"
            [action]
            category = "Deploy"
            provider = "Publish"
            version = "1"
            [capabilities]
            scratch = true
            directories = [{ guest = "/site", write = true, reason = "where the site goes" }]
        "#;
        Manifest::parse(text, "action.toml").unwrap()
    }

    fn settings(scratch: bool, write: bool) -> PluginGrants {
        PluginGrants {
            directories: vec![DirectoryGrant {
                host: "/srv/www".into(),
                guest: "/site".to_owned(),
                write,
            }],
            scratch,
            ..PluginGrants::default()
        }
    }

    #[test]
    fn what_is_not_granted_is_named_with_the_lines_to_add() {
        let error = check_grants("publish", &manifest(), None, "dev.toml").unwrap_err();
        insta::assert_snapshot!(error.message, @r#"
        plugin `publish` asks for a scratch directory and a directory of the host to write to at `/site` (where the site goes), which is not granted. To grant it, add to dev.toml:
        [plugins.publish.grant]
        scratch = true
        directories = [{ host = "/path/on/this/machine", guest = "/site", write = true }]
        "#);
    }

    #[test]
    fn a_server_that_is_not_granted_is_named_and_a_wider_grant_will_do() {
        let text = r#"
            [action]
            category = "Test"
            provider = "Link"
            version = "1"
            [capabilities]
            network = [
                { to = "https://api.example.com", reason = "to ask it" },
                { to = "https://*.cdn.example.com:8443" },
            ]
        "#;
        let manifest = Manifest::parse(text, "action.toml").unwrap();
        let granted = |grants: &[&str]| PluginGrants {
            network: grants
                .iter()
                .map(|grant| NetworkGrant::parse(grant).unwrap())
                .collect(),
            ..PluginGrants::default()
        };
        let partly = granted(&["https://*.cdn.example.com:8443", "http://api.example.com"]);
        let error = check_grants("link", &manifest, Some(&partly), "dev.toml").unwrap_err();
        insta::assert_snapshot!(error.message, @r#"
        plugin `link` asks for the network at https://api.example.com (to ask it), which is not granted. To grant it, add to dev.toml:
        [plugins.link.grant]
        network = ["https://api.example.com", "https://*.cdn.example.com:8443"]
        "#);
        let wider = granted(&["https://*.example.com", "https://*.example.com:8443"]);
        assert!(check_grants("link", &manifest, Some(&wider), "").is_ok());
        assert!(check_grants("link", &manifest, None, "").is_err());
    }

    #[test]
    fn of_what_it_can_do_without_a_plugin_needs_as_much_as_it_imports() {
        let text = r#"
            [action]
            category = "Invoke"
            provider = "Tell"
            version = "1"
            [capabilities]
            network = [
                { to = "https://hooks.example.com", optional = true },
                { to = "https://*.chat.example.com", optional = true },
            ]
            secrets = [{ name = "hook", optional = true }]
        "#;
        let manifest = Manifest::parse(text, "action.toml").unwrap();
        assert!(check_grants("tell", &manifest, None, "").is_ok());
        let shape: Shape = serde_json::from_value(serde_json::json!({
            "contract": "0.1.0",
            "imports": ["pipefitter:action/secrets@0.1.0", "wasi:http/outgoing-handler@0.2.12"],
            "exports": [],
        }))
        .unwrap();
        let error = check_imports("tell", &manifest, &shape, None, "dev.toml").unwrap_err();
        insta::assert_snapshot!(error.message, @r#"
        plugin `tell` imports `wasi:http/outgoing-handler@0.2.12`, which is not granted. To grant it, add to dev.toml, with one of these at least:
        [plugins.tell.grant]
        network = ["https://hooks.example.com", "https://*.chat.example.com"]
        "#);
        let mut settings = PluginGrants {
            network: [NetworkGrant::parse("https://own.example.net").unwrap()]
                .into_iter()
                .collect(),
            ..PluginGrants::default()
        };
        let error =
            check_imports("tell", &manifest, &shape, Some(&settings), "dev.toml").unwrap_err();
        insta::assert_snapshot!(error.message, @r#"
        plugin `tell` imports `pipefitter:action/secrets@0.1.0`, which is not granted. To grant it, add to dev.toml:
        [plugins.tell.grant]
        secrets = ["hook"]
        "#);
        settings.secrets = ["another".to_owned()].into_iter().collect();
        assert!(check_imports("tell", &manifest, &shape, Some(&settings), "").is_ok());
    }

    #[test]
    fn reading_is_not_writing() {
        let error =
            check_grants("publish", &manifest(), Some(&settings(true, false)), "").unwrap_err();
        assert!(
            error
                .message
                .contains("{ host = \"/srv/www\", guest = \"/site\", write = true }")
        );
        assert!(check_grants("publish", &manifest(), Some(&settings(true, true)), "").is_ok());
    }
}
