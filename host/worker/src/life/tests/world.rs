//! A world that answers as the service, the journal and the runner may, with lost answers, failed
//! writes, duplicates, stops, and a crash after any effect.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use pipefitter_codepipeline::{FailureResult, FailureType};
use pipefitter_journal::{Phase, Record, RecordKey};

use crate::life::state::Stop;
use crate::life::{
    AckAnswer, Answer, Ask, Chain, Effect, End, Event, Life, RecallAnswer, Rules, RunEnd,
    SendAnswer, State, UploadEnd, recover, step,
};

/// Decisions of a schedule; when they are used up everything answers well.
pub(super) struct Dice {
    rolls: Vec<u8>,
    at: usize,
}

impl Dice {
    fn roll(&mut self, sides: u8) -> Option<u8> {
        let roll = self.rolls.get(self.at).map(|roll| roll % sides);
        self.at += 1;
        roll
    }

    /// True only within the schedule, once in `sides`.
    fn bad(&mut self, sides: u8) -> bool {
        self.roll(sides) == Some(0)
    }

    fn spent(&self) -> bool {
        self.at >= self.rolls.len()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Service {
    Offered,
    Ours,
    Rivals,
    Ended,
}

/// What is in vain once nobody wants the job.
fn is_work(ask: &Ask) -> bool {
    matches!(
        ask,
        Ask::Stage
            | Ask::WriteRunning { .. }
            | Ask::Run { .. }
            | Ask::Upload
            | Ask::WriteFinished { .. }
            | Ask::Send { .. }
    )
}

pub(super) struct World {
    pub(super) dice: Dice,
    pub(super) rules: Rules,
    pub(super) service: Service,
    /// Grows with each hand-out.
    pub(super) nonce: u32,
    /// The one the job asks with.
    pub(super) held_nonce: u32,
    pub(super) journal: Option<Record>,
    pub(super) accepted: u32,
    pub(super) refused: u32,
    pub(super) runs: u32,
    pub(super) slots: i32,
    pub(super) sent_to_rival: bool,
    pub(super) ambiguous_dropped: bool,
    pub(super) parked: bool,
    /// The service ended the job by itself: stopped, abandoned or timed out.
    pub(super) stopped: bool,
    /// The job was told so, and had no result then.
    told: bool,
    pub(super) now: Duration,
    pub(super) old: Vec<Event>,
    /// States that were met, and ends.
    pub(super) seen: BTreeSet<String>,
}

impl World {
    pub(super) fn record(&self, by_rule: bool, attempt: u32, phase: Phase) -> Record {
        Record {
            key: RecordKey {
                source: "main".to_owned(),
                job: "job".to_owned(),
            },
            action_type: "Build/Site/1".to_owned(),
            nonce: "1".to_owned(),
            client: None,
            attempt,
            retry_safe: self.rules.retry_safe,
            by_rule,
            taken_at: 0,
            phase,
        }
    }

    /// A write that fails may be on disk all the same.
    fn write(&mut self, record: Option<Record>) -> Answer {
        if self.dice.bad(8) {
            if self.dice.bad(2) {
                self.journal = record;
            }
            return Answer::Written(false);
        }
        self.journal = record;
        Answer::Written(true)
    }

    fn acknowledge(&mut self, unseen: bool) -> AckAnswer {
        if self.dice.bad(12) {
            return AckAnswer::Throttled(None);
        }
        if self.dice.bad(8) {
            return AckAnswer::Unseen;
        }
        if !self.rules.exclusive && self.service == Service::Offered && self.dice.bad(6) {
            self.service = Service::Rivals;
        }
        let granted = self.service == Service::Offered && self.nonce == self.held_nonce;
        if granted {
            self.service = Service::Ours;
        }
        if self.dice.bad(6) {
            AckAnswer::Unseen
        } else if granted {
            AckAnswer::Ours
        } else if unseen {
            AckAnswer::Ambiguous
        } else {
            AckAnswer::LostRace
        }
    }

    fn send(&mut self) -> SendAnswer {
        if self.dice.bad(8) {
            return SendAnswer::Retry {
                unseen: false,
                after: None,
            };
        }
        if self.dice.bad(10) {
            self.refused += 1;
            return SendAnswer::Invalid("validation".to_owned());
        }
        self.sent_to_rival |= self.service == Service::Rivals;
        let accepted = matches!(self.service, Service::Ours | Service::Rivals);
        if accepted {
            self.accepted += 1;
            self.service = Service::Ended;
        }
        if self.dice.bad(6) {
            SendAnswer::Retry {
                unseen: true,
                after: None,
            }
        } else if accepted {
            SendAnswer::Accepted
        } else {
            SendAnswer::Gone
        }
    }

    fn failure() -> Box<FailureResult> {
        Box::new(FailureResult {
            kind: FailureType::JobFailed,
            message: "no".to_owned(),
            external_execution_id: None,
        })
    }

    pub(super) fn perform(&mut self, life: &Life, ask: Ask) -> Answer {
        match ask {
            Ask::Slot => {
                self.slots += 1;
                Answer::Slot
            }
            Ask::Wake { .. } => {
                self.now += Duration::from_secs(40);
                Answer::Woke
            }
            Ask::Claim if self.dice.bad(20) => Answer::Claimed(None),
            Ask::Claim => Answer::Claimed(Some(true)),
            Ask::Open if self.dice.bad(12) => Answer::Opened(None),
            Ask::Open => Answer::Opened(Some(Chain::default())),
            Ask::WriteAcknowledging => {
                let record = self.record(life.by_rule, life.attempt, Phase::Acknowledging);
                self.write(Some(record))
            }
            Ask::Acknowledge { unseen } => {
                assert!(self.journal.is_some(), "acknowledged without a record");
                Answer::Acknowledged(self.acknowledge(unseen))
            }
            Ask::WriteAcknowledged => {
                let record = self.record(life.by_rule, life.attempt, Phase::Acknowledged);
                self.write(Some(record))
            }
            Ask::Details => match self.dice.roll(12) {
                Some(0) => Answer::Recalled(RecallAnswer::Retry(None)),
                Some(1) => Answer::Recalled(RecallAnswer::Denied),
                _ if self.service == Service::Ended => Answer::Recalled(RecallAnswer::Gone),
                _ => Answer::Recalled(RecallAnswer::Known(Chain::default())),
            },
            Ask::Stage => match self.dice.roll(10) {
                // Its credentials are renewed.
                Some(2) if self.service == Service::Ended => Answer::Ended,
                Some(0) => Answer::Staged(Err(Self::failure())),
                Some(1) => Answer::Panicked,
                _ if life.stop >= Stop::HandOver || life.cancelled => Answer::Cancelled,
                _ => Answer::Staged(Ok(())),
            },
            Ask::WriteRunning { attempt } => {
                let record = self.record(life.by_rule, attempt, Phase::Running);
                self.write(Some(record))
            }
            Ask::Run { attempt } => {
                assert!(
                    matches!(&self.journal, Some(record) if record.phase == Phase::Running
                        && record.attempt == attempt),
                    "run without a record"
                );
                self.runs += 1;
                match self.dice.roll(6) {
                    Some(0) => Answer::Ran(RunEnd::Failed(Self::failure())),
                    Some(1) => Answer::Panicked,
                    Some(2) => Answer::Ran(RunEnd::Continue(Box::default())),
                    _ => Answer::Ran(RunEnd::Success(Box::default())),
                }
            }
            Ask::Upload if self.service == Service::Ended && self.dice.bad(2) => Answer::Ended,
            Ask::Upload if self.dice.bad(8) => Answer::Uploaded(UploadEnd::Failed(Self::failure())),
            Ask::Upload if life.stop == Stop::Kill || life.cancelled => Answer::Cancelled,
            Ask::Upload => Answer::Uploaded(UploadEnd::Done),
            Ask::WriteFinished { result, replaced } => {
                let outcome = result.encode();
                let record = self.record(
                    life.by_rule,
                    life.attempt,
                    Phase::Finished { outcome, replaced },
                );
                self.write(Some(record))
            }
            Ask::Send { .. } => Answer::Sent(self.send()),
            Ask::WriteParked { result, reason } => {
                let outcome = result.encode();
                let record = self.record(
                    life.by_rule,
                    life.attempt,
                    Phase::Parked { outcome, reason },
                );
                self.write(Some(record))
            }
            Ask::Remove => self.write(None),
        }
    }

    /// One process, from a first step to the job's end or a crash. True: ended.
    fn live(&mut self, mut life: Life, effects: Vec<Effect>) -> bool {
        let mut todo: VecDeque<Effect> = effects.into();
        let mut steps = 0;
        loop {
            steps += 1;
            let shown = format!("{:?}", life.state);
            let name = shown.split(' ').next().unwrap_or_default();
            self.seen.insert(name.to_owned());
            assert!(steps < 2_000, "does not end: {:?}", life.state);
            assert_eq!(self.slots, i32::from(life.slot), "slot count");
            if let State::Ended(end) = life.state {
                let current = life.tag;
                assert!(
                    !todo
                        .iter()
                        .any(|effect| matches!(effect, Effect::Do { tag, .. } if *tag == current))
                );
                self.parked |= end == End::Parked;
                assert_eq!(self.slots, 0, "a slot leaked");
                return true;
            }
            let event = match self.disturb(&life) {
                Some(event) => event,
                None => {
                    let Some(effect) = todo.pop_front() else {
                        panic!("stuck in {:?}", life.state)
                    };
                    let Effect::Do { tag, ask } = effect else {
                        continue;
                    };
                    if tag != life.tag {
                        continue;
                    }
                    let answer = self.perform(&life, ask);
                    if self.dice.bad(12) {
                        self.slots = 0;
                        return false;
                    }
                    Event::Answered { tag, answer }
                }
            };
            self.old.push(event.clone());
            let was_recording = life.state == State::Recording;
            let reoffered = matches!(event, Event::Reoffered { .. });
            self.told |= matches!(event, Event::Cancelled) && !life.state.is_work_over();
            let held = life.slot;
            let (next, effects) = step(life, event, self.now);
            life = next;
            self.ambiguous_dropped |= matches!(
                life.state,
                State::Forgetting {
                    end: End::AmbiguousDropped,
                    ..
                }
            );
            // A slot that the job did not take goes back at once.
            self.slots += i32::from(reoffered && life.slot && !held);
            if reoffered && life.state == State::Recording && !was_recording {
                self.held_nonce = self.nonce;
            } else if reoffered && !effects.is_empty() {
                // AcknowledgeAgain, which heals an adoption that was wrong.
                self.service = Service::Ours;
            }
            for effect in &effects {
                if *effect == Effect::ReleaseSlot {
                    self.slots -= 1;
                }
                if let (true, Effect::Do { ask, .. }) = (self.told, effect) {
                    assert!(!is_work(ask), "begun though nobody wants it: {ask:?}");
                }
            }
            todo.extend(effects);
        }
    }

    /// What comes between a request and its answer.
    fn disturb(&mut self, life: &Life) -> Option<Event> {
        // As long as the worker polls, the service offers again what it does not hold for acknowledged.
        let waits = matches!(life.state, State::ReportPause { .. });
        if waits && life.by_rule && life.stop == Stop::No && self.service == Service::Offered {
            self.nonce += 1;
            return Some(Event::Reoffered { slot: false });
        }
        if self.dice.spent() {
            return None;
        }
        match self.dice.roll(24) {
            Some(0) => self.old.last().cloned().filter(|event| {
                // A stop that is repeated is one too, an offer that is repeated is a new one.
                !matches!(event, Event::Reoffered { .. })
            }),
            Some(1) => self
                .old
                .first()
                .cloned()
                .filter(|event| matches!(event, Event::Answered { .. })),
            Some(2) => Some(Event::Drain),
            Some(3) => Some(Event::HandOver),
            Some(4) => Some(Event::Kill),
            // The service ends what it holds for acknowledged, and may tell.
            Some(7 | 8) if self.service == Service::Ours => {
                self.service = Service::Ended;
                self.stopped = true;
                None
            }
            Some(9 | 10) if self.stopped => Some(Event::Cancelled),
            Some(5 | 6) if self.service == Service::Offered && life.recorded => {
                (life.stop == Stop::No).then(|| {
                    self.nonce += 1;
                    Event::Reoffered {
                        slot: !life.slot && !life.acknowledged,
                    }
                })
            }
            _ => None,
        }
    }

    pub(super) fn new(rolls: Vec<u8>, exclusive: bool, retry_safe: bool, resumable: bool) -> World {
        World {
            dice: Dice { rolls, at: 0 },
            rules: Rules {
                exclusive,
                retry_safe,
                resumable,
                window: Duration::from_secs(60),
                journal_tries: 3,
            },
            service: Service::Offered,
            nonce: 1,
            held_nonce: 1,
            journal: None,
            accepted: 0,
            refused: 0,
            runs: 0,
            slots: 0,
            sent_to_rival: false,
            ambiguous_dropped: false,
            parked: false,
            stopped: false,
            told: false,
            now: Duration::ZERO,
            old: Vec::new(),
            seen: BTreeSet::new(),
        }
    }

    /// Restarts until nothing is left to do.
    pub(super) fn run(&mut self) {
        for _ in 0..60 {
            self.old.clear();
            self.told = false;
            let (life, effects) = match &self.journal {
                Some(record) => recover(record, "0.log".to_owned(), self.rules.clone(), self.now),
                None if self.service == Service::Offered => {
                    self.slots = 1;
                    self.nonce += 1;
                    self.held_nonce = self.nonce;
                    Life::offered(
                        ("job".to_owned(), "0.log".to_owned()),
                        "Build/Site/1".to_owned(),
                        self.rules.clone(),
                        self.now,
                    )
                }
                None => return,
            };
            if matches!(life.state, State::Ended(End::Parked)) {
                self.parked = true;
                return;
            }
            self.live(life, effects);
        }
        panic!("did not come to an end in 60 lives");
    }
}
