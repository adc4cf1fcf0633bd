//! Content on its way in: written and hashed on a thread of its own, in bounded memory.

use std::io::{BufWriter, Write};
use std::sync::Arc;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use s3s::StdError;
use s3s::crypto::{Checksum, Md5};
use tokio::sync::mpsc;

use super::data::DataFile;
use super::objects::ObjectStore;
use super::record::SegmentRecord;
use crate::s3::StoreError;
use crate::s3::checksum::{Algorithm, Hasher};

/// Chunks between the connection and the disk. hyper's are at most 400 KiB or so, which bounds the
/// memory of an upload to a few MiB whatever its size.
const CHUNKS_AHEAD: usize = 8;

/// Fewer, larger writes.
const WRITE_BUFFER: usize = 256 * 1024;

/// Content that was received whole, and that nobody can see yet: dropping it removes it.
#[derive(Debug)]
pub(crate) struct Received {
    pub(super) segment: SegmentRecord,
    pub(super) file: Arc<DataFile>,
    pub(crate) md5: [u8; 16],
    /// In the order they were asked for.
    pub(crate) digests: Vec<(Algorithm, Vec<u8>)>,
}

impl Received {
    /// The digest of an algorithm that was asked for.
    pub(crate) fn digest(&self, algorithm: Algorithm) -> Option<&[u8]> {
        let mut digests = self.digests.iter();
        digests
            .find(|(of, _)| *of == algorithm)
            .map(|(_, digest)| digest.as_slice())
    }
}

enum Chunk {
    Data(Bytes),
    /// The content is complete; without it, the sender has gone away.
    End,
}

impl ObjectStore {
    /// Takes content in.
    ///
    /// # Errors
    ///
    /// Where the sender breaks off or breaks a promise (length, chunk signature, SHA-256), and where
    /// the disk fails.
    pub(crate) async fn receive<S>(
        &self,
        content: S,
        algorithms: &[Algorithm],
        expected: Option<u64>,
    ) -> Result<Received, StoreError>
    where
        S: Stream<Item = Result<Bytes, StdError>> + Send,
    {
        let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
        let store = self.clone();
        let hashers = algorithms
            .iter()
            .map(|algorithm| (*algorithm, Hasher::new(*algorithm)))
            .collect();
        let writing = tokio::task::spawn_blocking(move || write(&store, receiver, hashers));
        let mut content = std::pin::pin!(content);
        let mut failed = None;
        let mut received = 0_u64;
        while let Some(chunk) = content.next().await {
            match chunk {
                Ok(chunk) => {
                    received += chunk.len() as u64;
                    // A closed channel: the writer failed, and says why below.
                    if sender.send(Chunk::Data(chunk)).await.is_err() {
                        break;
                    }
                }
                Err(error) => {
                    failed = Some(StoreError::Receive(error));
                    break;
                }
            }
        }
        if failed.is_none()
            && let Some(expected) = expected
            && expected != received
            && !sender.is_closed()
        {
            failed = Some(StoreError::IncompleteBody { expected, received });
        }
        if failed.is_none() {
            let _ = sender.send(Chunk::End).await;
        }
        drop(sender);
        let written = writing.await.map_err(|_| StoreError::Stopping)?;
        match failed {
            Some(error) => Err(error),
            None => written,
        }
    }
}

fn write(
    store: &ObjectStore,
    mut chunks: mpsc::Receiver<Chunk>,
    mut hashers: Vec<(Algorithm, Hasher)>,
) -> Result<Received, StoreError> {
    let (data, file, output) = store.disk().new_data()?;
    let mut output = BufWriter::with_capacity(WRITE_BUFFER, output);
    let mut md5 = Md5::new();
    let mut size = 0_u64;
    loop {
        match chunks.blocking_recv() {
            Some(Chunk::Data(chunk)) => {
                md5.update(&chunk);
                for (_, hasher) in &mut hashers {
                    hasher.update(&chunk);
                }
                size += chunk.len() as u64;
                output
                    .write_all(&chunk)
                    .map_err(StoreError::io("write content to", file.path()))?;
            }
            Some(Chunk::End) => break,
            None => {
                return Err(StoreError::Receive(
                    "the sender went away before the end".into(),
                ));
            }
        }
    }
    output
        .flush()
        .map_err(StoreError::io("write content to", file.path()))?;
    Ok(Received {
        segment: SegmentRecord { data, size },
        file,
        md5: md5.finalize(),
        digests: hashers
            .into_iter()
            .map(|(algorithm, hasher)| (algorithm, hasher.finish()))
            .collect(),
    })
}
