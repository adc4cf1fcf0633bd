//! A plugins directory to try things on, with time in the test's hands.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tempfile::TempDir;
use wasm_encoder::{Component, CustomSection};

use crate::catalogue::Catalogue;
use crate::contract::{
    ActionTypeKey, Look, PluginDigest, Prepare, PrepareError, Prepared, Problem,
};
use crate::directory::{PluginsDir, SETTLE};
use crate::look::look;
use crate::manifest::Manifest;
use crate::supply::SupplyPolicy;
use crate::wasm::embed_manifest;

/// Refuses a component that has the word `refused` in it, panics over `panics`.
#[derive(Default)]
pub(crate) struct Compiler {
    compiled: AtomicU32,
    /// How many codes were in use, each time that was told.
    in_use: AtomicU32,
    /// The code that was compiled last is there no more.
    pub(crate) lost: AtomicBool,
    /// So many of the next tries fail for the machine's sake, each in other words.
    pub(crate) full: AtomicU32,
    /// So many fail as if the component were wrong.
    pub(crate) refuses: AtomicU32,
}

fn take_one(left: &AtomicU32) -> bool {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
        left.checked_sub(1)
    })
    .is_ok()
}

impl Look for Compiler {
    fn look(&self, _digest: &PluginDigest, wasm: &[u8]) -> Result<Vec<u8>, PrepareError> {
        Ok(look(wasm))
    }
}

impl Prepare for Compiler {
    fn prepare(
        &self,
        name: &str,
        digest: &PluginDigest,
        wasm: &[u8],
        _seen: &[u8],
        _manifest: &Manifest,
    ) -> Result<Prepared, PrepareError> {
        let tries = self.compiled.fetch_add(1, Ordering::SeqCst);
        if take_one(&self.full) {
            return Err(PrepareError {
                message: format!("no space left for file {tries}"),
                passing: true,
            });
        }
        if take_one(&self.refuses) {
            return Err(PrepareError::lasting(format!("try {tries} fails")));
        }
        self.lost.store(false, Ordering::SeqCst);
        let has = |word: &[u8]| wasm.windows(word.len()).any(|window| window == word);
        assert!(!has(b"panics"));
        if has(b"refused") {
            return Err(PrepareError::lasting(format!(
                "{name} imports what is not granted"
            )));
        }
        Ok(Prepared {
            code_id: digest.to_string(),
            code_path: PathBuf::from("code"),
            compiled: true,
            command: false,
        })
    }

    fn has(&self, _prepared: &Prepared) -> bool {
        !self.lost.load(Ordering::SeqCst)
    }

    fn in_use(&self, code_ids: &HashSet<String>) {
        let count = u32::try_from(code_ids.len()).unwrap();
        self.in_use.store(count, Ordering::SeqCst);
    }
}

pub(crate) fn component(content: &str) -> Vec<u8> {
    let mut component = Component::new();
    component.section(&CustomSection {
        name: "content".into(),
        data: content.as_bytes().into(),
    });
    component.finish()
}

pub(crate) fn manifest(provider: &str) -> String {
    format!("[action]\ncategory = \"Build\"\nprovider = \"{provider}\"\nversion = \"1\"\n")
}

pub(crate) fn key(provider: &str) -> ActionTypeKey {
    ActionTypeKey {
        category: "Build".to_owned(),
        provider: provider.to_owned(),
        version: "1".to_owned(),
    }
}

/// A temporary directory that custody accepts, whatever the umask is.
pub(crate) fn closed_folder() -> TempDir {
    tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir()
        .unwrap()
}

pub(crate) struct Bench {
    pub(crate) temp: TempDir,
    pub(crate) compiler: Arc<Compiler>,
    pub(crate) dir: PluginsDir,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        let temp = closed_folder();
        let compiler = Arc::new(Compiler::default());
        let dir = PluginsDir::open(temp.path(), compiler.clone()).unwrap();
        let mut bench = Bench {
            temp,
            compiler,
            dir,
        };
        // What comes later did not lie there when the worker started.
        bench.dir.look();
        bench
    }

    /// An empty one with this policy.
    pub(crate) fn under(policy: SupplyPolicy) -> Bench {
        let mut bench = Bench::new();
        bench.restart(policy);
        bench.dir.look();
        bench
    }

    /// Another worker over the same directory.
    pub(crate) fn restart(&mut self, policy: SupplyPolicy) {
        self.dir = PluginsDir::open(self.temp.path(), self.compiler.clone())
            .unwrap()
            .with_policy(policy);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.temp.path().join(name)
    }

    /// With modes that custody accepts, whatever the umask is.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        let folder = path.parent().unwrap();
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true).mode(0o700).create(folder).unwrap();
        fs::write(&path, bytes).unwrap();
        self.mode(name, 0o644);
    }

    pub(crate) fn mode(&self, name: impl AsRef<Path>, mode: u32) {
        let path = self.temp.path().join(name);
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// A component with its manifest inside.
    pub(crate) fn plugin(&self, name: &str, provider: &str, content: &str) {
        self.write(
            name,
            embed_manifest(&component(content), &manifest(provider)).unwrap(),
        );
    }

    pub(crate) fn remove(&self, name: &str) {
        fs::remove_file(self.path(name)).unwrap();
    }

    /// Long enough for every file to settle, or to be told of.
    pub(crate) fn rest(&mut self) -> Arc<Catalogue> {
        for _ in 0..10 {
            self.dir.look();
            self.dir.pass(SETTLE);
        }
        self.dir.catalogue()
    }

    pub(crate) fn served(&self) -> Vec<String> {
        self.dir
            .catalogue()
            .plugins()
            .map(|plugin| format!("{} by {}", plugin.manifest.key(), plugin.name))
            .collect()
    }

    pub(crate) fn compiled(&self) -> u32 {
        self.compiler.compiled.load(Ordering::SeqCst)
    }

    pub(crate) fn in_use(&self) -> u32 {
        self.compiler.in_use.load(Ordering::SeqCst)
    }

    pub(crate) fn only_problem(&self) -> Problem {
        let catalogue = self.dir.catalogue();
        assert_eq!(catalogue.problems().len(), 1, "{:?}", catalogue.problems());
        catalogue.problems()[0].clone()
    }
}
