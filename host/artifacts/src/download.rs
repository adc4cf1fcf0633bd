//! An object into a file.
//!
//! ```text
//!   GET ──────────► stream ──── all bytes came ───► done
//!    ▲                │
//!    │ bytes=n-       │ broken after n bytes
//!    │ If-Match etag  ▼
//!    └───────────── wait      (gives up after BREAKS_IN_A_ROW without progress)
//! ```
//!
//! `If-Match` makes S3 refuse the rest of another object than the first bytes came from.

use std::time::Duration;

use aws_sdk_s3::operation::get_object::GetObjectOutput;
use tokio::io::{AsyncSeekExt, AsyncWriteExt, BufWriter};

use crate::contract::Object;
use crate::error::StageError;
use crate::s3_failure::{Action, Class, S3Failure};
use crate::session::Session;

/// A stream that brings less than [`PROGRESS_BYTES`] this often in a row will not bring the rest.
const BREAKS_IN_A_ROW: u32 = 5;
const PROGRESS_BYTES: u64 = 1 << 20;
/// Chunks off the network are some 16 KiB; each write hops to another thread.
const BLOCK_BYTES: usize = 1 << 20;

/// Where the first bytes came from.
struct Begun {
    etag: Option<String>,
    total: Option<u64>,
}

/// Fills an empty file; returns its bytes.
pub(crate) async fn download(
    session: &Session,
    object: &Object,
    limit: u64,
    first_wait: Duration,
    file: std::fs::File,
) -> Result<u64, StageError> {
    let mut file = BufWriter::with_capacity(BLOCK_BYTES, tokio::fs::File::from_std(file));
    let mut begun: Option<Begun> = None;
    let mut written = 0;
    // What a server that knows no ranges sends again is no progress.
    let mut furthest = 0;
    let mut breaks = 0;
    loop {
        let answer = get(session, object, begun.as_ref(), written).await?;
        if written > 0 && !continues(&answer, written) {
            // The whole object again: a server that knows no ranges.
            restart(&mut file).await?;
            written = 0;
        }
        if written == 0 {
            begun = Some(Begun {
                etag: answer.e_tag().map(str::to_owned),
                total: answer
                    .content_length()
                    .and_then(|bytes| bytes.try_into().ok()),
            });
        }
        let total = begun.as_ref().and_then(|begun| begun.total);
        if total.is_some_and(|total| total > limit) {
            return Err(too_large(object, limit));
        }
        let broken = receive(answer, object, limit, &mut file, &mut written).await?;
        let said = match broken {
            None if total.is_none_or(|total| total == written) => {
                return finish(file, written).await;
            }
            None => "the answer ended early".to_owned(),
            Some(said) => said,
        };
        if total.is_some_and(|total| written >= total) {
            // All bytes came, and still it failed: they are not the right ones.
            restart(&mut file).await?;
            written = 0;
        } else if written >= furthest + PROGRESS_BYTES {
            breaks = 0;
        }
        furthest = furthest.max(written);
        breaks += 1;
        if breaks >= BREAKS_IN_A_ROW {
            let said = format!("the download broke {breaks} times in a row; last: {said}");
            return Err(S3Failure::other(Action::Read, object, Class::Unreachable, said).into());
        }
        tracing::debug!(written, breaks, %said, "download broken, resuming");
        tokio::time::sleep(first_wait * 2_u32.pow(breaks - 1)).await;
    }
}

async fn get(
    session: &Session,
    object: &Object,
    begun: Option<&Begun>,
    written: u64,
) -> Result<GetObjectOutput, StageError> {
    let resumed = (written > 0).then_some(begun).flatten();
    session
        .call(Action::Read, object, |client, signed| {
            client
                .get_object()
                .bucket(&object.bucket)
                .key(&object.key)
                .set_range(resumed.map(|_| format!("bytes={written}-")))
                .set_if_match(resumed.and_then(|begun| begun.etag.clone()))
                .customize()
                .config_override(signed)
                .send()
        })
        .await
}

fn continues(answer: &GetObjectOutput, written: u64) -> bool {
    answer
        .content_range()
        .is_some_and(|range| range.starts_with(&format!("bytes {written}-")))
}

/// Takes the stream until it ends or breaks; `Some` says how it broke.
async fn receive(
    mut answer: GetObjectOutput,
    object: &Object,
    limit: u64,
    file: &mut BufWriter<tokio::fs::File>,
    written: &mut u64,
) -> Result<Option<String>, StageError> {
    while let Some(chunk) = answer.body.next().await {
        let chunk = match chunk {
            Ok(chunk) => chunk,
            Err(error) => return Ok(Some(chain(&error))),
        };
        *written += chunk.len() as u64;
        if *written > limit {
            return Err(too_large(object, limit));
        }
        file.write_all(&chunk).await.map_err(writing)?;
    }
    Ok(None)
}

async fn restart(file: &mut BufWriter<tokio::fs::File>) -> Result<(), StageError> {
    file.flush().await.map_err(writing)?;
    file.get_mut().set_len(0).await.map_err(writing)?;
    file.rewind().await.map(drop).map_err(writing)
}

async fn finish(mut file: BufWriter<tokio::fs::File>, written: u64) -> Result<u64, StageError> {
    file.flush().await.map_err(writing)?;
    Ok(written)
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        said.push_str(": ");
        said.push_str(&error.to_string());
        source = error.source();
    }
    said
}

fn too_large(object: &Object, limit: u64) -> StageError {
    StageError::ObjectTooLarge {
        object: format!("s3://{}/{}", object.bucket, object.key),
        limit,
    }
}

fn writing(error: std::io::Error) -> StageError {
    StageError::place("the downloaded object to its work directory")(error)
}
