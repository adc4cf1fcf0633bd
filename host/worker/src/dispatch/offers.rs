//! Jobs come in: offered by a poll, or found in the journal on start.

use std::sync::Arc;

use pipefitter_codepipeline::{ClientId, JobId, Nonce, Offer, PipelineContext, clean_text};
use pipefitter_journal::{Phase, Record, RecordKey};
use pipefitter_plugins::{ActionTypeKey, Plugin};
use pipefitter_sandbox::Level;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::config::SourceParts;
use crate::events::JobInfo;
use crate::job::chain_of;
use crate::life::{Event, Life, Rules, recover};
use crate::names;
use crate::slots::Permit;

use super::core::Dispatcher;
use super::entry::{Entry, Message, OnPanic};
use super::polls::PollerKey;

/// How often an outcome's write is tried before the result is sent from memory: with pauses of up to a
/// second or two each, so that a short hiccup of the disk does not matter.
const JOURNAL_TRIES: u32 = 4;

impl Dispatcher {
    pub(super) fn offered(&mut self, poller: &PollerKey, offer: Offer, permit: Permit) {
        if self.drain.is_on() {
            return;
        }
        let source = self.parts.sources[poller.source].clone();
        let key = RecordKey {
            source: source.source.id().as_str().to_owned(),
            job: offer.job.as_str().to_owned(),
        };
        if self.by_key.contains_key(&key) {
            match offer.contents {
                Some(_) => self.offered_again(&key, offer, permit),
                None => self.reopen(key, offer, permit),
            }
            return;
        }
        let Some(plugin) = self.catalogue.get(&poller.action_type).cloned() else {
            tracing::warn!(
                source = key.source,
                job = key.job,
                action_type = %poller.action_type,
                "an offer is not taken: its plugin was removed meanwhile"
            );
            return;
        };
        let rules = self.rules(Some(&plugin));
        let (life, effects) = Life::offered(
            (key.job.clone(), log_name(&key)),
            poller.action_type.to_string(),
            rules,
            self.started.elapsed(),
        );
        let mut entry = self.entry(key, source, poller.action_type.clone(), Some(plugin), life);
        entry.job = offer.job.clone();
        entry.client = offer.client.clone();
        entry.offer = Some(offer);
        entry.permit = Some(permit);
        let job = self.insert(entry);
        self.act(job, effects);
    }

    /// A partner's offer has no nonce: it is asked for, where it can matter.
    fn reopen(&mut self, key: RecordKey, offer: Offer, permit: Permit) {
        let known = self.by_key.get(&key).and_then(|job| {
            let entry = self.jobs.get(job)?;
            Some((*job, Arc::clone(&entry.source.source), &entry.life))
        });
        let Some((job, source, life)) = known else {
            return;
        };
        if !life.wants_a_nonce() {
            return;
        }
        self.spawn(OnPanic::Nothing { job }, async move {
            match source.open(&offer).await {
                Ok(contents) => Message::Reopened {
                    key,
                    offer: Box::new(Offer {
                        contents: Some(contents),
                        ..offer
                    }),
                    permit,
                },
                Err(error) => {
                    tracing::warn!(%error, "a job that was offered again could not be opened");
                    Message::Done
                }
            }
        });
    }

    /// The service has not seen the job acknowledged, or our acknowledge was on its way. The nonce that is in use
    /// tells nothing: where polls do not hide a job, one that was served before our acknowledge brings it.
    pub(super) fn offered_again(&mut self, key: &RecordKey, offer: Offer, mut permit: Permit) {
        let Some(contents) = offer.contents.clone() else {
            return;
        };
        let Some(nonce) = contents.nonce.clone() else {
            return;
        };
        let Some(&job) = self.by_key.get(key) else {
            return;
        };
        let Some(entry) = self.jobs.get_mut(&job).filter(|entry| entry.nonce != nonce) else {
            return;
        };
        entry.nonce = nonce;
        entry.offer = Some(offer);
        if entry.brief.is_none() {
            entry.life.said = self.said.of(&key.source, &contents.pipeline);
            if !entry.life.opened {
                entry.life.chain = chain_of(&contents);
                entry.life.attempt = entry.life.attempt.max(entry.life.chain.attempt);
                entry.life.opened = true;
            }
            entry.learn(contents);
        }
        let memory = entry.settings.limits.memory();
        let lacks = !entry.life.slot && self.slots.widen(&mut permit, memory);
        self.tell(job, Event::Reoffered { slot: lacks });
        if let Some(entry) = self.jobs.get_mut(&job)
            && lacks
            && entry.life.slot
        {
            entry.permit = Some(permit);
        }
    }

    /// The jobs of an earlier run.
    pub(crate) fn recover(&mut self, records: Vec<Record>) {
        for record in records {
            if matches!(record.phase, Phase::Parked { .. }) {
                self.parked += 1;
                continue;
            }
            let source = self
                .parts
                .sources
                .iter()
                .find(|parts| parts.source.id().as_str() == record.key.source)
                .cloned();
            let (Some(source), Some(action_type)) = (source, action_type(&record.action_type))
            else {
                self.left_out(&record.key);
                continue;
            };
            self.counters.recovered += 1;
            let plugin = self.catalogue.get(&action_type).cloned();
            let rules = self.rules(plugin.as_deref());
            let (life, effects) = recover(
                &record,
                log_name(&record.key),
                rules,
                self.started.elapsed(),
            );
            let mut entry = self.entry(record.key, source, action_type, plugin, life);
            entry.nonce = Nonce::new(record.nonce);
            entry.client = record.client.map(ClientId::new);
            entry.taken_at = record.taken_at;
            let job = self.insert(entry);
            self.act(job, effects);
        }
    }

    /// A job whose source this start does not have.
    fn left_out(&self, key: &RecordKey) {
        let (level, what) = match self.config.left_out.get(&key.source) {
            Some(remedy) => (Level::Warn, format!("waits: {remedy}")),
            None => (
                Level::Error,
                "is not configured: put the source back to have the job finished".to_owned(),
            ),
        };
        let (job, source) = (clean_text(&key.job), &key.source);
        let text = format!("the journal has job {job} of source `{source}`, which {what}");
        self.notice(level, text);
    }

    fn rules(&self, plugin: Option<&Plugin>) -> Rules {
        Rules {
            exclusive: self.config.exclusive,
            retry_safe: plugin.is_some_and(|plugin| plugin.manifest.retry_safe()),
            resumable: plugin.is_some_and(|plugin| plugin.manifest.resumable()),
            window: self.config.answer_window,
            journal_tries: JOURNAL_TRIES,
        }
    }

    fn insert(&mut self, entry: Entry) -> u64 {
        self.next_job += 1;
        self.by_key.insert(entry.key.clone(), self.next_job);
        self.jobs.insert(self.next_job, entry);
        self.next_job
    }

    fn entry(
        &self,
        key: RecordKey,
        source: SourceParts,
        action_type: ActionTypeKey,
        plugin: Option<Arc<Plugin>>,
        life: Life,
    ) -> Entry {
        let name = plugin.as_ref().map_or("", |plugin| plugin.name.as_str());
        let asked = plugin.as_ref().map(|plugin| &plugin.manifest.limits);
        let info = JobInfo {
            source: key.source.clone(),
            job: key.job.clone(),
            action_type: action_type.to_string(),
            pipeline: String::new(),
            stage: String::new(),
            action: String::new(),
            pipeline_execution: None,
            plugin: name.to_owned(),
            log: self.config.log_dir.join(log_name(&key)),
        };
        let (progress, _) = watch::channel(None);
        Entry {
            job: JobId::new(key.job.clone()),
            source,
            client: None,
            action_type,
            nonce: Nonce::new(""),
            offer: None,
            contents: None,
            learnt: Instant::now(),
            context: PipelineContext::default(),
            settings: self.config.settings_of(name, asked),
            plugin,
            life,
            permit: None,
            brief: None,
            staged: Vec::new(),
            stop: None,
            cancel: CancellationToken::new(),
            upkeep: None,
            nudge: Arc::default(),
            noticed: None,
            continues: false,
            taken_at: jiff::Timestamp::now().as_millisecond(),
            info: Arc::new(info),
            progress,
            key,
        }
    }
}

fn log_name(key: &RecordKey) -> String {
    names::log_name(&names::job_name(&key.source, &key.job))
}

/// As [`ActionTypeKey`] prints.
fn action_type(text: &str) -> Option<ActionTypeKey> {
    let mut parts = text.split('/').map(str::to_owned);
    let key = ActionTypeKey {
        category: parts.next()?,
        provider: parts.next()?,
        version: parts.next()?,
    };
    parts.next().is_none().then_some(key)
}
