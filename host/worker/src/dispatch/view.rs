//! The snapshot for outside.

use std::sync::Arc;

use crate::status::{Counters, JobStatus, PollerStatus, QueueStatus, WorkerStatus};

use super::core::Dispatcher;
use super::poll_health::no_values;

impl Dispatcher {
    pub(crate) fn publish(&self) {
        let jobs = self
            .jobs
            .values()
            .map(|entry| JobStatus {
                job: Arc::clone(&entry.info),
                state: entry.life.state.name(),
                attempt: entry.life.attempt,
                progress: entry.progress.borrow().clone(),
            })
            .collect();
        let pollers = self.pollers.all.iter().map(|(key, poller)| PollerStatus {
            source: self.parts.sources[key.source].source.id().to_string(),
            action_type: key.action_type.to_string(),
            query: key.query.clone(),
            healthy: poller.problem.is_none(),
            polls: true,
            problem: poller.problem.clone(),
        });
        let without_values = self.pollers.without_values.iter();
        let silent = without_values.map(|((source, action_type), property)| PollerStatus {
            source: self.parts.sources[*source].source.id().to_string(),
            action_type: action_type.to_string(),
            query: None,
            healthy: false,
            polls: false,
            problem: Some(no_values(property)),
        });
        let pollers = pollers.chain(silent).collect();
        let queues = self
            .queues
            .iter()
            .map(|queue| QueueStatus {
                source: self.parts.sources[queue.source].source.id().to_string(),
                works: queue.works,
                problem: queue.problem.clone(),
            })
            .collect();
        let outbox = self
            .jobs
            .values()
            .filter(|entry| entry.life.state.in_outbox())
            .count();
        let (unserved_clients, unserved_offers) = self.unserved_clients();
        let status = WorkerStatus {
            jobs,
            slots: self.slots.total(),
            slots_free: self.slots.free(),
            outbox,
            parked: self.parked,
            pollers,
            unserved_clients,
            queues,
            draining: self.drain.is_on(),
            journal_ok: self.journal.is_ok(),
            counters: Counters {
                unserved_offers,
                ..self.counters
            },
        };
        self.status.send_if_modified(|shown| {
            let changed = *shown != status;
            if changed {
                *shown = status;
            }
            changed
        });
    }
}
