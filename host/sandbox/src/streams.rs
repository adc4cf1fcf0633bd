//! Streams whose waiting ends with the job, as [`crate::waits`] has it for polls. A guest that waits for a server is
//! in the host, where no epoch reaches it; and one that writes a request's body which it never sends waits for nobody.
//!
//! All calls are wasmtime's own. Those that may wait end with the job, and what a body of wasi:http ended with is told
//! as the code that guests can ask for.

use wasmtime::component::{HasData, Linker, Resource};
use wasmtime_wasi::p2::bindings::io::streams::{self, HostInputStream, HostOutputStream};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, StreamError, StreamResult};

use crate::guard::Guard;
use crate::http::code_of;
use crate::state::JobState;
use crate::waits::{Ended, WaitsView};

pub(crate) fn add_to_linker(linker: &mut Linker<JobState>) -> wasmtime::Result<()> {
    streams::add_to_linker::<JobState, Streams>(linker, JobState::waits)
}

struct Streams;

impl HasData for Streams {
    type Data<'a> = WaitsView<'a>;
}

/// The outcome, or the job's end where that comes first.
async fn within<T>(
    guard: &Guard,
    waiting: impl Future<Output = StreamResult<T>>,
) -> StreamResult<T> {
    tokio::select! {
        biased;
        done = waiting => done,
        () = guard.ended() => Err(StreamError::Trap(wasmtime::Error::new(Ended))),
    }
}

impl streams::Host for WaitsView<'_> {
    fn convert_stream_error(
        &mut self,
        error: StreamError,
    ) -> wasmtime::Result<streams::StreamError> {
        let error = match error {
            StreamError::LastOperationFailed(failed) => {
                let code = failed
                    .downcast_ref::<wasmtime_wasi_http::Error>()
                    .map(code_of);
                StreamError::LastOperationFailed(code.map_or(failed, wasmtime::Error::new))
            }
            other => other,
        };
        streams::Host::convert_stream_error(self.table, error)
    }
}

impl HostInputStream for WaitsView<'_> {
    fn read(&mut self, stream: Resource<DynInputStream>, len: u64) -> StreamResult<Vec<u8>> {
        HostInputStream::read(self.table, stream, len)
    }

    async fn blocking_read(
        &mut self,
        stream: Resource<DynInputStream>,
        len: u64,
    ) -> StreamResult<Vec<u8>> {
        let reading = HostInputStream::blocking_read(self.table, stream, len);
        within(self.guard, reading).await
    }

    fn skip(&mut self, stream: Resource<DynInputStream>, len: u64) -> StreamResult<u64> {
        HostInputStream::skip(self.table, stream, len)
    }

    async fn blocking_skip(
        &mut self,
        stream: Resource<DynInputStream>,
        len: u64,
    ) -> StreamResult<u64> {
        let skipping = HostInputStream::blocking_skip(self.table, stream, len);
        within(self.guard, skipping).await
    }

    fn subscribe(
        &mut self,
        stream: Resource<DynInputStream>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        HostInputStream::subscribe(self.table, stream)
    }

    async fn drop(&mut self, stream: Resource<DynInputStream>) -> wasmtime::Result<()> {
        HostInputStream::drop(self.table, stream).await
    }
}

impl HostOutputStream for WaitsView<'_> {
    fn check_write(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<u64> {
        HostOutputStream::check_write(self.table, stream)
    }

    fn write(&mut self, stream: Resource<DynOutputStream>, bytes: Vec<u8>) -> StreamResult<()> {
        HostOutputStream::write(self.table, stream, bytes)
    }

    async fn blocking_write_and_flush(
        &mut self,
        stream: Resource<DynOutputStream>,
        bytes: Vec<u8>,
    ) -> StreamResult<()> {
        let writing = HostOutputStream::blocking_write_and_flush(self.table, stream, bytes);
        within(self.guard, writing).await
    }

    async fn blocking_write_zeroes_and_flush(
        &mut self,
        stream: Resource<DynOutputStream>,
        len: u64,
    ) -> StreamResult<()> {
        let writing = HostOutputStream::blocking_write_zeroes_and_flush(self.table, stream, len);
        within(self.guard, writing).await
    }

    fn write_zeroes(&mut self, stream: Resource<DynOutputStream>, len: u64) -> StreamResult<()> {
        HostOutputStream::write_zeroes(self.table, stream, len)
    }

    fn flush(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<()> {
        HostOutputStream::flush(self.table, stream)
    }

    async fn blocking_flush(&mut self, stream: Resource<DynOutputStream>) -> StreamResult<()> {
        let flushing = HostOutputStream::blocking_flush(self.table, stream);
        within(self.guard, flushing).await
    }

    fn splice(
        &mut self,
        stream: Resource<DynOutputStream>,
        source: Resource<DynInputStream>,
        len: u64,
    ) -> StreamResult<u64> {
        HostOutputStream::splice(self.table, stream, source, len)
    }

    async fn blocking_splice(
        &mut self,
        stream: Resource<DynOutputStream>,
        source: Resource<DynInputStream>,
        len: u64,
    ) -> StreamResult<u64> {
        let splicing = HostOutputStream::blocking_splice(self.table, stream, source, len);
        within(self.guard, splicing).await
    }

    fn subscribe(
        &mut self,
        stream: Resource<DynOutputStream>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        HostOutputStream::subscribe(self.table, stream)
    }

    async fn drop(&mut self, stream: Resource<DynOutputStream>) -> wasmtime::Result<()> {
        HostOutputStream::drop(self.table, stream).await
    }
}
