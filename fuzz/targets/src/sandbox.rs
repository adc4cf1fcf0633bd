//! What a worker hears of a plugin: the pipe from its process, and the standard output of a plain command.

/// Frames are read until one is refused, and what comes through is what a job may say. The other end of the pipe may be a
/// plugin that has broken out.
pub fn pipe(data: &[u8]) {
    pipefitter_sandbox::read_as_parent(data);
}

/// Lines of the command protocol are told from text and read, wherever writes end, and without the job's id nothing is
/// said but log.
pub fn protocol(data: &[u8]) {
    pipefitter_sandbox::hear_command(data);
}
