//! The power is cut at every sync of a workload, and what reached the disk by then is opened again.
//!
//! A disk keeps what was synced; of what was written since, any sector may have landed or not. So each cut
//! is looked at three ways: nothing landed, everything landed, and sectors drawn by a seed that a failure
//! prints. What must hold each time: every acknowledged change is there, a change that was under way is
//! there whole or not at all, and nothing else is.

#![expect(
    clippy::disallowed_types,
    reason = "redb calls its backend from the journal's own thread, where nothing awaits"
)]

use std::collections::BTreeMap;
use std::io::{Error, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;
use serde_json::json;
use tokio::task::JoinSet;

use crate::record::{Identity, Journal, JournalError, Phase, Record, RecordKey};
use crate::store::Store;
use crate::writer::Redb;

const SECTOR: usize = 512;

#[derive(Debug)]
enum Unsynced {
    Write(usize, Vec<u8>),
    Length(usize),
}

#[derive(Debug, Default)]
struct Platter {
    live: Vec<u8>,
    durable: Vec<u8>,
    unsynced: Vec<Unsynced>,
    syncs: u64,
    dies_at: Option<u64>,
    dead: bool,
    /// It takes nothing more until it is emptied.
    full: bool,
}

#[derive(Clone, Debug, Default)]
struct Disk(Arc<Mutex<Platter>>);

#[derive(Clone, Copy, Debug)]
enum Landed {
    Nothing,
    Everything,
    Some(u64),
}

impl Disk {
    fn holding(image: Vec<u8>) -> Disk {
        let disk = Disk::default();
        {
            let mut platter = disk.platter();
            platter.durable.clone_from(&image);
            platter.live = image;
        }
        disk
    }

    /// With a journal on it that is whole: a new file gets its name only then.
    fn formatted() -> Disk {
        let disk = Disk::default();
        drop(open(&disk).unwrap());
        let image = disk.platter().durable.clone();
        Disk::holding(image)
    }

    fn dying_at(sync: u64) -> Disk {
        let disk = Disk::formatted();
        disk.platter().dies_at = Some(sync);
        disk
    }

    fn platter(&self) -> MutexGuard<'_, Platter> {
        self.0.lock().unwrap()
    }

    fn alive(&self) -> Result<MutexGuard<'_, Platter>, Error> {
        let platter = self.platter();
        if platter.dead {
            return Err(Error::other("the power is off"));
        }
        Ok(platter)
    }

    fn roomy(&self) -> Result<MutexGuard<'_, Platter>, Error> {
        let platter = self.alive()?;
        if platter.full {
            return Err(ErrorKind::StorageFull.into());
        }
        Ok(platter)
    }

    fn after_the_cut(&self, landed: Landed) -> Vec<u8> {
        let platter = self.platter();
        let mut image = platter.durable.clone();
        let mut draws = match landed {
            Landed::Nothing => return image,
            Landed::Everything => return platter.live.clone(),
            Landed::Some(seed) => Draws(seed),
        };
        for change in &platter.unsynced {
            match change {
                Unsynced::Length(length) if draws.heads() => image.resize(*length, 0),
                Unsynced::Length(_) => {}
                Unsynced::Write(offset, bytes) => {
                    let mut at = 0;
                    while at < bytes.len() {
                        let sector_end = ((offset + at) / SECTOR + 1) * SECTOR - offset;
                        let end = sector_end.min(bytes.len());
                        if draws.heads() {
                            put(&mut image, offset + at, &bytes[at..end]);
                        }
                        at = end;
                    }
                }
            }
        }
        image
    }
}

/// Splitmix64: a short generator with a seed of one number.
struct Draws(u64);

impl Draws {
    fn heads(&mut self) -> bool {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) & 1 == 1
    }
}

fn put(bytes: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if bytes.len() < end {
        bytes.resize(end, 0);
    }
    bytes[offset..end].copy_from_slice(data);
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).unwrap()
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, Error> {
        Ok(self.alive()?.live.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        let platter = self.alive()?;
        let offset = index(offset);
        let bytes = platter
            .live
            .get(offset..offset + out.len())
            .ok_or(ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), Error> {
        let mut platter = self.roomy()?;
        platter.live.resize(index(len), 0);
        platter.unsynced.push(Unsynced::Length(index(len)));
        Ok(())
    }

    fn sync_data(&self) -> Result<(), Error> {
        let mut platter = self.alive()?;
        platter.syncs += 1;
        if platter.dies_at == Some(platter.syncs) {
            platter.dead = true;
            return Err(Error::other("the power was cut"));
        }
        let Platter {
            durable, unsynced, ..
        } = &mut *platter;
        for change in unsynced.drain(..) {
            match change {
                Unsynced::Write(offset, data) => put(durable, offset, &data),
                Unsynced::Length(length) => durable.resize(length, 0),
            }
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        let mut platter = self.roomy()?;
        put(&mut platter.live, index(offset), data);
        platter
            .unsynced
            .push(Unsynced::Write(index(offset), data.to_vec()));
        Ok(())
    }
}

fn identity() -> Identity {
    Identity::default()
}

fn open(disk: &Disk) -> Result<Redb, JournalError> {
    let store = Store::over(disk.clone(), &identity())?;
    let again = {
        let disk = disk.clone();
        move || Store::over(disk.clone(), &identity())
    };
    Ok(Redb::start(store, again).unwrap())
}

fn key(job: usize) -> RecordKey {
    RecordKey {
        source: "main".to_owned(),
        job: format!("job-{job}"),
    }
}

fn record(job: usize, step: usize) -> Record {
    Record {
        key: key(job),
        action_type: "Build/Site/1".to_owned(),
        nonce: "3".to_owned(),
        client: None,
        attempt: u32::try_from(step).unwrap(),
        retry_safe: false,
        by_rule: false,
        taken_at: 0,
        phase: match step {
            0 => Phase::Acknowledging,
            1 => Phase::Acknowledged,
            2 => Phase::Running,
            // Of several sizes, so that values sit in a page, fill one, and make the file grow.
            _ => Phase::Finished {
                outcome: json!({ "message": "x".repeat(job * job * 3_000) }),
                replaced: false,
            },
        },
    }
}

type Contents = BTreeMap<RecordKey, Record>;

/// What the journal said yes to, and what it was asked when the power went.
#[derive(Default)]
struct Told {
    acknowledged: Contents,
    under_way: BTreeMap<RecordKey, Option<Record>>,
}

/// Jobs go through their phases, `at_once` of them side by side, and half of them are removed at the end.
async fn work(disk: &Disk, at_once: usize) -> Told {
    let mut told = Told::default();
    let Ok(journal) = open(disk) else {
        return told;
    };
    let journal = Arc::new(journal);
    for group in (0..12_usize).collect::<Vec<_>>().chunks(at_once) {
        for step in 0..5 {
            let mut asked = JoinSet::new();
            for job in group.iter().copied().filter(|job| step < 4 || job % 2 == 0) {
                let change = (step < 4).then(|| record(job, step));
                told.under_way.insert(key(job), change.clone());
                let journal = Arc::clone(&journal);
                asked.spawn(async move {
                    let result = match change {
                        Some(record) => journal.put(record).await,
                        None => journal.remove(&key(job)).await,
                    };
                    (key(job), result)
                });
            }
            let mut off = false;
            for (key, result) in asked.join_all().await {
                if result.is_err() {
                    off = true;
                    continue;
                }
                match told.under_way.remove(&key).flatten() {
                    Some(record) => told.acknowledged.insert(key, record),
                    None => told.acknowledged.remove(&key),
                };
            }
            if off {
                return told;
            }
        }
    }
    told
}

async fn check(cut: &str, disk: &Disk, landed: Landed, told: &Told) {
    let survivor = Disk::holding(disk.after_the_cut(landed));
    let journal = match open(&survivor) {
        Ok(journal) => journal,
        Err(error) => panic!(
            "{cut}, {landed:?} landed: {error}: {:?}",
            std::error::Error::source(&error)
        ),
    };
    let found: Contents = journal
        .load()
        .await
        .unwrap()
        .into_iter()
        .map(|record| (record.key.clone(), record))
        .collect();
    let jobs: std::collections::BTreeSet<&RecordKey> = found
        .keys()
        .chain(told.acknowledged.keys())
        .chain(told.under_way.keys())
        .collect();
    for job in jobs {
        let has = found.get(job);
        let acknowledged = has == told.acknowledged.get(job);
        let under_way = told
            .under_way
            .get(job)
            .is_some_and(|change| has == change.as_ref());
        assert!(
            acknowledged || under_way,
            "{cut}, {landed:?} landed: {} is {:?}, acknowledged {:?}",
            job.job,
            has.map(|record| record.attempt),
            told.acknowledged.get(job).map(|record| record.attempt),
        );
    }
    // It is a journal still.
    journal.put(record(99, 2)).await.unwrap();
}

async fn cut_at_every_sync(at_once: usize, seeds: u64) {
    let whole = Disk::formatted();
    let told = work(&whole, at_once).await;
    assert!(told.under_way.is_empty());
    assert_eq!(told.acknowledged.len(), 6);
    let syncs = whole.platter().syncs;
    assert!(syncs > 20, "{syncs}");
    for sync in 1..=syncs {
        let disk = Disk::dying_at(sync);
        let told = work(&disk, at_once).await;
        let cut = format!("cut at sync {sync} of {syncs}");
        check(&cut, &disk, Landed::Nothing, &told).await;
        check(&cut, &disk, Landed::Everything, &told).await;
        for seed in 0..seeds {
            check(&cut, &disk, Landed::Some(sync * 1_000 + seed), &told).await;
        }
    }
}

#[tokio::test]
async fn one_change_at_a_time() {
    cut_at_every_sync(1, 12).await;
}

#[tokio::test]
async fn several_changes_in_a_commit() {
    cut_at_every_sync(4, 24).await;
}

#[tokio::test]
async fn a_journal_whose_disk_failed_says_so_to_every_caller_after() {
    let disk = Disk::default();
    let journal = open(&disk).unwrap();
    journal.put(record(1, 0)).await.unwrap();
    {
        let mut platter = disk.platter();
        platter.dies_at = Some(platter.syncs + 1);
    }
    for job in 2..5 {
        let error = journal.put(record(job, 0)).await.unwrap_err();
        assert!(matches!(error, JournalError::Write(_)), "{error}");
    }
}

#[tokio::test]
async fn a_journal_whose_disk_was_full_works_again_once_it_is_not() {
    let disk = Disk::default();
    let journal = open(&disk).unwrap();
    journal.put(record(1, 0)).await.unwrap();
    for round in 0..3 {
        disk.platter().full = true;
        for _ in 0..2 {
            let error = journal.put(record(2, round)).await.unwrap_err();
            assert!(matches!(error, JournalError::Write(_)), "{error}");
        }
        disk.platter().full = false;
        journal.put(record(3, round)).await.unwrap();
        let jobs: Vec<_> = journal.load().await.unwrap();
        // Of a change that failed nothing is known: the worker makes it again.
        let sure: Vec<_> = jobs.iter().filter(|job| job.key != key(2)).collect();
        assert_eq!(sure, [&record(1, 0), &record(3, round)]);
    }
}
