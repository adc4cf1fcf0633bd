//! What the operator demands of a plugin's files, and whether they meet it.

use std::collections::BTreeMap;
use std::path::Path;

use super::custody::Custody;
use super::digest::FileDigest;
use super::signature::{Signature, SignatureSeen, TrustedKey, signature_path};
use crate::contract::Problem;
use crate::toml_table::key;

/// 64 MiB: three times what the largest known plugins have, with an interpreter of their language inside.
const LARGEST_WASM: u64 = 64 << 20;

/// What is demanded of plugins. [`SupplyPolicy::default`] demands custody and at most 64 MiB.
#[derive(Clone, Debug)]
pub struct SupplyPolicy {
    /// What others may be able to change.
    pub custody: Custody,
    /// Bytes that a .wasm may have.
    pub max_plugin_bytes: u64,
    /// Only what a trusted key signed is served.
    pub require_signature: bool,
    /// Whose signatures count.
    pub trusted_keys: Vec<TrustedKey>,
    /// More, or something else, for plugins by name.
    pub plugins: BTreeMap<String, PluginPolicy>,
}

/// What is demanded of one plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PluginPolicy {
    /// Bytes that its .wasm may have, in place of what all may have.
    pub max_bytes: Option<u64>,
    /// The .wasm has one of these digests; empty: any.
    pub digests: Vec<FileDigest>,
    /// The manifest's text has one of these. Empty: of a .wasm with pinned digest, only the embedded manifest
    /// counts.
    pub manifest_digests: Vec<FileDigest>,
    /// In place of what is demanded of all.
    pub require_signature: Option<bool>,
    /// In place of the keys for all.
    pub trusted_keys: Option<Vec<TrustedKey>>,
}

impl Default for SupplyPolicy {
    fn default() -> SupplyPolicy {
        SupplyPolicy {
            custody: Custody::Enforced,
            max_plugin_bytes: LARGEST_WASM,
            require_signature: false,
            trusted_keys: Vec::new(),
            plugins: BTreeMap::new(),
        }
    }
}

/// A .wasm that meets the policy, and what that says of the manifest that may go with it.
pub(crate) struct Admitted<'a> {
    name: &'a str,
    pins: Option<&'a PluginPolicy>,
    signed: bool,
    /// By the trusted comment of a verified signature.
    bound: Option<FileDigest>,
    pub(crate) signature: Option<SignatureSeen>,
}

impl SupplyPolicy {
    /// Bytes that the .wasm of a plugin of this name may have.
    pub(crate) fn max_bytes_of(&self, name: &str) -> u64 {
        let own = self.plugins.get(name).and_then(|own| own.max_bytes);
        own.unwrap_or(self.max_plugin_bytes)
    }

    /// Bytes that the largest .wasm of all may have.
    #[must_use]
    pub fn max_bytes_of_any(&self) -> u64 {
        let own = self.plugins.values().filter_map(|own| own.max_bytes);
        own.fold(self.max_plugin_bytes, u64::max)
    }

    /// Whether a plugin of this name must be signed.
    pub(crate) fn requires_signature(&self, name: &str) -> bool {
        let own = self.plugins.get(name);
        own.and_then(|own| own.require_signature)
            .unwrap_or(self.require_signature)
    }

    /// Judge the bytes of a .wasm, before anything else looks at them.
    pub(crate) fn admit<'a>(
        &'a self,
        name: &'a str,
        path: &Path,
        wasm: &[u8],
        signature: Option<&[u8]>,
    ) -> Result<Admitted<'a>, Problem> {
        let own = self.plugins.get(name);
        let pins = own.filter(|own| !own.digests.is_empty() || !own.manifest_digests.is_empty());
        if let Some(own) = pins {
            check_pin(name, path, wasm, &own.digests)?;
        }
        let signed = self.requires_signature(name);
        if !signed {
            let seen = signature.and_then(Signature::read);
            return Ok(Admitted {
                name,
                pins,
                signed,
                bound: None,
                signature: seen.map(|seen| seen.seen(false)),
            });
        }
        let keys = own
            .and_then(|own| own.trusted_keys.as_ref())
            .unwrap_or(&self.trusted_keys);
        let signature = verified(name, path, wasm, signature, keys)?;
        let Ok(bound) = signature.manifest() else {
            return Err(Problem::of(
                &signature_path(path),
                "its trusted comment does not name a manifest's digest in a way that is understood"
                    .to_owned(),
                "sign the plugin again with `pipefitter plugin sign`",
            ));
        };
        Ok(Admitted {
            name,
            pins,
            signed,
            bound,
            signature: Some(signature.seen(true)),
        })
    }
}

impl Admitted<'_> {
    /// Judge the manifest that is to be used. `embedded`: its text is also the one in the .wasm.
    pub(crate) fn check_manifest(
        &self,
        file: &Path,
        text: &[u8],
        embedded: bool,
    ) -> Result<(), Problem> {
        let found = FileDigest::of(text);
        let table = table(self.name);
        if let Some(pins) = self.pins {
            let allowed = &pins.manifest_digests;
            if allowed.is_empty() && !embedded {
                return Err(Problem::of(
                    file,
                    format!("{table} pins the .wasm, and not this manifest beside it"),
                    &format!(
                        "add `manifest-digest = \"{found}\"` to {table} if this is the manifest you want, or \
                         take the file away if the one in the .wasm is"
                    ),
                ));
            }
            if !allowed.is_empty() && !allowed.contains(&found) {
                return Err(Problem::of(
                    file,
                    format!(
                        "the manifest's digest is {found}, and {table} pins {}",
                        list(allowed)
                    ),
                    &format!(
                        "set `manifest-digest = \"{found}\"` in {table} if this is the manifest you want, or \
                         put the pinned one back"
                    ),
                ));
            }
        }
        let remedy = "sign the plugin again with `pipefitter plugin sign`, which binds the manifest that is \
                      there, or put back the manifest that it was signed with";
        match self.bound {
            _ if !self.signed => Ok(()),
            Some(bound) if bound == found => Ok(()),
            Some(bound) => Err(Problem::of(
                file,
                format!(
                    "the manifest's digest is {found}, and the signature is for one with {bound}"
                ),
                remedy,
            )),
            None if embedded => Ok(()),
            None => Err(Problem::of(
                file,
                "the signature is of the .wasm alone, and not for this manifest beside it"
                    .to_owned(),
                remedy,
            )),
        }
    }
}

fn check_pin(name: &str, path: &Path, wasm: &[u8], allowed: &[FileDigest]) -> Result<(), Problem> {
    let found = FileDigest::of(wasm);
    if allowed.is_empty() || allowed.contains(&found) {
        return Ok(());
    }
    let table = table(name);
    Err(Problem::of(
        path,
        format!("its digest is {found}, and {table} pins {}", list(allowed)),
        &format!(
            "set `digest = \"{found}\"` in {table} if this is the file you want, or put the pinned one back"
        ),
    ))
}

fn verified(
    name: &str,
    path: &Path,
    wasm: &[u8],
    signature: Option<&[u8]>,
    keys: &[TrustedKey],
) -> Result<Signature, Problem> {
    let file = signature_path(path);
    let shown = path.display();
    let Some(bytes) = signature else {
        return Err(Problem::of(
            path,
            "it is not signed, and a signature is required".to_owned(),
            &format!(
                "put {} beside it: `pipefitter plugin sign {shown} --key KEY` writes it; or, if it may be \
                 served unsigned, set `require-signature = false` in {}",
                file.display(),
                table(name)
            ),
        ));
    };
    let Some(signature) = Signature::read(bytes) else {
        return Err(Problem::of(
            &file,
            "it is no signature of minisign's".to_owned(),
            "copy it again, or sign the plugin again with `pipefitter plugin sign`",
        ));
    };
    let id = signature.key_id();
    let mut named = keys.iter().filter(|key| key.id() == id).peekable();
    if named.peek().is_none() {
        let trusted: Vec<String> = keys.iter().map(TrustedKey::id).collect();
        let trusted = if trusted.is_empty() {
            "no key".to_owned()
        } else {
            trusted.join(" or ")
        };
        return Err(Problem::of(
            path,
            format!("it is signed with key {id}, and trusted here is {trusted}"),
            "have it signed with a trusted key; or, if you trust who holds that key, add the public key to \
             trusted-keys",
        ));
    }
    // Ids are chosen by whoever makes a key, so that two may have one.
    if named.any(|key| signature.is_of(wasm, key)) {
        return Ok(signature);
    }
    Err(Problem::of(
        path,
        format!("the signature by key {id} is not of this file: one of the two was changed"),
        &format!(
            "copy {shown} and {} again from where they were signed, or sign it again",
            file.display()
        ),
    ))
}

fn list(digests: &[FileDigest]) -> String {
    let digests: Vec<String> = digests.iter().map(FileDigest::to_string).collect();
    digests.join(" or ")
}

/// The plugin's table of the configuration, as TOML writes it.
fn table(name: &str) -> String {
    format!("[plugins.{}]", key(name))
}
