//! What is known of a job.

use std::time::Duration;

use pipefitter_codepipeline::SuccessResult;

use crate::outcome::JobResult;

/// How often a retry-safe plugin may start for one job.
pub(crate) const MAX_ATTEMPTS: u32 = 3;

/// CodePipeline's own limit on a custom action (24 hours): a job that was never seen to be ours is not
/// asked about for longer.
pub(crate) const SERVICE_TIMEOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// No action of CodePipeline goes on for longer than 7 days (its quotas, for a manual approval): a day later nobody waits
/// for what became of a job.
pub(crate) const NOBODY_WAITS: Duration = Duration::from_secs(8 * 24 * 60 * 60);

/// What was decided before the job began.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    /// Every poller of this action type is ours or shares our claims.
    pub(crate) exclusive: bool,
    /// The manifest's word.
    pub(crate) retry_safe: bool,
    /// The manifest's word.
    pub(crate) resumable: bool,
    /// How long a slot is held while the service does not answer.
    pub(crate) window: Duration,
    /// How often the outcome's write is tried before it is sent from memory.
    pub(crate) journal_tries: u32,
}

/// What earlier jobs left for this one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Chain {
    /// Runs begun by earlier jobs for the same work; counts with ours.
    pub(crate) attempt: u32,
    /// The first of the jobs that the host itself passed on; ours where there is none.
    pub(crate) origin: Option<String>,
    /// The plugin's own token.
    pub(crate) token: Option<String>,
}

/// How much the worker wants the job to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stop {
    /// Not at all.
    No,
    /// No new work begins; what runs goes on.
    Drain,
    /// What runs is asked to hand over, what did not start is passed on.
    HandOver,
    /// Everything ends now.
    Kill,
}

/// How a job left this worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum End {
    /// Never ours: an offer that was not taken.
    NotTaken,
    /// Another worker's.
    LostRace,
    /// Acknowledge was ambiguous and pollers are not exclusive.
    AmbiguousDropped,
    /// Its claim is another worker's.
    ClaimLost,
    /// The service has the result.
    Reported,
    /// The service had ended the job already.
    Superseded,
    /// The same, noticed before there was a result.
    Cancelled,
    /// The service refused the result and its replacement.
    Parked,
    /// Not done; the journal has it for the next start.
    Left,
}

/// Where the job stands. See the diagram of the module.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum State {
    Queued,
    Resting,
    Claiming,
    Opening,
    Recording,
    Acknowledging {
        unseen: bool,
        tries: u32,
        since: Duration,
    },
    AckPause {
        unseen: bool,
        tries: u32,
        since: Duration,
    },
    Noting,
    Recalling {
        tries: u32,
        since: Duration,
    },
    RecallPause {
        tries: u32,
        since: Duration,
    },
    Staging,
    Starting,
    Running,
    Uploading {
        result: Box<SuccessResult>,
    },
    Finishing {
        result: Box<JobResult>,
        replaced: bool,
        tries: u32,
    },
    FinishPause {
        result: Box<JobResult>,
        replaced: bool,
        tries: u32,
    },
    Reporting {
        result: Box<JobResult>,
        replaced: bool,
        tries: u32,
        unseen: bool,
    },
    ReportPause {
        result: Box<JobResult>,
        replaced: bool,
        tries: u32,
        unseen: bool,
    },
    Parking {
        result: Box<JobResult>,
        reason: String,
        tries: u32,
    },
    Forgetting {
        end: End,
        tries: u32,
    },
    ForgetPause {
        end: End,
        tries: u32,
    },
    Ended(End),
}

impl State {
    /// For status and logs.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            State::Queued | State::Resting => "waiting",
            State::Claiming | State::Opening => "claiming",
            State::Recording | State::Acknowledging { .. } | State::AckPause { .. } => {
                "acknowledging"
            }
            State::Noting | State::Recalling { .. } | State::RecallPause { .. } => "acknowledged",
            State::Staging => "staging",
            State::Starting | State::Running => "running",
            State::Uploading { .. } => "uploading",
            State::Finishing { .. }
            | State::FinishPause { .. }
            | State::Reporting { .. }
            | State::ReportPause { .. } => "reporting",
            State::Parking { .. } => "parking",
            State::Forgetting { .. } | State::ForgetPause { .. } => "forgetting",
            State::Ended(_) => "ended",
        }
    }

    /// Whether a result waits to reach the service.
    pub(crate) fn in_outbox(&self) -> bool {
        matches!(
            self,
            State::Finishing { .. }
                | State::FinishPause { .. }
                | State::Reporting { .. }
                | State::ReportPause { .. }
        )
    }

    /// Whether nothing but writing and sending is left to do.
    pub(crate) fn is_work_over(&self) -> bool {
        self.in_outbox()
            || matches!(
                self,
                State::Parking { .. }
                    | State::Forgetting { .. }
                    | State::ForgetPause { .. }
                    | State::Ended(_)
            )
    }
}

/// One job.
#[derive(Clone, Debug)]
pub(crate) struct Life {
    pub(crate) state: State,
    pub(crate) rules: Rules,
    /// The job's id, for an envelope's origin.
    pub(crate) job: String,
    /// The log's name: the external execution id of results that the host makes.
    pub(crate) log: String,
    /// `Category/Provider/Version`, for messages.
    pub(crate) action_type: String,
    /// Runs begun.
    pub(crate) attempt: u32,
    pub(crate) chain: Chain,
    /// A slot is held.
    pub(crate) slot: bool,
    /// The journal has a record, or may have one.
    pub(crate) recorded: bool,
    /// The service said, or the rule for ambiguity says, that the job is ours.
    pub(crate) acknowledged: bool,
    /// Ours by that rule only.
    pub(crate) by_rule: bool,
    /// How often the service said that there is no such job to end, where that is doubted.
    pub(crate) refusals: u32,
    /// What the job is about is known.
    pub(crate) opened: bool,
    pub(crate) stop: Stop,
    /// The service has ended it: whatever it comes to is dropped.
    pub(crate) cancelled: bool,
    /// What the plugin of this job or of an earlier one of its action said last: percent and a few words.
    pub(crate) said: Option<(Option<u8>, String)>,
    /// Of the request or timer under way.
    pub(crate) tag: u32,
    /// Rests so far.
    pub(crate) rests: u32,
    /// When this worker first met the job.
    pub(crate) met: Duration,
}
