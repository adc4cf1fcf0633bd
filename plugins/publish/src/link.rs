//! Symbolic links.

use std::io;
use std::path::Path;

/// Makes the symbolic link `link` to `target`, which is relative to it.
#[cfg(unix)]
pub(crate) fn symlink(target: &str, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

/// Makes the symbolic link `link` to `target`, which is relative to it.
#[cfg(target_os = "wasi")]
pub(crate) fn symlink(target: &str, link: &Path) -> io::Result<()> {
    use wasip2::filesystem::preopens::get_directories;
    use wasip2::filesystem::types::ErrorCode;

    let link = link.to_str().ok_or(io::ErrorKind::InvalidFilename)?;
    // The longest granted directory that holds the link is the one it is in.
    let held = get_directories()
        .into_iter()
        .filter_map(|(directory, path)| {
            let inside = link
                .strip_prefix(path.trim_end_matches('/'))?
                .strip_prefix('/')?;
            Some((path.len(), directory, inside))
        })
        .max_by_key(|(length, ..)| *length);
    let Some((_, directory, inside)) = held else {
        return Err(io::ErrorKind::NotFound.into());
    };
    directory.symlink_at(target, inside).map_err(|code| {
        let kind = match code {
            ErrorCode::Access | ErrorCode::NotPermitted => io::ErrorKind::PermissionDenied,
            ErrorCode::ReadOnly => io::ErrorKind::ReadOnlyFilesystem,
            ErrorCode::Unsupported => io::ErrorKind::Unsupported,
            ErrorCode::Exist => io::ErrorKind::AlreadyExists,
            ErrorCode::NoEntry => io::ErrorKind::NotFound,
            ErrorCode::InsufficientSpace => io::ErrorKind::StorageFull,
            ErrorCode::Quota => io::ErrorKind::QuotaExceeded,
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, code.message())
    })
}
