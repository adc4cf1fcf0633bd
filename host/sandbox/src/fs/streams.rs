//! A file's bytes as WASI streams. Every call does its work before it returns, so a stream is always ready
//! and nothing is ever pending.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use wasmtime_wasi::async_trait;
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

use super::node::OpenFile;

/// The most that one call moves, and so what the host holds for it. What is copied twice stays in a processor's
/// cache then; larger ones gain nothing.
const CHUNK: usize = 64 << 10;

fn failed(error: io::Error) -> StreamError {
    StreamError::LastOperationFailed(error.into())
}

pub(crate) struct FileInput {
    file: Arc<OpenFile>,
    position: u64,
}

impl FileInput {
    pub(crate) fn new(file: Arc<OpenFile>, position: u64) -> FileInput {
        FileInput { file, position }
    }
}

#[async_trait]
impl InputStream for FileInput {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        if size == 0 {
            return Ok(Bytes::new());
        }
        let bytes = self
            .file
            .read_at(size.min(CHUNK), self.position)
            .map_err(failed)?;
        if bytes.is_empty() {
            // Said again at each call, and no longer when the file has grown.
            return Err(StreamError::Closed);
        }
        self.position += bytes.len() as u64;
        Ok(bytes.into())
    }
}

#[async_trait]
impl Pollable for FileInput {
    async fn ready(&mut self) {}
}

enum At {
    Position(u64),
    End,
    /// After a failed write it is unknown how much of it was made.
    Closed,
}

pub(crate) struct FileOutput {
    file: Arc<OpenFile>,
    at: At,
}

impl FileOutput {
    pub(crate) fn from(file: Arc<OpenFile>, position: u64) -> FileOutput {
        FileOutput {
            file,
            at: At::Position(position),
        }
    }

    pub(crate) fn append(file: Arc<OpenFile>) -> FileOutput {
        FileOutput { file, at: At::End }
    }

    fn write_all(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = match &mut self.at {
                At::Position(position) => {
                    let written = self.file.write_at(bytes, *position)?;
                    *position += written as u64;
                    written
                }
                At::End => self.file.append(bytes)?,
                At::Closed => 0,
            };
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            bytes = &bytes[written..];
        }
        Ok(())
    }

    fn open(&self) -> StreamResult<()> {
        match self.at {
            At::Closed => Err(StreamError::Closed),
            At::Position(_) | At::End => Ok(()),
        }
    }
}

#[async_trait]
impl OutputStream for FileOutput {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.open()?;
        self.write_all(&bytes).map_err(|error| {
            self.at = At::Closed;
            failed(error)
        })
    }

    fn flush(&mut self) -> StreamResult<()> {
        self.open()
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        self.open()?;
        Ok(CHUNK)
    }

    async fn blocking_write_and_flush(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.write(bytes)
    }
}

#[async_trait]
impl Pollable for FileOutput {
    async fn ready(&mut self) {}
}
