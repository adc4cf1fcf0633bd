//! The end of a worker.
//!
//! ```text
//!  On --drain--> Waiting --drain timeout--> HandingOver --grace--> Killing
//!                   \____________ no work left ______\________________|
//!                                                    v                v
//!                                                 Flushing ----> over (outbox empty, or time is up)
//! ```
//!
//! A second signal goes to Killing at once. A runner that does not come back does not keep the worker:
//! after Killing, too, time is up some day, and the journal has what is left.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::life::Event;
use crate::status::{Counters, DrainReport};

use super::core::Dispatcher;

/// Between two lines that say what is waited for.
const SAY_EVERY: Duration = Duration::from_secs(10);

/// A plugin that was asked to hand over is interrupted by the runner when its grace is over; the worker
/// interrupts it itself if that did not do it.
const AFTER_GRACE: Duration = Duration::from_secs(2);

/// For deleting directories of jobs whose result is sent.
const TIDY: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Stage {
    #[default]
    Off,
    Waiting {
        until: Instant,
    },
    HandingOver {
        until: Instant,
    },
    Killing {
        until: Instant,
    },
    Flushing {
        until: Instant,
    },
}

#[derive(Debug, Default)]
pub(super) struct Drain {
    stage: Stage,
    say_at: Option<Instant>,
}

impl Drain {
    pub(super) fn is_on(&self) -> bool {
        self.stage != Stage::Off
    }

    fn until(&self) -> Option<Instant> {
        match self.stage {
            Stage::Off => None,
            Stage::Waiting { until }
            | Stage::HandingOver { until }
            | Stage::Killing { until }
            | Stage::Flushing { until } => Some(until),
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        [self.until(), self.say_at].into_iter().flatten().min()
    }
}

impl Dispatcher {
    pub(super) fn begin_drain(&mut self) {
        if self.drain.is_on() {
            return;
        }
        tracing::info!(jobs = self.jobs.len(), "draining: nothing new is taken");
        let now = Instant::now();
        self.drain.stage = Stage::Waiting {
            until: now + self.config.drain_timeout,
        };
        self.drain.say_at = Some(now + SAY_EVERY);
        self.waiting.clear();
        self.tell_all(&Event::Drain);
    }

    pub(super) fn cancel(&mut self) {
        if matches!(
            self.drain.stage,
            Stage::Killing { .. } | Stage::Flushing { .. }
        ) {
            return;
        }
        if !self.jobs.is_empty() {
            tracing::warn!(
                jobs = self.jobs.len(),
                "everything that runs is interrupted"
            );
        }
        self.drain.stage = Stage::Killing {
            until: Instant::now() + self.config.flush_timeout,
        };
        self.waiting.clear();
        self.tell_all(&Event::Kill);
    }

    fn has_work(&self) -> bool {
        self.jobs
            .values()
            .any(|entry| !entry.life.state.is_work_over())
    }

    pub(super) fn advance_drain(&mut self) {
        let now = Instant::now();
        if self.drain.is_on()
            && !matches!(self.drain.stage, Stage::Flushing { .. })
            && !self.has_work()
        {
            self.flush(now);
        }
        let is_over = self.drain.until().is_some_and(|until| until <= now);
        match self.drain.stage {
            Stage::Waiting { .. } if is_over => {
                tracing::warn!("the drain's time is over: plugins are asked to hand over");
                self.drain.stage = Stage::HandingOver {
                    until: now + self.config.stop_grace + AFTER_GRACE,
                };
                self.tell_all(&Event::HandOver);
            }
            Stage::HandingOver { .. } if is_over => self.cancel(),
            Stage::Killing { .. } if is_over => self.flush(now),
            _ => {}
        }
        if let Some(at) = self.drain.say_at
            && at <= now
        {
            self.drain.say_at = Some(now + SAY_EVERY);
            for entry in self.jobs.values() {
                tracing::info!(
                    source = entry.key.source,
                    job = entry.key.job,
                    pipeline = entry.info.pipeline,
                    action = entry.info.action,
                    state = entry.life.state.name(),
                    "waiting for this job"
                );
            }
        }
    }

    fn flush(&mut self, now: Instant) {
        self.drain.stage = Stage::Flushing {
            until: now + self.config.flush_timeout,
        };
    }

    pub(super) fn is_over(&self, now: Instant) -> bool {
        match self.drain.stage {
            Stage::Flushing { until } => self.jobs.is_empty() || until <= now,
            _ => false,
        }
    }

    /// What is left is the journal's.
    pub(super) async fn finish(mut self) -> DrainReport {
        let under_way = std::mem::take(&mut self.jobs);
        let settled = under_way.is_empty();
        self.stop_receives();
        let mut left = std::mem::take(&mut self.left);
        left.extend(under_way.into_values().map(|entry| entry.info));
        for job in &left {
            tracing::warn!(
                source = job.source,
                job = job.job,
                action_type = job.action_type,
                "left in the journal: the next start goes on with it"
            );
        }
        if settled {
            let tidied = timeout(TIDY, async {
                while self.tasks.join_next().await.is_some() {}
            });
            if tidied.await.is_err() {
                tracing::warn!(
                    "directories are left in the work directory: the next start deletes them"
                );
            }
        }
        self.publish();
        let (_, unserved_offers) = self.unserved_clients();
        DrainReport {
            left,
            parked: self.parked,
            counters: Counters {
                unserved_offers,
                ..self.counters
            },
        }
    }
}
