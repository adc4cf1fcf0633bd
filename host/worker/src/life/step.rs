//! The step itself: which answer belongs to which state, and what a stop does to each state.

use std::time::Duration;

use super::effect::{Ask, Effect, Note};
use super::event::{Answer, Event};
use super::state::{Chain, End, Life, Rules, State, Stop};

/// The effects of one step, in the order in which they are to be begun.
pub(super) type Effects = Vec<Effect>;

impl Life {
    /// A job that a poll offered, with a slot held for it; and what to do first.
    pub(crate) fn offered(
        (job, log): (String, String),
        action_type: String,
        rules: Rules,
        now: Duration,
    ) -> (Life, Effects) {
        let mut life = Life {
            state: State::Claiming,
            rules,
            job,
            log,
            action_type,
            attempt: 0,
            chain: Chain::default(),
            slot: true,
            recorded: false,
            acknowledged: false,
            by_rule: false,
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
        life.ask(State::Claiming, Ask::Claim, &mut effects);
        (life, effects)
    }

    /// Go to a state whose one request is `ask`.
    pub(super) fn ask(&mut self, state: State, ask: Ask, effects: &mut Effects) {
        self.state = state;
        self.tag = self.tag.wrapping_add(1);
        effects.push(Effect::Do { tag: self.tag, ask });
    }

    pub(super) fn release_slot(&mut self, effects: &mut Effects) {
        if std::mem::take(&mut self.slot) {
            effects.push(Effect::ReleaseSlot);
        }
    }

    /// Leave the worker. The tag moves on, so that nothing late is taken for an answer.
    pub(super) fn end(&mut self, end: End, effects: &mut Effects) {
        self.release_slot(effects);
        // What is left for the next start stays claimed, and its directory is swept by that start.
        if end != End::Left {
            effects.push(Effect::ReleaseClaim);
        }
        self.state = State::Ended(end);
        self.tag = self.tag.wrapping_add(1);
        effects.push(Effect::Tell(Note::Ended(end)));
    }

    /// The service has ended the job: nothing is reported.
    pub(super) fn drop_cancelled(&mut self, effects: &mut Effects) {
        self.cancelled = true;
        effects.push(Effect::Tidy);
        self.forget(End::Cancelled, effects);
    }

    /// Leave once the journal has forgotten the job; at once where it never knew it.
    pub(super) fn forget(&mut self, end: End, effects: &mut Effects) {
        self.release_slot(effects);
        if self.recorded {
            self.ask(State::Forgetting { end, tries: 0 }, Ask::Remove, effects);
        } else {
            self.end(end, effects);
        }
    }
}

/// One step. Total: what does not fit the state changes nothing.
pub(crate) fn step(mut life: Life, event: Event, now: Duration) -> (Life, Effects) {
    let mut effects = Vec::new();
    match event {
        Event::Answered { tag, answer } if tag == life.tag => {
            answered(&mut life, answer, now, &mut effects);
        }
        Event::Answered { .. } => {}
        Event::Reoffered { slot } => reoffered(&mut life, slot, &mut effects),
        Event::Drain => stop(&mut life, Stop::Drain, &mut effects),
        Event::HandOver => stop(&mut life, Stop::HandOver, &mut effects),
        Event::Kill => stop(&mut life, Stop::Kill, &mut effects),
        Event::Cancelled => cancelled(&mut life, &mut effects),
    }
    (life, effects)
}

fn answered(life: &mut Life, answer: Answer, now: Duration, effects: &mut Effects) {
    match std::mem::replace(&mut life.state, State::Resting) {
        State::Queued => match answer {
            Answer::Slot => {
                life.slot = true;
                life.ask(State::Claiming, Ask::Claim, effects);
            }
            _ => life.state = State::Queued,
        },
        State::Resting => life.ask(State::Queued, Ask::Slot, effects),
        State::Claiming => life.claimed(answer, now, effects),
        State::Opening => life.has_opened(answer, effects),
        State::Recording => life.has_recorded(answer, now, effects),
        State::Acknowledging {
            unseen,
            tries,
            since,
        } => life.ack_answered(answer, (unseen, tries, since), now, effects),
        State::AckPause {
            unseen,
            tries,
            since,
        } => life.acknowledge(unseen, tries, since, effects),
        State::Noting => life.noted(now, effects),
        State::Recalling { tries, since } => life.recalled(answer, tries, since, now, effects),
        State::RecallPause { tries, since } => life.recall(tries, since, effects),
        State::Staging => life.staged(answer, effects),
        State::Starting => life.started(answer, effects),
        State::Running => life.ran(answer, effects),
        State::Uploading { result } => life.uploaded(answer, *result, effects),
        State::Finishing {
            result,
            replaced,
            tries,
        } => life.finish_written(answer, result, replaced, tries, effects),
        State::FinishPause {
            result,
            replaced,
            tries,
        } => life.write_outcome(result, replaced, tries, effects),
        State::Reporting {
            result,
            replaced,
            tries,
            unseen,
        } => life.sent(answer, result, replaced, (tries, unseen), effects),
        State::ReportPause {
            result,
            replaced,
            tries,
            unseen,
        } => life.send(result, replaced, tries, unseen, effects),
        State::Parking {
            result,
            reason,
            tries,
        } => life.parked(answer, result, reason, tries, effects),
        State::Forgetting { end, tries } => life.forgotten(answer, end, tries, effects),
        State::ForgetPause { end, tries } => {
            life.ask(State::Forgetting { end, tries }, Ask::Remove, effects);
        }
        State::Ended(end) => life.state = State::Ended(end),
    }
}

impl Life {
    /// Whether an offer under a new nonce can change anything.
    pub(crate) fn wants_a_nonce(&self) -> bool {
        (!self.acknowledged && self.recorded) || self.by_rule
    }
}

/// A new nonce proves that the service does not hold the job for acknowledged.
fn reoffered(life: &mut Life, slot: bool, effects: &mut Effects) {
    let unanswered = matches!(
        life.state,
        State::Queued | State::Resting | State::Acknowledging { .. } | State::AckPause { .. }
    ) && !life.acknowledged
        && life.recorded;
    if unanswered && life.stop == Stop::No {
        // Without a slot the job waits for its turn; the new nonce is asked with then.
        if slot || life.slot {
            life.slot = true;
            life.ask(State::Recording, Ask::WriteAcknowledging, effects);
        }
    } else if life.by_rule && (life.state.in_outbox() || !life.state.is_work_over()) {
        effects.push(Effect::AcknowledgeAgain);
    }
}

/// The service has ended the job. One that has a result already reports it all the same: the answer decides,
/// and nothing is given up that costs nothing to send. One that is not ours yet has the service's answer to its
/// acknowledge to come.
fn cancelled(life: &mut Life, effects: &mut Effects) {
    if life.cancelled || life.state.is_work_over() {
        return;
    }
    life.cancelled = true;
    match &life.state {
        State::Running => effects.push(Effect::AskCancel),
        State::Staging | State::Uploading { .. } => effects.push(Effect::Interrupt),
        State::RecallPause { .. } => life.drop_cancelled(effects),
        State::Queued | State::Resting if life.acknowledged => life.drop_cancelled(effects),
        // The answer that is under way finds it.
        _ => {}
    }
}

fn stop(life: &mut Life, wanted: Stop, effects: &mut Effects) {
    if wanted <= life.stop {
        return;
    }
    life.stop = wanted;
    match &life.state {
        // Nothing runs and nothing is lost: the journal has what the service may hold for ours.
        State::Queued | State::Resting => life.end(End::Left, effects),
        State::AckPause { unseen: true, .. } => life.end(End::Left, effects),
        State::AckPause { unseen: false, .. } => life.forget(End::NotTaken, effects),
        State::RecallPause { .. } if wanted >= Stop::HandOver => life.fail_shutdown(effects),
        State::Staging if wanted >= Stop::HandOver => effects.push(Effect::Interrupt),
        State::Uploading { .. } if wanted == Stop::Kill => effects.push(Effect::Interrupt),
        State::Running => match wanted {
            // It was told to end already, and its grace is running.
            Stop::HandOver if life.cancelled => {}
            Stop::HandOver if life.rules.resumable => effects.push(Effect::AskHandOver),
            // It may have succeeded already: its uploads have until the kill, as those that had begun have.
            Stop::HandOver => effects.push(Effect::KillPlugin),
            Stop::Kill => effects.push(Effect::Interrupt),
            Stop::No | Stop::Drain => {}
        },
        // The time that is left is better spent on a try than on a pause.
        State::ReportPause {
            result,
            replaced,
            tries,
            unseen,
        } => {
            let (result, replaced, tries, unseen) = (result.clone(), *replaced, *tries, *unseen);
            life.send(result, replaced, tries, unseen, effects);
        }
        State::FinishPause {
            result,
            replaced,
            tries,
        } => {
            let (result, replaced, tries) = (result.clone(), *replaced, *tries);
            life.write_outcome(result, replaced, tries, effects);
        }
        State::Claiming
        | State::Opening
        | State::Recording
        | State::Acknowledging { .. }
        | State::Noting
        | State::Recalling { .. }
        | State::RecallPause { .. }
        | State::Staging
        | State::Starting
        | State::Uploading { .. }
        | State::Finishing { .. }
        | State::Reporting { .. }
        | State::Parking { .. }
        | State::Forgetting { .. }
        | State::ForgetPause { .. }
        | State::Ended(_) => {}
    }
}
