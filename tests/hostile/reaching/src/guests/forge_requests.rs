//! Makes requests that are two, are another's, or are no requests.

use wasip2::http::types::{Fields, Method, OutgoingRequest};

use crate::answer::{Answer, Job, all_denied};
use crate::client;

pub(crate) fn run(job: &Job) -> Answer {
    let server = client::server(job);
    let ask = |name, value: &[u8]| {
        let headers = [(name, value.to_vec())];
        client::begin(&server, "/hello", &headers).and_then(|future| client::body(&future))
    };
    let by = |method: &str| {
        client::begin_by(&Method::Other(method.to_owned()), &server, "/hello", &[])
            .and_then(|future| client::body(&future))
    };
    let attempts = vec![
        ("host", ask("host", b"elsewhere.example").map(drop)),
        ("connection", ask("connection", b"upgrade").map(drop)),
        ("chunked", ask("transfer-encoding", b"chunked").map(drop)),
        ("upgrade", ask("upgrade", b"websocket").map(drop)),
        ("line-end", ask("x-own", b"a\r\nhost: elsewhere.example").map(drop)),
        ("name", ask("x own", b"a").map(drop)),
        ("connect", by("CONNECT").map(drop)),
        ("trace", by("TRACE").map(drop)),
        ("method", by("GET / HTTP/1.1\r\nhost: x\r\n\r\nGET").map(drop)),
        ("path", odd_path("/a HTTP/1.1\r\nhost: x\r\n\r\n")),
    ];
    let other = std::io::Error::other;
    all_denied(
        attempts
            .into_iter()
            .map(|(what, result)| (what, result.map_err(other)))
            .collect(),
    )
}

fn odd_path(path: &str) -> Result<(), String> {
    let request = OutgoingRequest::new(Fields::new());
    request
        .set_path_with_query(Some(path))
        .map_err(|()| "refused".to_owned())
}
