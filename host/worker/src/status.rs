//! A worker as seen from outside: a snapshot, made after every change.

use std::sync::Arc;
use std::time::Duration;

use crate::events::JobInfo;
use crate::job::Used;

/// One job under way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct JobStatus {
    /// Which.
    pub job: Arc<JobInfo>,
    /// `waiting`, `claiming`, `acknowledging`, `acknowledged`, `staging`, `running`, `uploading`,
    /// `reporting`, `parking` or `forgetting`.
    pub state: &'static str,
    /// Runs begun.
    pub attempt: u32,
    /// What the plugin said last: percent and a few words.
    pub progress: Option<(Option<u8>, String)>,
}

/// One poller.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PollerStatus {
    /// The source's id.
    pub source: String,
    /// `Category/Provider/Version`.
    pub action_type: String,
    /// The queryable property and its value.
    pub query: Option<(String, String)>,
    /// Whether the last poll was answered; true before the first.
    pub healthy: bool,
    /// Whether it polls at all; not where the configuration lacks the values of a queryable property.
    pub polls: bool,
    /// What the last failed poll was told, or why there is none.
    pub problem: Option<String>,
}

/// A partner's client whose jobs are not taken, for want of a token that the service takes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnservedClientStatus {
    /// The source's id.
    pub source: String,
    /// The client's id.
    pub client: String,
    /// In words.
    pub reason: String,
    /// Offers of its jobs that were passed over.
    pub offers: u64,
}

/// A source's queue of events.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueStatus {
    /// The source's id.
    pub source: String,
    /// Whether it has answered and answers still; while not, the source is polled as without it.
    pub works: bool,
    /// What the last failed receive was told.
    pub problem: Option<String>,
}

/// Counted since the worker started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Polls that were answered.
    pub polls: u64,
    /// Polls that were not.
    pub polls_failed: u64,
    /// Jobs that polls offered.
    pub offered: u64,
    /// Jobs of partners' clients that polls offered and that were passed over, for want of a token; not among
    /// those above.
    pub unserved_offers: u64,
    /// Jobs that became ours.
    pub taken: u64,
    /// Jobs of an earlier run of the worker.
    pub recovered: u64,
    /// Another worker was first.
    pub lost_races: u64,
    /// Ambiguous acknowledges that were taken for ours.
    pub adopted_by_rule: u64,
    /// Ambiguous acknowledges that were dropped, pollers not being exclusive.
    pub ambiguous_dropped: u64,
    /// Acknowledges without any answer within the window.
    pub unanswered: u64,
    /// Jobs that succeeded.
    pub succeeded: u64,
    /// Jobs that failed.
    pub failed: u64,
    /// Jobs that ended with a continuation.
    pub continued: u64,
    /// Runs of plugins that have ended.
    pub runs: u64,
    /// Of these, those that a limit ended.
    pub limits_hit: u64,
    /// Processor time of all runs, milliseconds.
    pub run_cpu_millis: u64,
    /// From start to verdict of all runs, milliseconds.
    pub run_wall_millis: u64,
    /// The most memory that a run has had, bytes.
    pub run_memory_peak: u64,
    /// The most that a run has had on disk, bytes.
    pub run_disk_peak: u64,
    /// Log that runs wrote and that was kept, bytes.
    pub log_bytes: u64,
    /// Log that runs wrote over their limits, bytes.
    pub log_dropped: u64,
    /// Requests to the network that runs made, refused ones included.
    pub requests: u64,
    /// Of these, those that were refused.
    pub requests_refused: u64,
    /// Bodies that runs sent, bytes.
    pub request_bytes: u64,
    /// Bodies that runs were sent, bytes.
    pub response_bytes: u64,
    /// Results that the service has.
    pub reported: u64,
    /// Results for jobs that the service had ended before.
    pub superseded: u64,
    /// Jobs that were interrupted since the service had ended them.
    pub cancelled: u64,
    /// Results that the service found invalid, replaced by a plain failure.
    pub replaced: u64,
    /// Of these, replacements that it found invalid too.
    pub parked: u64,
    /// Jobs whose claim another worker has.
    pub claims_lost: u64,
    /// Journal writes that failed.
    pub journal_failures: u64,
    /// Messages that queues of events brought.
    pub events: u64,
    /// Of these, those that were no events of actions that are served, or came too often.
    pub events_unread: u64,
    /// Receives from queues that failed.
    pub receives_failed: u64,
    /// Tasks that panicked.
    pub panics: u64,
}

/// A worker at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerStatus {
    /// Jobs under way, results that wait included.
    pub jobs: Vec<JobStatus>,
    /// Slots in all.
    pub slots: usize,
    /// Slots that neither a job nor a poll holds.
    pub slots_free: usize,
    /// Results that have not reached the service.
    pub outbox: usize,
    /// Results in the journal that the service refused: look at them.
    pub parked: usize,
    /// Pollers.
    pub pollers: Vec<PollerStatus>,
    /// Partners' clients whose jobs are not taken. The worker is as ready as it is without them.
    pub unserved_clients: Vec<UnservedClientStatus>,
    /// Queues of events.
    pub queues: Vec<QueueStatus>,
    /// The worker takes no new work.
    pub draining: bool,
    /// The last journal write worked. While it is false nothing is polled.
    pub journal_ok: bool,
    /// Counted since the start.
    pub counters: Counters,
}

/// What a worker that ended leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DrainReport {
    /// Jobs that are not done, or whose result did not reach the service: the journal has them, the
    /// next start goes on with them.
    pub left: Vec<Arc<JobInfo>>,
    /// Results in the journal that the service refused.
    pub parked: usize,
    /// Counted over the whole run.
    pub counters: Counters,
}

/// Whole milliseconds, in a type that JSON logs write as a number.
pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Counters {
    pub(crate) fn ran(&mut self, used: &Used) {
        let usage = &used.usage;
        self.runs += 1;
        self.limits_hit += u64::from(used.limit);
        self.run_cpu_millis = self.run_cpu_millis.saturating_add(millis(usage.cpu));
        self.run_wall_millis = self.run_wall_millis.saturating_add(millis(usage.wall));
        self.run_memory_peak = self.run_memory_peak.max(usage.memory_peak);
        self.run_disk_peak = self.run_disk_peak.max(usage.disk_peak);
        self.log_bytes = self.log_bytes.saturating_add(usage.log_bytes);
        self.log_dropped = self.log_dropped.saturating_add(usage.log_dropped);
        if let Some(network) = &used.network {
            self.requests += network.requests;
            self.requests_refused += network.denied;
            self.request_bytes = self.request_bytes.saturating_add(network.request_bytes);
            self.response_bytes = self.response_bytes.saturating_add(network.response_bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipefitter_egress::EgressUsage;
    use pipefitter_sandbox::Usage;

    #[test]
    fn requests_of_all_runs_are_counted_together() {
        let mut counters = Counters::default();
        let reached = |requests, denied| EgressUsage {
            requests,
            denied,
            request_bytes: 10 * requests,
            response_bytes: 100 * requests,
            ..EgressUsage::default()
        };
        for network in [Some(reached(3, 1)), None, Some(reached(5, 2))] {
            counters.ran(&Used {
                usage: Usage::default(),
                network,
                limit: false,
            });
        }
        assert_eq!(counters.runs, 3);
        assert_eq!((counters.requests, counters.requests_refused), (8, 3));
        assert_eq!((counters.request_bytes, counters.response_bytes), (80, 800));
    }
}
