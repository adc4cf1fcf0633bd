//! A guest's body on its way to a server.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;
use crate::headers;
use crate::job::Job;
use crate::ledger::Way;
use crate::limits::EgressLimit;
use crate::protocol::ErrorCode;

/// What is known of a body that a connection is sending.
#[derive(Debug)]
pub(crate) struct Upload {
    started: Instant,
    /// Milliseconds after `started` at which something was last passed on.
    moved: AtomicU64,
    finished: AtomicBool,
    over: CancellationToken,
    failure: OnceLock<Failure>,
}

impl Upload {
    fn new() -> Self {
        Self {
            started: Instant::now(),
            moved: AtomicU64::new(0),
            finished: AtomicBool::new(false),
            over: CancellationToken::new(),
            failure: OnceLock::new(),
        }
    }

    /// Start the clock of the first byte anew.
    pub(crate) fn touch(&self) {
        let passed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.moved.store(passed, Ordering::Relaxed);
    }

    fn finish(&self) {
        self.finished.store(true, Ordering::Release);
        self.over.cancel();
    }

    /// Wait until nothing more of it will be passed on, and answer whether all of it was.
    pub(crate) async fn over(&self) -> bool {
        self.over.cancelled().await;
        self.finished.load(Ordering::Acquire)
    }

    /// Why it was cut off, if it was: then this is what the request failed with, whatever the server made of it.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.failure.get().cloned()
    }

    /// Wait until nothing has been passed on for this long.
    pub(crate) async fn quiet(&self, after: Duration) {
        loop {
            let moved = Duration::from_millis(self.moved.load(Ordering::Relaxed));
            let due = self.started + moved + after;
            if due <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(due).await;
        }
    }
}

/// A request's body: counted as it passes, its trailers filtered.
pub(crate) struct UploadBody {
    /// Nothing, where there is nothing to send.
    inner: Option<Incoming>,
    /// A frame that was looked at before the head was written.
    first: Option<Frame<Bytes>>,
    job: Arc<Job>,
    state: Arc<Upload>,
    /// Its length, where the guest said it: then the last byte is the end, and HTTP/1 asks for no more.
    length: Option<u64>,
    passed: u64,
}

impl UploadBody {
    pub(crate) fn new(inner: Incoming, job: Arc<Job>) -> Self {
        let state = Arc::new(Upload::new());
        if inner.is_end_stream() {
            state.finish();
        }
        let length = inner.size_hint().exact();
        Self {
            length,
            inner: Some(inner),
            first: None,
            job,
            state,
            passed: 0,
        }
    }

    pub(crate) fn state(&self) -> Arc<Upload> {
        Arc::clone(&self.state)
    }

    /// The same once more, of a body without anything in it.
    pub(crate) fn again(&self) -> Option<Self> {
        self.is_end_stream().then(|| Self {
            inner: None,
            first: None,
            job: Arc::clone(&self.job),
            state: Arc::clone(&self.state),
            length: self.length,
            passed: 0,
        })
    }

    /// Wait for the first frame of the body, and answer whether there is anything in it.
    pub(crate) async fn look(&mut self) -> bool {
        loop {
            let next = std::future::poll_fn(|cx| frame_of(&mut self.inner, cx)).await;
            match next {
                None => {
                    self.state.finish();
                    return false;
                }
                // Nothing can be sent for a guest that broke off: what follows finds that out by itself.
                Some(Err(_)) => return false,
                Some(Ok(frame)) if frame.data_ref().is_some_and(Bytes::is_empty) => {}
                Some(Ok(frame)) => {
                    self.first = Some(frame);
                    return true;
                }
            }
        }
    }

    fn pass(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, Failure> {
        match frame.into_data() {
            Ok(data) => {
                let limits = &self.job.limits;
                let size = data.len() as u64;
                self.passed = self.passed.saturating_add(size);
                if self.passed > limits.request_bytes {
                    return Err(self
                        .job
                        .limit(EgressLimit::RequestBytes, ErrorCode::HttpRequestBodySize));
                }
                if !self
                    .job
                    .ledger
                    .charge(Way::Up, size, limits.total_request_bytes)
                {
                    return Err(self.job.limit(
                        EgressLimit::TotalRequestBytes,
                        ErrorCode::HttpRequestBodySize,
                    ));
                }
                Ok(Frame::data(data))
            }
            Err(frame) => Ok(match frame.into_trailers() {
                Ok(trailers) => Frame::trailers(self.clean(trailers)?),
                Err(frame) => frame,
            }),
        }
    }

    fn clean(&self, mut trailers: HeaderMap) -> Result<HeaderMap, Failure> {
        self.job.measure(
            0,
            &trailers,
            (EgressLimit::RequestHeaderBytes, EgressLimit::RequestHeaders),
            ErrorCode::HttpRequestTrailerSectionSize,
        )?;
        headers::clean_trailers(&mut trailers, &self.job.attached_names);
        Ok(trailers)
    }
}

fn frame_of(
    inner: &mut Option<Incoming>,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
    match inner {
        Some(inner) => Pin::new(inner).poll_frame(cx),
        None => Poll::Ready(None),
    }
}

impl Body for UploadBody {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        let this = &mut *self;
        let next = match this.first.take() {
            Some(frame) => Some(Ok(frame)),
            None => std::task::ready!(frame_of(&mut this.inner, cx)),
        };
        let passed = match next {
            None => {
                this.state.finish();
                return Poll::Ready(None);
            }
            Some(Ok(frame)) => this.pass(frame),
            Some(Err(_)) => Err(Failure::failed(
                ErrorCode::ConnectionTerminated,
                "the guest broke the request's body off",
            )),
        };
        this.state.touch();
        Poll::Ready(Some(passed.map_err(|failure| {
            let reason = h2::Reason::CANCEL;
            let _ = this.state.failure.set(failure);
            h2::Error::from(reason)
        })))
        .map(|frame| {
            if this.is_end_stream() || this.length == Some(this.passed) {
                this.state.finish();
            }
            frame
        })
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.inner.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        match &self.first {
            // Only bodies of unknown length are looked into.
            Some(_) => SizeHint::default(),
            None => self
                .inner
                .as_ref()
                .map_or_else(|| SizeHint::with_exact(0), Incoming::size_hint),
        }
    }
}

impl Drop for UploadBody {
    fn drop(&mut self) {
        self.state.over.cancel();
    }
}
