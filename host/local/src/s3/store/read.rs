//! Content on its way out.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::Stream;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};

use super::data::DataFile;
use super::index::Version;
use crate::s3::StoreError;

/// Bytes read at a time.
const CHUNK: usize = 256 * 1024;

/// What is left to read: slices of files, one of them open.
struct Reading {
    slices: VecDeque<(Arc<DataFile>, Range<u64>)>,
    open: Option<(Arc<DataFile>, File, u64)>,
}

impl Version {
    /// The bytes of a range of the object. The content stays readable to the end, whatever happens
    /// to the version meanwhile.
    pub(crate) fn read(
        &self,
        range: Range<u64>,
    ) -> impl Stream<Item = Result<Bytes, StoreError>> + Send + Sync + use<> {
        let mut slices = VecDeque::new();
        let mut start = 0;
        let segments = self.object().map_or(&[][..], |object| &object.segments);
        for (segment, file) in segments.iter().zip(&self.files) {
            let end = start + segment.size;
            let from = range.start.clamp(start, end) - start;
            let to = range.end.clamp(start, end) - start;
            if from < to {
                slices.push_back((Arc::clone(file), from..to));
            }
            start = end;
        }
        let reading = Reading { slices, open: None };
        futures::stream::try_unfold(reading, Reading::next)
    }
}

impl Reading {
    async fn next(mut self) -> Result<Option<(Bytes, Self)>, StoreError> {
        loop {
            if let Some((data, mut file, left)) = self.open.take() {
                let mut chunk = BytesMut::with_capacity(CHUNK.min(left as usize));
                let mut limited = (&mut file).take(left.min(CHUNK as u64));
                let read = limited
                    .read_buf(&mut chunk)
                    .await
                    .map_err(StoreError::io("read content from", data.path()))?;
                if read == 0 {
                    let short = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
                    return Err(StoreError::io("read content from", data.path())(short));
                }
                let left = left - read as u64;
                self.open = (left > 0).then_some((data, file, left));
                return Ok(Some((chunk.freeze(), self)));
            }
            let Some((data, range)) = self.slices.pop_front() else {
                return Ok(None);
            };
            let error = StoreError::io("read content from", data.path());
            let opened = async {
                let mut file = File::open(data.path()).await?;
                if range.start > 0 {
                    file.seek(SeekFrom::Start(range.start)).await?;
                }
                Ok(file)
            };
            let file = opened.await.map_err(error)?;
            self.open = Some((data, file, range.end - range.start));
        }
    }
}
