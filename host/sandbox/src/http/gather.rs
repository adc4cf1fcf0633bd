//! A guest's body on its way to the broker, small pieces of it gathered.
//!
//! Each piece that a guest writes would become a frame. HTTP/2 libraries charge a receiver for small frames that lie
//! unread, and end a connection on which there are thousands: a guest that writes ten bytes at a time to a server that is
//! slower than it would lose its network. So the first small piece goes at once, and each further one waits a
//! little longer for company, up to [`LONGEST`]: a dialogue stays one, a flood of crumbs becomes few frames.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

/// What is not small. A frame carries up to 16 KiB, and copying this costs less than sending it.
const SMALL: usize = 4 * 1024;
/// How much longer each small frame waits than the one before it.
const STEP: Duration = Duration::from_millis(1);
/// The longest that a small frame waits: ten of them in a second cost nobody anything.
const LONGEST: Duration = Duration::from_millis(100);

/// A body whose small pieces are gathered.
pub(super) struct Gathered<B: Body> {
    inner: B,
    gathered: BytesMut,
    /// What came after the pieces and is none: trailers, an error, the end.
    after: Option<Option<Result<Frame<Bytes>, B::Error>>>,
    wait: Duration,
    /// When the next small frame may go.
    next: Pin<Box<Sleep>>,
}

impl<B: Body<Data = Bytes> + Unpin> Gathered<B> {
    pub(super) fn new(inner: B) -> Gathered<B> {
        Gathered {
            inner,
            gathered: BytesMut::new(),
            after: None,
            wait: Duration::ZERO,
            next: Box::pin(tokio::time::sleep(Duration::ZERO)),
        }
    }

    fn take(&mut self) -> Frame<Bytes> {
        Frame::data(self.gathered.split().freeze())
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Gathered<B>
where
    B::Error: Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let this = self.get_mut();
        while this.after.is_none() {
            let Poll::Ready(next) = Pin::new(&mut this.inner).poll_frame(cx) else {
                if this.gathered.is_empty() {
                    return Poll::Pending;
                }
                std::task::ready!(this.next.as_mut().poll(cx));
                this.wait = (this.wait + STEP).min(LONGEST);
                this.next.as_mut().reset(Instant::now() + this.wait);
                return Poll::Ready(Some(Ok(this.take())));
            };
            match next.map(|frame| frame.map(Frame::into_data)) {
                Some(Ok(Ok(data))) if this.gathered.is_empty() && data.len() >= SMALL => {
                    return Poll::Ready(Some(Ok(Frame::data(data))));
                }
                Some(Ok(Ok(data))) => {
                    this.gathered.extend_from_slice(&data);
                    if this.gathered.len() >= SMALL {
                        return Poll::Ready(Some(Ok(this.take())));
                    }
                }
                Some(Ok(Err(frame))) => this.after = Some(Some(Ok(frame))),
                Some(Err(error)) => this.after = Some(Some(Err(error))),
                None => this.after = Some(None),
            }
        }
        if !this.gathered.is_empty() {
            return Poll::Ready(Some(Ok(this.take())));
        }
        match this.after.take() {
            Some(Some(after)) => {
                // What comes after trailers or an error is the end.
                this.after = Some(None);
                Poll::Ready(Some(after))
            }
            _ => {
                this.after = Some(None);
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.gathered.is_empty()
            && match &self.after {
                Some(after) => after.is_none(),
                None => self.inner.is_end_stream(),
            }
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.inner.size_hint();
        let here = self.gathered.len() as u64;
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper.saturating_add(here));
        }
        hint.set_lower(hint.lower().saturating_add(here));
        hint
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::poll_fn;

    use http_body_util::BodyExt;
    use http_body_util::combinators::UnsyncBoxBody;
    use proptest::prelude::*;
    use tokio::sync::mpsc;

    use super::*;

    /// A body that is what comes through a channel, as a guest's is.
    struct Channel(mpsc::Receiver<Frame<Bytes>>);

    impl Body for Channel {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            self.0.poll_recv(cx).map(|frame| frame.map(Ok))
        }
    }

    /// What comes out where the guest writes pieces of these sizes as fast as it can: sizes of frames, bytes, trailers.
    async fn gathered(sizes: &[usize], trailers: bool) -> (Vec<usize>, Vec<u8>, bool) {
        let (sender, receiver) = mpsc::channel(2);
        let body: UnsyncBoxBody<Bytes, Infallible> = Channel(receiver).boxed_unsync();
        let mut body = Gathered::new(body);
        let writing = async {
            for (n, size) in sizes.iter().enumerate() {
                let piece = Frame::data(Bytes::from(vec![n as u8; *size]));
                sender.send(piece).await.unwrap();
            }
            if trailers {
                let map = http::HeaderMap::new();
                sender.send(Frame::trailers(map)).await.unwrap();
            }
            drop(sender);
        };
        let reading = async {
            let (mut out, mut bytes, mut ended) = (Vec::new(), Vec::new(), false);
            while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
                match frame.unwrap().into_data() {
                    Ok(data) => {
                        out.push(data.len());
                        bytes.extend_from_slice(&data);
                    }
                    Err(_) => ended = true,
                }
            }
            assert!(body.is_end_stream());
            (out, bytes, ended)
        };
        tokio::join!(writing, reading).1
    }

    #[tokio::test(start_paused = true)]
    async fn crumbs_become_few_frames_and_large_pieces_stay() {
        let (frames, bytes, _) = gathered(&[10; 100_000], false).await;
        assert_eq!(bytes.len(), 1_000_000);
        let small = frames.iter().filter(|size| **size < 256).count();
        assert!(small < 10, "{small} of {} frames are small", frames.len());
        assert_eq!(gathered(&[8000, 16384], true).await.0, [8000, 16384]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_piece_that_nothing_follows_is_not_kept() {
        let (sender, receiver) = mpsc::channel(2);
        let mut body = Gathered::new(Channel(receiver));
        let began = Instant::now();
        for n in 0..500_u32 {
            let piece = Frame::data(Bytes::from(n.to_string()));
            sender.send(piece).await.unwrap();
            let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
            assert_eq!(frame, n.to_string());
        }
        let took = began.elapsed();
        assert!(took <= LONGEST * 500, "{took:?}");
    }

    proptest! {
        #[test]
        fn no_byte_is_lost_or_moved(sizes in proptest::collection::vec(0_usize..9000, 0..40), trailers: bool) {
            let expected: Vec<u8> =
                sizes.iter().enumerate().flat_map(|(n, size)| vec![n as u8; *size]).collect();
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_time().start_paused(true).build().unwrap();
            let (_, bytes, ended) = runtime.block_on(gathered(&sizes, trailers));
            prop_assert_eq!(bytes, expected);
            prop_assert_eq!(ended, trailers);
        }
    }
}
