//! Artifacts of this machine in place of S3's: packed and unpacked by the same rules.

use std::io::Seek;
use std::path::PathBuf;

use async_trait::async_trait;
use pipefitter_artifacts::{
    ArtifactError, ErrorKind, FetchRequest, Fetched, StoreRequest, Stored, Unpack, UnpackLimits,
    pack_dir, unpack_file,
};
use pipefitter_worker::Staging;

/// An object's key is a path here.
pub(crate) struct LocalStaging {
    pub(crate) limits: UnpackLimits,
}

#[async_trait]
impl Staging for LocalStaging {
    async fn fetch(&self, request: FetchRequest) -> Result<Fetched, ArtifactError> {
        let name = request.name.clone();
        blocking(&name, move || {
            let path = PathBuf::from(&request.object.key);
            if !path.is_dir() {
                return unpack_file(&path, &request.into, request.unpack, &request.limits);
            }
            if request.unpack == Unpack::Never {
                return Err(error(
                    &request.name,
                    ErrorKind::BadArchive,
                    format!(
                        "the plugin takes the artifact `{}` as one file: give a file instead of the \
                         folder {}",
                        request.name,
                        path.display()
                    ),
                ));
            }
            // A folder goes the way that it would go through S3, so that the plugin sees the same.
            let archive = packed(&request.name, &path)?;
            unpack_file(archive.path(), &request.into, Unpack::Auto, &request.limits)
        })
        .await
    }

    async fn store(&self, request: StoreRequest) -> Result<Stored, ArtifactError> {
        let limits = self.limits;
        let name = request.name.clone();
        blocking(&name, move || {
            let empty = std::fs::read_dir(&request.from)
                .map_err(|io| local(&request.name, "read what the plugin made", &io))?
                .next()
                .is_none();
            if empty && !request.allow_empty {
                return Err(error(
                    &request.name,
                    ErrorKind::EmptyOutput,
                    format!(
                        "the plugin succeeded and left the output artifact `{}` empty: write into it, or \
                         say `allow-empty = true` under [outputs] in its manifest",
                        request.name
                    ),
                ));
            }
            let archive = packed(&request.name, &request.from)?;
            let into = PathBuf::from(&request.object.key);
            let placed = unpack_file(archive.path(), &into, Unpack::Auto, &limits)?;
            Ok(Stored { bytes: placed.object_bytes, files: placed.entries, version_id: None })
        })
        .await
    }
}

fn packed(artifact: &str, dir: &std::path::Path) -> Result<tempfile::NamedTempFile, ArtifactError> {
    let archive = tempfile::NamedTempFile::new()
        .map_err(|io| local(artifact, "make a temporary file", &io))?;
    let mut file = archive
        .reopen()
        .map_err(|io| local(artifact, "open a temporary file", &io))?;
    file.rewind()
        .map_err(|io| local(artifact, "use a temporary file", &io))?;
    pack_dir(dir, file)?;
    Ok(archive)
}

async fn blocking<T: Send + 'static>(
    artifact: &str,
    work: impl FnOnce() -> Result<T, ArtifactError> + Send + 'static,
) -> Result<T, ArtifactError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(join) => Err(error(
            artifact,
            ErrorKind::Local,
            format!("staging the artifact `{artifact}` was interrupted: {join}"),
        )),
    }
}

fn local(artifact: &str, doing: &str, io: &std::io::Error) -> ArtifactError {
    error(
        artifact,
        ErrorKind::Local,
        format!("artifact `{artifact}`: could not {doing}: {io}"),
    )
}

fn error(artifact: &str, kind: ErrorKind, message: String) -> ArtifactError {
    ArtifactError {
        kind,
        artifact: artifact.to_owned(),
        message,
        source: None,
    }
}
