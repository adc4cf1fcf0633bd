//! HTTP/2 as a peer writes it by hand.

use std::time::Duration;

use bytes::{BufMut as _, BytesMut};
use pipefitter_egress::{EgressUsage, NetworkLimits};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;

use super::{Net, PUBLIC, describe, http1_over};

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = BytesMut::new();
    bytes.put_uint(payload.len() as u64, 3);
    bytes.put_u8(kind);
    bytes.put_u8(flags);
    bytes.put_u32(stream);
    bytes.put_slice(payload);
    bytes.to_vec()
}

/// A literal header that is not indexed (RFC 7541, 6.2.2).
pub(crate) fn literal(name: &str, value: &str) -> Vec<u8> {
    let mut bytes = vec![0];
    for text in [name, value] {
        assert!(text.len() < 127);
        bytes.push(text.len() as u8);
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

pub(crate) fn block(headers: &[(&str, &str)]) -> Vec<u8> {
    headers
        .iter()
        .flat_map(|(name, value)| literal(name, value))
        .collect()
}

pub(crate) const GET: &[(&str, &str)] = &[
    (":method", "GET"),
    (":scheme", "http"),
    (":authority", "a.example"),
    (":path", "/"),
];

pub(crate) fn get() -> Vec<u8> {
    block(GET)
}

pub(crate) fn opened(more: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut bytes = [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat();
    more.into_iter()
        .for_each(|frame| bytes.extend_from_slice(&frame));
    bytes
}

/// Write these bytes to a broker, wait until nothing moves any more, close, and see what it answered and tells.
///
/// The clock is paused: the second passes when every task waits.
pub(crate) async fn say(bytes: &[u8]) -> (Vec<u8>, EgressUsage, Vec<String>) {
    let mut setup = Net::new()
        .name("a.example", &[PUBLIC])
        .at(&format!("{PUBLIC}:80"), http1_over(describe()))
        .start();
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let limits = NetworkLimits {
        in_flight: 4,
        ..Default::default()
    };
    let serving = setup
        .broker(&["http://a.example"], limits, vec![])
        .serve(theirs, CancellationToken::new());
    let (mut read, mut write) = tokio::io::split(ours);
    let writing = async {
        // It may close before it has heard everything.
        let _ = write.write_all(bytes).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let _ = write.shutdown().await;
    };
    let mut answer = Vec::new();
    let (usage, (), _) = tokio::join!(serving, writing, read.read_to_end(&mut answer));
    (answer, usage, setup.dialled())
}

/// The frames of an answer: type, flags, stream, payload.
pub(crate) fn frames(mut answer: &[u8]) -> Vec<(u8, u8, u32, Vec<u8>)> {
    let mut frames = Vec::new();
    while answer.len() >= 9 {
        let length =
            usize::from(answer[0]) << 16 | usize::from(answer[1]) << 8 | usize::from(answer[2]);
        let stream = u32::from_be_bytes(answer[5..9].try_into().unwrap());
        frames.push((answer[3], answer[4], stream, answer[9..9 + length].to_vec()));
        answer = &answer[9 + length..];
    }
    frames
}
