//! After the plugin succeeded: all outputs are in S3 before anybody hears of the success.

use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use pipefitter_artifacts::{Object, StoreRequest};
use pipefitter_claims::Claim;
use pipefitter_codepipeline::FailureResult;
use pipefitter_sandbox::Level;
use tokio::time::sleep;

use crate::backoff::full_jitter;
use crate::life::UploadEnd;
use crate::message;

use super::brief::Brief;

/// Outputs stored at a time: each packs with a processor of its own.
const STORES: usize = 2;

/// Store every declared output.
pub(crate) async fn upload(brief: &Brief) -> UploadEnd {
    if brief.parts.contents.outputs.is_empty() {
        return UploadEnd::Done;
    }
    if !is_ours(brief).await {
        return UploadEnd::ClaimLost;
    }
    let stored: Result<Vec<()>, FailureResult> =
        stream::iter(0..brief.parts.contents.outputs.len())
            .map(|position| store(brief, position))
            .buffer_unordered(STORES)
            .try_collect()
            .await;
    match stored {
        Ok(_) => UploadEnd::Done,
        Err(failure) => {
            let message = brief.shown_quoting(&failure.message);
            let failure = FailureResult {
                message,
                external_execution_id: Some(brief.log_name()),
                ..failure
            };
            UploadEnd::Failed(Box::new(failure.checked()))
        }
    }
}

/// While nobody can tell, nothing is uploaded.
async fn is_ours(brief: &Brief) -> bool {
    let mut tries = 0;
    loop {
        match brief.parts.claims.confirm(&brief.parts.claim).await {
            Ok(claim) => return claim == Claim::Granted,
            Err(error) => {
                tracing::warn!(%error, "the upload waits for claims");
                let pause = full_jitter(tries, None, &mut rand::rng());
                sleep(pause).await;
                tries += 1;
            }
        }
    }
}

async fn store(brief: &Brief, position: usize) -> Result<(), FailureResult> {
    let artifact = &brief.parts.contents.outputs[position];
    let Some(location) = &artifact.location else {
        return Err(message::no_location(&artifact.name));
    };
    let allow_empty = brief
        .parts
        .plugin
        .as_ref()
        .is_some_and(|plugin| plugin.manifest.outputs.allow_empty);
    let stored = brief
        .parts
        .stager
        .store(StoreRequest {
            name: artifact.name.clone(),
            object: Object {
                bucket: location.bucket.clone(),
                key: location.key.clone(),
            },
            from: brief.dirs.outputs[position].clone(),
            key_id: brief.parts.contents.encryption_key.clone(),
            allow_empty,
            credentials: Arc::clone(&brief.parts.credentials),
        })
        .await
        .map_err(|error| message::artifact_failed(&error))?;
    let told = format!(
        "output `{}`: {} files, {} bytes uploaded",
        artifact.name, stored.files, stored.bytes
    );
    brief.say(Level::Debug, &told).await;
    Ok(())
}
