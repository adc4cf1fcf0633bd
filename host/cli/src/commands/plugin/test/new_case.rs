//! `--new NAME`: a case made of the plugin's example.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use pipefitter_plugins::Manifest;

use super::tree;

/// Make the folder of a case from job.json and example/, where the plugin has them.
pub(super) fn make(dir: &Path, name: &str, manifest: &Manifest) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || !name.chars().all(plain) {
        bail!("`{name}` cannot be a case's name: use letters, digits, `-` and `_`");
    }
    let case = dir.join("cases").join(name);
    if case.exists() {
        bail!(
            "{} is there already: choose another name, or remove it",
            case.display()
        );
    }
    fs::create_dir_all(&case).with_context(|| format!("could not make {}", case.display()))?;
    let job = dir.join("job.json");
    let to = case.join("job.json");
    let copied = match job.is_file() {
        true => fs::copy(&job, &to).map(|_| ()),
        false => fs::write(&to, "{\n  \"configuration\": {}\n}\n"),
    };
    copied.with_context(|| format!("could not write {}", to.display()))?;
    let example = dir.join("example");
    for (at, input) in (1..=manifest.inputs.counts.min).enumerate() {
        // The example is what the first one is for: templates call it so.
        let (from, name) = match at {
            0 => (example.as_path(), "Source".to_owned()),
            _ => (Path::new(""), format!("Source{input}")),
        };
        let to = case.join("inputs").join(name);
        if from.is_dir() {
            tree::copy_tree(from, &to, &str::to_owned)?;
        } else {
            fs::create_dir_all(&to).with_context(|| format!("could not make {}", to.display()))?;
        }
    }
    Ok(())
}
