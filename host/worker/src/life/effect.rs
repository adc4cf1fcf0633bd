//! What a step wants done.

use std::time::Duration;

use crate::outcome::JobResult;

use super::state::End;

/// Something to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// A request; its answer comes back under the tag.
    Do { tag: u32, ask: Ask },
    /// Give the slot back.
    ReleaseSlot,
    /// Give the claim back.
    ReleaseClaim,
    /// Delete the job's work directory.
    Tidy,
    /// Tell the plugin to hand over.
    AskHandOver,
    /// Tell the plugin that nobody wants its result.
    AskCancel,
    /// Interrupt the plugin; what it comes to all the same counts, and its outputs may be uploaded.
    KillPlugin,
    /// Interrupt the plugin, or cancel the staging or upload under way.
    Interrupt,
    /// Acknowledge under the new nonce; whatever the answer, nothing changes.
    AcknowledgeAgain,
    /// For log, counters and events.
    Tell(Note),
}

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Ask {
    Slot,
    /// A pause that grows with the tries, at least this long.
    Wake {
        tries: u32,
        at_least: Option<Duration>,
    },
    Claim,
    Open,
    WriteAcknowledging,
    Acknowledge {
        unseen: bool,
    },
    WriteAcknowledged,
    Details,
    Stage,
    WriteRunning {
        attempt: u32,
    },
    Run {
        attempt: u32,
    },
    Upload,
    WriteFinished {
        result: Box<JobResult>,
        replaced: bool,
    },
    Send {
        result: Box<JobResult>,
    },
    WriteParked {
        result: Box<JobResult>,
        reason: String,
    },
    Remove,
}

/// Something worth telling.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Note {
    /// The job is ours and begins.
    Taken,
    /// Ambiguous, adopted since pollers are exclusive.
    AdoptedByRule,
    /// The service did not answer within the window.
    Unanswered,
    /// The journal could not be written.
    JournalFailed(&'static str),
    /// A result that the service found invalid is replaced by a plain failure.
    Replaced(String),
    /// Its replacement too.
    Parked(String),
    /// The outcome is known.
    Finished(Box<JobResult>),
    /// The job has left this worker.
    Ended(End),
}
