//! Whether an event is about a job of ours.
//!
//! A wrong match would throw away the result of a job that somebody waits for, and a missed one costs some
//! computing. So one difference is enough for `No`, and doubt is left to the service:
//!
//! | of the event's and the job's ids of the action's execution | what follows |
//! |---|---|
//! | they are the same | it is this job |
//! | they differ: a stage that was retried has the same execution, stage and action | it is another |
//! | one is missing, and the event is of a time when the job was ours already | it is this job |
//! | one is missing, and the event may be of an earlier attempt | the service is asked |

use pipefitter_codepipeline::{Owner, PipelineContext};
use pipefitter_events::ActionEvent;
use pipefitter_plugins::ActionTypeKey;

/// How far this machine's clock and the service's may be apart: a request that is signed with more than that is refused
/// (Signature Version 4), so that there would be no job. In milliseconds.
const SKEW: i64 = 5 * 60 * 1000;

/// What is known of a job.
#[derive(Clone, Copy, Debug)]
pub(super) struct JobFacts<'a> {
    pub(super) owner: Owner,
    pub(super) action_type: &'a ActionTypeKey,
    pub(super) context: &'a PipelineContext,
    /// Milliseconds since the Unix epoch, by this machine's clock.
    pub(super) taken_at: i64,
}

/// What an event has to do with a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    No,
    /// Only the service knows.
    Perhaps,
    Yes,
}

/// Of an event of the job's own source.
pub(super) fn fit(event: &ActionEvent, job: &JobFacts<'_>) -> Fit {
    let context = job.context;
    let same_place = context.pipeline_execution_id.as_ref() == Some(&event.execution)
        && context.pipeline == event.pipeline
        && context.stage == event.stage
        && context.action == event.action;
    if !same_place || !is_of_type(event, job.owner, job.action_type) {
        return Fit::No;
    }
    match (&event.action_execution, &context.action_execution_id) {
        (Some(of_event), Some(of_job)) if of_event == of_job => Fit::Yes,
        (Some(_), Some(_)) => Fit::No,
        _ if event
            .time
            .is_some_and(|time| time >= job.taken_at.saturating_add(SKEW)) =>
        {
            Fit::Yes
        }
        _ => Fit::Perhaps,
    }
}

/// Whether it is about an action of this type.
pub(super) fn is_of_type(event: &ActionEvent, owner: Owner, key: &ActionTypeKey) -> bool {
    event.owner == owner.to_string()
        && event.category == key.category
        && event.provider == key.provider
        && event.version == key.version
}

#[cfg(test)]
mod tests {
    use pipefitter_events::ActionState;
    use proptest::prelude::*;

    use super::*;

    fn key() -> ActionTypeKey {
        ActionTypeKey {
            category: "Build".to_owned(),
            provider: "Site".to_owned(),
            version: "1".to_owned(),
        }
    }

    fn context() -> PipelineContext {
        PipelineContext {
            pipeline: "docs".to_owned(),
            stage: "Build".to_owned(),
            action: "Site".to_owned(),
            pipeline_arn: None,
            pipeline_execution_id: Some("e-1".to_owned()),
            action_execution_id: Some("a-1".to_owned()),
        }
    }

    fn event() -> ActionEvent {
        ActionEvent {
            region: "eu-central-1".to_owned(),
            time: Some(1_000_000),
            state: ActionState::Ended,
            pipeline: "docs".to_owned(),
            execution: "e-1".to_owned(),
            action_execution: Some("a-1".to_owned()),
            stage: "Build".to_owned(),
            action: "Site".to_owned(),
            owner: "Custom".to_owned(),
            category: "Build".to_owned(),
            provider: "Site".to_owned(),
            version: "1".to_owned(),
        }
    }

    fn fits(event: &ActionEvent, context: &PipelineContext, taken_at: i64) -> Fit {
        let key = key();
        let facts = JobFacts {
            owner: Owner::Custom,
            action_type: &key,
            context,
            taken_at,
        };
        fit(event, &facts)
    }

    proptest! {
        /// A difference in any one place is another job, however alike the rest is.
        #[test]
        fn another_job_is_never_meant(
            place in 0usize..9,
            other in "[A-Za-z0-9-]{1,12}",
            taken_at in 0i64..2_000_000,
        ) {
            let mut event = event();
            let field = match place {
                0 => &mut event.pipeline,
                1 => &mut event.execution,
                2 => event.action_execution.as_mut().unwrap(),
                3 => &mut event.stage,
                4 => &mut event.action,
                5 => &mut event.owner,
                6 => &mut event.category,
                7 => &mut event.provider,
                _ => &mut event.version,
            };
            prop_assume!(*field != other);
            *field = other;
            prop_assert_eq!(fits(&event, &context(), taken_at), Fit::No);
        }
    }

    #[test]
    fn without_the_actions_own_id_an_old_event_leaves_a_doubt() {
        assert_eq!(fits(&event(), &context(), 1_000_000), Fit::Yes);
        let nameless = ActionEvent {
            action_execution: None,
            ..event()
        };
        let of_nobody = PipelineContext {
            action_execution_id: None,
            ..context()
        };
        for (event, context) in [(&nameless, &context()), (&event(), &of_nobody)] {
            assert_eq!(fits(event, context, 1_000_000), Fit::Perhaps);
            assert_eq!(fits(event, context, 1_000_000 - SKEW + 1), Fit::Perhaps);
            assert_eq!(fits(event, context, 1_000_000 - SKEW), Fit::Yes);
        }
        let timeless = ActionEvent {
            time: None,
            ..nameless
        };
        assert_eq!(fits(&timeless, &context(), 0), Fit::Perhaps);
    }

    #[test]
    fn a_job_without_an_execution_is_nobodys() {
        let partners = PipelineContext {
            pipeline_execution_id: None,
            ..context()
        };
        assert_eq!(fits(&event(), &partners, 0), Fit::No);
    }
}
