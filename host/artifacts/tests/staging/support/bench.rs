//! A stager, its directories, and the S3 it talks to.

use pipefitter_artifacts::{ErrorKind, Stager};
use tempfile::TempDir;

use super::noise;
use super::s3::{FakeS3, Op};
use super::tree;
use super::zipfile::{deflated, stored, zip};

/// Enough that parts and ranges are several.
pub(crate) fn site() -> Vec<u8> {
    zip(&[
        deflated("index.html", b"<p>hello</p>"),
        stored("a/noise", &noise(300_000)),
    ])
}

pub(crate) struct Bench {
    pub(crate) s3: FakeS3,
    home: TempDir,
    pub(crate) stager: Stager,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(FakeS3::start().await)
    }

    pub(crate) fn with(s3: FakeS3) -> Self {
        let home = tempfile::tempdir().unwrap();
        for dir in ["work", "into", "from"] {
            std::fs::create_dir(home.path().join(dir)).unwrap();
        }
        let stager = s3.stager(&home.path().join("work"));
        Self { s3, home, stager }
    }

    pub(crate) fn dir(&self, name: &str) -> std::path::PathBuf {
        self.home.path().join(name)
    }

    pub(crate) async fn fetch(&self) -> Result<tree::Tree, (ErrorKind, String)> {
        let request = self.s3.fetch_of(&self.dir("into"));
        let fetched = self.stager.fetch(request).await;
        self.nothing_left().await;
        fetched
            .map(|_| tree::read(&self.dir("into")))
            .map_err(|error| (error.kind, error.to_string()))
    }

    /// Makes the output large enough for several parts.
    pub(crate) fn fill(&self) {
        std::fs::write(self.dir("from").join("big"), site()).unwrap();
    }

    /// No call for a bucket, and no file in the work directory.
    pub(crate) async fn nothing_left(&self) {
        assert!(self.s3.seen(Op::Other).await.is_empty());
        assert_eq!(std::fs::read_dir(self.dir("work")).unwrap().count(), 0);
    }

    pub(crate) async fn ranges(&self) -> Vec<Option<String>> {
        let gets = self.s3.seen(Op::Get).await;
        gets.iter()
            .map(|seen| seen.header("range").map(str::to_owned))
            .collect()
    }
}
