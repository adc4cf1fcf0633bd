//! Pollers: one per source, action type and query value, as the catalogue says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pipefitter_codepipeline::{ActionTypeId, ErrorClass, Offer, Owner, PollRequest, ServiceError};
use pipefitter_plugins::ActionTypeKey;
use tokio::time::Instant;

use crate::backoff::{Hurry, OFFERED_AGAIN, Pace, PollEnd};
use crate::slots::{Asked, Permit};

use super::core::Dispatcher;
use super::entry::{Message, OnPanic};
use super::poll_health::no_values;
use super::queues::Queue;

/// Names a poller; the source by its position.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PollerKey {
    pub(super) source: usize,
    pub(super) action_type: ActionTypeKey,
    pub(super) query: Option<(String, String)>,
}

pub(super) struct Poller {
    /// Another than that of one that was there before and is no more.
    id: u64,
    pace: Pace,
    next_at: Instant,
    /// The service asked not to be polled before.
    not_before: Option<Instant>,
    /// When the last poll began.
    last_at: Option<Instant>,
    in_flight: bool,
    /// Until then something may be offered again that was lost.
    offered_again: Option<Instant>,
    /// Of the plugin's limits: what a slot is counted with.
    memory: u64,
    pub(super) problem: Option<String>,
}

impl Poller {
    /// Poll at this time, if it would be later otherwise, and no sooner than the service wants it.
    fn not_after(&mut self, at: Instant) {
        let soonest = self.not_before.map_or(at, |not_before| not_before.max(at));
        self.next_at = self.next_at.min(soonest);
    }
}

#[derive(Default)]
pub(super) struct Pollers {
    pub(super) all: BTreeMap<PollerKey, Poller>,
    made: u64,
    /// Served types with a queryable property that have no value to poll for, each with its property; the source
    /// by its position.
    pub(super) without_values: BTreeMap<(usize, ActionTypeKey), String>,
}

/// The answer to a poll, with the slots that were held for it.
pub(crate) struct Polled {
    key: PollerKey,
    poller: u64,
    permits: Vec<Permit>,
    answer: Result<Vec<Offer>, ServiceError>,
}

impl Dispatcher {
    /// Make the pollers that the catalogue asks for, keep those that are there.
    pub(super) fn sync_pollers(&mut self) {
        let everything = vec![None];
        let (mut wanted, mut without_values) = (BTreeMap::new(), BTreeMap::new());
        for plugin in self.catalogue.plugins() {
            let key = plugin.manifest.key().clone();
            let memory = self
                .config
                .settings_of(&plugin.name, Some(&plugin.manifest.limits))
                .limits
                .memory();
            let queries: Vec<Option<(String, String)>> = match plugin.manifest.queryable_property()
            {
                None => vec![None],
                Some(property) => {
                    let values = self.config.query_values.get(&key);
                    values
                        .into_iter()
                        .flatten()
                        .map(|value| Some((property.name.clone(), value.clone())))
                        .collect()
                }
            };
            for (source, parts) in self.parts.sources.iter().enumerate() {
                if !self.config.serves(parts.source.id().as_str(), &key) {
                    continue;
                }
                // A partner's poll takes no query.
                let queries = match parts.source.owner() {
                    Owner::Custom => &queries,
                    Owner::ThirdParty => &everything,
                };
                if let (true, Some(property)) =
                    (queries.is_empty(), plugin.manifest.queryable_property())
                {
                    without_values.insert((source, key.clone()), property.name.clone());
                }
                for query in queries {
                    let poller = PollerKey {
                        source,
                        action_type: key.clone(),
                        query: query.clone(),
                    };
                    wanted.insert(poller, memory);
                }
            }
        }
        for (place @ (source, action_type), property) in &without_values {
            if self.pollers.without_values.get(place) != Some(property) {
                let source = self.parts.sources[*source].source.id();
                let why = no_values(property);
                tracing::warn!(%source, %action_type, "not polled: {why}");
            }
        }
        let Pollers { all, made, .. } = &mut self.pollers;
        all.retain(|key, _| wanted.contains_key(key));
        let (min, max) = (self.config.poll_interval_min, self.config.poll_interval_max);
        for (key, memory) in wanted {
            let poller = all.entry(key).or_insert_with(|| Poller {
                id: {
                    *made += 1;
                    *made
                },
                pace: Pace::new(min, max),
                next_at: Instant::now(),
                not_before: None,
                last_at: None,
                in_flight: false,
                offered_again: None,
                memory,
                problem: None,
            });
            poller.memory = memory;
        }
        self.pollers.without_values = without_values;
    }

    /// Slots for jobs that wait for one, before any poll gets some.
    pub(super) fn grant_slots(&mut self) {
        if self.drain.is_on() {
            return;
        }
        let waiting = std::mem::take(&mut self.waiting);
        for (job, tag) in waiting {
            let Some(entry) = self
                .jobs
                .get_mut(&job)
                .filter(|entry| entry.life.tag == tag)
            else {
                continue;
            };
            match self.slots.take(
                &entry.key.source,
                &entry.action_type,
                entry.settings.limits.memory(),
            ) {
                Some(permit) => {
                    entry.permit = Some(permit);
                    self.tell(
                        job,
                        crate::life::Event::Answered {
                            tag,
                            answer: crate::life::Answer::Slot,
                        },
                    );
                }
                None => self.waiting.push_back((job, tag)),
            }
        }
    }

    /// Who waits for a slot goes before polls of its action type, before those of its source where that has a
    /// bound, and before all where they share memory.
    fn is_behind_others(&self, key: &PollerKey) -> bool {
        let source = self.source_id(key);
        self.waiting
            .iter()
            .filter_map(|(job, _)| self.jobs.get(job))
            .any(|entry| {
                let shares_bound = entry.key.source == source && self.slots.bounds_source(source);
                self.config.memory_budget.is_some()
                    || entry.action_type == key.action_type
                    || shares_bound
            })
    }

    fn source_id(&self, key: &PollerKey) -> &str {
        self.parts.sources[key.source].source.id().as_str()
    }

    fn may_poll(&self, now: Instant) -> bool {
        !self.drain.is_on() && !self.journal.blocks(now)
    }

    /// Start the polls that are due at `now`, as far as there are slots.
    pub(super) fn start_polls(&mut self, now: Instant) {
        if !self.may_poll(now) {
            return;
        }
        let mut due: Vec<(Instant, &PollerKey, &Poller)> = self
            .pollers
            .all
            .iter()
            .filter(|(key, poller)| {
                !poller.in_flight && poller.next_at <= now && !self.is_behind_others(key)
            })
            .map(|(key, poller)| (poller.next_at, key, poller))
            .collect();
        // Who has waited longest is first: with fewer slots than pollers all have their turn.
        due.sort_by_key(|(next_at, key, _)| (*next_at, *key));
        let asked: Vec<Asked<'_>> = due
            .iter()
            .map(|(_, key, poller)| Asked {
                source: self.source_id(key),
                action_type: &key.action_type,
                memory_bytes: poller.memory,
                // A service that does not answer holds no more than one slot from those that do.
                most: poller.problem.as_ref().map_or(usize::MAX, |_| 1),
            })
            .collect();
        let dealt = self.slots.deal(&asked);
        let granted: Vec<(PollerKey, Vec<Permit>)> = due
            .into_iter()
            .map(|(_, key, _)| key.clone())
            .zip(dealt)
            .filter(|(_, permits)| !permits.is_empty())
            .collect();
        for (key, permits) in granted {
            self.start_poll(key, permits);
        }
    }

    fn start_poll(&mut self, key: PollerKey, permits: Vec<Permit>) {
        let Some(poller) = self.pollers.all.get_mut(&key) else {
            return;
        };
        poller.in_flight = true;
        let id = poller.id;
        poller.last_at = Some(Instant::now());
        let source = Arc::clone(&self.parts.sources[key.source].source);
        let request = PollRequest {
            action_type: ActionTypeId {
                category: key.action_type.category.clone(),
                owner: source.owner(),
                provider: key.action_type.provider.clone(),
                version: key.action_type.version.clone(),
            },
            max: u32::try_from(permits.len()).unwrap_or(u32::MAX),
            query: key.query.clone(),
        };
        self.spawn(OnPanic::Poll(key.clone(), id), async move {
            let answer = source.poll(&request).await;
            Message::Polled(Polled {
                key,
                poller: id,
                permits,
                answer,
            })
        });
    }

    pub(super) fn polled(&mut self, polled: Polled) {
        let Polled {
            key,
            poller,
            mut permits,
            answer,
        } = polled;
        let end = match answer {
            Ok(offers) => {
                self.counters.polls += 1;
                self.poll_worked(&key);
                self.tell_of_clients(key.source);
                let (asked, offered) = (permits.len(), offers.len());
                if offered > asked {
                    tracing::warn!(
                        source = %self.parts.sources[key.source].source.id(),
                        action_type = %key.action_type,
                        asked,
                        offered,
                        "the service offered more jobs than were asked for: it offers them again"
                    );
                }
                let mut taken = 0;
                for offer in offers {
                    let Some(permit) = self.wide_permit(&key, &mut permits) else {
                        break;
                    };
                    taken += 1;
                    self.counters.offered += 1;
                    self.offered(&key, offer, permit);
                }
                if taken < offered.min(asked) {
                    tracing::info!(
                        source = %self.parts.sources[key.source].source.id(),
                        action_type = %key.action_type,
                        offered,
                        taken,
                        "a plugin may use more memory than when it was polled for, and less is free: the service offers \
                         again what is not taken"
                    );
                }
                if taken < offered {
                    self.offer_dropped(key.source, &key.action_type);
                }
                if offered > 0 {
                    PollEnd::Found
                } else {
                    PollEnd::Empty
                }
            }
            Err(error) => {
                self.counters.polls_failed += 1;
                self.poll_failed(&key, &error);
                match error.class {
                    ErrorClass::Throttled => PollEnd::Throttled(error.retry_after),
                    ErrorClass::Denied | ErrorClass::Gone | ErrorClass::Invalid => PollEnd::Denied,
                    ErrorClass::Transient
                    | ErrorClass::LostRace
                    | ErrorClass::Ambiguous
                    | ErrorClass::NoToken => PollEnd::Failed,
                }
            }
        };
        drop(permits);
        self.poll_again(&key, poller, end);
    }

    /// The next permit, where a reload has raised the plugin's memory at the cost of others that the poll holds.
    fn wide_permit(&self, key: &PollerKey, permits: &mut Vec<Permit>) -> Option<Permit> {
        let mut permit = permits.pop()?;
        let memory = self.pollers.all.get(key).map_or(0, |poller| poller.memory);
        while !self.slots.widen(&mut permit, memory) {
            permits.pop()?;
        }
        Some(permit)
    }

    pub(super) fn poll_panicked(&mut self, key: &PollerKey, poller: u64) {
        self.poll_again(key, poller, PollEnd::Failed);
    }

    fn poll_again(&mut self, key: &PollerKey, id: u64, end: PollEnd) {
        let idle = self.idle_interval(key.source);
        let now = Instant::now();
        // It may be gone, or another: the catalogue changed while the poll ran.
        let poller = self.pollers.all.get_mut(key);
        if let Some(poller) = poller.filter(|poller| poller.id == id) {
            poller.in_flight = false;
            // The answer that was not seen may have had jobs.
            if end == PollEnd::Failed {
                poller.offered_again = Some(now + OFFERED_AGAIN);
            }
            let waits = poller.offered_again.is_some_and(|until| until > now);
            poller.pace.set_waits(waits);
            poller.pace.set_idle(idle);
            poller.not_before = match end {
                PollEnd::Throttled(after) => after.map(|after| now + after),
                _ => None,
            };
            poller.next_at = now + poller.pace.next(end, &mut rand::rng());
        }
    }

    /// An offer was not taken, and nobody else has: the service makes it again, and no event tells of that.
    pub(super) fn offer_dropped(&mut self, source: usize, action_type: &ActionTypeKey) {
        let now = Instant::now();
        let latest = now + self.config.poll_interval_max;
        for (key, poller) in &mut self.pollers.all {
            if key.source == source && key.action_type == *action_type {
                poller.offered_again = Some(now + OFFERED_AGAIN);
                poller.not_after(latest);
            }
        }
    }

    /// The pause after a poll that finds nothing, while events tell of what there is.
    pub(super) fn idle_interval(&self, source: usize) -> Option<Duration> {
        let works = |queue: &Queue| queue.source == source && queue.works;
        let events = self.parts.sources[source].events.as_ref()?;
        self.queues
            .iter()
            .any(works)
            .then_some(events.poll_interval_max)
    }

    /// Events of this source do not arrive: nobody waits longer than without them.
    pub(super) fn poll_as_usual(&mut self, source: usize) {
        let latest = Instant::now() + self.config.poll_interval_max;
        for (key, poller) in &mut self.pollers.all {
            if key.source == source {
                poller.not_after(latest);
            }
        }
    }

    /// Poll for some action types of a source at once, and some more times soon. How many pollers that were.
    pub(super) fn hurry(
        &mut self,
        source: usize,
        why: Hurry,
        is_meant: impl Fn(&ActionTypeKey) -> bool,
    ) -> usize {
        let now = Instant::now();
        let meant = self
            .pollers
            .all
            .iter_mut()
            .filter(|(key, _)| key.source == source && is_meant(&key.action_type));
        let mut count = 0;
        for (_, poller) in meant {
            poller.pace.hurry(why);
            // A flood of news is no reason to poll without a pause.
            let soonest = poller.last_at.map_or(now, |last| last + poller.pace.min());
            poller.not_after(soonest.max(now));
            count += 1;
        }
        count
    }

    /// The next poll that time alone brings after `now`; those that were due and wait for a slot come with the slot.
    pub(super) fn next_poll(&self, now: Instant) -> Option<Instant> {
        if self.drain.is_on() {
            return None;
        }
        self.pollers
            .all
            .values()
            .filter(|poller| !poller.in_flight && poller.next_at > now)
            .map(|poller| poller.next_at)
            .min()
    }
}
