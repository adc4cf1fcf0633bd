//! What a record of the journal makes of a job after a restart.

use std::time::Duration;

use pipefitter_journal::{Phase, Record};

use crate::message;
use crate::outcome::JobResult;

use super::effect::{Ask, Effect};
use super::state::{Chain, End, Life, MAX_ATTEMPTS, Rules, State, Stop};

/// The job of a record, and what to do first.
///
/// | phase | what follows |
/// |---|---|
/// | Acknowledging | a slot, the claim, then the same nonce again as an attempt that was not seen |
/// | Acknowledged | a slot, the claim, fresh details, then the run; nothing where they tell of a job that has ended |
/// | Running | the same with one more attempt where the plugin is retry-safe; else a failure |
/// | Finished | the result again |
/// | Parked | nothing: it is kept for the operator |
pub(crate) fn recover(
    record: &Record,
    log: String,
    rules: Rules,
    now: Duration,
) -> (Life, Vec<Effect>) {
    let (retry_safe, exclusive) = (record.retry_safe, rules.exclusive);
    let mut life = Life {
        state: State::Queued,
        rules: Rules {
            retry_safe,
            ..rules
        },
        job: record.key.job.clone(),
        log,
        action_type: record.action_type.clone(),
        attempt: record.attempt,
        chain: Chain::default(),
        slot: false,
        recorded: true,
        acknowledged: !matches!(record.phase, Phase::Acknowledging),
        by_rule: exclusive && record.by_rule,
        refusals: 0,
        opened: false,
        stop: Stop::No,
        cancelled: false,
        said: None,
        tag: 0,
        rests: 0,
        met: now,
    };
    let mut effects = Vec::new();
    match &record.phase {
        Phase::Acknowledging | Phase::Acknowledged => {
            life.ask(State::Queued, Ask::Slot, &mut effects);
        }
        Phase::Running if retry_safe && record.attempt < MAX_ATTEMPTS => {
            life.ask(State::Queued, Ask::Slot, &mut effects);
        }
        Phase::Running => {
            let failure = message::restarted(retry_safe, record.attempt);
            life.fail(failure, &mut effects);
        }
        Phase::Finished { outcome, replaced } => match JobResult::decode(outcome) {
            Ok(result) => life.send(Box::new(result), *replaced, 0, false, &mut effects),
            Err(_) => {
                let plain = Box::new(JobResult::Failure(message::outcome_unreadable()));
                life.write_outcome(plain, true, 0, &mut effects);
            }
        },
        Phase::Parked { .. } => life.state = State::Ended(End::Parked),
    }
    (life, effects)
}
