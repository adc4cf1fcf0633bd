//! What a child uses, as the kernel counts it: for the many ways to end in which it does not tell.
//!
//! Processor time is read until the process is reaped, so after its end, too. Its memory is gone with it: that is known
//! as of the last look while it lived, or from its control group, where it has one. (What `wait4` tells of memory is of
//! no use: it begins with the parent's, from before the child is another program.) These files of /proc may be read
//! whoever the process keeps from the others; where /proc is closed even to that, nothing is known.

use std::time::Duration;

use crate::limits::{Limit, Limits};
use crate::runner::Usage;

use super::lock::{CPU_GRACE, OVERHEAD};

/// More log than any guest can write in its time, bytes.
const DROPPED: u64 = 1 << 42;

/// What a process has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Measured {
    /// Processor time, of all its threads.
    pub(crate) cpu: Duration,
    /// Most memory at a time, bytes: the guest's, and some megabytes for what runs it.
    pub(crate) memory_peak: u64,
}

impl Measured {
    /// Look at a process that has not been reaped. What was seen before and is not any more stays.
    pub(crate) fn look(&mut self, pid: u32) {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}"));
        if let Some(cpu) = read("stat").ok().and_then(|stat| cpu(&stat)) {
            self.cpu = self.cpu.max(cpu);
        }
        if let Some(peak) = read("status").ok().and_then(|status| memory_peak(&status)) {
            self.memory_peak = self.memory_peak.max(peak);
        }
    }
}

/// What a child told of what it used, beside what was seen of it. One that was taken over may tell anything: no more than
/// can be is believed, and no less than the kernel has counted.
pub(super) fn believed(told: Usage, seen: &Usage, limits: &Limits) -> Usage {
    // More than what runs a guest can take is the guest's.
    let at_least = seen.memory_peak.saturating_sub(OVERHEAD);
    Usage {
        cpu: told
            .cpu
            .min(limits.cpu().saturating_add(CPU_GRACE))
            .max(seen.cpu),
        memory_peak: told.memory_peak.max(at_least).min(limits.memory()),
        disk_peak: told.disk_peak.min(limits.get(Limit::Disk)),
        log_bytes: told.log_bytes.min(seen.log_bytes),
        log_dropped: told.log_dropped.min(DROPPED),
        ..told
    }
}

/// Fields 14 and 15 of `stat`, in the system's ticks: time in the program and in the kernel for it.
fn cpu(stat: &str) -> Option<Duration> {
    // A name may have spaces and parentheses in it.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    let (own, kernels) = (ticks()?, ticks()?);
    let milliseconds = own
        .saturating_add(kernels)
        .saturating_mul(1000)
        .checked_div(rustix::param::clock_ticks_per_second())?;
    Some(Duration::from_millis(milliseconds))
}

fn memory_peak(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_found_whatever_a_process_calls_itself() {
        let stat = "7 (a) S 1 (b) R 1 7 7 0 -1 4194560 100 0 0 0 250 50 9 9 20 0 1 0 5 0 0";
        let second = rustix::param::clock_ticks_per_second();
        assert_eq!(cpu(stat), Some(Duration::from_millis(300_000 / second)));
        assert_eq!(cpu("7 (a) R 1 2"), None);
        assert_eq!(memory_peak("Name:\ta\nVmHWM:\t  2048 kB\n"), Some(2 << 20));
        assert_eq!(memory_peak("Name:\ta\n"), None);
    }

    #[test]
    fn what_is_told_is_believed_between_what_was_seen_and_what_can_be() {
        let limits = Limits::default()
            .with(Limit::CpuTime, 60_000)
            .with(Limit::Memory, 256 << 20);
        let usage = |seconds, mebibytes: u64| Usage {
            cpu: Duration::from_secs(seconds),
            memory_peak: mebibytes << 20,
            ..Usage::default()
        };
        for (told, seen, believed) in [
            (usage(3, 40), usage(2, 55), usage(3, 40)),
            (usage(0, 0), usage(7, 196), usage(7, 100)),
            (usage(0, 0), usage(0, 60), usage(0, 0)),
            (usage(1 << 40, 1 << 40), usage(1, 55), usage(65, 256)),
            (usage(0, 0), usage(1, 1 << 40), usage(1, 256)),
        ] {
            assert_eq!(super::believed(told, &seen, &limits), believed);
        }
    }

    #[test]
    fn a_process_is_measured_until_it_is_reaped() {
        let mut child = std::process::Command::new("sh")
            .args([
                "-c",
                "i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; read line",
            ])
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut measured = Measured::default();
        while measured.cpu.is_zero() {
            measured.look(child.id());
        }
        assert!(measured.memory_peak > 64 << 10, "{measured:?}");
        drop(child.stdin.take());
        // A zombie: its memory is gone, its time is not.
        let stat = || std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
        while !stat().contains(") Z ") {}
        let seen = measured;
        measured.look(child.id());
        assert_eq!(measured.memory_peak, seen.memory_peak);
        let mut fresh = Measured::default();
        fresh.look(child.id());
        assert!(fresh.cpu >= seen.cpu && fresh.memory_peak == 0, "{fresh:?}");
        child.wait().unwrap();
    }
}
