//! The redb file: its tables, and one transaction per batch of changes.
//!
//! Two-phase commit is on, since what a plugin returns ends up in here: without it a guest that can choose
//! bytes and make the process die could forge the checksum that tells a whole commit from a torn one. The
//! format's version and the journal's identity are in a table of their own, outside the record codec, so
//! that they can be read whatever becomes of records.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use redb::{
    Builder, Database, DatabaseError, Durability, ReadableDatabase, ReadableTable, StorageBackend,
    StorageError, TableDefinition, WriteTransaction,
};

use crate::codec::{self, MOVE_AWAY};
use crate::identity::{OldIdentity, migrate, reconcile};
use crate::record::{Identity, JournalError, Phase, Record};

/// The version of the tables; the records' own is the codec's.
pub(crate) const FORMAT: u32 = 2;

/// The same tables with an identity in words; see [`identity`](crate::identity).
const OLD_FORMAT: u32 = 1;

/// By source and job id.
const RECORDS: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("records");
const META: TableDefinition<'_, &str, &str> = TableDefinition::new("meta");
const META_FORMAT: &str = "format";
const META_IDENTITY: &str = "identity";

/// A journal is a few records per slot: redb's default of 1 GiB is for databases.
const CACHE_BYTES: usize = 8 << 20;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// One change, encoded.
#[derive(Debug)]
pub(crate) enum Change {
    Put {
        source: String,
        job: String,
        bytes: Vec<u8>,
    },
    Remove {
        source: String,
        job: String,
    },
}

#[derive(Debug)]
pub(crate) struct Store {
    db: Database,
    /// For messages.
    path: String,
}

impl Store {
    /// A new file is made under another name and renamed once it is whole and on disk: redb cannot open
    /// one whose making was cut short, and no start after a power cut may need a person.
    pub(crate) fn open(path: &Path, identity: &Identity) -> Result<Store, JournalError> {
        let name = path.display().to_string();
        let failed = |source: Cause| JournalError::Open {
            path: name.clone(),
            source,
        };
        let parent = parent(path);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)
            .map_err(|source| failed(source.into()))?;
        let dir = File::open(parent).map_err(|source| failed(source.into()))?;
        // Of two workers that start at once on an empty directory, one makes the file and the other is
        // told that it is in use. Released with `dir`.
        dir.lock().map_err(|source| failed(source.into()))?;
        if path.try_exists().map_err(|source| failed(source.into()))? {
            let db = open_database(path).map_err(failed)?;
            return Store::initialise(db, identity, &name);
        }
        Store::made(path, &dir, |db| Store::initialise(db, identity, &name))
    }

    /// A journal that failed to be written, once more. What the system still holds of it is read, and becomes a new
    /// file in its place: of pages that a failed sync did not bring to disk the system says later that they are there.
    /// Whose journal it is was settled when it was opened first.
    pub(crate) fn again(path: &Path) -> Result<Store, JournalError> {
        let name = path.display().to_string();
        let failed = |source: Cause| JournalError::Open {
            path: name.clone(),
            source,
        };
        let unread = |error: redb::Error| failed(said(error));
        let parent = parent(path);
        let dir = File::open(parent).map_err(|source| failed(source.into()))?;
        dir.lock().map_err(|source| failed(source.into()))?;
        let old = builder().open(path).map_err(|error| failed(told(error)))?;
        let kept = Kept::of(&old).map_err(unread)?;
        Store::made(path, &dir, |db| {
            let store = Store {
                db,
                path: name.clone(),
            };
            kept.write(&store).map_err(unread)?;
            Ok(store)
        })
    }

    /// A file of this name in the folder `dir`, in place of one that is there; it has the name once it is filled and on
    /// disk.
    fn made(
        path: &Path,
        dir: &File,
        fill: impl FnOnce(Database) -> Result<Store, JournalError>,
    ) -> Result<Store, JournalError> {
        let failed = |source: Cause| JournalError::Open {
            path: path.display().to_string(),
            source,
        };
        let unfinished = path.with_extension("unfinished");
        match std::fs::remove_file(&unfinished) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error.into())),
            _ => {}
        }
        let store = fill(open_database(&unfinished).map_err(failed)?)?;
        std::fs::rename(&unfinished, path)
            .and_then(|()| dir.sync_all())
            .map_err(|source| failed(source.into()))?;
        Ok(store)
    }

    /// Over something else than a file: how tests cut the power.
    #[cfg_attr(not(test), expect(dead_code, reason = "the crash tests' way in"))]
    pub(crate) fn over(
        backend: impl StorageBackend,
        identity: &Identity,
    ) -> Result<Store, JournalError> {
        let db = builder()
            .create_with_backend(backend)
            .map_err(|error| JournalError::Open {
                path: "(memory)".to_owned(),
                source: told(error),
            })?;
        Store::initialise(db, identity, "(memory)")
    }

    fn initialise(db: Database, identity: &Identity, path: &str) -> Result<Store, JournalError> {
        let store = Store {
            db,
            path: path.to_owned(),
        };
        let failed = |source: Cause| JournalError::Open {
            path: path.to_owned(),
            source,
        };
        let unreadable = |error: serde_json::Error| failed(damaged(&error.to_string()));
        let mut txn = store.begin().map_err(|error| failed(said(error)))?;
        let known = read_meta(&txn).map_err(|error| failed(said(error)))?;
        let wanted = match known {
            None => Some(identity.clone()),
            Some(Meta {
                format,
                identity: found,
            }) => {
                let in_use = sources_in_use(&txn).map_err(|error| failed(said(error)))?;
                match format.parse() {
                    Ok(FORMAT) => {
                        let found: Identity = serde_json::from_str(&found).map_err(unreadable)?;
                        reconcile(&found, identity, &in_use)?
                    }
                    Ok(OLD_FORMAT) => {
                        let found: OldIdentity =
                            serde_json::from_str(&found).map_err(unreadable)?;
                        Some(migrate(&found, identity, &in_use)?)
                    }
                    other => {
                        return Err(JournalError::Format {
                            found: other.unwrap_or(0),
                            known: FORMAT,
                        });
                    }
                }
            }
        };
        match wanted {
            None => txn.abort().map_err(|error| failed(error.into()))?,
            Some(identity) => {
                write_meta(&mut txn, &identity).map_err(failed)?;
                txn.commit().map_err(|error| failed(error.into()))?;
            }
        }
        Ok(store)
    }

    /// All changes or none; they are on disk when it returns.
    pub(crate) fn apply<'a>(
        &self,
        changes: impl IntoIterator<Item = &'a Change>,
    ) -> Result<(), redb::Error> {
        let txn = self.begin()?;
        change(&txn, changes)?;
        txn.commit()?;
        Ok(())
    }

    pub(crate) fn load(&self) -> Result<Vec<Record>, JournalError> {
        let read = |error: redb::Error| self.unread(said(error));
        let txn = self.db.begin_read().map_err(|error| read(error.into()))?;
        let table = txn
            .open_table(RECORDS)
            .map_err(|error| read(error.into()))?;
        let mut records = Vec::new();
        for entry in table.iter().map_err(|error| read(error.into()))? {
            let (key, value) = entry.map_err(|error| read(error.into()))?;
            let (source, job) = key.value();
            let record = codec::decode(source, job, value.value())
                .map_err(|error| self.unread(error.into()))?;
            records.push(record);
        }
        Ok(records)
    }

    fn unread(&self, source: Cause) -> JournalError {
        JournalError::Record {
            path: self.path.clone(),
            source,
        }
    }

    fn begin(&self) -> Result<WriteTransaction, redb::Error> {
        let mut txn = self.db.begin_write()?;
        txn.set_durability(Durability::Immediate)?;
        txn.set_two_phase_commit(true);
        Ok(txn)
    }
}

fn change<'a>(
    txn: &WriteTransaction,
    changes: impl IntoIterator<Item = &'a Change>,
) -> Result<(), redb::Error> {
    let mut records = txn.open_table(RECORDS)?;
    for change in changes {
        match change {
            Change::Put { source, job, bytes } => {
                records.insert((source.as_str(), job.as_str()), bytes.as_slice())?;
            }
            Change::Remove { source, job } => {
                records.remove((source.as_str(), job.as_str()))?;
            }
        }
    }
    Ok(())
}

fn open_database(path: &Path) -> Result<Database, Cause> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)?;
    builder().create_file(file).map_err(told)
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn builder() -> Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

/// redb's words, and what to do where its own do not say.
fn told(error: DatabaseError) -> Cause {
    match error {
        DatabaseError::DatabaseAlreadyOpen => {
            "another process has it open: stop that worker, or give this one a state-dir of its own".into()
        }
        DatabaseError::UpgradeRequired(version) => format!(
            "the file has redb's format {version}, which this version no longer reads: start the version that \
             wrote it and let it report its jobs, or set state-dir to an empty directory"
        )
        .into(),
        DatabaseError::Storage(StorageError::Corrupted(why)) => damaged(&why),
        DatabaseError::Storage(StorageError::Io(error)) if error.kind() == ErrorKind::InvalidData => {
            damaged(&error.to_string())
        }
        other => other.into(),
    }
}

/// The same of a file that could be opened.
fn said(error: redb::Error) -> Cause {
    match error {
        redb::Error::Corrupted(why) => damaged(&why),
        other => other.into(),
    }
}

fn damaged(why: &str) -> Cause {
    format!("the file is damaged, or not a journal ({why}): {MOVE_AWAY}").into()
}

/// All that a journal has.
struct Kept {
    meta: Vec<(String, String)>,
    records: Vec<Change>,
}

impl Kept {
    fn of(db: &Database) -> Result<Kept, redb::Error> {
        let txn = db.begin_read()?;
        let mut kept = Kept {
            meta: Vec::new(),
            records: Vec::new(),
        };
        for entry in txn.open_table(META)?.iter()? {
            let (key, value) = entry?;
            kept.meta
                .push((key.value().to_owned(), value.value().to_owned()));
        }
        for entry in txn.open_table(RECORDS)?.iter()? {
            let (key, value) = entry?;
            let (source, job) = key.value();
            kept.records.push(Change::Put {
                source: source.to_owned(),
                job: job.to_owned(),
                bytes: value.value().to_owned(),
            });
        }
        Ok(kept)
    }

    fn write(&self, store: &Store) -> Result<(), redb::Error> {
        let txn = store.begin()?;
        {
            let mut meta = txn.open_table(META)?;
            for (key, value) in &self.meta {
                meta.insert(key.as_str(), value.as_str())?;
            }
        }
        change(&txn, &self.records)?;
        txn.commit()?;
        Ok(())
    }
}

struct Meta {
    format: String,
    identity: String,
}

fn read_meta(txn: &WriteTransaction) -> Result<Option<Meta>, redb::Error> {
    let meta = txn.open_table(META)?;
    let text = |key| -> Result<Option<String>, redb::Error> {
        Ok(meta.get(key)?.map(|value| value.value().to_owned()))
    };
    Ok(text(META_FORMAT)?
        .zip(text(META_IDENTITY)?)
        .map(|(format, identity)| Meta { format, identity }))
}

fn write_meta(txn: &mut WriteTransaction, identity: &Identity) -> Result<(), Cause> {
    let text = serde_json::to_string(identity)?;
    let mut meta = txn.open_table(META)?;
    meta.insert(META_FORMAT, FORMAT.to_string().as_str())?;
    meta.insert(META_IDENTITY, text.as_str())?;
    // So that a reader finds the table before the first job.
    txn.open_table(RECORDS)?;
    Ok(())
}

/// Those with jobs that are not over: a parked one is.
fn sources_in_use(txn: &WriteTransaction) -> Result<BTreeSet<String>, redb::Error> {
    let records = txn.open_table(RECORDS)?;
    let mut sources = BTreeSet::new();
    for entry in records.iter()? {
        let (key, value) = entry?;
        let (source, job) = key.value();
        // One that cannot be read may be anything; `load` says so.
        let parked = codec::decode(source, job, value.value())
            .is_ok_and(|record| matches!(record.phase, Phase::Parked { .. }));
        if !parked {
            sources.insert(source.to_owned());
        }
    }
    Ok(sources)
}
