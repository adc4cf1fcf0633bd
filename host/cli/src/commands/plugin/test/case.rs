//! A case as it lies in its folder. docs/plugins/testing.md says what may.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::result;

/// What a case's folder may hold, besides what its files name.
const KNOWN: [&str; 8] = [
    "job.json",
    "inputs",
    "config.toml",
    "directories",
    "http.toml",
    "expected",
    "README.md",
    "readme.md",
];
const KNOWN_EXPECTED: [&str; 4] = ["result.json", "outputs", "directories", "log.txt"];

/// A case, read but for what is only known when it runs.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) dir: PathBuf,
    /// The text of job.json.
    pub(super) job: Option<String>,
    /// The file that the configuration is in, and its text.
    pub(super) config: Option<(PathBuf, String)>,
    /// The text of http.toml.
    pub(super) http: Option<String>,
    /// Input artifacts by name.
    pub(super) inputs: Vec<(String, PathBuf)>,
    pub(super) expected: Expected,
}

/// What is expected; what is not there is not compared.
#[derive(Default)]
pub(super) struct Expected {
    pub(super) result: Option<Value>,
    pub(super) log: Option<String>,
    /// The names of the folders of `outputs`.
    pub(super) outputs: Vec<String>,
    /// The names of the folders of `directories`.
    pub(super) directories: Vec<String>,
}

impl Case {
    /// Everything that can be wrong with it before it runs is found here.
    pub(super) fn read(dir: &Path, name: &str) -> Result<Self> {
        let text = |name: &str| read_text(&dir.join(name));
        let (job, own_config, http) = (text("job.json")?, text("config.toml")?, text("http.toml")?);
        let config = match own_config {
            Some(text) => Some((dir.join("config.toml"), text)),
            None => {
                let shared = dir.with_file_name("config.toml");
                read_text(&shared)?.map(|text| (shared, text))
            }
        };
        let named = |entry: &str| {
            let config = config.iter().map(|(_, text)| text);
            config.chain(&http).any(|text| text.contains(entry))
        };
        for entry in entries(dir)? {
            if !KNOWN.contains(&entry.as_str()) && !named(&entry) {
                bail!(
                    "a case has no `{entry}`: it takes job.json, inputs/, config.toml, directories/, http.toml, \
                     expected/, and the files that config.toml and http.toml name"
                );
            }
        }
        Ok(Self {
            name: name.to_owned(),
            job,
            inputs: inputs(&dir.join("inputs"))?,
            expected: Expected::read(&dir.join("expected"))?,
            config,
            http,
            dir: dir.to_path_buf(),
        })
    }

    pub(super) fn expected_dir(&self) -> PathBuf {
        self.dir.join("expected")
    }
}

impl Expected {
    fn read(dir: &Path) -> Result<Self> {
        if !dir.exists() {
            return Ok(Self::default());
        }
        for entry in entries(dir)? {
            if !KNOWN_EXPECTED.contains(&entry.as_str()) {
                bail!(
                    "expected/ has no `{entry}`: it takes result.json, outputs/, directories/ and log.txt"
                );
            }
        }
        let result = match read_text(&dir.join("result.json"))? {
            Some(text) => {
                let value =
                    serde_json::from_str(&text).context("expected/result.json is not JSON")?;
                result::check(&value).context("expected/result.json")?;
                Some(value)
            }
            None => None,
        };
        Ok(Self {
            result,
            log: read_text(&dir.join("log.txt"))?,
            outputs: folders(&dir.join("outputs"))?,
            directories: folders(&dir.join("directories"))?,
        })
    }
}

/// The folders of cases, by name; none where there is no `cases/`.
pub(super) fn list(cases: &Path) -> Result<Vec<String>> {
    if !cases.is_dir() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in entries(cases)? {
        if cases.join(&entry).is_dir() {
            names.push(entry);
        } else if entry != "config.toml" && !entry.to_ascii_lowercase().starts_with("readme") {
            bail!(
                "{} is no folder: each case is a folder of {}, and besides them there is config.toml at most",
                cases.join(&entry).display(),
                cases.display()
            );
        }
    }
    Ok(names)
}

/// What is in a folder, sorted, without names that begin with a dot.
pub(super) fn entries(dir: &Path) -> Result<Vec<String>> {
    let read = || format!("could not read {}", dir.display());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(dir).with_context(read)? {
        let name = entry.with_context(read)?.file_name();
        let Some(name) = name.to_str() else {
            bail!("{} is not Unicode: rename it", dir.join(&name).display());
        };
        if !name.starts_with('.') {
            names.push(name.to_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn read_text(file: &Path) -> Result<Option<String>> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("could not read {}", file.display())),
    }
}

fn folders(dir: &Path) -> Result<Vec<String>> {
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let names = entries(dir)?;
    if let Some(file) = names.iter().find(|name| !dir.join(name).is_dir()) {
        bail!(
            "{} is no folder: put it into a folder that has the name of what it belongs to",
            dir.join(file).display()
        );
    }
    Ok(names)
}

/// `Source/` and `Source.zip` are both the artifact `Source`.
fn inputs(dir: &Path) -> Result<Vec<(String, PathBuf)>> {
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for entry in entries(dir)? {
        let path = dir.join(&entry);
        let name = match entry.split_once('.') {
            Some((name, _)) if !path.is_dir() => name,
            _ => &entry,
        };
        if !seen.insert(name.to_owned()) {
            bail!("inputs/ has the artifact `{name}` twice: leave one of them");
        }
        let path = path
            .canonicalize()
            .with_context(|| format!("could not read {}", path.display()))?;
        found.push((name.to_owned(), path));
    }
    Ok(found)
}
