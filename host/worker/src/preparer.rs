//! Makes a plugin ready to run: grants checked, code found in the cache or compiled into it.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pipefitter_plugins::{
    CodeCache, Look, Manifest, PluginDigest, Prepare, PrepareError, Prepared, Trimmed,
};
use pipefitter_sandbox::{Entry, Sandbox, SandboxError, Shape, Verified};

use tokio::time::Instant;

use crate::config::PluginGrants;
use crate::grants::{check_entry, check_grants, check_imports};
use crate::status::millis;

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
            passing: is_passing(&error),
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
        let failed = |passing: bool, what: String| PrepareError {
            message: format!("plugin `{name}`: {what}"),
            passing,
        };
        let refused = |error: SandboxError| failed(is_passing(&error), error.full());
        let code_id = self.code_id(digest);
        let began = Instant::now();
        match self.cached(&code_id) {
            Ok(Some((code_path, Verified { shape, .. }))) => {
                self.check(name, manifest, &shape)?;
                let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
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
        let sealed = sealed.map_err(refused)?;
        let Verified { shape, .. } = self.sandbox.verify(&code_id, &sealed).map_err(refused)?;
        self.check(name, manifest, &shape)?;
        let code_path = self
            .cache
            .put(&code_id, &sealed)
            .map_err(|error| failed(true, chain(&error)))?;
        let ms = millis(began.elapsed());
        tracing::debug!(plugin = name, ms, bytes = wasm.len(), "plugin was compiled");
        self.compiled.fetch_add(1, Ordering::Relaxed);
        Ok(Prepared {
            code_id,
            code_path,
            compiled: true,
            command: shape.entry == Entry::Command,
        })
    }

    fn has(&self, prepared: &Prepared) -> bool {
        // Where nobody can tell, a job that misses it does.
        prepared.code_path.try_exists().unwrap_or(true)
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

/// Whether the machine was what failed: no process, one that was killed or ended without an answer, no memory to
/// share. A component that crashes the compiler looks the same, and costs a try now and then.
fn is_passing(error: &SandboxError) -> bool {
    matches!(
        error,
        SandboxError::Spawn(_)
            | SandboxError::Cgroup(_)
            | SandboxError::Launcher(_)
            | SandboxError::SharedCode(_)
            | SandboxError::Compiler { .. }
    )
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
