//! A peer that writes whatever it likes: it ends its own stream, and nothing else.

use pipefitter_egress::NetworkLimits;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;

use crate::support::wire::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, GET, GOAWAY, HEADERS, PING, PREFACE, RST_STREAM,
    SETTINGS, WINDOW_UPDATE, block, frame, frames, get, opened, say,
};
use crate::support::{Endpoint, Net, PUBLIC};

#[tokio::test(start_paused = true)]
async fn a_peer_that_speaks_http2_by_hand_is_served() {
    let (answer, usage, dialled) = say(&opened([frame(
        HEADERS,
        END_STREAM | END_HEADERS,
        1,
        &get(),
    )]))
    .await;
    let data: Vec<u8> = frames(&answer)
        .into_iter()
        .filter(|f| f.0 == DATA)
        .flat_map(|f| f.3)
        .collect();
    assert_eq!(
        String::from_utf8(data).unwrap(),
        "GET / HTTP/1.1\nhost: a.example\n\n"
    );
    assert_eq!((usage.requests, dialled.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn what_is_not_http2_reaches_nothing() {
    let settings = |id: u16, value: u32| {
        frame(
            SETTINGS,
            0,
            0,
            &[&id.to_be_bytes()[..], &value.to_be_bytes()].concat(),
        )
    };
    let open = END_HEADERS | END_STREAM;
    for (what, bytes) in [
        ("nothing", vec![]),
        ("half a preface", PREFACE[..10].to_vec()),
        (
            "HTTP/1",
            b"GET http://a.example/ HTTP/1.1\r\nhost: a.example\r\n\r\n".to_vec(),
        ),
        ("zeroes", vec![0; 4096]),
        (
            "a frame too large",
            opened([frame(DATA, 0, 1, &vec![0; 17 * 1024])]),
        ),
        ("data on no stream", opened([frame(DATA, 0, 0, b"x")])),
        ("data on an idle stream", opened([frame(DATA, 0, 1, b"x")])),
        ("an even stream", opened([frame(HEADERS, open, 2, &get())])),
        (
            "HPACK that is none",
            opened([frame(HEADERS, open, 1, &[0xff; 64])]),
        ),
        (
            "an index that is none",
            opened([frame(HEADERS, open, 1, &[0xbf])]),
        ),
        (
            "a table too large",
            opened([frame(HEADERS, open, 1, &[0x3f, 0xff, 0xff, 0xff, 0x7f])]),
        ),
        (
            "a window beyond",
            opened([frame(WINDOW_UPDATE, 0, 0, &0x7fff_ffff_u32.to_be_bytes())]),
        ),
        (
            "a window of nothing",
            opened([frame(WINDOW_UPDATE, 0, 0, &[0; 4])]),
        ),
        (
            "a stream's window beyond",
            opened([settings(4, 0x8000_0000)]),
        ),
        ("frames of nothing", opened([settings(5, 0)])),
        (
            "continuation of nothing",
            opened([frame(CONTINUATION, END_HEADERS, 1, &get())]),
        ),
        (
            "a ping of the wrong size",
            opened([frame(PING, 0, 0, b"x")]),
        ),
        (
            "no method",
            opened([frame(HEADERS, open, 1, &block(&GET[1..]))]),
        ),
        (
            "no scheme",
            opened([frame(HEADERS, open, 1, &block(&[GET[0], GET[2], GET[3]]))]),
        ),
        (
            "a status",
            opened([frame(
                HEADERS,
                open,
                1,
                &block(&[GET, &[(":status", "200")]].concat()),
            )]),
        ),
        (
            "a pseudo-header of its own",
            opened([frame(
                HEADERS,
                open,
                1,
                &block(&[GET, &[(":x", "y")]].concat()),
            )]),
        ),
        (
            "two paths",
            opened([frame(
                HEADERS,
                open,
                1,
                &block(&[GET, &[(":path", "/b")]].concat()),
            )]),
        ),
        (
            "a pseudo-header too late",
            opened([frame(
                HEADERS,
                open,
                1,
                &block(&[("a", "b"), GET[0], GET[1], GET[2], GET[3]]),
            )]),
        ),
        (
            "an upper-case name",
            opened([frame(
                HEADERS,
                open,
                1,
                &block(&[GET, &[("Host", "b")]].concat()),
            )]),
        ),
        (
            "a name with a line's end",
            opened([frame(
                HEADERS,
                open,
                1,
                &block(&[GET, &[("a\r\nb", "c")]].concat()),
            )]),
        ),
        (
            "a value with a line's end",
            opened([frame(
                HEADERS,
                open,
                1,
                &block(&[GET, &[("a", "b\r\nc: d")]].concat()),
            )]),
        ),
        (
            "a value with NUL",
            opened([frame(
                HEADERS,
                open,
                1,
                &block(&[GET, &[("a", "b\0c")]].concat()),
            )]),
        ),
        (
            "a path with a space",
            opened([frame(
                HEADERS,
                open,
                1,
                &block(&[GET[0], GET[1], GET[2], (":path", "/ HTTP/1.1")]),
            )]),
        ),
        (
            "a path with a line's end",
            opened([frame(
                HEADERS,
                open,
                1,
                &block(&[GET[0], GET[1], GET[2], (":path", "/\r\nx: y")]),
            )]),
        ),
        (
            "a host with a line's end",
            opened([frame(
                HEADERS,
                open,
                1,
                &block(&[GET[0], GET[1], (":authority", "a.example\r\nx: y"), GET[3]]),
            )]),
        ),
        (
            "a method with a space",
            opened([frame(
                HEADERS,
                open,
                1,
                &block(&[(":method", "GET /"), GET[1], GET[2], GET[3]]),
            )]),
        ),
        (
            "a connection header",
            opened([frame(
                HEADERS,
                open,
                1,
                &block(&[GET, &[("connection", "close")]].concat()),
            )]),
        ),
        (
            "a transfer coding",
            opened([frame(
                HEADERS,
                open,
                1,
                &block(&[GET, &[("transfer-encoding", "chunked")]].concat()),
            )]),
        ),
        (
            "an upgrade",
            opened([frame(
                HEADERS,
                open,
                1,
                &block(&[GET, &[("upgrade", "h2c")]].concat()),
            )]),
        ),
        (
            "extended CONNECT",
            opened([frame(
                HEADERS,
                END_HEADERS,
                1,
                &block(&[
                    (":method", "CONNECT"),
                    (":protocol", "websocket"),
                    GET[1],
                    GET[2],
                    GET[3],
                ]),
            )]),
        ),
        (
            "CONNECT",
            opened([frame(
                HEADERS,
                END_HEADERS,
                1,
                &block(&[(":method", "CONNECT"), (":authority", "a.example:80")]),
            )]),
        ),
        (
            "another scheme",
            opened([frame(
                HEADERS,
                open,
                1,
                &block(&[GET[0], (":scheme", "file"), GET[2], GET[3]]),
            )]),
        ),
        (
            "a host only in Host",
            opened([frame(
                HEADERS,
                open,
                1,
                &block(&[GET[0], GET[1], ("host", "a.example"), GET[3]]),
            )]),
        ),
        (
            "an absolute path",
            opened([frame(
                HEADERS,
                open,
                1,
                &block(&[
                    GET[0],
                    GET[1],
                    ("host", "a.example"),
                    (":path", "http://b.example/"),
                ]),
            )]),
        ),
    ] {
        let (_, usage, dialled) = say(&bytes).await;
        assert_eq!((dialled, usage.connections), (vec![], 0), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_not_as_long_as_it_says_is_refused() {
    for (length, data) in [
        ("3", "hello"),
        ("9", "hello"),
        ("5, 5", "hello"),
        ("-1", ""),
        ("x", ""),
    ] {
        let head = [
            &[(":method", "POST"), GET[1], GET[2], GET[3]],
            &[("content-length", length)][..],
        ]
        .concat();
        let bytes = opened([
            frame(HEADERS, END_HEADERS, 1, &block(&head)),
            frame(DATA, END_STREAM, 1, data.as_bytes()),
        ]);
        let (answer, _, _) = say(&bytes).await;
        let served = frames(&answer)
            .iter()
            .any(|f| f.0 == DATA && f.3.starts_with(b"POST"));
        assert!(!served, "{length} {data}");
    }
}

#[tokio::test(start_paused = true)]
async fn floods_end_the_stream_and_are_not_kept() {
    let open = END_HEADERS | END_STREAM;
    let resets = (0..5000).flat_map(|n| {
        [
            frame(HEADERS, open, 2 * n + 1, &get()),
            frame(RST_STREAM, 0, 2 * n + 1, &[0, 0, 0, 8]),
        ]
    });
    let many = (0..5000).map(|n| frame(HEADERS, END_HEADERS, 2 * n + 1, &get()));
    let endless = std::iter::once(frame(HEADERS, 0, 1, &get()))
        .chain((0..5000).map(|_| frame(CONTINUATION, 0, 1, &block(&[("a", &"b".repeat(120))]))));
    let pings = (0..50_000).map(|_| frame(PING, 0, 0, &[0; 8]));
    let settings = (0..50_000).map(|_| frame(SETTINGS, 0, 0, &[]));
    let empties = std::iter::once(frame(
        HEADERS,
        END_HEADERS,
        1,
        &block(&[(":method", "POST"), GET[1], GET[2], GET[3]]),
    ))
    .chain((0..50_000).map(|_| frame(DATA, 0, 1, &[])));
    // One entry of the table, named over and over: 4 KiB of text for each byte.
    let mut bomb = get();
    bomb.extend([0x40, 1, b'x', 0x7f, 0xa1, 0x1e]);
    bomb.extend([b'y'; 4000]);
    bomb.extend([0xbe; 10_000]);
    for (what, bytes) in [
        ("streams reset at once", opened(resets)),
        ("more streams than are allowed", opened(many)),
        ("headers without end", opened(endless)),
        ("pings", opened(pings)),
        ("settings", opened(settings)),
        ("empty data", opened(empties)),
        ("an HPACK bomb", opened([frame(HEADERS, open, 1, &bomb)])),
    ] {
        let (answer, usage, dialled) = say(&bytes).await;
        assert!(
            usage.connections <= 100 && dialled.len() <= 100,
            "{what}: {usage:?}"
        );
        assert!(answer.len() < 8 << 20, "{what}: {} bytes", answer.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_bytes_at_all_do_more_than_end_the_stream(
        noise in proptest::collection::vec(any::<u8>(), 0..2000), place in 0_usize..200, with_preface: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build().unwrap();
        // A good exchange, spoilt somewhere; or noise alone after the preface.
        let mut bytes = opened([frame(HEADERS, END_STREAM | END_HEADERS, 1, &get())]);
        if with_preface {
            bytes.truncate(PREFACE.len());
        }
        let place = place.min(bytes.len());
        bytes.truncate(place.max(PREFACE.len()));
        bytes.extend_from_slice(&noise);
        let (_, usage, dialled) = runtime.block_on(say(&bytes));
        let only = format!("{PUBLIC}:80");
        prop_assert!(dialled.iter().all(|address| *address == only));
        prop_assert!(usage.connections <= 4);
    }
}

#[tokio::test(start_paused = true)]
async fn a_window_is_not_to_be_overrun() {
    let post = block(&[(":method", "POST"), GET[1], GET[2], GET[3]]);
    let chunk = vec![0; 16 * 1024];
    let bytes = opened(
        std::iter::once(frame(HEADERS, END_HEADERS, 1, &post))
            .chain((0..2000).map(|_| frame(DATA, 0, 1, &chunk))),
    );
    let mut setup = Net::new()
        .name("a.example", &[PUBLIC])
        .everywhere(Endpoint::Hangs)
        .start();
    let (ours, theirs) = tokio::io::duplex(64 * 1024);
    let cancel = CancellationToken::new();
    let serving = setup
        .broker(&["http://a.example"], NetworkLimits::default(), vec![])
        .serve(theirs, cancel);
    let (mut read, mut write) = tokio::io::split(ours);
    let writing = async {
        let _ = write.write_all(&bytes).await;
        let _ = write.shutdown().await;
    };
    let mut answer = Vec::new();
    let (usage, (), _) = tokio::join!(serving, writing, read.read_to_end(&mut answer));
    // FLOW_CONTROL_ERROR, for the stream or for the whole connection.
    let ended = frames(&answer)
        .iter()
        .any(|(kind, _, _, payload)| match *kind {
            RST_STREAM => payload[..] == [0, 0, 0, 3],
            GOAWAY => payload[4..8] == [0, 0, 0, 3],
            _ => false,
        });
    assert!(ended, "{:?}", frames(&answer));
    assert_eq!(usage.request_bytes, 0, "nothing was connected to yet");
    assert!(setup.dialled().len() <= 1);
}

#[tokio::test(start_paused = true)]
async fn trailers_that_are_none_end_their_stream_or_all() {
    let post = block(&[(":method", "POST"), GET[1], GET[2], GET[3]]);
    for (trailers, ending) in [
        (&[("transfer-encoding", "chunked")][..], RST_STREAM),
        (&[("connection", "x")], RST_STREAM),
        (&[("upgrade", "h2c")], RST_STREAM),
        (&[("a", "b\r\nc: d")], GOAWAY),
        (&[("Upper", "b")], GOAWAY),
    ] {
        let (answer, usage, _) = say(&opened([
            frame(HEADERS, END_HEADERS, 1, &post),
            frame(DATA, 0, 1, b"hello"),
            frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(trailers)),
        ]))
        .await;
        let frames = frames(&answer);
        assert!(
            frames.iter().any(|frame| frame.0 == ending),
            "{trailers:?}: {frames:?}"
        );
        assert!(
            frames.iter().all(|frame| frame.0 != DATA),
            "{trailers:?}: {frames:?}"
        );
        assert_eq!(usage.response_bytes, 0, "{trailers:?}");
    }
}
