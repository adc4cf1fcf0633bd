//! `cargo xtask model`: the service's model, as the tables that the embedded CodePipeline checks requests by.
//!
//! The source is the model of the pinned botocore (`crate::python`), which is AWS's own. [`read`] takes it out
//! of the virtual environment, [`write`] makes Rust of it. What is generated is checked in, so that building
//! needs no Python, and a test here regenerates and compares.

mod read;
mod write;

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::{paths, python};

/// Write the tables.
pub(crate) fn run() -> Result<()> {
    python::set_up()?;
    for (path, text) in generated()? {
        std::fs::write(&path, text)
            .with_context(|| format!("could not write {}", path.display()))?;
        eprintln!("   \u{25b8} {}", path.display());
    }
    Ok(())
}

/// The files as they should be.
fn generated() -> Result<Vec<(PathBuf, String)>> {
    let folder = paths::root().join("host/local/src/pipeline/shapes");
    let files = write::files(&read::model()?)?;
    Ok(files
        .into_iter()
        .map(|(name, text)| (folder.join(name), text))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_of_the_embedded_service_are_those_of_the_pinned_model() {
        let generated = generated().unwrap_or_else(|error| {
            panic!("{error:#}\nthis test reads botocore: run `cargo xtask setup` first")
        });
        assert_eq!(generated.len(), 3);
        for (path, text) in generated {
            let kept = std::fs::read_to_string(&path).unwrap_or_default();
            assert!(
                kept == text,
                "{} is not what the model says: run `cargo xtask model`",
                path.display()
            );
        }
    }
}
