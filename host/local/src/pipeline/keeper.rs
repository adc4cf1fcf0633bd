//! CodePipeline's state on disk: one redb file, a row for each entity.
//!
//! What an input changed is written in one transaction, and is on disk before the input is answered
//! and before its effects begin; inputs that came together share one. So a process that is killed
//! comes back with all that anybody was told, or with more.
//!
//! The file's format has a version, outside of the rows. An older or newer one is refused: a wrong
//! guess would lose jobs in silence. The rows are JSON, as the requests were that made them, secret
//! configuration and credentials of jobs included: the file is its owner's alone.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use redb::{
    Builder, Database, DatabaseError, Durability, ReadableDatabase, ReadableTable, StorageError,
    TableDefinition,
};

use super::kept::{Change, Row};

/// The version of tables and rows. tests/golden has rows of each.
pub(super) const FORMAT: &str = "1";

/// By collection and key.
const ROWS: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("rows");
const META: TableDefinition<'_, &str, &str> = TableDefinition::new("meta");

/// A few rows per job: redb's default of 1 GiB is for databases.
const CACHE_BYTES: usize = 8 << 20;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why state cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeepError {
    #[error("the file cannot be opened")]
    Open(#[source] Cause),
    #[error(
        "the file has format {found}, and this version reads and writes format {FORMAT}: start the \
         version that wrote it, or give another state directory"
    )]
    Format { found: String },
    #[error(
        "the file is of account {found}, and the service is {wanted}: start it as that, or give another \
         state directory"
    )]
    Owner { found: String, wanted: String },
    #[error("the file's row {kind} {key} cannot be read ({why}): {MOVE_AWAY}")]
    Row {
        kind: String,
        key: String,
        why: serde_json::Error,
    },
    #[error(
        "the state cannot be put into words ({0}), which is a fault of pipefitter: start it again, which goes on from \
         what was answered last"
    )]
    Encode(serde_json::Error),
    #[error(
        "the state cannot be written: see that the state directory has room and can be written, and start again, \
         which goes on from what was answered last"
    )]
    Write(#[source] Cause),
}

/// What to do with a file that is damaged.
const MOVE_AWAY: &str = "move it away and start again, without the pipelines and executions that it has, or give \
    another state directory";

impl From<serde_json::Error> for KeepError {
    fn from(error: serde_json::Error) -> Self {
        KeepError::Encode(error)
    }
}

fn damaged(why: &str) -> KeepError {
    let cause = format!("the file is damaged, or not one of this service ({why}): {MOVE_AWAY}");
    KeepError::Open(cause.into())
}

/// Of a file that could be opened.
fn unread(error: redb::Error) -> KeepError {
    match error {
        redb::Error::Corrupted(why) => damaged(&why),
        other => KeepError::Open(other.into()),
    }
}

/// The open file; nobody else has it open.
#[derive(Clone)]
pub(super) struct Keeper {
    db: Arc<Database>,
}

impl Keeper {
    /// Opens the file of `owner`, made if it is missing, and reads its rows.
    ///
    /// A new one is made under another name and renamed once it is whole: redb cannot open one whose
    /// making was cut short.
    pub(super) fn open(path: &Path, owner: &str) -> Result<(Self, Vec<Row>), KeepError> {
        let open = |cause: std::io::Error| KeepError::Open(cause.into());
        if path.try_exists().map_err(open)? {
            return Self::over(database(path)?, owner);
        }
        let unfinished = path.with_extension("unfinished");
        match std::fs::remove_file(&unfinished) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(open(error)),
            _ => {}
        }
        let made = Self::over(database(&unfinished)?, owner)?;
        let folder = path.parent().map_or_else(PathBuf::new, Path::to_path_buf);
        std::fs::rename(&unfinished, path)
            .and_then(|()| File::open(folder)?.sync_all())
            .map_err(open)?;
        Ok(made)
    }

    fn over(db: Database, owner: &str) -> Result<(Self, Vec<Row>), KeepError> {
        let keeper = Self { db: Arc::new(db) };
        keeper.claim(owner)?;
        let rows = keeper.rows().map_err(unread)?;
        Ok((keeper, rows))
    }

    /// Whose file it is and of which format: written to a new one, compared with an old one.
    fn claim(&self, owner: &str) -> Result<(), KeepError> {
        let claimed = || -> Result<(Option<String>, Option<String>), redb::Error> {
            let txn = self.db.begin_write()?;
            let found = {
                let mut meta = txn.open_table(META)?;
                txn.open_table(ROWS)?;
                let read = |key| -> Result<Option<String>, redb::Error> {
                    Ok(meta.get(key)?.map(|value| value.value().to_owned()))
                };
                let found = (read("format")?, read("owner")?);
                if found.0.is_none() {
                    meta.insert("format", FORMAT)?;
                    meta.insert("owner", owner)?;
                }
                found
            };
            txn.commit()?;
            Ok(found)
        };
        match claimed().map_err(unread)? {
            (Some(found), _) if found != FORMAT => Err(KeepError::Format { found }),
            (_, Some(found)) if found != owner => Err(KeepError::Owner {
                found,
                wanted: owner.to_owned(),
            }),
            _ => Ok(()),
        }
    }

    fn rows(&self) -> Result<Vec<Row>, redb::Error> {
        let table = self.db.begin_read()?.open_table(ROWS)?;
        let mut rows = Vec::new();
        for entry in table.iter()? {
            let (key, value) = entry?;
            let (kind, key) = key.value();
            rows.push((kind.to_owned(), key.to_owned(), value.value().to_vec()));
        }
        Ok(rows)
    }

    /// Writes changes, all or none; they are on disk when it returns.
    pub(super) async fn write(&self, changes: Vec<Change>) -> Result<(), KeepError> {
        let db = Arc::clone(&self.db);
        let written = tokio::task::spawn_blocking(move || write(&db, &changes)).await;
        match written {
            Ok(written) => written.map_err(|error| KeepError::Write(error.into())),
            Err(error) => Err(KeepError::Write(error.into())),
        }
    }
}

fn write(db: &Database, changes: &[Change]) -> Result<(), redb::Error> {
    let mut txn = db.begin_write()?;
    txn.set_durability(Durability::Immediate)?;
    let mut is_new = false;
    {
        let mut rows = txn.open_table(ROWS)?;
        for Change { kind, key, value } in changes {
            let place = (*kind, key.as_str());
            let same = match (rows.get(place)?, value) {
                (Some(old), Some(new)) => old.value() == new.as_slice(),
                (old, new) => old.is_none() && new.is_none(),
            };
            if same {
                continue;
            }
            is_new = true;
            match value {
                Some(value) => drop(rows.insert(place, value.as_slice())?),
                None => drop(rows.remove(place)?),
            }
        }
    }
    // What was reached for and left as it was need not wait for the disk.
    if is_new {
        txn.commit()?;
    } else {
        txn.abort()?;
    }
    Ok(())
}

fn database(path: &Path) -> Result<Database, KeepError> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| KeepError::Open(error.into()))?;
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder.create_file(file).map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => KeepError::Open(
            "another process has it open: stop that service, or give this one a state directory of its \
             own"
                .into(),
        ),
        DatabaseError::UpgradeRequired(version) => KeepError::Format {
            found: format!("of redb {version}"),
        },
        DatabaseError::Storage(StorageError::Corrupted(why)) => damaged(&why),
        DatabaseError::Storage(StorageError::Io(error))
            if error.kind() == ErrorKind::InvalidData =>
        {
            damaged(&error.to_string())
        }
        other => KeepError::Open(other.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(key: &str, value: Option<&str>) -> Change {
        Change {
            kind: "jobs",
            key: key.to_owned(),
            value: value.map(|value| value.as_bytes().to_vec()),
        }
    }

    #[tokio::test]
    async fn rows_come_back_and_another_format_or_owner_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("codepipeline.redb");
        // What was left by a process that was killed while it made the file.
        std::fs::write(path.with_extension("unfinished"), b"half").unwrap();
        let (keeper, rows) = Keeper::open(&path, "us-east-1 000000000000").unwrap();
        assert!(rows.is_empty());
        let all = vec![change("a", Some("1")), change("b", Some("2"))];
        keeper.write(all).await.unwrap();
        let then = vec![change("a", None), change("b", Some("3"))];
        keeper.write(then).await.unwrap();
        let error = Keeper::open(&path, "us-east-1 000000000000").err().unwrap();
        assert!(matches!(error, KeepError::Open(_)), "{error:?}");
        drop(keeper);
        let (keeper, rows) = Keeper::open(&path, "us-east-1 000000000000").unwrap();
        assert_eq!(rows, [("jobs".into(), "b".into(), b"3".to_vec())]);
        drop(keeper);
        let error = Keeper::open(&path, "eu-west-1 000000000000").err().unwrap();
        assert!(error.to_string().contains("us-east-1"), "{error}");
        for format in ["0", "2"] {
            let db = database(&path).unwrap();
            let txn = db.begin_write().unwrap();
            txn.open_table(META)
                .unwrap()
                .insert("format", format)
                .unwrap();
            txn.commit().unwrap();
            drop(db);
            let error = Keeper::open(&path, "us-east-1 000000000000").err().unwrap();
            assert!(
                error.to_string().contains(&format!("format {format},")),
                "{error}"
            );
        }
        std::fs::write(&path, b"no database").unwrap();
        let error = Keeper::open(&path, "us-east-1 000000000000").err().unwrap();
        let KeepError::Open(cause) = error else {
            panic!("{error:?}");
        };
        let cause = cause.to_string();
        assert!(
            cause.contains("damaged") && cause.contains("move it away"),
            "{cause}"
        );
    }
}
