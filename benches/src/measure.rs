//! Time and memory of a process, and what is said of several rounds.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::time::Instant;

/// How often a running process is asked for its peak of memory: what it takes in its last moments is missed.
const SAMPLE: Duration = Duration::from_millis(5);

/// The kernel's tick for user programs; 100 a second on every Linux that is built as usual.
const TICKS_A_SECOND: f64 = 100.0;

/// One process, from start to exit.
pub(crate) struct Run {
    pub(crate) seconds: f64,
    /// Of processors, user and system together.
    pub(crate) processor: Option<f64>,
    /// The most bytes resident, where the system tells.
    pub(crate) peak: Option<u64>,
}

/// Run to success, output thrown away.
pub(crate) fn run(command: &mut Command) -> Result<Run> {
    let program = command.get_program().to_string_lossy().into_owned();
    let before = ended_children();
    let began = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("could not start {program}"))?;
    let id = child.id();
    let over = AtomicBool::new(false);
    let (status, seconds, peak) = std::thread::scope(|scope| {
        let sampling = scope.spawn(|| {
            let mut peak = None;
            while !over.load(Ordering::Relaxed) {
                peak = peak_of(id).or(peak);
                std::thread::sleep(SAMPLE);
            }
            peak
        });
        let status = child.wait();
        let seconds = began.elapsed().as_secs_f64();
        over.store(true, Ordering::Relaxed);
        (status, seconds, sampling.join().ok().flatten())
    });
    let status = status.with_context(|| format!("could not wait for {program}"))?;
    if !status.success() {
        bail!("{program} failed: {status}");
    }
    Ok(Run {
        seconds,
        processor: since(before),
        peak,
    })
}

/// Processor time of all ended children up to now. One runs at a time: the difference is the last one's.
pub(crate) fn ended_children() -> Option<f64> {
    own_ticks().map(|[_, _, user, system]| (user + system) as f64 / TICKS_A_SECOND)
}

/// Processor time of the children that ended since.
pub(crate) fn since(before: Option<f64>) -> Option<f64> {
    Some(ended_children()? - before?)
}

/// Ours in user and in system, our ended children's in user and in system.
pub(crate) fn own_ticks() -> Option<[u64; 4]> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The 14th to 17th field; the second is the name, which may hold anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks: Vec<u64> = fields
        .split_whitespace()
        .skip(11)
        .take(4)
        .filter_map(|field| field.parse().ok())
        .collect();
    ticks.try_into().ok()
}

/// The kernel keeps the peak itself (`VmHWM`, in kB): the last sample is the highest.
fn peak_of(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}

/// Have what the last turn wrote on the disk, so that the next one does not pay for it.
pub(crate) fn settle() -> Result<()> {
    run(&mut Command::new("sync")).map(|_| ())
}

/// The value in the middle, or the mean of both.
pub(crate) fn median(values: &[f64]) -> f64 {
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// The smallest value that at least `percent` of all do not exceed (nearest rank).
pub(crate) fn percentile(values: &[f64], percent: usize) -> f64 {
    let sorted = sorted(values);
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_the_mean_of_both() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn a_percentile_is_by_nearest_rank() {
        let values: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        assert_eq!(percentile(&values, 50), 100.0);
        assert_eq!(percentile(&values, 99), 198.0);
        assert_eq!(percentile(&values, 100), 200.0);
        assert_eq!(percentile(&[7.0], 1), 7.0);
        assert!(percentile(&[], 50).is_nan());
    }
}
