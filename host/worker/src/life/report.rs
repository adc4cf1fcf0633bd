//! From an outcome to a job that is over: the write-ahead of the result, the outbox, parking, removal.

use std::time::Duration;

use super::effect::{Ask, Effect, Note};
use super::event::{Answer, SendAnswer};
use super::state::{End, Life, State, Stop};
use super::step::Effects;

use crate::message;
use crate::outcome::JobResult;

/// A job that was taken for ours by rule may be one that the service never saw acknowledged: it refuses
/// the result then, offers the job again, and would have it run twice. So the result is kept and tried
/// for some minutes; an offer in that time is acknowledged for it.
const GONE_TRIES: u32 = 10;

/// Between these tries.
const GONE_PAUSE: Duration = Duration::from_secs(20);

impl Life {
    /// The outcome is known. The work directory is not needed any more.
    pub(super) fn finish(&mut self, result: JobResult, effects: &mut Effects) {
        let mut result = Box::new(result);
        let id = match result.as_mut() {
            JobResult::Success(success) => &mut success.details.external_execution_id,
            JobResult::Failure(failure) => &mut failure.external_execution_id,
        };
        id.get_or_insert_with(|| self.log.clone());
        effects.push(Effect::Tidy);
        effects.push(Effect::Tell(Note::Finished(result.clone())));
        self.write_outcome(result, false, 0, effects);
    }

    pub(super) fn write_outcome(
        &mut self,
        result: Box<JobResult>,
        replaced: bool,
        tries: u32,
        effects: &mut Effects,
    ) {
        let ask = Ask::WriteFinished {
            result: result.clone(),
            replaced,
        };
        let state = State::Finishing {
            result,
            replaced,
            tries,
        };
        self.ask(state, ask, effects);
    }

    pub(super) fn finish_written(
        &mut self,
        answer: Answer,
        result: Box<JobResult>,
        replaced: bool,
        tries: u32,
        effects: &mut Effects,
    ) {
        let written = matches!(answer, Answer::Written(true));
        let tries = tries.saturating_add(1);
        if !written {
            effects.push(Effect::Tell(Note::JournalFailed("result")));
        }
        if written || tries >= self.rules.journal_tries {
            self.release_slot(effects);
            self.send(result, replaced, 0, false, effects);
        } else {
            let state = State::FinishPause {
                result,
                replaced,
                tries,
            };
            let ask = Ask::Wake {
                tries,
                at_least: None,
            };
            self.ask(state, ask, effects);
        }
    }

    pub(super) fn send(
        &mut self,
        result: Box<JobResult>,
        replaced: bool,
        tries: u32,
        unseen: bool,
        effects: &mut Effects,
    ) {
        let ask = Ask::Send {
            result: result.clone(),
        };
        let state = State::Reporting {
            result,
            replaced,
            tries,
            unseen,
        };
        self.ask(state, ask, effects);
    }

    pub(super) fn sent(
        &mut self,
        answer: Answer,
        result: Box<JobResult>,
        replaced: bool,
        (tries, was_unseen): (u32, bool),
        effects: &mut Effects,
    ) {
        let answer = match answer {
            Answer::Sent(answer) => answer,
            _ => SendAnswer::Retry {
                unseen: true,
                after: None,
            },
        };
        match answer {
            SendAnswer::Accepted => self.forget(End::Reported, effects),
            SendAnswer::Gone if self.by_rule && self.refusals < GONE_TRIES => {
                self.refusals += 1;
                if self.stop >= Stop::Drain {
                    self.end(End::Left, effects);
                } else {
                    let state = State::ReportPause {
                        result,
                        replaced,
                        tries,
                        unseen: was_unseen,
                    };
                    let ask = Ask::Wake {
                        tries: 0,
                        at_least: Some(GONE_PAUSE),
                    };
                    self.ask(state, ask, effects);
                }
            }
            // After an answer that was not seen, an ended job is one that our own result ended.
            SendAnswer::Gone if was_unseen => self.forget(End::Reported, effects),
            SendAnswer::Gone => self.forget(End::Superseded, effects),
            SendAnswer::ClaimLost => self.forget(End::ClaimLost, effects),
            SendAnswer::Invalid(reason) if !replaced => {
                effects.push(Effect::Tell(Note::Replaced(reason.clone())));
                let mut plain = message::result_refused(&reason);
                plain.external_execution_id = Some(self.log.clone());
                self.write_outcome(Box::new(JobResult::Failure(plain)), true, 0, effects);
            }
            SendAnswer::Invalid(reason) | SendAnswer::GivenUp(reason) => {
                effects.push(Effect::Tell(Note::Parked(reason.clone())));
                self.park(result, reason, 0, effects);
            }
            SendAnswer::Retry { unseen, after } => {
                let state = State::ReportPause {
                    result,
                    replaced,
                    tries: tries.saturating_add(1),
                    unseen: unseen || was_unseen,
                };
                let ask = Ask::Wake {
                    tries,
                    at_least: after,
                };
                self.ask(state, ask, effects);
            }
        }
    }

    fn park(&mut self, result: Box<JobResult>, reason: String, tries: u32, effects: &mut Effects) {
        let ask = Ask::WriteParked {
            result: result.clone(),
            reason: reason.clone(),
        };
        let state = State::Parking {
            result,
            reason,
            tries,
        };
        self.ask(state, ask, effects);
    }

    pub(super) fn parked(
        &mut self,
        answer: Answer,
        result: Box<JobResult>,
        reason: String,
        tries: u32,
        effects: &mut Effects,
    ) {
        let tries = tries.saturating_add(1);
        if matches!(answer, Answer::Written(true)) || tries >= self.rules.journal_tries {
            self.end(End::Parked, effects);
        } else {
            self.park(result, reason, tries, effects);
        }
    }

    /// Tried for ever: a record that stays could be taken for a job of ours after a restart.
    pub(super) fn forgotten(
        &mut self,
        answer: Answer,
        end: End,
        tries: u32,
        effects: &mut Effects,
    ) {
        if matches!(answer, Answer::Written(true)) {
            self.end(end, effects);
        } else {
            effects.push(Effect::Tell(Note::JournalFailed("removal")));
            let state = State::ForgetPause {
                end,
                tries: tries.saturating_add(1),
            };
            let ask = Ask::Wake {
                tries,
                at_least: None,
            };
            self.ask(state, ask, effects);
        }
    }
}
