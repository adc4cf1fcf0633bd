//! Events: one receive after the other from each source's queue, and what they bring about.
//!
//! ```text
//!   receive --messages--> each: wakes pollers | ends a job | is nothing of ours --> delete all --> receive
//!      \____failed____> polling as without events, a pause that grows --> receive --answered--> slow polling again
//! ```
//!
//! A message that comes for the sixth time is one that could not be deleted five times: it is deleted unread, so
//! that it does not wake pollers for ever.

use std::sync::Arc;

use pipefitter_events::{ActionEvent, ActionState, Delivery, EventQueue, QueueError, QueueFault};
use pipefitter_sandbox::Level;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::backoff::{Hurry, full_jitter};
use crate::job::Noticed;
use crate::life::Event;

use super::core::Dispatcher;
use super::entry::{JobRef, Message, OnPanic};
use super::news::{Fit, JobFacts, fit, is_of_type};

/// How often a message is read.
const READS: u32 = 5;

/// The queue of a source.
pub(super) struct Queue {
    /// By its position.
    pub(super) source: usize,
    queue: Arc<dyn EventQueue>,
    receiving: Option<AbortHandle>,
    next_at: Instant,
    failures: u32,
    /// It has answered, and answers still.
    pub(super) works: bool,
    pub(super) problem: Option<String>,
}

/// The answer to a receive.
pub(crate) struct Received {
    pub(super) source: usize,
    pub(super) answer: Result<Vec<Delivery>, QueueError>,
}

impl Dispatcher {
    pub(super) fn open_queues(&mut self) {
        for (source, parts) in self.parts.sources.iter().enumerate() {
            let Some(events) = &parts.events else {
                continue;
            };
            self.queues.push(Queue {
                source,
                queue: Arc::clone(&events.queue),
                receiving: None,
                next_at: Instant::now(),
                failures: 0,
                works: false,
                problem: None,
            });
        }
    }

    /// Also while the worker drains: what runs still may be ended by somebody.
    pub(super) fn start_receives(&mut self, now: Instant) {
        for at in 0..self.queues.len() {
            let queue = &self.queues[at];
            if queue.receiving.is_some() || queue.next_at > now {
                continue;
            }
            let (source, asked) = (queue.source, Arc::clone(&queue.queue));
            let receiving = self.spawn_abortable(OnPanic::Queue(source), async move {
                let answer = asked.receive().await;
                Message::Received(Received { source, answer })
            });
            self.queues[at].receiving = Some(receiving);
        }
    }

    pub(super) fn next_receive(&self) -> Option<Instant> {
        let waiting = |queue: &&Queue| queue.receiving.is_none();
        let queues = self.queues.iter().filter(waiting);
        queues.map(|queue| queue.next_at).min()
    }

    /// What is on its way comes again.
    pub(super) fn stop_receives(&mut self) {
        for queue in self.queues.drain(..) {
            if let Some(receiving) = queue.receiving {
                receiving.abort();
            }
        }
    }

    pub(super) fn received(&mut self, Received { source, answer }: Received) {
        let Some(at) = self.queues.iter().position(|queue| queue.source == source) else {
            return;
        };
        self.queues[at].receiving = None;
        let deliveries = match answer {
            Ok(deliveries) => deliveries,
            Err(error) => return self.queue_failed(at, &error),
        };
        self.queue_works(at);
        let mut receipts = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            self.counters.events += 1;
            match delivery.event {
                _ if delivery.times > READS => {
                    self.counters.events_unread += 1;
                    tracing::debug!(times = delivery.times, "a message is deleted unread");
                }
                Ok(event) => self.event(source, &event),
                Err(why) => {
                    self.counters.events_unread += 1;
                    tracing::debug!(%why, "a message of the queue is none of ours");
                }
            }
            receipts.push(delivery.receipt);
        }
        if !receipts.is_empty() {
            let queue = Arc::clone(&self.queues[at].queue);
            self.spawn(OnPanic::Deletion(source), async move {
                if let Err(error) = queue.delete(receipts).await {
                    tracing::warn!(
                        queue = queue.name(), %error,
                        "messages were not deleted and come again; a worker needs sqs:DeleteMessage (see `pipefitter iam`)"
                    );
                }
                Message::Done
            });
        }
    }

    pub(super) fn queue_panicked(&mut self, source: usize) {
        let error = QueueError {
            operation: "ReceiveMessage",
            fault: QueueFault::Transient,
            message: "the task that received failed".to_owned(),
        };
        if let Some(at) = self.queues.iter().position(|queue| queue.source == source) {
            self.queues[at].receiving = None;
            self.queue_failed(at, &error);
        }
    }

    fn queue_works(&mut self, at: usize) {
        let queue = &mut self.queues[at];
        queue.next_at = Instant::now();
        queue.failures = 0;
        queue.problem = None;
        if !std::mem::replace(&mut queue.works, true) {
            let text = format!(
                "events are received from {}: its source is polled slowly, and at once when one says so",
                queue.queue.name()
            );
            self.notice(Level::Info, text);
        }
    }

    /// Said once, not with each try.
    fn queue_failed(&mut self, at: usize, error: &QueueError) {
        let queue = &mut self.queues[at];
        let pause = full_jitter(queue.failures, None, &mut rand::rng());
        queue.next_at = Instant::now() + pause;
        queue.failures = queue.failures.saturating_add(1);
        queue.works = false;
        self.counters.receives_failed += 1;
        let (level, advice) = match error.fault {
            QueueFault::Transient => (Level::Warn, ""),
            QueueFault::Denied => (
                Level::Error,
                ": the source's credentials need sqs:ReceiveMessage on it (see `pipefitter iam`)",
            ),
            QueueFault::Missing => (
                Level::Error,
                ": correct `queue-url`, or create the queue (see `pipefitter events`)",
            ),
            QueueFault::Invalid => (Level::Error, ": correct `events` of the source"),
        };
        let problem = format!("{error}{advice}");
        let name = queue.queue.name().to_owned();
        let source = queue.source;
        if queue.problem.replace(problem.clone()).as_ref() != Some(&problem) {
            let text = format!(
                "no events are received from {name}, its source is polled as without them: {problem}"
            );
            self.notice(level, text);
        }
        self.poll_as_usual(source);
    }

    fn event(&mut self, source: usize, event: &ActionEvent) {
        let of_source = &self.parts.sources[source].source;
        if event.region != of_source.region() {
            self.counters.events_unread += 1;
            tracing::debug!("an event of another Region is none of ours");
            return;
        }
        match event.state {
            ActionState::Started => self.wake(source, event),
            ActionState::Ended => self.ended_outside(source, event),
            ActionState::Other => {}
        }
    }

    /// An action began.
    fn wake(&mut self, source: usize, event: &ActionEvent) {
        let owner = self.parts.sources[source].source.owner();
        let woken = self.hurry(source, Hurry::News, |key| is_of_type(event, owner, key));
        tracing::debug!(
            pipeline = event.pipeline,
            action = event.action,
            pollers = woken,
            "an action began"
        );
        if woken == 0 {
            self.counters.events_unread += 1;
        }
    }

    /// An action ended. That of a job whose result is sent or on its way did so of our own doing.
    fn ended_outside(&mut self, source: usize, event: &ActionEvent) {
        let id = self.parts.sources[source].source.id().as_str();
        let owner = self.parts.sources[source].source.owner();
        let about: Vec<(JobRef, Fit)> = self
            .jobs
            .iter()
            .filter(|(_, entry)| entry.key.source == id)
            .map(|(job, entry)| {
                let facts = JobFacts {
                    owner,
                    action_type: &entry.action_type,
                    context: &entry.context,
                    taken_at: entry.taken_at,
                };
                (*job, fit(event, &facts))
            })
            .collect();
        for (job, fit) in about {
            match fit {
                Fit::No => {}
                Fit::Perhaps => {
                    if let Some(entry) = self.jobs.get(&job) {
                        entry.nudge.notify_one();
                    }
                }
                Fit::Yes => self.cancelled(job, Noticed::Event),
            }
        }
    }

    /// The service has ended a job.
    pub(super) fn cancelled(&mut self, job: JobRef, noticed: Noticed) {
        if let Some(entry) = self.jobs.get_mut(&job) {
            entry.noticed.get_or_insert(noticed);
        }
        self.tell(job, Event::Cancelled);
    }
}
