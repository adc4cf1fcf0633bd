//! What is asked, and which switch of the embedded service each answer sets.
//!
//! docs/AWS-ASSUMPTIONS.md has the same questions with their sources. The switches are those of
//! `pipefitter dev`: tests compare what a report names with what the service was started with.

use serde::Serialize;

/// An open question about AWS CodePipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Question {
    /// Does a poll hide the job that it hands out from other polls?
    PollHides,
    /// After what time is a job offered again that nobody acknowledged?
    ReofferAfter,
    /// What does acknowledging again with the same nonce give?
    AcknowledgeAgain,
    /// What does GetJobDetails give for a job that has ended?
    EndedDetails,
    /// How many jobs does a poll get that does not say how many?
    DefaultBatch,
    /// After what time does an action that continues get its next job?
    ContinuationDelay,
    /// Does the next job have the same output location?
    ContinuationKeepsOutputs,
    /// What is a result answered with after its execution was stopped and abandoned?
    ResultAfterAbandon,
    /// What does GetJobDetails give then?
    DetailsAfterAbandon,
    /// How long do a job's credentials work?
    CredentialLifetime,
    /// How long may an action take?
    ActionTimeout,
    /// Does that time go on over continuations?
    TimeoutSpansContinuations,
    /// What is a result answered with after the timeout?
    ResultAfterTimeout,
    /// What does GetJobDetails give then?
    DetailsAfterTimeout,
}

impl Question {
    /// As a report asks it.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::PollHides => "Does a poll hide the job that it hands out from other polls?",
            Self::ReofferAfter => {
                "After what time is a job offered again that nobody acknowledged?"
            }
            Self::AcknowledgeAgain => "What does acknowledging again with the same nonce give?",
            Self::EndedDetails => "What does GetJobDetails give for a job that has ended?",
            Self::DefaultBatch => "How many jobs does a poll without maxBatchSize get?",
            Self::ContinuationDelay => {
                "After what time does an action that continues get its next job?"
            }
            Self::ContinuationKeepsOutputs => "Does that next job have the same output location?",
            Self::ResultAfterAbandon => "What is a result answered with after stop and abandon?",
            Self::DetailsAfterAbandon => "What does GetJobDetails give after stop and abandon?",
            Self::CredentialLifetime => "How long do a job's credentials work?",
            Self::ActionTimeout => "How long may an action take?",
            Self::TimeoutSpansContinuations => "Does that time go on over continuations?",
            Self::ResultAfterTimeout => "What is a result answered with after the timeout?",
            Self::DetailsAfterTimeout => "What does GetJobDetails give after the timeout?",
        }
    }

    /// The switch that its answer sets.
    #[must_use]
    pub fn switch(self) -> &'static str {
        match self {
            Self::PollHides => "poll-hides",
            Self::ReofferAfter => "reoffer-after",
            Self::AcknowledgeAgain => "acknowledge-again",
            Self::EndedDetails | Self::DetailsAfterAbandon | Self::DetailsAfterTimeout => {
                "ended-details"
            }
            Self::DefaultBatch => "default-batch",
            Self::ContinuationDelay => "continuation-delay",
            Self::ContinuationKeepsOutputs => "continuation-keeps-outputs",
            Self::ResultAfterAbandon | Self::ResultAfterTimeout => "late-result",
            Self::CredentialLifetime => "credential-lifetime",
            Self::ActionTimeout => "action-timeout",
            Self::TimeoutSpansContinuations => "timeout-spans-continuations",
        }
    }

    /// Whether the answer is a time: those are flags of their own, the others are given with `--assume`.
    #[must_use]
    pub fn is_time(self) -> bool {
        matches!(
            self,
            Self::ReofferAfter
                | Self::ContinuationDelay
                | Self::CredentialLifetime
                | Self::ActionTimeout
        )
    }
}

/// A small unit of work that answers some questions, on a pipeline of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Experiment {
    /// A job that nobody acknowledges.
    HandOut,
    /// A job that is acknowledged twice and then ended.
    Acknowledge,
    /// More jobs than a poll may get.
    Batch,
    /// A job that continues.
    Continuation,
    /// A job whose execution is stopped.
    Abandon,
    /// A job whose credentials are used until they are refused.
    Credentials,
    /// Two jobs that go on until the service ends them.
    Timeout,
}

impl Experiment {
    /// All, in the order of a report.
    pub const ALL: [Self; 7] = [
        Self::HandOut,
        Self::Acknowledge,
        Self::Batch,
        Self::Continuation,
        Self::Abandon,
        Self::Credentials,
        Self::Timeout,
    ];

    /// The name on the command line, in a pipeline's name and as query value (20 characters at most).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::HandOut => "hand-out",
            Self::Acknowledge => "acknowledge",
            Self::Batch => "batch",
            Self::Continuation => "continuation",
            Self::Abandon => "abandon",
            Self::Credentials => "credentials",
            Self::Timeout => "timeout",
        }
    }

    /// What it answers.
    #[must_use]
    pub fn questions(self) -> &'static [Question] {
        match self {
            Self::HandOut => &[Question::PollHides, Question::ReofferAfter],
            Self::Acknowledge => &[Question::AcknowledgeAgain, Question::EndedDetails],
            Self::Batch => &[Question::DefaultBatch],
            Self::Continuation => &[
                Question::ContinuationDelay,
                Question::ContinuationKeepsOutputs,
            ],
            Self::Abandon => &[Question::ResultAfterAbandon, Question::DetailsAfterAbandon],
            Self::Credentials => &[Question::CredentialLifetime],
            Self::Timeout => &[
                Question::ActionTimeout,
                Question::TimeoutSpansContinuations,
                Question::ResultAfterTimeout,
                Question::DetailsAfterTimeout,
            ],
        }
    }
}
