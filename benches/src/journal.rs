//! The journal's writes, next to what a simple worker does: a file for each job, replaced by a rename.
//!
//! A rename alone is not on disk: after a power cut the old file may be back. The journal promises more, so
//! both kinds of files are measured, without and with the folder's own fsync; only the latter promises the
//! same.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use pipefitter_journal::{Identity, Journal, Phase, Record, RecordKey, Redb};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::Options;
use crate::measure::{percentile, settle};
use crate::report::{Report, Row, Unit};

/// Turns in a round. Short ones: whatever else the disk does meanwhile, it does to all of them.
const TURNS: usize = 12;
/// In a turn, one at a time.
const IN_TURN: u64 = 25;
const AT_ONCE: u64 = 64;
/// In a turn, by each of those at once.
const EACH: u64 = 4;
/// As many jobs as a busy worker has; each put replaces the record of one.
const JOBS: u64 = 16;
/// No further round begins after this.
const BUDGET: Duration = Duration::from_secs(25);

#[derive(Clone, Copy)]
enum Who {
    Journal,
    Renamed,
    Durable,
}

const ALL: [(Who, &str); 3] = [
    (Who::Journal, "Pipefitter's journal"),
    (Who::Renamed, "a file each: write, fsync, rename"),
    (Who::Durable, "the same, and fsync of its folder"),
];

pub(crate) fn compare(options: &Options, report: &mut Report) -> Result<()> {
    eprintln!("journal");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("could not start a runtime")?;
    let folder = options.work.join("journal");
    std::fs::create_dir(&folder).context("could not make a folder for the journal")?;
    let identity = Identity::default();
    let journal = Arc::new(Redb::open(&folder.join("journal.redb"), &identity)?);
    let series = |what: &str, unit| ALL.map(|(_, name)| Row::new(what, name, unit));
    let mut middle = series("put, one at a time: p50", Unit::Milliseconds);
    let mut slow = series("put, one at a time: p99", Unit::Milliseconds);
    let mut rates = series("puts a second, 64 at once", Unit::PerSecond);

    let began = Instant::now();
    for round in 0..options.rounds() {
        if round > 0 && began.elapsed() > BUDGET {
            break;
        }
        settle()?;
        let mut taken = ALL.map(|_| Vec::new());
        for turn in 0..TURNS {
            for place in 0..ALL.len() {
                let at = (place + turn) % ALL.len();
                taken[at].extend(match ALL[at].0 {
                    Who::Journal => runtime.block_on(in_turn(&journal))?,
                    Who::Renamed => files_in_turn(&folder, false)?,
                    Who::Durable => files_in_turn(&folder, true)?,
                });
            }
        }
        let commits = journal.commits();
        let mut seconds = ALL.map(|_| 0.0);
        for turn in 0..TURNS {
            for place in 0..ALL.len() {
                let at = (place + turn) % ALL.len();
                seconds[at] += match ALL[at].0 {
                    Who::Journal => runtime.block_on(at_once(&journal))?,
                    Who::Renamed => files_at_once(&folder, false)?,
                    Who::Durable => files_at_once(&folder, true)?,
                };
            }
        }
        let puts = AT_ONCE * EACH * TURNS as u64;
        for at in 0..ALL.len() {
            middle[at].values.push(percentile(&taken[at], 50));
            slow[at].values.push(percentile(&taken[at], 99));
            rates[at].values.push(puts as f64 / seconds[at]);
        }
        rates[0].remark = format!("{puts} puts in {} commits", journal.commits() - commits);
    }
    report.add(middle.into());
    report.add(slow.into());
    report.add(rates.into());
    Ok(())
}

fn record(job: u64, attempt: u32) -> Record {
    Record {
        key: RecordKey {
            source: "main".to_owned(),
            job: format!("9f3c1d52-7a44-4c0e-9b1e-{job:012}"),
        },
        action_type: "Build/Site/1".to_owned(),
        nonce: format!("nonce-{job:024}"),
        client: None,
        attempt,
        retry_safe: true,
        by_rule: false,
        taken_at: 1_760_000_000_000,
        phase: Phase::Running,
    }
}

/// About as many bytes as a record has in the journal.
fn text(record: &Record) -> String {
    format!(
        "{{\"source\":\"{}\",\"job\":\"{}\",\"action_type\":\"{}\",\"nonce\":\"{}\",\"client\":null,\
         \"attempt\":{},\"retry_safe\":{},\"taken_at\":{},\"phase\":{{\"phase\":\"running\"}}}}",
        record.key.source,
        record.key.job,
        record.action_type,
        record.nonce,
        record.attempt,
        record.retry_safe,
        record.taken_at
    )
}

/// Milliseconds of each put.
async fn in_turn(journal: &Redb) -> Result<Vec<f64>> {
    let mut taken = Vec::new();
    for put in 0..IN_TURN {
        let record = record(put % JOBS, 1);
        let began = Instant::now();
        journal.put(record).await?;
        taken.push(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok(taken)
}

/// Seconds until all are on disk.
async fn at_once(journal: &Arc<Redb>) -> Result<f64> {
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for job in 0..AT_ONCE {
        let journal = Arc::clone(journal);
        tasks.spawn(async move {
            for _ in 0..EACH {
                journal.put(record(job, 2)).await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.context("a task that puts has died")??;
    }
    Ok(began.elapsed().as_secs_f64())
}

fn files_in_turn(folder: &Path, durable: bool) -> Result<Vec<f64>> {
    let mut taken = Vec::new();
    for put in 0..IN_TURN {
        let record = record(put % JOBS, 1);
        let began = Instant::now();
        put_file(folder, &record, durable).context("could not write a record's file")?;
        taken.push(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok(taken)
}

/// A thread for each: what a worker without a journal would have.
fn files_at_once(folder: &Path, durable: bool) -> Result<f64> {
    let began = Instant::now();
    let done: Vec<std::io::Result<()>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..AT_ONCE)
            .map(|job| {
                scope.spawn(move || {
                    (0..EACH).try_for_each(|_| put_file(folder, &record(job, 2), durable))
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| {
                thread
                    .join()
                    .unwrap_or_else(|_| Err(std::io::Error::other("a thread that puts has died")))
            })
            .collect()
    });
    let seconds = began.elapsed().as_secs_f64();
    done.into_iter()
        .collect::<std::io::Result<()>>()
        .context("could not write a record's file")?;
    Ok(seconds)
}

fn put_file(folder: &Path, record: &Record, durable: bool) -> std::io::Result<()> {
    let name = folder.join(&record.key.job);
    let new = name.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(text(record).as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&new, &name)?;
    if durable {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
