//! Requests by wasi:http, with nothing in between.

use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingBody, IncomingResponse, Method,
    OutgoingBody, OutgoingRequest, RequestOptions, Scheme, http_error_code,
};
use wasip2::io::streams::{OutputStream, StreamError};

/// What one write of a body hands over at most.
const WRITE: usize = 4096;
/// What is kept of an answer's body.
const KEPT: usize = 1024;

/// A request as the configuration names it.
pub(crate) struct Ask {
    pub(crate) url: String,
    pub(crate) method: String,
    pub(crate) size: u64,
    pub(crate) piece: u64,
    pub(crate) headers: String,
    pub(crate) timeouts: String,
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) length: u64,
    pub(crate) body: Vec<u8>,
    /// The error code's name, in wasi:http's spelling.
    pub(crate) error: String,
    /// How writing the request's body ended, where not by its end.
    pub(crate) ended: String,
}

/// One request.
pub(crate) fn fetch(ask: &Ask) -> Reply {
    fetch_with(ask, |_| ())
}

/// One request; `first` sees the first bytes of the answer as soon as they are there.
pub(crate) fn fetch_with(ask: &Ask, first: impl FnMut(&[u8])) -> Reply {
    match begin(ask) {
        Ok((future, ended)) => Reply {
            ended,
            ..finish(&future, first)
        },
        Err(error) => Reply {
            error,
            ..Reply::default()
        },
    }
}

/// So many requests at a time.
pub(crate) fn together(ask: &Ask, count: u64) -> Vec<Reply> {
    let begun: Vec<_> = (0..count).map(|_| begin(ask)).collect();
    let ended = |begun| match begun {
        Ok((future, _)) => finish(&future, |_| ()),
        Err(error) => Reply {
            error,
            ..Reply::default()
        },
    };
    begun.into_iter().map(ended).collect()
}

/// So many requests whose answers nobody waits for.
pub(crate) fn drop_unanswered(ask: &Ask, count: u64) {
    for _ in 0..count {
        drop(begin(ask));
    }
}

/// A body that nobody takes.
pub(crate) fn write_unsent() {
    let request = OutgoingRequest::new(Fields::new());
    let body = request.body().expect("a new request has a body");
    let stream = body.write().expect("a new body can be written");
    while stream.blocking_write_and_flush(&[0; WRITE]).is_ok() {}
}

/// Bodies that are written as far as they are taken, and never sent.
pub(crate) fn hoard(count: u64, size: u64) -> u64 {
    let mut kept = Vec::new();
    let mut bytes = 0;
    for _ in 0..count {
        let request = OutgoingRequest::new(Fields::new());
        let body = request.body().expect("a new request has a body");
        let stream = body.write().expect("a new body can be written");
        let mut left = size;
        while left > 0 {
            let room = stream.check_write().unwrap_or(0).min(left);
            if room == 0 {
                break;
            }
            let Ok(()) = stream.write(&vec![0; room as usize]) else {
                break;
            };
            left -= room;
            bytes += room;
        }
        kept.push((stream, body, request));
    }
    bytes
}

/// Headers that are never sent.
pub(crate) fn make_fields(size: u64) {
    let fields = Fields::new();
    let value = vec![b'x'; 1000];
    for n in 0..size / 1000 {
        let made = fields.append(&format!("x-{n}"), &value);
        made.expect("it may be appended");
    }
}

fn begin(ask: &Ask) -> Result<(FutureIncomingResponse, String), String> {
    let (scheme, rest) = ask.url.split_once("://").ok_or("the URL has no scheme")?;
    let at = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(at);
    let fields = Fields::new();
    for line in ask.headers.lines() {
        let (name, value) = line.split_once(':').ok_or("a header has no colon")?;
        let value = match value.trim().strip_prefix('*').map(str::parse) {
            Some(Ok(length)) => "x".repeat(length),
            _ => value.trim().to_owned(),
        };
        let appended = fields.append(name.trim(), value.as_bytes());
        appended.map_err(|error| kebab(&format!("{error:?}")))?;
    }
    let request = OutgoingRequest::new(fields);
    let set = [
        request.set_method(&method(&ask.method)),
        request.set_scheme(Some(&match scheme {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            other => Scheme::Other(other.to_owned()),
        })),
        request.set_authority(Some(authority)),
        request.set_path_with_query(Some(path)),
    ];
    if set.iter().any(Result::is_err) {
        return Err("the bindings refuse the request".to_owned());
    }
    let body = request.body().map_err(|()| "the request has no body")?;
    let future = handle(request, options(&ask.timeouts)).map_err(|code| name(&code))?;
    let mut ended = String::new();
    if ask.size > 0 {
        let stream = body.write().map_err(|()| "the body has no stream")?;
        if let Err(error) = write(&stream, ask) {
            ended = stream_error(error);
        }
    }
    if let Err(code) = OutgoingBody::finish(body, None)
        && ended.is_empty()
    {
        ended = name(&code);
    }
    Ok((future, ended))
}

fn write(stream: &OutputStream, ask: &Ask) -> Result<(), StreamError> {
    let piece = vec![b'u'; ask.piece as usize];
    let mut left = ask.size;
    while left > 0 {
        let length = left.min(ask.piece);
        stream.blocking_write_and_flush(&piece[..length as usize])?;
        left -= length;
    }
    Ok(())
}

fn finish(future: &FutureIncomingResponse, first: impl FnMut(&[u8])) -> Reply {
    let response = loop {
        match future.get() {
            None => future.subscribe().block(),
            Some(Ok(Ok(response))) => break response,
            Some(Ok(Err(code))) => {
                return Reply {
                    error: name(&code),
                    ..Reply::default()
                };
            }
            Some(Err(())) => unreachable!("it is asked for once"),
        }
    };
    read(&response, first)
}

fn read(response: &IncomingResponse, mut first: impl FnMut(&[u8])) -> Reply {
    let mut reply = Reply {
        status: response.status(),
        headers: response.headers().entries(),
        ..Reply::default()
    };
    let body: IncomingBody = response.consume().expect("it is consumed once");
    let stream = body.stream().expect("its stream is taken once");
    loop {
        match stream.blocking_read(64 * 1024) {
            Ok(bytes) => {
                if reply.length == 0 {
                    first(&bytes);
                }
                reply.length += bytes.len() as u64;
                let room = KEPT - reply.body.len();
                reply
                    .body
                    .extend_from_slice(&bytes[..bytes.len().min(room)]);
            }
            Err(StreamError::Closed) => break,
            Err(error) => {
                reply.error = stream_error(error);
                break;
            }
        }
    }
    drop(stream);
    reply
}

fn stream_error(error: StreamError) -> String {
    match error {
        StreamError::Closed => "closed".to_owned(),
        StreamError::LastOperationFailed(error) => match http_error_code(&error) {
            Some(code) => name(&code),
            None => error.to_debug_string(),
        },
    }
}

fn options(timeouts: &str) -> Option<RequestOptions> {
    if timeouts.is_empty() {
        return None;
    }
    let options = RequestOptions::new();
    let nanos = |text: &str| Some(text.parse::<u64>().ok()? * 1_000_000);
    let mut times = timeouts.split(',').map(nanos);
    let mut next = || times.next().flatten();
    let set = [
        options.set_connect_timeout(next()),
        options.set_first_byte_timeout(next()),
        options.set_between_bytes_timeout(next()),
    ];
    assert!(set.iter().all(Result::is_ok), "timeouts can be set");
    Some(options)
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "CONNECT" => Method::Connect,
        "OPTIONS" => Method::Options,
        "TRACE" => Method::Trace,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

/// `http-request-denied` for `ErrorCode::HttpRequestDenied`, whatever it carries.
fn name(code: &ErrorCode) -> String {
    kebab(&format!("{code:?}"))
}

fn kebab(shown: &str) -> String {
    let variant = shown
        .rsplit_once("ErrorCode::")
        .map_or(shown, |(_, name)| name);
    let word = variant.split(|c: char| !c.is_ascii_alphanumeric());
    let mut name = String::new();
    for letter in word.into_iter().next().unwrap_or_default().chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}
