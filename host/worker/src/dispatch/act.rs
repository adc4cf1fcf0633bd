//! Effects into deeds.

use std::cmp::Reverse;
use std::sync::Arc;

use pipefitter_journal::Phase;
use pipefitter_sandbox::{JobControl, StopReason};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::backoff::full_jitter;
use crate::events::WorkerEvent;
use crate::job::{self, Brief, BriefParts, JobCredentials, Upkeep};
use crate::life::{Answer, Ask, Effect, State, UploadEnd};

use super::core::Dispatcher;
use super::entry::{Bring, Entry, JobRef, Message, OnPanic};
use super::requests;

impl Dispatcher {
    pub(super) fn act(&mut self, job: JobRef, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Do { tag, ask } => self.ask(job, tag, ask),
                Effect::ReleaseSlot => {
                    if let Some(entry) = self.jobs.get_mut(&job) {
                        entry.permit = None;
                    }
                }
                Effect::ReleaseClaim => self.release_claim(job),
                Effect::Tidy => self.tidy(job),
                Effect::AskHandOver => {
                    if let Some(stop) = self.jobs.get(&job).and_then(|entry| entry.stop.as_ref()) {
                        stop.request(StopReason::HandOver, self.config.stop_grace);
                    }
                }
                // In vain where its run has just ended.
                Effect::AskCancel => {
                    if let Some(stop) = self.jobs.get(&job).and_then(|entry| entry.stop.as_ref()) {
                        stop.request(StopReason::Cancelled, self.config.stop_grace);
                    }
                }
                Effect::KillPlugin => {
                    if let Some(stop) = self.jobs.get(&job).and_then(|entry| entry.stop.as_ref()) {
                        stop.kill();
                    }
                }
                Effect::Interrupt => {
                    if let Some(entry) = self.jobs.get(&job) {
                        entry.cancel.cancel();
                        if let Some(stop) = &entry.stop {
                            stop.kill();
                        }
                    }
                }
                Effect::AcknowledgeAgain => self.acknowledge_again(job),
                Effect::Tell(note) => self.note(job, note),
            }
        }
        self.drop_ended(job);
    }

    /// An entry that has ended holds nothing any more.
    fn drop_ended(&mut self, job: JobRef) {
        let ended = |entry: &Entry| matches!(entry.life.state, State::Ended(_));
        if self.jobs.get(&job).is_some_and(ended)
            && let Some(entry) = self.jobs.remove(&job)
            && self.by_key.get(&entry.key) == Some(&job)
        {
            self.by_key.remove(&entry.key);
        }
    }

    fn ask(&mut self, job: JobRef, tag: u32, ask: Ask) {
        match ask {
            Ask::Slot => self.waiting.push_back((job, tag)),
            Ask::Wake { tries, at_least } => {
                let pause = full_jitter(tries, at_least, &mut rand::rng());
                self.timers
                    .push(Reverse((Instant::now() + pause, job, tag)));
            }
            Ask::Stage => self.stage(job, tag),
            Ask::Run { attempt } => self.run_plugin(job, tag, attempt),
            Ask::Upload => self.upload(job, tag),
            other => self.request(job, tag, other),
        }
    }

    /// Requests to the service, the journal and the claims.
    fn request(&mut self, job: JobRef, tag: u32, ask: Ask) {
        let Some(entry) = self.jobs.get(&job) else {
            return;
        };
        let answer = move |answer| Message::Answer {
            job,
            tag,
            answer,
            bring: Bring::Nothing,
        };
        let on_panic = OnPanic::Answer { job, tag };
        let source = Arc::clone(&entry.source.source);
        let claims = Arc::clone(&self.parts.claims);
        let journal = Arc::clone(&self.parts.journal);
        let (id, client) = (entry.job.clone(), entry.client.clone());
        let put = |attempt, phase| requests::put(journal.clone(), entry.record(attempt, phase));
        let attempt = entry.life.attempt;
        match ask {
            Ask::Claim => {
                let key = entry.claim_key();
                self.spawn(on_panic, async move {
                    answer(Answer::Claimed(requests::claim(&*claims, &key).await))
                });
            }
            Ask::Open => {
                let offer = entry.offer.clone();
                self.spawn(on_panic, async move {
                    let (answer, bring) = requests::open(&*source, offer).await;
                    Message::Answer {
                        job,
                        tag,
                        answer,
                        bring,
                    }
                });
            }
            Ask::Details => {
                let check = entry.source.check_executions.is_some();
                self.spawn(on_panic, async move {
                    let (answer, bring) =
                        requests::details(&*source, &id, client.as_ref(), check).await;
                    Message::Answer {
                        job,
                        tag,
                        answer,
                        bring,
                    }
                });
            }
            Ask::Acknowledge { unseen } => {
                let nonce = entry.nonce.clone();
                self.spawn(on_panic, async move {
                    let got = source
                        .acknowledge(&id, client.as_ref(), &nonce, unseen)
                        .await;
                    answer(Answer::Acknowledged(requests::acknowledged(got)))
                });
            }
            Ask::WriteAcknowledging => {
                let write = put(attempt, Phase::Acknowledging);
                self.spawn(on_panic, async move { answer(write.await) });
            }
            Ask::WriteAcknowledged => {
                let write = put(attempt, Phase::Acknowledged);
                self.spawn(on_panic, async move { answer(write.await) });
            }
            Ask::WriteRunning { attempt } => {
                let write = put(attempt, Phase::Running);
                self.spawn(on_panic, async move { answer(write.await) });
            }
            Ask::WriteFinished { result, replaced } => {
                let outcome = result.encode();
                let write = put(attempt, Phase::Finished { outcome, replaced });
                self.spawn(on_panic, async move { answer(write.await) });
            }
            Ask::WriteParked { result, reason } => {
                let outcome = result.encode();
                let write = put(attempt, Phase::Parked { outcome, reason });
                self.spawn(on_panic, async move { answer(write.await) });
            }
            Ask::Remove => {
                let key = entry.key.clone();
                self.spawn(on_panic, async move {
                    answer(requests::remove(&*journal, &key).await)
                });
            }
            Ask::Send { result } => {
                let key = entry.claim_key();
                let (brief, taken_at) = (entry.brief.clone(), entry.taken_at);
                self.spawn(on_panic, async move {
                    let job = (&id, client.as_ref());
                    let sent = requests::send(&*claims, &key, &*source, job, &result, taken_at);
                    answer(Answer::Sent(requests::masked(sent.await, brief.as_deref())))
                });
            }
            Ask::Slot | Ask::Wake { .. } | Ask::Stage | Ask::Run { .. } | Ask::Upload => {}
        }
    }

    fn stage(&mut self, job: JobRef, tag: u32) {
        let config = Arc::clone(&self.config);
        let (runner, claims) = (
            Arc::clone(&self.parts.runner),
            Arc::clone(&self.parts.claims),
        );
        let egress = self.parts.egress.clone();
        let secrets = self.parts.secrets.clone();
        let events = self.events.clone();
        let Some(entry) = self.jobs.get_mut(&job) else {
            return;
        };
        let Some(contents) = entry.contents.take() else {
            return;
        };
        let own = Arc::new(JobCredentials::new(
            Arc::clone(&entry.source.source),
            entry.job.clone(),
            entry.client.clone(),
            config.renew_after(),
            (contents.credentials.as_ref(), entry.learnt),
        ));
        let brief = Arc::new(Brief::new(BriefParts {
            owner: entry.source.source.owner(),
            region: entry.source.source.region().to_owned(),
            stager: Arc::clone(&entry.source.stager),
            runner,
            egress,
            secrets,
            claims,
            claim: entry.claim_key(),
            chain: entry.life.chain.clone(),
            nonce: entry.nonce.clone(),
            plugin: entry.plugin.clone(),
            settings: entry.settings.clone(),
            credentials: Arc::clone(&own) as _,
            ended: own.ended().clone(),
            work_dir: config.work_dir.clone(),
            unpack_limits: config.unpack_limits,
            info: Arc::clone(&entry.info),
            events: events.clone(),
            progress: entry.progress.clone(),
            said: entry.life.said.clone(),
            contents,
        }));
        entry.brief = Some(Arc::clone(&brief));
        let cancel = entry.cancel.clone();
        let upkeep = Upkeep {
            source: Arc::clone(&entry.source.source),
            context: entry.context.clone(),
            own,
            hidden: Arc::clone(&brief.parts.credentials),
            check: entry.source.check_executions,
            nudge: Arc::clone(&entry.nudge),
        };
        let over = CancellationToken::new();
        entry.upkeep = Some(over.clone().drop_guard());
        // Nobody listening is fine.
        let _ = events.send(WorkerEvent::Started {
            job: Arc::clone(&entry.info),
        });
        self.spawn(OnPanic::Nothing { job }, async move {
            match over.run_until_cancelled(upkeep.run()).await {
                Some(noticed) => Message::Noticed { job, noticed },
                None => Message::Done,
            }
        });
        self.spawn(OnPanic::Answer { job, tag }, async move {
            let staged = cancel.run_until_cancelled(job::stage(&brief)).await;
            let (answer, bring) = match staged {
                Some(Ok(inputs)) => (Answer::Staged(Ok(())), Bring::Staged(inputs)),
                Some(Err(_)) if brief.parts.ended.is_cancelled() => (Answer::Ended, Bring::Nothing),
                Some(Err(failure)) => (Answer::Staged(Err(Box::new(failure))), Bring::Nothing),
                None => (Answer::Cancelled, Bring::Nothing),
            };
            Message::Answer {
                job,
                tag,
                answer,
                bring,
            }
        });
    }

    fn run_plugin(&mut self, job: JobRef, tag: u32, attempt: u32) {
        let Some(entry) = self.jobs.get_mut(&job) else {
            return;
        };
        let Some(brief) = entry.brief.clone() else {
            return;
        };
        let inputs = std::mem::take(&mut entry.staged);
        let (stop, control) = JobControl::new();
        entry.stop = Some(stop);
        self.spawn(OnPanic::Answer { job, tag }, async move {
            let (end, used) = job::run(brief, inputs, attempt, control).await;
            Message::Answer {
                job,
                tag,
                answer: Answer::Ran(end),
                bring: used.map_or(Bring::Nothing, |used| Bring::Used(Box::new(used))),
            }
        });
    }

    fn upload(&mut self, job: JobRef, tag: u32) {
        let Some(entry) = self.jobs.get(&job) else {
            return;
        };
        let Some(brief) = entry.brief.clone() else {
            return;
        };
        let cancel = entry.cancel.clone();
        self.spawn(OnPanic::Answer { job, tag }, async move {
            let has_outputs = !brief.parts.contents.outputs.is_empty();
            let uploaded = if has_outputs {
                cancel.run_until_cancelled(job::upload(&brief)).await
            } else {
                Some(job::upload(&brief).await)
            };
            let answer = match uploaded {
                Some(UploadEnd::Failed(_)) if brief.parts.ended.is_cancelled() => Answer::Ended,
                Some(uploaded) => Answer::Uploaded(uploaded),
                None => Answer::Cancelled,
            };
            Message::Answer {
                job,
                tag,
                answer,
                bring: Bring::Nothing,
            }
        });
    }

    fn tidy(&mut self, job: JobRef) {
        let root = self
            .jobs
            .get(&job)
            .and_then(|entry| entry.brief.as_ref())
            .map(|brief| brief.dirs.root.clone());
        if let Some(root) = root {
            self.spawn(OnPanic::Nothing { job }, async move {
                job::remove(root).await;
                Message::Done
            });
        }
    }

    fn release_claim(&mut self, job: JobRef) {
        let Some(key) = self.jobs.get(&job).map(Entry::claim_key) else {
            return;
        };
        let claims = Arc::clone(&self.parts.claims);
        self.spawn(OnPanic::Nothing { job }, async move {
            if let Err(error) = claims.release(&key).await {
                tracing::warn!(%error, "a claim was not released");
            }
            Message::Done
        });
    }

    fn acknowledge_again(&mut self, job: JobRef) {
        let Some(entry) = self.jobs.get(&job) else {
            return;
        };
        let source = Arc::clone(&entry.source.source);
        let (id, client) = (entry.job.clone(), entry.client.clone());
        let nonce = entry.nonce.clone();
        self.spawn(OnPanic::Nothing { job }, async move {
            let got = source
                .acknowledge(&id, client.as_ref(), &nonce, false)
                .await;
            let answer = requests::acknowledged(got);
            tracing::info!(
                ?answer,
                "acknowledged again, under the nonce of a new offer"
            );
            Message::Done
        });
    }
}
