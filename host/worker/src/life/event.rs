//! What can happen to a job.

use std::time::Duration;

use pipefitter_codepipeline::{FailureResult, SuccessResult};

use super::state::Chain;

/// What the job is told.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// The answer to the request, or the end of the timer, with this tag.
    Answered { tag: u32, answer: Answer },
    /// A poll offered the job again, under a new nonce.
    Reoffered {
        /// The offer came with a slot, which is the job's now if it has none.
        slot: bool,
    },
    /// The worker takes no new work.
    Drain,
    /// The worker has waited long enough.
    HandOver,
    /// The worker ends now.
    Kill,
    /// The service has ended the job: nobody wants its result.
    Cancelled,
}

/// What came of an effect.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// A slot is the job's.
    Slot,
    /// The timer is over.
    Woke,
    /// The claim is ours, or not; `None`: nobody could tell.
    Claimed(Option<bool>),
    /// What the job is about: `None` if it could not be had.
    Opened(Option<Chain>),
    /// The journal has it, or not.
    Written(bool),
    /// AcknowledgeJob.
    Acknowledged(AckAnswer),
    /// GetJobDetails.
    Recalled(RecallAnswer),
    /// Inputs are in place, or the job cannot run.
    Staged(Result<(), Box<FailureResult>>),
    /// The plugin is done.
    Ran(RunEnd),
    /// Outputs.
    Uploaded(UploadEnd),
    /// Put*Result.
    Sent(SendAnswer),
    /// A job task ended because it was told to.
    Cancelled,
    /// A job task ended because the service says that the job has.
    Ended,
    /// The task that did it panicked.
    Panicked,
}

#[derive(Clone, Debug)]
pub(crate) enum AckAnswer {
    Ours,
    LostRace,
    Ambiguous,
    /// No answer was seen.
    Unseen,
    /// Refused before it was looked at.
    Throttled(Option<Duration>),
    /// No such job.
    Gone,
    /// Denied or invalid.
    Refused,
}

#[derive(Clone, Debug)]
pub(crate) enum RecallAnswer {
    Known(Chain),
    Gone,
    Retry(Option<Duration>),
    /// Rights or credentials.
    Denied,
    Invalid,
}

#[derive(Clone, Debug)]
pub(crate) enum RunEnd {
    /// Outputs are to be uploaded, then this is reported.
    Success(Box<SuccessResult>),
    /// The action goes on in another job; nothing is uploaded.
    Continue(Box<SuccessResult>),
    Failed(Box<FailureResult>),
}

#[derive(Clone, Debug)]
pub(crate) enum UploadEnd {
    Done,
    Failed(Box<FailureResult>),
    /// The claim is another worker's.
    ClaimLost,
}

#[derive(Clone, Debug)]
pub(crate) enum SendAnswer {
    Accepted,
    /// The job is not there or has ended.
    Gone,
    /// The result breaks a rule.
    Invalid(String),
    /// Try again; `unseen`: the service may have it.
    Retry {
        unseen: bool,
        after: Option<Duration>,
    },
    /// It will not be sent any more.
    GivenUp(String),
    /// The claim is another worker's.
    ClaimLost,
}
