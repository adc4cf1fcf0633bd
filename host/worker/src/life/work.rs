//! The work on a job that is ours: recall, stage, run, upload.

use std::time::Duration;

use pipefitter_codepipeline::{ContinuationToken, FailureResult, SuccessResult};

use crate::envelope::Envelope;
use crate::message;
use crate::outcome::JobResult;

use super::effect::{Ask, Effect, Note};
use super::event::{Answer, RecallAnswer, RunEnd, UploadEnd};
use super::state::{End, Life, State, Stop};
use super::step::Effects;

impl Life {
    /// The record of an acknowledged job is written, or not: its loss costs an ambiguous acknowledge
    /// after a crash and nothing else, since the next write is the one that gates the run.
    pub(super) fn noted(&mut self, now: Duration, effects: &mut Effects) {
        if self.cancelled {
            return self.drop_cancelled(effects);
        }
        match (self.stop, self.opened) {
            (Stop::No | Stop::Drain, true) => self.ask(State::Staging, Ask::Stage, effects),
            (Stop::No | Stop::Drain, false) => self.recall(0, now, effects),
            (Stop::HandOver, true) => self.pass_on(effects),
            (Stop::HandOver, false) | (Stop::Kill, _) => self.fail_shutdown(effects),
        }
    }

    pub(super) fn recall(&mut self, tries: u32, since: Duration, effects: &mut Effects) {
        self.ask(State::Recalling { tries, since }, Ask::Details, effects);
    }

    pub(super) fn recalled(
        &mut self,
        answer: Answer,
        tries: u32,
        since: Duration,
        now: Duration,
        effects: &mut Effects,
    ) {
        let answer = match answer {
            Answer::Recalled(answer) => answer,
            _ => RecallAnswer::Retry(None),
        };
        let over = now.saturating_sub(since) >= self.rules.window;
        match answer {
            RecallAnswer::Known(chain) => {
                self.attempt = self.attempt.max(chain.attempt);
                self.chain = chain;
                self.opened = true;
                self.noted(now, effects);
            }
            RecallAnswer::Gone => self.forget(End::Superseded, effects),
            _ if self.cancelled => self.drop_cancelled(effects),
            RecallAnswer::Invalid => self.fail(message::not_recalled(&self.action_type), effects),
            RecallAnswer::Denied if over => {
                self.fail(message::recall_denied(&self.action_type), effects);
            }
            _ if self.stop >= Stop::HandOver => self.fail_shutdown(effects),
            RecallAnswer::Retry(_) if over => self.rest(now, effects),
            RecallAnswer::Retry(_) | RecallAnswer::Denied => {
                let at_least = match answer {
                    RecallAnswer::Retry(after) => after,
                    _ => None,
                };
                let state = State::RecallPause {
                    tries: tries.saturating_add(1),
                    since,
                };
                self.ask(state, Ask::Wake { tries, at_least }, effects);
            }
        }
    }

    pub(super) fn staged(&mut self, answer: Answer, effects: &mut Effects) {
        match answer {
            Answer::Ended => self.drop_cancelled(effects),
            _ if self.cancelled => self.drop_cancelled(effects),
            Answer::Staged(Err(failure)) => self.fail(*failure, effects),
            Answer::Staged(Ok(())) if self.stop < Stop::HandOver => {
                let attempt = self.attempt.saturating_add(1);
                self.ask(State::Starting, Ask::WriteRunning { attempt }, effects);
            }
            Answer::Staged(Ok(())) | Answer::Cancelled => self.not_begun(effects),
            _ => self.fail(message::host_panic("preparing the job"), effects),
        }
    }

    pub(super) fn started(&mut self, answer: Answer, effects: &mut Effects) {
        match answer {
            _ if self.cancelled => self.drop_cancelled(effects),
            Answer::Written(true) if self.stop < Stop::HandOver => {
                self.attempt = self.attempt.saturating_add(1);
                let ask = Ask::Run {
                    attempt: self.attempt,
                };
                self.ask(State::Running, ask, effects);
            }
            Answer::Written(true) => self.not_begun(effects),
            _ => {
                effects.push(Effect::Tell(Note::JournalFailed("run")));
                self.fail(message::journal_broken(), effects);
            }
        }
    }

    pub(super) fn ran(&mut self, answer: Answer, effects: &mut Effects) {
        match answer {
            _ if self.cancelled => self.drop_cancelled(effects),
            Answer::Ran(RunEnd::Success(result)) => {
                self.ask(State::Uploading { result }, Ask::Upload, effects);
            }
            Answer::Ran(RunEnd::Continue(result)) => {
                self.finish(JobResult::Success(*result), effects);
            }
            Answer::Ran(RunEnd::Failed(failure)) => self.fail(*failure, effects),
            _ => self.fail(message::host_panic("running the plugin"), effects),
        }
    }

    pub(super) fn uploaded(
        &mut self,
        answer: Answer,
        result: SuccessResult,
        effects: &mut Effects,
    ) {
        match answer {
            Answer::Ended => self.drop_cancelled(effects),
            _ if self.cancelled => self.drop_cancelled(effects),
            Answer::Uploaded(UploadEnd::Done) => self.finish(JobResult::Success(result), effects),
            Answer::Uploaded(UploadEnd::Failed(failure)) => self.fail(*failure, effects),
            Answer::Uploaded(UploadEnd::ClaimLost) => {
                effects.push(Effect::Tidy);
                self.forget(End::ClaimLost, effects);
            }
            Answer::Cancelled => self.fail(message::shutdown_upload(), effects),
            _ => self.fail(message::host_panic("uploading the outputs"), effects),
        }
    }

    /// A stop met the job before its plugin began: nothing happened yet, so it can go on elsewhere.
    fn not_begun(&mut self, effects: &mut Effects) {
        if self.stop == Stop::Kill {
            self.fail_shutdown(effects);
        } else {
            self.pass_on(effects);
        }
    }

    /// End this job and have the service make a new one, which starts where this one did.
    fn pass_on(&mut self, effects: &mut Effects) {
        let origin = self.chain.origin.as_ref().unwrap_or(&self.job);
        let envelope = Envelope::new(self.attempt, origin, self.chain.token.clone());
        match envelope.encode() {
            Ok(token) => {
                let mut result = SuccessResult {
                    continuation: Some(ContinuationToken::new(token)),
                    ..SuccessResult::default()
                };
                result.details.summary = Some(message::passed_on().to_owned());
                result.details.percent_complete = self.said.as_ref().and_then(|said| said.0);
                self.finish(JobResult::Success(result), effects);
            }
            Err(_) => self.fail_shutdown(effects),
        }
    }

    pub(super) fn fail_shutdown(&mut self, effects: &mut Effects) {
        self.fail(message::shutdown(self.opened), effects);
    }

    pub(super) fn fail(&mut self, failure: FailureResult, effects: &mut Effects) {
        self.finish(JobResult::Failure(failure), effects);
    }
}
