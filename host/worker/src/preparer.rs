//! Makes a plugin ready to run: grants checked, code found in the cache or compiled into it.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pipefitter_egress::NetworkGrant;
use pipefitter_plugins::{
    CodeCache, DirectoryAsk, Look, Manifest, PluginDigest, Prepare, PrepareError, Prepared, Trimmed,
};
use pipefitter_sandbox::{Entry, Sandbox, Shape, Verified};

use tokio::time::Instant;

use crate::config::PluginGrants;

/// Glues the sandbox's compiler to the cache of compiled code.
///
/// What the cache holds is used only if the sandbox finds it authentic, of this plugin and of its own engine; anything
/// else is compiled anew. With the code lies what was seen in the .wasm when it was new, so that nobody has to look again. A plugin that asks for what it was not granted is refused here, before it could
/// be offered a job.
pub struct Preparer {
    sandbox: Arc<Sandbox>,
    cache: CodeCache,
    settings: BTreeMap<String, PluginGrants>,
    config_file: String,
    compiled: AtomicU64,
    reused: AtomicU64,
}

impl Preparer {
    /// Grants nothing: see [`Preparer::with_settings`].
    #[must_use]
    pub fn new(sandbox: Arc<Sandbox>, cache: CodeCache) -> Preparer {
        Preparer {
            sandbox,
            cache,
            settings: BTreeMap::new(),
            config_file: "pipefitter.toml".to_owned(),
            compiled: AtomicU64::new(0),
            reused: AtomicU64::new(0),
        }
    }

    /// What the operator grants, by plugin name.
    #[must_use]
    pub fn with_settings(mut self, settings: BTreeMap<String, PluginGrants>) -> Preparer {
        self.settings = settings;
        self
    }

    /// What messages call the file that grants are written in: `pipefitter.toml` unless told.
    #[must_use]
    pub fn with_config_file(mut self, name: impl Into<String>) -> Preparer {
        self.config_file = name.into();
        self
    }

    /// How many plugins were compiled.
    #[must_use]
    pub fn compiled(&self) -> u64 {
        self.compiled.load(Ordering::Relaxed)
    }

    /// How many were found in the cache, whole and authentic.
    #[must_use]
    pub fn reused(&self) -> u64 {
        self.reused.load(Ordering::Relaxed)
    }
}

impl Look for Preparer {
    fn look(&self, digest: &PluginDigest, wasm: &[u8]) -> Result<Vec<u8>, PrepareError> {
        // One that is not to be used is told of when the code is wanted.
        if let Ok(Some((_, verified))) = self.cached(&self.code_id(digest)) {
            return Ok(verified.note);
        }
        self.sandbox.look(wasm).map_err(|error| PrepareError {
            message: format!("it cannot be looked at: {}", error.full()),
        })
    }
}

impl Prepare for Preparer {
    fn prepare(
        &self,
        name: &str,
        digest: &PluginDigest,
        wasm: &[u8],
        seen: &[u8],
        manifest: &Manifest,
    ) -> Result<Prepared, PrepareError> {
        check_grants(name, manifest, self.settings.get(name), &self.config_file)?;
        let refused = |what: String| PrepareError {
            message: format!("plugin `{name}`: {what}"),
        };
        let code_id = self.code_id(digest);
        let began = Instant::now();
        match self.cached(&code_id) {
            Ok(Some((code_path, Verified { shape, .. }))) => {
                self.check(name, manifest, &shape)?;
                let micros = began.elapsed().as_micros();
                tracing::debug!(plugin = name, micros, "compiled code was found and checked");
                self.reused.fetch_add(1, Ordering::Relaxed);
                return Ok(Prepared {
                    code_id,
                    code_path,
                    compiled: false,
                    command: shape.entry == Entry::Command,
                });
            }
            Ok(None) => {}
            Err(why) => tracing::warn!(plugin = name, why, "cached code is compiled again"),
        }
        let own = self
            .settings
            .get(name)
            .and_then(|settings| settings.compile);
        let sealed = match own {
            Some(limits) => self.sandbox.compile_within(&limits, &code_id, wasm, seen),
            None => self.sandbox.compile(&code_id, wasm, seen),
        };
        let sealed = sealed.map_err(|error| refused(error.full()))?;
        let Verified { shape, .. } = self
            .sandbox
            .verify(&code_id, &sealed)
            .map_err(|error| refused(error.full()))?;
        self.check(name, manifest, &shape)?;
        let code_path = self
            .cache
            .put(&code_id, &sealed)
            .map_err(|error| refused(chain(&error)))?;
        let ms = began.elapsed().as_millis();
        tracing::debug!(plugin = name, ms, bytes = wasm.len(), "plugin was compiled");
        self.compiled.fetch_add(1, Ordering::Relaxed);
        Ok(Prepared {
            code_id,
            code_path,
            compiled: true,
            command: shape.entry == Entry::Command,
        })
    }

    fn in_use(&self, code_ids: &HashSet<String>) {
        match self.cache.trim(code_ids) {
            Ok(trimmed) => {
                let Trimmed {
                    removed,
                    bytes,
                    bound,
                    ..
                } = trimmed;
                if removed > 0 {
                    tracing::info!(
                        removed,
                        bytes,
                        bound,
                        "compiled code was dropped to make room"
                    );
                }
                if bytes > bound {
                    tracing::warn!(
                        bytes,
                        bound,
                        "the compiled code that is in use is more than `code-cache` of [limits]: raise it"
                    );
                }
            }
            Err(error) => {
                let why = chain(&error);
                tracing::warn!(
                    why,
                    "compiled code cannot be dropped, so that it may grow too large"
                );
            }
        }
    }
}

impl Preparer {
    /// The same bytes compiled by the same engine have the same id, and nothing else has it.
    fn code_id(&self, digest: &PluginDigest) -> String {
        format!("{digest}-{}", self.sandbox.compatibility())
    }

    /// Whether the operator lets in what the component is.
    fn check(&self, name: &str, manifest: &Manifest, shape: &Shape) -> Result<(), PrepareError> {
        let settings = self.settings.get(name);
        check_entry(name, shape, settings, &self.config_file)?;
        check_imports(name, manifest, shape, settings, &self.config_file)
    }

    /// Code that was compiled before, if it is authentic, of this id and of this engine, and what is kept with it.
    fn cached(&self, code_id: &str) -> Result<Option<(PathBuf, Verified)>, String> {
        let Some((path, sealed)) = self.cache.read(code_id).map_err(|error| chain(&error))? else {
            return Ok(None);
        };
        let verified = self.sandbox.verify(code_id, &sealed);
        Ok(Some((path, verified.map_err(|error| error.full())?)))
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

fn check_grants(
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
        let grant = NetworkGrant::parse(&ask.to).map_err(|error| PrepareError {
            message: format!("plugin `{name}` asks for what no grant can be: {error}"),
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
    Err(PrepareError {
        message: format!(
            "plugin `{name}` asks for {}, which is not granted. To grant it, add to {config_file}:\n\
             [plugins.{}.grant]\n{}",
            lacks.join(" and "),
            key(name),
            lines.join("\n")
        ),
    })
}

/// An asynchronous entry runs on an engine that the operator has to allow.
fn check_entry(
    name: &str,
    shape: &Shape,
    settings: Option<&PluginGrants>,
    config_file: &str,
) -> Result<(), PrepareError> {
    let allowed = settings.is_some_and(|settings| settings.asynchronous);
    if shape.entry != Entry::AsyncHandler || allowed {
        return Ok(());
    }
    Err(PrepareError {
        message: format!(
            "plugin `{name}` exports `{}@{}`, an asynchronous entry, which is not allowed. To allow it, add to \
             {config_file}:\n[plugins.{}]\nasync = true",
            shape.entry.export(),
            shape.contract,
            key(name),
        ),
    })
}

/// What a component imports and only a grant provides: a plugin that needs it is not loaded without, whatever its
/// manifest asks.
fn check_imports(
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
        return Err(PrepareError {
            message: format!(
                "plugin `{name}` imports `{import}`, which is not granted. To grant it, add to {config_file}{which}:\n\
                 [plugins.{}.grant]\n{key_of_grant} = [{}]",
                key(name),
                entries.join(", ")
            ),
        });
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

/// As TOML's bare key, or quoted.
fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(bare) {
        name.to_owned()
    } else {
        format!("{name:?}")
    }
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
