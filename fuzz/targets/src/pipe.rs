//! The pipe between a worker and the process of a plugin, whose other end may be a plugin that has broken out.

/// Frames are read until one is refused, and what comes through is what a job may say.
pub fn pipe(data: &[u8]) {
    pipefitter_sandbox::read_as_parent(data);
}
