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
    /// Is a value of an action's configuration limited to 1,000 characters once its variables are resolved?
    ResolvedValuesLimited,
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
            Self::ResolvedValuesLimited => {
                "Is a configuration's value limited to 1,000 characters once its variables are resolved?"
            }
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
            Self::ResolvedValuesLimited => "resolved-values-limited",
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

/// A question of docs/AWS-ASSUMPTIONS.md that no probe can ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct NotAsked {
    /// The switch that its answer would set.
    pub switch: &'static str,
    /// As a report asks it.
    pub text: &'static str,
    /// Why it is not asked.
    pub why: &'static str,
}

impl NotAsked {
    /// All of them, in the order of docs/AWS-ASSUMPTIONS.md.
    pub const ALL: [Self; 2] = [
        Self {
            switch: "ended-third-party-details",
            text: "What does GetThirdPartyJobDetails give for a job that has ended?",
            why: NO_PARTNER,
        },
        Self {
            switch: "job-timeout-from",
            text: "When does the timeout begin that a third-party action type gives its jobs?",
            why: NO_PARTNER,
        },
    ];
}

const NO_PARTNER: &str =
    "only a partner of AWS has third-party action types; a customer's account can make none";

/// A small unit of work that answers some questions, on a pipeline of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Experiment {
    /// A job that nobody acknowledges.
    HandOut,
    /// A job that is acknowledged twice and then ended.
    Acknowledge,
    /// More jobs than a poll may get.
    Batch,
    /// A value that is long once it is resolved.
    ResolvedValues,
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
    pub const ALL: [Self; 8] = [
        Self::HandOut,
        Self::Acknowledge,
        Self::Batch,
        Self::ResolvedValues,
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
            Self::ResolvedValues => "resolved-values",
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
            Self::ResolvedValues => &[Question::ResolvedValuesLimited],
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A page of docs/.
    fn page(name: &str) -> String {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/");
        std::fs::read_to_string(format!("{folder}{name}")).unwrap()
    }

    /// The switches in the table of docs/AWS-ASSUMPTIONS.md.
    fn assumptions() -> BTreeSet<String> {
        let page = page("AWS-ASSUMPTIONS.md");
        let rows = page
            .lines()
            .skip_while(|line| !line.starts_with("| question | assumed |"));
        let rows = rows.skip(2).take_while(|line| line.starts_with('|'));
        let switch = |row: &str| {
            let cell = row.split('|').nth(3).unwrap_or_default().trim();
            let cell = cell.trim_start_matches('`').trim_start_matches("--assume ");
            let name = cell.trim_start_matches("--");
            let end = name.find(|c: char| c != '-' && !c.is_ascii_lowercase());
            name[..end.unwrap_or(name.len())].to_owned()
        };
        rows.map(switch).collect()
    }

    fn asked() -> BTreeSet<String> {
        let questions = Experiment::ALL.iter().flat_map(|one| one.questions());
        questions
            .map(|question| question.switch().to_owned())
            .collect()
    }

    #[test]
    fn each_assumption_is_asked_about_or_named_as_one_that_cannot_be() {
        let not_asked = NotAsked::ALL.map(|question| question.switch.to_owned());
        let not_asked = BTreeSet::from(not_asked);
        assert_eq!(asked().intersection(&not_asked).count(), 0);
        let mut known = &asked() | &not_asked;
        // Documented, if only for Lambda: docs/LOCAL.md has it, and nothing is assumed.
        assert!(known.remove("continuation-delay"));
        assert_eq!(assumptions(), known);
    }

    #[test]
    fn the_page_has_each_experiment_and_each_question_that_is_not_asked() {
        let page = page("PROBE.md");
        for experiment in Experiment::ALL {
            let row = format!("\n| `{}` | ", experiment.name());
            assert!(page.contains(&row), "{}", experiment.name());
        }
        for question in NotAsked::ALL {
            assert!(
                page.contains(&format!("`{}`", question.switch)),
                "{question:?}"
            );
        }
        let flat = page.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(flat.contains(NO_PARTNER), "{NO_PARTNER}");
    }
}
