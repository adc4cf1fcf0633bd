//! What a running job tells the host, and the host the job.

use std::time::Duration;

use crate::host;

/// Why the host wants a job to end before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StopReason {
    /// Nobody wants the result any more: the execution was stopped, abandoned or timed out. Clean up
    /// and return; whatever is returned is dropped.
    Cancelled,
    /// The worker is shutting down. A plugin that can returns [`Outcome::in_progress`] now, and
    /// another worker goes on from its token.
    ///
    /// [`Outcome::in_progress`]: crate::Outcome::in_progress
    HandOver,
}

/// Says how far the job is: 0 to 100 percent if that is known, and a few words, up to 2,048
/// characters.
///
/// The worker's page shows it at once; CodePipeline learns of it when the job ends. Calling it often
/// is cheap: the latest call counts.
pub fn progress(percent: impl Into<Option<u8>>, summary: impl AsRef<str>) {
    host::progress(percent.into(), summary.as_ref());
}

/// Whether to stop early.
///
/// Ask at least every few seconds: once there is a reason, a job that goes on is interrupted when
/// [`time_remaining`] is over.
#[must_use]
pub fn stop_requested() -> Option<StopReason> {
    host::stop_requested()
}

/// The time until the host interrupts the job. The largest value, `u32::MAX` milliseconds (49 days),
/// means that or more.
#[must_use]
pub fn time_remaining() -> Duration {
    host::time_remaining()
}
