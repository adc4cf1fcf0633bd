//! Where it was measured, and what else that machine was doing.

use std::path::{Path, PathBuf};

use crate::contestants::Tools;
use crate::measure::own_ticks;

/// The machine before the first turn.
pub(crate) struct Machine {
    cores: usize,
    cpu: String,
    memory: String,
    kernel: String,
    disk: String,
    before: Option<Busy>,
}

/// Processor time in clock ticks.
#[derive(Clone, Copy)]
struct Busy {
    /// Of all processors, idle or not.
    all: u64,
    /// Of it, not idle.
    busy: u64,
    /// Of it, ours and our ended children's.
    ours: u64,
}

impl Machine {
    pub(crate) fn look(work: &Path) -> Self {
        let first = |path: &str| {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            text.lines().next().unwrap_or("unknown").to_owned()
        };
        let memory = value("/proc/meminfo", "MemTotal")
            .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
            .map_or("unknown".to_owned(), |kilobytes| {
                format!("{:.0} GiB", kilobytes as f64 / f64::from(1 << 20))
            });
        Self {
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            cpu: value("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".to_owned()),
            memory,
            kernel: first("/proc/sys/kernel/osrelease"),
            disk: file_system(work).unwrap_or_else(|| "unknown".to_owned()),
            before: Busy::now(),
        }
    }

    /// As a list; called when all is measured.
    pub(crate) fn facts(&self, tools: &Tools) -> String {
        let others = match (self.before, Busy::now()) {
            (Some(before), Some(after)) => {
                let all = after.all.saturating_sub(before.all).max(1);
                let busy = after.busy.saturating_sub(before.busy);
                let others = busy.saturating_sub(after.ours.saturating_sub(before.ours));
                format!(
                    "{:.0}% of its processor time",
                    others as f64 * 100.0 / all as f64
                )
            }
            _ => "an unknown share of its processor time".to_owned(),
        };
        format!(
            "- machine: {} cores ({}), {} of memory, Linux {}, {}\n\
             - others on it, the kernel's own threads included, took {others} during the run\n\
             - compared with: {}\n\
             - Pipefitter {} of the dev profile: its own crates at opt-level 1, dependencies at 2\n",
            self.cores,
            self.cpu,
            self.memory,
            self.kernel,
            self.disk,
            tools.versions(),
            env!("CARGO_PKG_VERSION")
        )
    }
}

impl Busy {
    fn now() -> Option<Self> {
        let stat = std::fs::read_to_string("/proc/stat").ok()?;
        // user nice system idle iowait irq softirq steal; what follows is counted in user already.
        let ticks: Vec<u64> = stat
            .lines()
            .next()?
            .split_whitespace()
            .skip(1)
            .take(8)
            .filter_map(|word| word.parse().ok())
            .collect();
        let all = ticks.iter().sum();
        let waiting: u64 = ticks.iter().skip(3).take(2).sum();
        let ours = own_ticks()?.iter().sum();
        Some(Self {
            all,
            busy: all - waiting,
            ours,
        })
    }
}

/// What stands after `name` and a colon.
fn value(path: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    let (_, value) = line.split_once(':')?;
    Some(value.trim().to_owned())
}

/// The kind of the file system with the longest mount point above `path`.
fn file_system(path: &Path) -> Option<String> {
    let path = path.canonicalize().ok()?;
    let mounts = std::fs::read_to_string("/proc/self/mounts").ok()?;
    mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace().skip(1);
            let (point, kind) = (PathBuf::from(fields.next()?), fields.next()?);
            path.starts_with(&point).then_some((point, kind))
        })
        .max_by_key(|(point, _)| point.components().count())
        .map(|(_, kind)| kind.to_owned())
}
