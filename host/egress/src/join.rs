//! Small pieces of a body, joined as far as they are there already.
//!
//! Each piece becomes a frame of the guest's own stream, and costs memory there that its window does not count; HTTP/2
//! libraries therefore end a connection on which many small ones lie unread. A server that sends single bytes must not
//! be able to end a job's whole network with them.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, SizeHint};

/// What counts as small, and how much is joined: a frame is at most 16 KiB, and copying this costs less than sending it.
const SMALL: usize = 4 * 1024;
/// How many pieces are joined at most, empty ones included.
const PIECES: usize = 256;

/// A body whose small pieces are joined.
pub(crate) struct Joined<B: Body> {
    inner: B,
    /// What came after pieces that were joined, and is no piece itself.
    held: Option<Option<Result<Frame<Bytes>, B::Error>>>,
}

impl<B: Body<Data = Bytes> + Unpin> Joined<B> {
    pub(crate) fn new(inner: B) -> Self {
        Self { inner, held: None }
    }

    pub(crate) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        if let Some(held) = self.held.take() {
            return Poll::Ready(held);
        }
        let first = match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
            Some(Ok(frame)) => frame,
            other => return Poll::Ready(other),
        };
        let first = match first.into_data() {
            Ok(data) if data.len() < SMALL && !self.inner.is_end_stream() => data,
            Ok(data) => return Poll::Ready(Some(Ok(Frame::data(data)))),
            Err(frame) => return Poll::Ready(Some(Ok(frame))),
        };
        Poll::Ready(Some(Ok(Frame::data(self.join(first, cx)))))
    }

    fn join(&mut self, first: Bytes, cx: &mut Context<'_>) -> Bytes {
        let mut size = first.len();
        let mut joined: Option<BytesMut> = None;
        for _ in 1..PIECES {
            let Poll::Ready(next) = Pin::new(&mut self.inner).poll_frame(cx) else {
                break;
            };
            let data = next
                .as_ref()
                .and_then(|next| next.as_ref().ok())
                .and_then(Frame::data_ref);
            match data {
                Some(data) if size + data.len() <= SMALL => {
                    size += data.len();
                    joined
                        .get_or_insert_with(|| BytesMut::from(&first[..]))
                        .extend_from_slice(data);
                }
                _ => {
                    self.held = Some(next);
                    break;
                }
            }
        }
        joined.map_or(first, BytesMut::freeze)
    }

    pub(crate) fn is_end_stream(&self) -> bool {
        self.held.is_none() && self.inner.is_end_stream()
    }

    /// The length of what the server sends, known or not: right until the first piece was taken.
    pub(crate) fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::future::poll_fn;

    use futures::FutureExt as _;
    use http::HeaderMap;
    use http_body_util::StreamBody;
    use proptest::prelude::*;

    use super::*;

    /// What comes out of pieces of these sizes: the sizes of what was joined, and all bytes.
    fn join(sizes: &[usize], trailers: bool) -> (Vec<usize>, Vec<u8>, bool) {
        let data = sizes
            .iter()
            .enumerate()
            .map(|(n, size)| Frame::data(vec![n as u8; *size].into()));
        let trailers = trailers.then(|| Frame::trailers(HeaderMap::new()));
        let frames: Vec<_> = data.chain(trailers).map(Ok::<_, Infallible>).collect();
        let mut body = Joined::new(StreamBody::new(futures::stream::iter(frames)));
        let drained = async move {
            let (mut out, mut bytes, mut ended) = (Vec::new(), Vec::new(), false);
            while let Some(frame) = poll_fn(|cx| body.poll_frame(cx)).await {
                match frame.unwrap().into_data() {
                    Ok(data) => {
                        out.push(data.len());
                        bytes.extend_from_slice(&data);
                    }
                    Err(_) => ended = true,
                }
            }
            (out, bytes, ended)
        };
        drained.now_or_never().unwrap()
    }

    #[test]
    fn small_pieces_become_one_and_large_ones_stay() {
        assert_eq!(join(&[1; 100], false).0, [100]);
        assert_eq!(
            join(&[1, 2, 8000, 3, 4], true),
            (vec![3, 8000, 7], join(&[1, 2, 8000, 3, 4], true).1, true)
        );
        assert_eq!(join(&[4000, 96, 1], false).0, [4096, 1]);
        assert_eq!(join(&[0; 1000], false).0, [0, 0, 0, 0]);
    }

    proptest! {
        #[test]
        fn no_byte_is_lost_or_moved(sizes in proptest::collection::vec(0_usize..6000, 0..40), trailers: bool) {
            let expected: Vec<u8> =
                sizes.iter().enumerate().flat_map(|(n, size)| vec![n as u8; *size]).collect();
            let (_, bytes, ended) = join(&sizes, trailers);
            prop_assert_eq!(bytes, expected);
            prop_assert_eq!(ended, trailers);
        }
    }
}
