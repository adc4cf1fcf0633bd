//! The loop.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use pipefitter_journal::RecordKey;
use pipefitter_plugins::Catalogue;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep_until};
use tracing::{Instrument, Span};

use crate::config::{WorkerConfig, WorkerParts};
use crate::events::WorkerEvent;
use crate::life::{Answer, Event, step};
use crate::said::Said;
use crate::slots::Slots;
use crate::status::{Counters, DrainReport, WorkerStatus};

use super::clients::ClientsTold;
use super::drain::Drain;
use super::entry::{Bring, Entry, JobRef, Message, OnPanic};
use super::polls::Pollers;
use super::queues::Queue;

/// From the handle.
pub(crate) enum Command {
    Drain,
    Cancel,
}

pub(crate) struct Dispatcher {
    pub(super) config: Arc<WorkerConfig>,
    pub(super) parts: WorkerParts,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) slots: Slots,
    pub(super) jobs: BTreeMap<JobRef, Entry>,
    pub(super) by_key: HashMap<RecordKey, JobRef>,
    pub(super) next_job: JobRef,
    pub(super) pollers: Pollers,
    pub(super) queues: Vec<Queue>,
    pub(super) said: Said,
    /// Jobs of an earlier run, or that gave their slot back, in their order.
    pub(super) waiting: VecDeque<(JobRef, u32)>,
    pub(super) timers: BinaryHeap<Reverse<(Instant, JobRef, u32)>>,
    pub(super) tasks: JoinSet<Message>,
    pub(super) on_panic: HashMap<Id, OnPanic>,
    pub(super) events: broadcast::Sender<WorkerEvent>,
    pub(super) status: watch::Sender<WorkerStatus>,
    pub(super) counters: Counters,
    pub(super) parked: usize,
    /// Ended by the drain, not done.
    pub(super) left: Vec<Arc<crate::events::JobInfo>>,
    pub(super) drain: Drain,
    pub(super) journal: JournalHealth,
    pub(super) clients_told: ClientsTold,
    pub(super) started: Instant,
}

/// Whether the journal takes writes, and when to find out again.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct JournalHealth {
    failures: u32,
    blocked_until: Option<Instant>,
}

/// Between a failed write and the next poll, doubled with each failure in a row up to a minute.
const JOURNAL_PAUSE: Duration = Duration::from_secs(2);

impl JournalHealth {
    pub(super) fn wrote(&mut self, ok: bool, now: Instant) {
        if ok {
            *self = JournalHealth::default();
        } else {
            let pause = JOURNAL_PAUSE * (1 << self.failures.min(5));
            self.failures = self.failures.saturating_add(1);
            self.blocked_until = Some(now + pause.min(Duration::from_secs(60)));
        }
    }

    pub(super) fn is_ok(&self) -> bool {
        self.failures == 0
    }

    /// The next poll's jobs are the test of whether it works again.
    pub(super) fn blocks(&self, now: Instant) -> bool {
        self.blocked_until.is_some_and(|until| until > now)
    }

    pub(super) fn until(&self) -> Option<Instant> {
        self.blocked_until
    }
}

impl Dispatcher {
    pub(crate) fn new(
        config: Arc<WorkerConfig>,
        parts: WorkerParts,
        events: broadcast::Sender<WorkerEvent>,
        status: watch::Sender<WorkerStatus>,
    ) -> Dispatcher {
        let per_source = config
            .source_settings
            .iter()
            .filter_map(|(id, settings)| Some((id.clone(), settings.slots?)))
            .collect();
        let slots = Slots::new(
            config.slots,
            &per_source,
            &config.slots_per_action_type,
            config.memory_budget,
        );
        let catalogue = Arc::clone(&parts.catalogue.borrow());
        Dispatcher {
            catalogue,
            slots,
            jobs: BTreeMap::new(),
            by_key: HashMap::new(),
            next_job: 0,
            pollers: Pollers::default(),
            queues: Vec::new(),
            said: Said::default(),
            waiting: VecDeque::new(),
            timers: BinaryHeap::new(),
            tasks: JoinSet::new(),
            on_panic: HashMap::new(),
            events,
            status,
            counters: Counters::default(),
            parked: 0,
            left: Vec::new(),
            drain: Drain::default(),
            journal: JournalHealth::default(),
            clients_told: ClientsTold::new(),
            started: Instant::now(),
            config,
            parts,
        }
    }

    /// Until the drain is over.
    pub(crate) async fn run(
        mut self,
        mut commands: mpsc::UnboundedReceiver<Command>,
    ) -> DrainReport {
        let mut catalogue = self.parts.catalogue.clone();
        let mut served = true;
        let mut handle = true;
        self.open_queues();
        self.sync_pollers();
        while !self.is_over(Instant::now()) {
            // What is not due at this moment is waited for from this moment: with a later one for the deadline, what falls
            // due between the two would be neither begun nor waited for.
            let now = Instant::now();
            self.grant_slots();
            self.start_polls(now);
            self.start_receives(now);
            self.publish();
            let deadline = self.next_deadline(now);
            let has_tasks = !self.tasks.is_empty();
            tokio::select! {
                command = commands.recv(), if handle => match command {
                    Some(Command::Drain) => self.begin_drain(),
                    Some(Command::Cancel) => self.cancel(),
                    // Nobody can ask any more: what runs would run for nobody.
                    None => {
                        handle = false;
                        self.cancel();
                    }
                },
                Some(joined) = self.tasks.join_next_with_id(), if has_tasks => self.joined(joined),
                changed = catalogue.changed(), if served => match changed {
                    Ok(()) => {
                        self.catalogue = Arc::clone(&catalogue.borrow_and_update());
                        self.sync_pollers();
                    }
                    Err(_) => served = false,
                },
                () = wait_until(deadline) => {}
            }
            self.fire_timers();
            self.advance_drain();
        }
        self.finish().await
    }

    fn joined(&mut self, joined: Result<(Id, Message), JoinError>) {
        match joined {
            Ok((id, message)) => {
                self.on_panic.remove(&id);
                self.handle(message);
            }
            Err(error) => {
                let what = self.on_panic.remove(&error.id());
                self.counters.panics += 1;
                let span = what
                    .as_ref()
                    .map_or_else(Span::none, |what| self.span(what));
                span.in_scope(|| tracing::error!(%error, "a task of the worker panicked"));
                match what {
                    Some(OnPanic::Answer { job, tag }) => self.handle(Message::Answer {
                        job,
                        tag,
                        answer: Answer::Panicked,
                        bring: Bring::Nothing,
                    }),
                    Some(OnPanic::Poll(key, poller)) => self.poll_panicked(&key, poller),
                    Some(OnPanic::Queue(source)) => self.queue_panicked(source),
                    Some(OnPanic::Deletion(_) | OnPanic::Nothing { .. }) | None => {}
                }
            }
        }
    }

    fn handle(&mut self, message: Message) {
        match message {
            Message::Answer {
                job,
                tag,
                answer,
                bring,
            } => {
                if let Some(entry) = self.jobs.get_mut(&job)
                    && entry.life.tag == tag
                {
                    match bring {
                        Bring::Nothing => {}
                        Bring::Contents(contents) => {
                            entry.life.said = self.said.of(&entry.key.source, &contents.pipeline);
                            entry.learn(*contents);
                        }
                        Bring::Staged(inputs) => entry.staged = inputs,
                        Bring::Used(used) => self.counters.ran(&used),
                    }
                }
                if let Answer::Written(ok) = answer {
                    self.journal.wrote(ok, Instant::now());
                }
                self.tell(job, Event::Answered { tag, answer });
            }
            Message::Polled(polled) => self.polled(polled),
            Message::Reopened { key, offer, permit } => self.offered_again(&key, *offer, permit),
            Message::Received(received) => self.received(received),
            Message::Noticed { job, noticed } => self.cancelled(job, noticed),
            Message::Done => {}
        }
    }

    /// One step of a job, and its effects.
    pub(super) fn tell(&mut self, job: JobRef, event: Event) {
        let now = self.started.elapsed();
        let Some(entry) = self.jobs.get_mut(&job) else {
            return;
        };
        let (life, effects) = step(entry.life.clone(), event, now);
        entry.life = life;
        if entry.life.state.is_work_over() {
            entry.upkeep = None;
        }
        self.act(job, effects);
    }

    pub(super) fn tell_all(&mut self, event: &Event) {
        let jobs: Vec<JobRef> = self.jobs.keys().copied().collect();
        for job in jobs {
            self.tell(job, event.clone());
        }
    }

    pub(super) fn spawn(
        &mut self,
        on_panic: OnPanic,
        task: impl Future<Output = Message> + Send + 'static,
    ) {
        self.spawn_abortable(on_panic, task);
    }

    /// For a task that the worker's end does not wait for.
    pub(super) fn spawn_abortable(
        &mut self,
        on_panic: OnPanic,
        task: impl Future<Output = Message> + Send + 'static,
    ) -> AbortHandle {
        let task = task.instrument(self.span(&on_panic));
        let spawned = self.tasks.spawn(task);
        self.on_panic.insert(spawned.id(), on_panic);
        spawned
    }

    /// So that every line of a task says whose it is. Of the highest level: a filter for errors only must not
    /// take the names away from the errors.
    fn span(&self, of: &OnPanic) -> Span {
        match of {
            OnPanic::Answer { job, .. } | OnPanic::Nothing { job } => {
                self.jobs.get(job).map_or_else(Span::none, |entry| {
                    let RecordKey { source, job } = &entry.key;
                    tracing::error_span!("job", source, job)
                })
            }
            OnPanic::Poll(key, _) => {
                let source = self.parts.sources[key.source].source.id();
                tracing::error_span!("poll", %source, action_type = %key.action_type)
            }
            OnPanic::Queue(source) | OnPanic::Deletion(source) => {
                let source = self.parts.sources[*source].source.id();
                tracing::error_span!("events", %source)
            }
        }
    }

    fn fire_timers(&mut self) {
        let now = Instant::now();
        while let Some(Reverse((at, job, tag))) = self.timers.peek().copied() {
            if at > now {
                break;
            }
            self.timers.pop();
            self.tell(
                job,
                Event::Answered {
                    tag,
                    answer: Answer::Woke,
                },
            );
        }
    }

    /// When something comes that was not due at `now`, for which all that was due has been begun.
    fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let timer = self.timers.peek().map(|Reverse((at, ..))| *at);
        let journal = self.journal.until().filter(|at| *at > now);
        let (poll, receive) = (self.next_poll(now), self.next_receive());
        [timer, journal, poll, receive, self.drain.next_deadline()]
            .into_iter()
            .flatten()
            .min()
    }
}

async fn wait_until(deadline: Option<Instant>) {
    match deadline {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
