//! A file that is never seen half-written.

use std::path::Path;

use anyhow::{Context, Result};

/// A worker may be watching the folder: it sees the old file or the new one.
pub(crate) fn write_whole(path: &Path, content: &[u8]) -> Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)
        .with_context(|| format!("could not make {}", folder.display()))?;
    let mut file = tempfile::Builder::new()
        .prefix(".pipefitter-")
        .suffix(".tmp")
        .tempfile_in(folder)
        .with_context(|| format!("could not write into {}", folder.display()))?;
    std::io::Write::write_all(&mut file, content)
        .with_context(|| format!("could not write into {}", folder.display()))?;
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    file.as_file()
        .set_permissions(mode)
        .with_context(|| format!("could not write into {}", folder.display()))?;
    file.persist(path)
        .with_context(|| format!("could not write {}", path.display()))?;
    Ok(())
}
