//! From a file to a plugin, or to what is wrong with it.
//!
//! The manifest is looked for in this order: `STEM.action.toml` beside the .wasm; `action.toml` beside it, if
//! no other .wasm is in that directory; the one embedded in the .wasm. The first that exists is the
//! manifest, good or bad: a file beside the plugin is what an operator sees and edits, so it wins.

use std::fs::File;
use std::io::{self, Read};
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::contract::{Plugin, PluginDigest, Prepare, Problem};
use crate::error::PluginsError;
use crate::listing::{Candidate, Stamp, candidate};
use crate::manifest::Manifest;
use crate::wasm::{check_whole, embedded_manifest};

/// A .wasm larger than this is refused: 64 MiB; the largest plugins known, with an interpreter of their
/// language inside, are below 20 MiB.
const LARGEST_WASM: u64 = 64 << 20;

const LARGEST_MANIFEST: u64 = 1 << 20;

const LONGEST_NAME: usize = 64;

/// Why a candidate is no plugin.
#[derive(Debug)]
pub(crate) enum NotLoaded {
    /// It changed while it was read.
    Changing,
    /// It is no whole .wasm; it may become one.
    Unfinished(Problem),
    /// It is wrong.
    Bad(Vec<Problem>),
}

/// Load one plugin by its .wasm, outside of a plugins directory. Blocking, and compiles.
///
/// # Errors
///
/// What is wrong with it; never an empty list.
pub fn load_plugin(wasm: &Path, prepare: &dyn Prepare) -> Result<Arc<Plugin>, Vec<Problem>> {
    load(&find(wasm)?, prepare).map(Arc::new).map_err(settle)
}

/// Read the manifest of one plugin by its .wasm, without compiling it. Blocking.
///
/// # Errors
///
/// What is wrong with it; never an empty list.
pub fn load_manifest(wasm: &Path) -> Result<Manifest, Vec<Problem>> {
    let (_, _, manifest) = read(&find(wasm)?).map_err(settle)?;
    Ok(manifest)
}

fn find(wasm: &Path) -> Result<Candidate, Vec<Problem>> {
    candidate(wasm).map_err(|error| vec![unreadable(wasm, &error)])
}

fn settle(not_loaded: NotLoaded) -> Vec<Problem> {
    match not_loaded {
        NotLoaded::Changing => vec![Problem {
            files: Vec::new(),
            message: "the plugin changed while it was read".to_owned(),
            remedy: "try again once it is written".to_owned(),
            older_served: false,
        }],
        NotLoaded::Unfinished(problem) => vec![problem],
        NotLoaded::Bad(problems) => problems,
    }
}

pub(crate) fn load(candidate: &Candidate, prepare: &dyn Prepare) -> Result<Plugin, NotLoaded> {
    let name = name(&candidate.path)?;
    let (wasm, manifest_text, manifest) = read(candidate)?;
    let wasm_digest = Sha256::digest(&wasm);
    let mut both = Sha256::new();
    both.update(wasm_digest);
    both.update(Sha256::digest(manifest_text.as_bytes()));
    let wasm_digest = PluginDigest(hex::encode(wasm_digest));
    // What compiles hostile code may panic over it; that is this plugin's problem and nobody else's.
    let prepared = std::panic::catch_unwind(AssertUnwindSafe(|| {
        prepare.prepare(&name, &wasm_digest, &wasm, &manifest)
    }));
    let prepared = match prepared {
        Ok(Ok(prepared)) => prepared,
        Ok(Err(error)) => {
            return Err(bad(
                &candidate.path,
                error.message,
                "correct that, then copy it here again or `touch` it; grants are read when the worker starts",
            ));
        }
        Err(_) => {
            return Err(bad(
                &candidate.path,
                "preparing it made the worker panic".to_owned(),
                "report this with the file; `touch` the file to have it tried again",
            ));
        }
    };
    Ok(Plugin {
        name,
        path: candidate.path.clone(),
        digest: PluginDigest(hex::encode(both.finalize())),
        manifest,
        prepared,
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

/// The .wasm, and the manifest's text and meaning.
fn read(candidate: &Candidate) -> Result<(Vec<u8>, String, Manifest), NotLoaded> {
    let path = &candidate.path;
    if candidate.wasm_stamp.bytes() > LARGEST_WASM {
        return Err(bad(
            path,
            format!(
                "{} bytes are more than a plugin may have",
                candidate.wasm_stamp.bytes()
            ),
            "make it smaller than 64 MiB: strip it, and keep data out of it",
        ));
    }
    let wasm = read_file(path, &candidate.wasm_stamp, LARGEST_WASM)?;
    check_whole(&wasm).map_err(|error| {
        NotLoaded::Unfinished(problem(
            path,
            error.to_string(),
            "build it again and copy it whole; a copy under another name and `mv` is safest",
        ))
    })?;
    let (file, label, text) = match (&candidate.manifest, &candidate.manifest_stamp) {
        (Some(manifest), Some(stamp)) => {
            let bytes = read_file(manifest, stamp, LARGEST_MANIFEST)?;
            let text = String::from_utf8(bytes)
                .map_err(|_| bad(manifest, "it is not UTF-8".to_owned(), "save it as UTF-8"))?;
            (manifest, manifest.display().to_string(), text)
        }
        (Some(_), None) => return Err(NotLoaded::Changing),
        (None, _) => (
            path,
            format!("{} (embedded manifest)", path.display()),
            embedded(path, &wasm)?,
        ),
    };
    match Manifest::parse(&text, &label) {
        Ok(manifest) => Ok((wasm, text, manifest)),
        Err(found) => Err(NotLoaded::Bad(
            found
                .into_iter()
                .map(|fault| Problem {
                    files: vec![file.clone()],
                    message: format!(
                        "{}:{}:{}: {}",
                        fault.file, fault.line, fault.column, fault.message
                    ),
                    remedy: fault.remedy,
                    older_served: false,
                })
                .collect(),
        )),
    }
}

fn embedded(path: &Path, wasm: &[u8]) -> Result<String, NotLoaded> {
    match embedded_manifest(wasm) {
        Ok(Some(text)) => Ok(text),
        Ok(None) => {
            let own = path.with_extension("action.toml");
            Err(bad(
                path,
                "it has no manifest".to_owned(),
                &format!(
                    "put one beside it as {}, or as action.toml if no other plugin is in that directory, or \
                     build it with one inside",
                    own.display()
                ),
            ))
        }
        Err(error @ PluginsError::ManifestText(_)) => Err(bad(
            path,
            error.to_string(),
            "build the plugin again with `pipefitter plugin build`",
        )),
        Err(error) => Err(bad(
            path,
            error.to_string(),
            "build it again and copy it whole",
        )),
    }
}

fn read_file(path: &PathBuf, stamp: &Stamp, most: u64) -> Result<Vec<u8>, NotLoaded> {
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = read().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => NotLoaded::Changing,
        _ => NotLoaded::Bad(vec![unreadable(path, &error)]),
    })?;
    if bytes.len() as u64 > most {
        return Err(bad(
            path,
            "it is too large".to_owned(),
            &format!("make it smaller than {most} bytes"),
        ));
    }
    if Stamp::take(path).as_ref() == Some(stamp) && bytes.len() as u64 == stamp.bytes() {
        Ok(bytes)
    } else {
        Err(NotLoaded::Changing)
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Problem {
    problem(
        path,
        format!("it cannot be read: {error}"),
        "name a file that exists and that this user may read",
    )
}

fn bad(path: &Path, message: String, remedy: &str) -> NotLoaded {
    NotLoaded::Bad(vec![problem(path, message, remedy)])
}

fn problem(path: &Path, message: String, remedy: &str) -> Problem {
    Problem {
        files: vec![path.to_owned()],
        message: format!("{}: {message}", path.display()),
        remedy: remedy.to_owned(),
        older_served: false,
    }
}
