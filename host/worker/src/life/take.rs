//! From an offer to a job that is ours: claim, open, record, acknowledge.

use std::time::Duration;

use super::effect::{Ask, Note};
use super::event::{AckAnswer, Answer};
use super::state::{End, Life, SERVICE_TIMEOUT, State, Stop};
use super::step::Effects;

impl Life {
    pub(super) fn claimed(&mut self, answer: Answer, now: Duration, effects: &mut Effects) {
        match answer {
            Answer::Claimed(Some(true)) if !self.recorded => {
                if self.stop >= Stop::Drain {
                    self.end(End::NotTaken, effects);
                } else {
                    self.ask(State::Opening, Ask::Open, effects);
                }
            }
            Answer::Claimed(Some(true)) if self.stop >= Stop::Drain => {
                self.end(End::Left, effects);
            }
            Answer::Claimed(Some(true)) if self.acknowledged => self.recall(0, now, effects),
            // An earlier life of the worker may have asked already.
            Answer::Claimed(Some(true)) => self.acknowledge(true, 0, now, effects),
            Answer::Claimed(Some(false)) => self.forget(End::ClaimLost, effects),
            _ if self.recorded => self.rest(now, effects),
            _ => self.end(End::NotTaken, effects),
        }
    }

    pub(super) fn has_opened(&mut self, answer: Answer, effects: &mut Effects) {
        match answer {
            Answer::Opened(Some(chain)) if self.stop < Stop::Drain => {
                self.attempt = chain.attempt;
                self.chain = chain;
                self.opened = true;
                self.recorded = true;
                self.ask(State::Recording, Ask::WriteAcknowledging, effects);
            }
            _ => self.end(End::NotTaken, effects),
        }
    }

    pub(super) fn has_recorded(&mut self, answer: Answer, now: Duration, effects: &mut Effects) {
        match answer {
            Answer::Written(true) if self.stop < Stop::Drain => {
                self.acknowledge(false, 0, now, effects);
            }
            Answer::Written(true) => self.forget(End::NotTaken, effects),
            _ => {
                effects.push(super::Effect::Tell(Note::JournalFailed("acknowledge")));
                self.forget(End::NotTaken, effects);
            }
        }
    }

    pub(super) fn acknowledge(
        &mut self,
        unseen: bool,
        tries: u32,
        since: Duration,
        effects: &mut Effects,
    ) {
        let state = State::Acknowledging {
            unseen,
            tries,
            since,
        };
        self.ask(state, Ask::Acknowledge { unseen }, effects);
    }

    pub(super) fn ack_answered(
        &mut self,
        answer: Answer,
        (unseen, tries, since): (bool, u32, Duration),
        now: Duration,
        effects: &mut Effects,
    ) {
        let answer = match answer {
            Answer::Acknowledged(answer) => answer,
            // The task died: what it had sent nobody knows.
            _ => AckAnswer::Unseen,
        };
        match answer {
            AckAnswer::Ours => self.adopt(effects),
            AckAnswer::Ambiguous if self.rules.exclusive => {
                self.by_rule = true;
                effects.push(super::Effect::Tell(Note::AdoptedByRule));
                self.adopt(effects);
            }
            AckAnswer::Ambiguous => self.forget(End::AmbiguousDropped, effects),
            AckAnswer::LostRace | AckAnswer::Gone => self.forget(End::LostRace, effects),
            AckAnswer::Refused if !unseen => self.forget(End::NotTaken, effects),
            AckAnswer::Unseen | AckAnswer::Refused => {
                self.ack_again(true, None, (tries, since), now, effects);
            }
            AckAnswer::Throttled(after) => {
                self.ack_again(unseen, after, (tries, since), now, effects);
            }
        }
    }

    fn ack_again(
        &mut self,
        unseen: bool,
        at_least: Option<Duration>,
        (tries, since): (u32, Duration),
        now: Duration,
        effects: &mut Effects,
    ) {
        let over = now.saturating_sub(since) >= self.rules.window;
        match (over || self.stop >= Stop::Drain, unseen) {
            (true, false) => self.forget(End::NotTaken, effects),
            (true, true) if self.stop >= Stop::Drain => self.end(End::Left, effects),
            (true, true) => {
                effects.push(super::Effect::Tell(Note::Unanswered));
                self.rest(now, effects);
            }
            (false, _) => {
                let state = State::AckPause {
                    unseen,
                    tries: tries.saturating_add(1),
                    since,
                };
                self.ask(state, Ask::Wake { tries, at_least }, effects);
            }
        }
    }

    fn adopt(&mut self, effects: &mut Effects) {
        self.acknowledged = true;
        effects.push(super::Effect::Tell(Note::Taken));
        self.ask(State::Noting, Ask::WriteAcknowledged, effects);
    }

    /// Let others have the slot, and ask again later.
    pub(super) fn rest(&mut self, now: Duration, effects: &mut Effects) {
        self.release_slot(effects);
        if self.stop >= Stop::Drain {
            self.end(End::Left, effects);
        } else if !self.acknowledged && now.saturating_sub(self.met) >= SERVICE_TIMEOUT {
            self.forget(End::NotTaken, effects);
        } else {
            let tries = self.rests.saturating_add(REST_TRIES);
            self.rests = self.rests.saturating_add(1);
            let ask = Ask::Wake {
                tries,
                at_least: None,
            };
            self.ask(State::Resting, ask, effects);
        }
    }
}

/// A rest begins where quick retries ended.
const REST_TRIES: u32 = 6;
