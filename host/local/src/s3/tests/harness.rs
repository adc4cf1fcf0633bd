//! A door on a loopback port, and clients for it.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::path::Path;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::auth::{Clock, JobAccess, Registry};
use crate::s3::{ObjectStore, service};

pub(super) struct Harness {
    pub(super) store: ObjectStore,
    pub(super) registry: Registry,
    pub(super) clock: Clock,
    pub(super) address: SocketAddr,
    pub(super) directory: TempDir,
    server: JoinSet<()>,
}

impl Harness {
    pub(super) async fn start() -> Self {
        Self::start_in(TempDir::new().unwrap(), "us-east-1").await
    }

    /// With one bucket, `bucket`, that keeps versions or not.
    pub(super) async fn with_bucket(versioned: bool) -> (Self, Client) {
        let harness = Self::start().await;
        harness
            .store
            .create_bucket("bucket", versioned)
            .await
            .unwrap();
        let client = harness.root();
        (harness, client)
    }

    pub(super) async fn start_in(directory: TempDir, region: &str) -> Self {
        let store = ObjectStore::open(directory.path()).await.unwrap();
        let clock = Clock::manual(Timestamp::now());
        let registry = Registry::new(clock.clone());
        let place = (region, "000000000000");
        let door = service(store.clone(), registry.clone(), place);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut server = JoinSet::new();
        server.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let door = door.clone();
                connections.spawn(async move {
                    let answer = service_fn(move |request| {
                        let door = door.clone();
                        async move { Ok::<_, std::convert::Infallible>(door.call(request).await) }
                    });
                    // A client that hangs up is part of some tests.
                    let _ = http1::Builder::new()
                        .serve_connection(TokioIo::new(stream), answer)
                        .await;
                });
            }
        });
        Self {
            store,
            registry,
            clock,
            address,
            directory,
            server,
        }
    }

    /// Stops serving and opens the directory again, as a new process would.
    pub(super) async fn restart(mut self) -> Self {
        self.server.shutdown().await;
        let Self {
            directory, store, ..
        } = self;
        // The lock goes with the last holder of the store; connections may still be winding down.
        drop(store);
        Self::start_in(directory, "us-east-1").await
    }

    pub(super) fn root(&self) -> Client {
        self.client(Credentials::new("local", "local", None, None, "test"))
    }

    pub(super) fn job(&self, access: &JobAccess) -> Client {
        self.client(Credentials::new(
            &access.access_key_id,
            &access.secret,
            Some(access.session_token.clone()),
            None,
            "test",
        ))
    }

    pub(super) fn client(&self, credentials: Credentials) -> Client {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(format!("http://{}", self.address))
            .force_path_style(true)
            .region(Region::new("us-east-1"))
            .retry_config(RetryConfig::disabled())
            .credentials_provider(credentials);
        Client::from_conf(config.build())
    }

    /// Content files in the store's directory.
    pub(super) fn content_files(&self) -> usize {
        count(&self.directory.path().join("data"))
    }
}

fn count(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| match entry.file_type().unwrap().is_dir() {
            true => count(&entry.path()),
            false => 1,
        })
        .sum()
}

/// The code and HTTP status of a refused call.
#[track_caller]
pub(super) fn refused<T: Debug, E>(result: Result<T, SdkError<E>>) -> (String, u16)
where
    SdkError<E>: ProvideErrorMetadata,
{
    let Err(error) = result else {
        panic!("the call succeeded")
    };
    let status = error.raw_response().map_or(0, |raw| raw.status().as_u16());
    (error.code().unwrap_or_default().to_owned(), status)
}

/// The same, for comparing with what is expected.
pub(super) fn as_refusal(code: &str, status: u16) -> (String, u16) {
    (code.to_owned(), status)
}

/// Bytes that compress badly and differ everywhere.
pub(super) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}
