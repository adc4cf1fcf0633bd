//! `cargo xtask model`: the services' models, as the tables that the embedded CodePipeline checks requests by, and
//! by which the embedded S3 tells operations apart.
//!
//! The source is the models of the pinned botocore (`crate::python`), which are AWS's own. [`read`] takes them out
//! of the virtual environment, [`write`] and [`s3`] make Rust of them. What is generated is checked in, so that building
//! needs no Python, and a test here regenerates and compares.

mod read;
mod s3;
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
    let folder = paths::root().join("host/local/src");
    let shapes = folder.join("pipeline/shapes");
    let files = write::files(&read::model()?)?;
    let mut files: Vec<_> = files
        .into_iter()
        .map(|(name, text)| (shapes.join(name), text))
        .collect();
    files.push((folder.join("s3/model.rs"), s3::file()?));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_of_the_embedded_service_are_those_of_the_pinned_model() {
        let generated = generated().unwrap_or_else(|error| {
            panic!("{error:#}\nthis test reads botocore: run `cargo xtask setup` first")
        });
        assert_eq!(generated.len(), 4);
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
