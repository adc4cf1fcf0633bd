//! A server's body on its way to the guest.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::HeaderMap;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::sync::oneshot;
use tokio::time::{Instant, Sleep};

use crate::failure::{Failure, chain};
use crate::headers;
use crate::job::Job;
use crate::join::Joined;
use crate::ledger::Way;
use crate::limits::EgressLimit;
use crate::protocol::ErrorCode;
use crate::target::Target;
use crate::timeouts::Timeout;
use crate::upload::Upload;

/// What the guest's stream is answered with: a server's body, or none at all.
pub(crate) struct ReplyBody(Option<Download>);

/// A response's body: counted as it passes, timed while the guest waits for it, its trailers filtered.
pub(crate) struct Download {
    joined: Joined<Incoming>,
    job: Arc<Job>,
    target: Target,
    upload: Arc<Upload>,
    passed: u64,
    between: Timeout,
    /// Runs while the guest waits for the server, so that a guest that reads slowly is not the server's fault.
    pause: Pin<Box<Sleep>>,
    waiting: bool,
    whole: Pin<Box<Sleep>>,
    ended: bool,
    /// Told where all of it was passed on; dropped where it was not.
    done: Option<oneshot::Sender<()>>,
}

/// What a response's body needs beside the body itself.
pub(crate) struct Terms {
    pub(crate) job: Arc<Job>,
    pub(crate) target: Target,
    pub(crate) upload: Arc<Upload>,
    pub(crate) between: Timeout,
    pub(crate) deadline: Instant,
    pub(crate) done: oneshot::Sender<()>,
}

impl ReplyBody {
    pub(crate) fn none() -> Self {
        Self(None)
    }

    pub(crate) fn of(inner: Incoming, terms: Terms) -> Self {
        Self(Some(Download {
            joined: Joined::new(inner),
            job: terms.job,
            target: terms.target,
            upload: terms.upload,
            passed: 0,
            between: terms.between,
            pause: Box::pin(tokio::time::sleep_until(terms.deadline)),
            waiting: false,
            whole: Box::pin(tokio::time::sleep_until(terms.deadline)),
            ended: false,
            done: Some(terms.done),
        }))
    }
}

impl Download {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        if self.whole.as_mut().poll(cx).is_ready() {
            let code = ErrorCode::HttpResponseTimeout;
            return Poll::Ready(Some(Err(self.job.limit(EgressLimit::Whole, code))));
        }
        match self.joined.poll_frame(cx) {
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Ready(Some(Ok(frame))) => Poll::Ready(Some(self.pass(frame))),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(self.broken(&error)))),
            Poll::Pending => {
                if !self.waiting {
                    self.waiting = true;
                    self.pause
                        .as_mut()
                        .reset(Instant::now() + self.between.after);
                }
                std::task::ready!(self.pause.as_mut().poll(cx));
                let code = ErrorCode::ConnectionReadTimeout;
                Poll::Ready(Some(Err(self
                    .between
                    .failure(code, "a pause within the body"))))
            }
        }
    }

    fn broken(&self, error: &hyper::Error) -> Failure {
        self.upload.failure().unwrap_or_else(|| {
            Failure::failed(
                ErrorCode::HttpResponseIncomplete,
                format!("the response broke off: {}", chain(error)),
            )
        })
    }

    fn pass(&mut self, frame: Frame<Bytes>) -> Result<Frame<Bytes>, Failure> {
        match frame.into_data() {
            Ok(data) => {
                let size = data.len() as u64;
                // An empty frame is no byte: it does not keep a body alive.
                self.waiting &= size == 0;
                self.passed = self.passed.saturating_add(size);
                let limits = &self.job.limits;
                if self.passed > limits.response_bytes {
                    let code = ErrorCode::HttpResponseBodySize;
                    return Err(self.job.limit(EgressLimit::ResponseBytes, code));
                }
                if !self
                    .job
                    .ledger
                    .charge(Way::Down, size, limits.total_response_bytes)
                {
                    let code = ErrorCode::HttpResponseBodySize;
                    return Err(self.job.limit(EgressLimit::TotalResponseBytes, code));
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
            (
                EgressLimit::ResponseHeaderBytes,
                EgressLimit::ResponseHeaders,
            ),
            ErrorCode::HttpResponseTrailerSectionSize,
        )?;
        headers::clean_trailers(&mut trailers, &[]);
        Ok(trailers)
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        let Some(download) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let next = std::task::ready!(download.poll(cx));
        download.ended |= next.is_none();
        Poll::Ready(next.map(|frame| {
            frame.map_err(|failure| {
                download.job.note(&download.target, &failure);
                h2::Error::from(h2::Reason::from(failure.code.reset()))
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.0
            .as_ref()
            .is_none_or(|download| download.joined.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.0.as_ref().map_or(SizeHint::with_exact(0), |download| {
            download.joined.size_hint()
        })
    }
}

impl Drop for Download {
    fn drop(&mut self) {
        if (self.ended || self.joined.is_end_stream())
            && let Some(done) = self.done.take()
        {
            // Nobody listens where the job is over.
            let _ = done.send(());
        }
    }
}
