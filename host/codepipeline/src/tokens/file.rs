//! Tokens in a file that is looked at again with each job.
//!
//! It is read where it is another file than before: by its inode, size and times. A file that was changed just
//! before it was read may be changed once more within the same tick of the file system's clock, so it is read
//! again until it is older. One that cannot be read any more, or is half written, leaves the tokens that were
//! read last in force, with one line in the log: no customer is cut off by another one's sign-up. Rename a new
//! file over the old one, and nobody ever sees half of it.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::ids::{ClientId, ClientToken};

use super::pairs::{self, LARGEST, Pairs};
use super::source::{ClientTokens, ClientTokensError};

/// Permissions to write for users who are neither the owner nor of the group, who would decide whose jobs a
/// worker takes.
const OTHERS_WRITE: u32 = 0o002;

/// Longer than a tick of any file system's clock (FAT: two seconds).
const TICK: Duration = Duration::from_secs(3);

/// What tells one state of a file from another.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Look {
    file: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

struct State {
    look: Option<Look>,
    /// Old enough when it was read: it is not read again until it looks different.
    settled: bool,
    pairs: Arc<Pairs>,
    revision: u64,
    /// The last read failed and was told of.
    failing: bool,
}

/// Tokens in a JSON file.
pub struct FileTokens {
    path: PathBuf,
    state: Mutex<State>,
}

impl FileTokens {
    /// Read a file for the first time. Blocking.
    ///
    /// # Errors
    /// It cannot be read, others may write it, or it is not a JSON object of client ids and tokens.
    pub fn open(path: &Path) -> Result<FileTokens, ClientTokensError> {
        let (look, settled, pairs) = read(path)?;
        Ok(FileTokens {
            path: path.to_owned(),
            state: Mutex::new(State {
                look: Some(look),
                settled,
                pairs: Arc::new(pairs),
                revision: 1,
                failing: false,
            }),
        })
    }

    /// The tokens as the file has them now, and which state of it that is.
    async fn now(&self) -> (Arc<Pairs>, u64) {
        let mut state = self.state.lock().await;
        let (path, known, settled) = (self.path.clone(), state.look.clone(), state.settled);
        let read = spawn_blocking(move || {
            if settled && known.is_some() && look(&path).ok() == known {
                return None;
            }
            Some(read(&path))
        });
        match read.await {
            Ok(Some(Ok((look, settled, pairs)))) => {
                if state.failing || *state.pairs != pairs {
                    state.revision += 1;
                    tracing::info!(file = %self.path.display(), clients = pairs.len(), "client tokens were read again");
                }
                state.pairs = Arc::new(pairs);
                state.look = Some(look);
                state.settled = settled;
                state.failing = false;
            }
            Ok(Some(Err(error))) => {
                if !state.failing {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::error!(%error, cause, "the client tokens that were read last stay in force");
                }
                state.look = None;
                state.failing = true;
            }
            Ok(None) | Err(_) => {}
        }
        (Arc::clone(&state.pairs), state.revision)
    }
}

#[async_trait]
impl ClientTokens for FileTokens {
    async fn token(&self, client: &ClientId) -> Result<Option<ClientToken>, ClientTokensError> {
        let (pairs, _) = self.now().await;
        Ok(pairs.get(client).cloned())
    }

    async fn revision(&self) -> u64 {
        self.now().await.1
    }
}

fn look(path: &Path) -> std::io::Result<Look> {
    std::fs::metadata(path).map(|metadata| look_of(&metadata))
}

fn look_of(metadata: &std::fs::Metadata) -> Look {
    Look {
        file: (metadata.dev(), metadata.ino()),
        size: metadata.size(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
        changed: (metadata.ctime(), metadata.ctime_nsec()),
    }
}

fn read(path: &Path) -> Result<(Look, bool, Pairs), ClientTokensError> {
    let failed = |source| ClientTokensError::Read {
        path: path.to_owned(),
        source: Arc::new(source),
    };
    // Before it is opened: to open a pipe is to wait for its writer.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(ClientTokensError::Kind {
            path: path.to_owned(),
        });
    }
    let file = std::fs::File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let mode = metadata.mode() & 0o7777;
    if mode & OTHERS_WRITE != 0 {
        return Err(ClientTokensError::Mode {
            path: path.to_owned(),
            mode,
        });
    }
    let settled = metadata
        .modified()
        .ok()
        .and_then(|at| SystemTime::now().duration_since(at).ok())
        .is_some_and(|age| age > TICK);
    let mut text = String::new();
    file.take(LARGEST + 1)
        .read_to_string(&mut text)
        .map_err(failed)?;
    let place = path.display().to_string();
    if text.len() as u64 > LARGEST {
        return Err(ClientTokensError::Size {
            place,
            most: LARGEST,
        });
    }
    let pairs = pairs::parse(&place, &text)?;
    Ok((look_of(&metadata), settled, pairs))
}
