//! From a file to a plugin, or to what is wrong with it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::contract::{Look, Plugin, PluginDigest, Prepare, Problem};
use crate::listing::{Candidate, candidate, folder_of};
use crate::manifest::Manifest;
use crate::read::{NotLoaded, Package, guarded, read};
use crate::supply::{Custody, FileDigest, SignatureSeen, SupplyPolicy, check_directory};

/// For whom no operator's bound is at hand: 1 GiB, far above what is ever served.
const LARGEST_READ: u64 = 1 << 30;

/// Load one plugin by its .wasm, outside of a plugins directory. Blocking, and compiles.
///
/// # Errors
///
/// What is wrong with it; never an empty list.
pub fn load_plugin(
    wasm: &Path,
    policy: &SupplyPolicy,
    prepare: &dyn Prepare,
) -> Result<Arc<Plugin>, Vec<Problem>> {
    load(&find(wasm, policy)?, policy, prepare)
        .map(Arc::new)
        .map_err(NotLoaded::settle)
}

/// Read the manifest of one plugin by its .wasm, whoever could change it. Blocking.
///
/// # Errors
///
/// What is wrong with it; never an empty list.
pub fn load_manifest(wasm: &Path, look: &dyn Look) -> Result<Manifest, Vec<Problem>> {
    let policy = SupplyPolicy {
        custody: Custody::Advised,
        max_plugin_bytes: LARGEST_READ,
        ..SupplyPolicy::default()
    };
    inspect_plugin(wasm, &policy, look).map(|files| files.manifest)
}

/// What a plugin's files are, without compiling it.
#[derive(Debug)]
#[non_exhaustive]
pub struct PluginFiles {
    /// The .wasm's name without the extension.
    pub name: String,
    /// The .wasm's bytes, as they were judged.
    pub wasm: Vec<u8>,
    /// Their digest.
    pub wasm_digest: FileDigest,
    /// The manifest that counts.
    pub manifest: Manifest,
    /// Its text.
    pub manifest_text: String,
    /// The digest of its text.
    pub manifest_digest: FileDigest,
    /// The file that it is in; nothing means embedded.
    pub manifest_file: Option<PathBuf>,
    /// It is in a file, and another one is embedded.
    pub embedded_differs: bool,
    /// The signature beside the .wasm, if there is one.
    pub signature: Option<SignatureSeen>,
}

/// Read one plugin by its .wasm and judge it by a policy, without compiling it. Blocking.
///
/// # Errors
///
/// What is wrong with it; never an empty list.
pub fn inspect_plugin(
    wasm: &Path,
    policy: &SupplyPolicy,
    look: &dyn Look,
) -> Result<PluginFiles, Vec<Problem>> {
    let Package {
        name,
        wasm,
        wasm_digest,
        manifest,
        manifest_text,
        manifest_digest,
        manifest_file,
        embedded_differs,
        signature,
        ..
    } = read(&find(wasm, policy)?, policy, look).map_err(NotLoaded::settle)?;
    Ok(PluginFiles {
        name,
        wasm,
        wasm_digest,
        manifest,
        manifest_text,
        manifest_digest,
        manifest_file,
        embedded_differs,
        signature,
    })
}

fn find(wasm: &Path, policy: &SupplyPolicy) -> Result<Candidate, Vec<Problem>> {
    check_directory(folder_of(wasm), policy.custody).map_err(|problem| vec![problem])?;
    candidate(wasm).map_err(|error| {
        vec![Problem::of(
            wasm,
            format!("it cannot be read: {error}"),
            "name a file that exists and that this user may read",
        )]
    })
}

pub(crate) fn load(
    candidate: &Candidate,
    policy: &SupplyPolicy,
    prepare: &dyn Prepare,
) -> Result<Plugin, NotLoaded> {
    let package = read(candidate, policy, prepare)?;
    let mut both = Sha256::new();
    both.update(package.wasm_digest.bytes());
    both.update(package.manifest_digest.bytes());
    let wasm_digest = PluginDigest(package.wasm_digest.hex());
    let Package {
        name,
        wasm,
        seen,
        manifest,
        signature,
        ..
    } = package;
    let prepared = guarded(candidate.path(), "preparing", || {
        prepare.prepare(&name, &wasm_digest, &wasm, &seen, &manifest)
    })?;
    if let Some(signature) = signature.filter(|signature| signature.verified) {
        let SignatureSeen {
            key_id, comment, ..
        } = signature;
        tracing::info!(
            plugin = name,
            key = key_id,
            comment,
            "plugin is signed with a trusted key"
        );
    }
    Ok(Plugin {
        name,
        path: candidate.path().to_owned(),
        digest: PluginDigest(hex::encode(both.finalize())),
        manifest,
        prepared,
    })
}
