//! What may end a job before its plugin does: limits, a stop request whose grace is over, a kill. There is
//! one guard for each job, looked at from the epoch callback while the guest computes and awaited while
//! it sleeps in the host.
//!
//! The first reason is kept and no later one replaces it: a guest that catches the refused allocation and
//! returns an answer, or traps on it, still failed for memory.

use std::future::Future;
use std::pin::pin;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::limits::{Limit, Limits};
use crate::runner::{Fault, JobControl, StopReason, Usage};

/// Stands for "never": longer than any host stays up, short enough to add to any instant.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

pub(crate) struct Guard {
    started: Instant,
    deadline: Instant,
    limits: Limits,
    control: JobControl,
    /// Cancelled by a kill, or when nobody waits for the verdict any more.
    interrupt: CancellationToken,
    first: OnceLock<Fault>,
    /// Nanoseconds of the polls that are over.
    cpu: AtomicU64,
    /// The thread's clock when the poll that runs now began.
    poll_began: AtomicU64,
    memory_peak: AtomicU64,
    disk_peak: AtomicU64,
}

impl Guard {
    pub(crate) fn new(limits: Limits, control: JobControl) -> Guard {
        let started = Instant::now();
        let interrupt = control.kill.child_token();
        Guard {
            started,
            deadline: started
                .checked_add(limits.wall().min(FAR))
                .unwrap_or(started),
            limits,
            control,
            interrupt,
            first: OnceLock::new(),
            cpu: AtomicU64::new(0),
            poll_began: AtomicU64::new(0),
            memory_peak: AtomicU64::new(0),
            disk_peak: AtomicU64::new(0),
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Cancel this to interrupt the job, and no other.
    pub(crate) fn interrupt(&self) -> &CancellationToken {
        &self.interrupt
    }

    pub(crate) fn stop_reason(&self) -> Option<StopReason> {
        let asked = self.control.stop.borrow().map(|request| request.reason);
        asked.or_else(|| {
            // Keeps the reason: a guest that knows of it may answer before it is interrupted, and the
            // contract says that such an answer is dropped.
            let killed = self.interrupt.is_cancelled() && !self.may_go_on();
            killed.then_some(StopReason::Cancelled)
        })
    }

    /// When the job is interrupted if nothing else happens.
    fn ends(&self) -> Instant {
        match *self.control.stop.borrow() {
            Some(request) => self.deadline.min(request.until),
            None => self.deadline,
        }
    }

    pub(crate) fn time_remaining(&self) -> Duration {
        if self.interrupt.is_cancelled() {
            return Duration::ZERO;
        }
        self.ends().saturating_duration_since(Instant::now())
    }

    /// Keep the reason, if it is the first.
    pub(crate) fn end(&self, fault: Fault) {
        // A second one is of no interest.
        let _kept = self.first.set(fault);
    }

    /// The job has hit this limit of its.
    pub(crate) fn hit(&self, limit: Limit) {
        self.end(self.limit(limit));
    }

    pub(crate) fn limit(&self, limit: Limit) -> Fault {
        Fault::Limit {
            limit,
            value: self.limits.show(limit),
        }
    }

    pub(crate) fn first(&self) -> Option<Fault> {
        self.first.get().cloned()
    }

    /// Whether the job may go on. If not, the reason is kept.
    pub(crate) fn may_go_on(&self) -> bool {
        if self.first.get().is_some() {
            return false;
        }
        let stop = *self.control.stop.borrow();
        let now = Instant::now();
        if self.interrupt.is_cancelled() {
            self.end(Fault::Interrupted(stop.map(|request| request.reason)));
        } else if let Some(request) = stop.filter(|request| now >= request.until) {
            self.end(Fault::Interrupted(Some(request.reason)));
        } else if now >= self.deadline {
            self.hit(Limit::WallTime);
        } else {
            self.check_cpu();
        }
        self.first.get().is_none()
    }

    fn check_cpu(&self) {
        if self.cpu_used() > self.limits.cpu() {
            self.hit(Limit::CpuTime);
        }
    }

    /// Resolves once the job may not go on; the reason is kept then.
    pub(crate) async fn ended(&self) {
        let mut stop = self.control.stop.clone();
        while self.may_go_on() {
            tokio::select! {
                () = self.interrupt.cancelled() => {}
                () = tokio::time::sleep_until(self.ends()) => {}
                // Nobody can ask for a stop any more once the sender is gone: the others decide.
                Ok(()) = stop.changed() => {}
            }
        }
    }

    /// Poll to the end, counting the processor time of each poll. That is the guest's and that of its host
    /// calls, since these run on the thread that polls; what other guests do between polls is not in it.
    pub(crate) async fn metered<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        std::future::poll_fn(|cx| {
            self.poll_began.store(thread_cpu(), Ordering::Relaxed);
            let poll = future.as_mut().poll(cx);
            let spent = self.this_poll();
            self.poll_began.store(0, Ordering::Relaxed);
            self.cpu.fetch_add(spent, Ordering::Relaxed);
            self.check_cpu();
            poll
        })
        .await
    }

    fn this_poll(&self) -> u64 {
        match self.poll_began.load(Ordering::Relaxed) {
            0 => 0,
            began => thread_cpu().saturating_sub(began),
        }
    }

    fn cpu_used(&self) -> Duration {
        Duration::from_nanos(self.cpu.load(Ordering::Relaxed) + self.this_poll())
    }

    pub(crate) fn memory_used(&self, bytes: u64) {
        self.memory_peak.fetch_max(bytes, Ordering::Relaxed);
    }

    pub(crate) fn disk_used(&self, bytes: u64) {
        self.disk_peak.fetch_max(bytes, Ordering::Relaxed);
    }

    /// What was used so far. The log's part is the log's to say.
    pub(crate) fn usage(&self) -> Usage {
        Usage {
            wall: self.started.elapsed(),
            cpu: Duration::from_nanos(self.cpu.load(Ordering::Relaxed)),
            memory_peak: self.memory_peak.load(Ordering::Relaxed),
            disk_peak: self.disk_peak.load(Ordering::Relaxed),
            ..Usage::default()
        }
    }
}

/// This thread's processor time in nanoseconds; never 0, which stands for "not in a poll".
fn thread_cpu() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(time.tv_nsec).unwrap_or(0);
    (seconds * 1_000_000_000 + nanos).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits::default()
            .with(Limit::WallTime, 60_000)
            .with(Limit::CpuTime, 10_000)
    }

    #[tokio::test]
    async fn the_wall_clock_ends_a_job() {
        let (_stop, control) = JobControl::new();
        let limits = limits().with(Limit::WallTime, 20);
        let guard = Guard::new(limits, control);
        assert!(guard.may_go_on());
        guard.ended().await;
        assert_eq!(
            guard.first(),
            Some(Fault::Limit {
                limit: Limit::WallTime,
                value: "20 ms".into()
            })
        );
        assert!(guard.usage().wall >= Duration::from_millis(20));
    }

    #[tokio::test]
    async fn a_stop_request_ends_it_when_its_grace_is_over() {
        let (stop, control) = JobControl::new();
        let guard = Guard::new(limits(), control);
        assert!(guard.time_remaining() > Duration::from_secs(50));
        let asks = async {
            // `ended` waits already when this runs: it must notice.
            stop.request(StopReason::HandOver, Duration::from_millis(20));
            drop(stop);
            assert_eq!(guard.stop_reason(), Some(StopReason::HandOver));
            assert!(guard.time_remaining() <= Duration::from_millis(20));
        };
        tokio::join!(biased; guard.ended(), asks);
        assert_eq!(
            guard.first(),
            Some(Fault::Interrupted(Some(StopReason::HandOver)))
        );
        assert!(guard.usage().wall >= Duration::from_millis(20));
    }

    #[tokio::test]
    async fn a_kill_ends_it_at_once_and_the_first_reason_stays() {
        let (stop, control) = JobControl::new();
        let guard = Guard::new(limits(), control);
        stop.kill();
        assert_eq!(guard.stop_reason(), Some(StopReason::Cancelled));
        assert_eq!(guard.first(), Some(Fault::Interrupted(None)));
        guard.ended().await;
        guard.hit(Limit::Memory);
        assert_eq!(guard.first(), Some(Fault::Interrupted(None)));
        assert_eq!(guard.time_remaining(), Duration::ZERO);
        assert_eq!(guard.stop_reason(), Some(StopReason::Cancelled));
    }

    #[tokio::test]
    async fn interrupting_one_job_leaves_the_kill_of_others_alone() {
        let (stop, control) = JobControl::new();
        let one = Guard::new(limits(), control.clone());
        let other = Guard::new(limits(), control);
        one.interrupt().cancel();
        assert!(!one.may_go_on());
        assert!(other.may_go_on());
        stop.kill();
        assert!(!other.may_go_on());
    }

    #[tokio::test]
    async fn processor_time_is_counted_while_polled_only() {
        let (_stop, control) = JobControl::new();
        let limits = limits().with(Limit::CpuTime, 5);
        let guard = Guard::new(limits, control);
        guard
            .metered(async {
                let mut sum = 0_u64;
                while guard.may_go_on() {
                    sum = std::hint::black_box(sum.wrapping_add(1));
                }
            })
            .await;
        assert!(matches!(
            guard.first(),
            Some(Fault::Limit {
                limit: Limit::CpuTime,
                ..
            })
        ));
        assert!(guard.usage().cpu >= Duration::from_millis(5));
    }
}
