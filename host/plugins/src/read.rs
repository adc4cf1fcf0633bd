//! From files to bytes that meet the policy, and to what their manifest means.
//!
//! The manifest is looked for in this order: `STEM.action.toml` beside the .wasm; `action.toml` beside it, if
//! no other .wasm is in that directory; the one embedded in the .wasm. The first that exists is the
//! manifest, good or bad: a file beside the plugin is what an operator sees and edits, so it wins.

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::contract::{Look, ManifestPlace, NO_MANIFEST, PluginDigest, PrepareError, Problem};
use crate::error::PluginsError;
use crate::listing::{Candidate, Sighting, Stamp};
use crate::look::believed;
use crate::manifest::Manifest;
use crate::supply::{Custody, FileDigest, SignatureSeen, SupplyPolicy, opened};
use crate::units::format_size;

const LARGEST_MANIFEST: u64 = 1 << 20;

/// Four lines, two of them comments of at most 8 KiB by minisign's own bound.
const LARGEST_SIGNATURE: u64 = 32 << 10;

const LONGEST_NAME: usize = 64;

/// Why a candidate is no plugin.
#[derive(Debug)]
pub(crate) enum NotLoaded {
    /// It changed while it was read.
    Changing,
    /// It is no plugin, and may become one: the rest of it, or its signature, may be on the way.
    Unfinished(Problem),
    /// It is wrong.
    Bad(Vec<Problem>),
    /// The machine could not have it read or prepared now.
    Passing(Problem),
}

impl NotLoaded {
    /// For whom nothing more can come.
    pub(crate) fn settle(self) -> Vec<Problem> {
        match self {
            NotLoaded::Changing => vec![Problem {
                files: Vec::new(),
                message: "the plugin changed while it was read".to_owned(),
                remedy: "try again once it is written".to_owned(),
                older_served: false,
                in_manifest: None,
            }],
            NotLoaded::Unfinished(problem) | NotLoaded::Passing(problem) => vec![problem],
            NotLoaded::Bad(problems) => problems,
        }
    }
}

pub(crate) fn bad(path: &Path, fault: String, remedy: &str) -> NotLoaded {
    NotLoaded::Bad(vec![Problem::of(path, fault, remedy)])
}

/// What was read of a plugin and met the policy; nothing of it is read again.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) wasm: Vec<u8>,
    pub(crate) wasm_digest: FileDigest,
    /// What was told of it.
    pub(crate) seen: Vec<u8>,
    pub(crate) manifest: Manifest,
    pub(crate) manifest_text: String,
    pub(crate) manifest_digest: FileDigest,
    /// Nothing means embedded.
    pub(crate) manifest_file: Option<PathBuf>,
    /// It is in a file, and another one is embedded.
    pub(crate) embedded_differs: bool,
    pub(crate) signature: Option<SignatureSeen>,
}

pub(crate) fn read(
    candidate: &Candidate,
    policy: &SupplyPolicy,
    look: &dyn Look,
) -> Result<Package, NotLoaded> {
    let path = candidate.path();
    let name = name(path)?;
    let custody = policy.custody;
    let wasm = read_file(&candidate.wasm, policy.max_bytes_of(&name), custody)?;
    let beside = candidate.manifest.as_ref();
    let beside = beside
        .map(|file| read_file(file, LARGEST_MANIFEST, custody).map(|bytes| (file, bytes)))
        .transpose()?;
    let signature = match &candidate.signature {
        None => None,
        Some(file) => match read_file(file, LARGEST_SIGNATURE, custody) {
            Ok(bytes) => Some(bytes),
            Err(fault) if policy.requires_signature(&name) => return Err(fault),
            // What nobody asks for is in nobody's way.
            Err(_) => None,
        },
    };
    let admitted = policy
        .admit(&name, path, &wasm, signature.as_deref())
        .map_err(NotLoaded::Unfinished)?;
    let wasm_digest = FileDigest::of(&wasm);
    let seen = guarded(path, "looking at", || {
        look.look(&PluginDigest(wasm_digest.hex()), &wasm)
    })?;
    let inside = match believed(&seen) {
        Err(error @ PluginsError::NotWasm { .. }) => {
            return Err(NotLoaded::Unfinished(Problem::of(
                path,
                error.to_string(),
                "build it again and copy it whole; a copy under another name and `mv` is safest",
            )));
        }
        other => other,
    };
    let mut embedded_differs = false;
    let (file, label, text) = match beside {
        Some((file, bytes)) => {
            let is_inside = matches!(&inside, Ok(Some(text)) if text.as_bytes() == bytes);
            embedded_differs = !is_inside && matches!(inside, Ok(Some(_)));
            // A manifest that lies beside a .wasm counts as much as the .wasm only where something binds the two.
            admitted
                .check_manifest(&file.path, &bytes, is_inside)
                .map_err(NotLoaded::Unfinished)?;
            let text = String::from_utf8(bytes)
                .map_err(|_| bad(&file.path, "it is not UTF-8".to_owned(), "save it as UTF-8"))?;
            (file.path.as_path(), file.path.display().to_string(), text)
        }
        None => {
            let text = embedded(path, inside)?;
            admitted
                .check_manifest(path, text.as_bytes(), true)
                .map_err(NotLoaded::Unfinished)?;
            (
                path,
                format!("{} (embedded manifest)", path.display()),
                text,
            )
        }
    };
    let manifest = Manifest::parse(&text, &label).map_err(|found| {
        let text: Arc<str> = text.as_str().into();
        let placed = |fault: crate::ManifestProblem| Problem {
            files: vec![file.to_owned()],
            message: format!(
                "{}:{}:{}: {}",
                fault.file, fault.line, fault.column, fault.message
            ),
            remedy: fault.remedy,
            older_served: false,
            in_manifest: Some(Box::new(ManifestPlace {
                label: fault.file,
                text: Arc::clone(&text),
                span: fault.span,
                fault: fault.message,
            })),
        };
        NotLoaded::Bad(found.into_iter().map(placed).collect())
    })?;
    let signature = admitted.signature;
    Ok(Package {
        name,
        wasm_digest,
        wasm,
        seen,
        manifest,
        manifest_digest: FileDigest::of(text.as_bytes()),
        manifest_text: text,
        embedded_differs,
        manifest_file: candidate.manifest.as_ref().map(|file| file.path.clone()),
        signature,
    })
}

/// The name is a key of the operator's config and a word in logs.
fn name(path: &Path) -> Result<String, NotLoaded> {
    let stem = path
        .file_stem()
        .and_then(|stem| stem.to_str())
        .unwrap_or_default();
    let valid = (1..=LONGEST_NAME).contains(&stem.len())
        && stem.starts_with(|c: char| c.is_ascii_alphanumeric())
        && stem
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if valid {
        Ok(stem.to_owned())
    } else {
        Err(bad(
            path,
            "its name is no name for a plugin".to_owned(),
            "rename it: at most 64 letters of English, digits, `.`, `_` and `-`, beginning with a letter or digit",
        ))
    }
}

fn embedded(
    path: &Path,
    inside: Result<Option<String>, PluginsError>,
) -> Result<String, NotLoaded> {
    match inside {
        Ok(Some(text)) => Ok(text),
        Ok(None) => {
            let own = path.with_extension("action.toml");
            Err(bad(
                path,
                NO_MANIFEST.to_owned(),
                &format!(
                    "put one beside it as {}, or as action.toml if no other plugin is in that directory, or \
                     build it with one inside",
                    own.display()
                ),
            ))
        }
        Err(error) => Err(bad(
            path,
            error.to_string(),
            "build the plugin again with `pipefitter plugin build`",
        )),
    }
}

/// Have something done to a stranger's bytes. What does it may panic over them; that is this plugin's problem and
/// nobody else's.
pub(crate) fn guarded<T>(
    path: &Path,
    what: &str,
    work: impl FnOnce() -> Result<T, PrepareError>,
) -> Result<T, NotLoaded> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) if error.passing => Err(NotLoaded::Passing(Problem::of(
            path,
            error.message,
            "a running worker tries it again by itself; if it stays so, look at this machine's disk, memory and processes",
        ))),
        Ok(Err(error)) => Err(bad(
            path,
            error.message,
            "correct that, then copy it here again or `touch` it; grants are read when the worker starts",
        )),
        Err(_) => Err(bad(
            path,
            format!("{what} it made the worker panic"),
            "report this with the file; `touch` the file to have it tried again",
        )),
    }
}

/// Every byte of a file, if it is still as it was seen, and stays so while it is read.
fn read_file(seen: &Sighting, most: u64, custody: Custody) -> Result<Vec<u8>, NotLoaded> {
    let path = &seen.path;
    let failed = |error: std::io::Error| {
        bad(
            path,
            format!("it cannot be read: {error}"),
            "copy it here again",
        )
    };
    let opened = opened(path, custody).map_err(|problem| NotLoaded::Bad(vec![problem]))?;
    let Some((file, found)) = opened else {
        return Err(NotLoaded::Changing);
    };
    if Stamp::of(&found) != seen.stamp {
        return Err(NotLoaded::Changing);
    }
    if seen.stamp.bytes() > most {
        return Err(bad(
            path,
            format!(
                "it has {} bytes, and {} are the most it may have",
                seen.stamp.bytes(),
                format_size(most)
            ),
            "make it smaller: strip it, and keep data out of it; or, for a .wasm, raise `plugin-size` in [limits] or in \
             [plugins.NAME.limits]",
        ));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(seen.stamp.bytes()).unwrap_or(0));
    (&file)
        .take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    let still = file.metadata().map_err(failed)?;
    if Stamp::of(&still) == seen.stamp && bytes.len() as u64 == seen.stamp.bytes() {
        Ok(bytes)
    } else {
        Err(NotLoaded::Changing)
    }
}
