//! Requests by wasi:http.

use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingBody, Method, OutgoingBody, OutgoingRequest, RequestOptions, Scheme,
    http_error_code,
};
use wasip2::io::streams::StreamError;

use crate::http::{Request, Response};

/// What one write hands over: wasi:io takes no more at once.
const WRITE: usize = 4096;
const READ: u64 = 64 << 10;

/// One request and its whole answer; an error is wasi:http's name of it or a few words.
pub(crate) fn request(asked: &Request) -> Result<Response, String> {
    let request = OutgoingRequest::new(fields(asked)?);
    let (scheme, authority, path) = parts(&asked.url)?;
    request
        .set_method(&method(&asked.method))
        .map_err(unfit("method"))?;
    request.set_scheme(Some(&scheme)).map_err(unfit("scheme"))?;
    request
        .set_authority(Some(authority))
        .map_err(unfit("host"))?;
    request
        .set_path_with_query(Some(path))
        .map_err(unfit("path"))?;
    let options = asked.timeout.map(|timeout| {
        let options = RequestOptions::new();
        let nanos = u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX);
        // A host that takes none of them has its own.
        let _ = options.set_connect_timeout(Some(nanos));
        let _ = options.set_first_byte_timeout(Some(nanos));
        let _ = options.set_between_bytes_timeout(Some(nanos));
        options
    });
    let body = request.body().map_err(unfit("body"))?;
    let answer = handle(request, options).map_err(|code| name(&code))?;
    if let Err(error) = send_body(body, &asked.body) {
        // The answer may be there all the same, and says more.
        match answer.get() {
            Some(Ok(Ok(_))) | None => return Err(error),
            Some(Ok(Err(code))) => return Err(name(&code)),
            Some(Err(())) => return Err(error),
        }
    }
    let response = loop {
        match answer.get() {
            None => answer.subscribe().block(),
            Some(Ok(response)) => break response.map_err(|code| name(&code))?,
            Some(Err(())) => return Err("the answer was taken already".to_owned()),
        }
    };
    let status = response.status();
    let headers = response.headers().entries();
    let body = response.consume().map_err(unfit("answer"))?;
    Ok(Response {
        status,
        headers,
        body: read(&body, asked.most)?,
    })
}

fn unfit(what: &'static str) -> impl FnOnce(()) -> String {
    move |()| format!("the {what} is not one that HTTP takes")
}

fn fields(asked: &Request) -> Result<Fields, String> {
    let fields = Fields::new();
    if !asked.body.is_empty()
        && !asked
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-length"))
    {
        let length = asked.body.len().to_string();
        fields
            .append("content-length", length.as_bytes())
            .map_err(|_| "the length cannot be told".to_owned())?;
    }
    for (name, value) in &asked.headers {
        fields
            .append(name, value)
            .map_err(|_| format!("the header `{name}` is not one that a plugin may send"))?;
    }
    Ok(fields)
}

/// Scheme, host and port, path and query.
fn parts(url: &str) -> Result<(Scheme, &str, &str), String> {
    let url = url.split('#').next().unwrap_or(url);
    let (scheme, rest) = url
        .split_once("://")
        .ok_or("the URL has no scheme: begin it with https://")?;
    let scheme = match scheme.to_ascii_lowercase().as_str() {
        "https" => Scheme::Https,
        "http" => Scheme::Http,
        _ => return Err(format!("`{scheme}` is neither https nor http")),
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if authority.is_empty() {
        return Err("the URL has no host".to_owned());
    }
    Ok((scheme, authority, if path.is_empty() { "/" } else { path }))
}

fn send_body(body: OutgoingBody, bytes: &[u8]) -> Result<(), String> {
    if !bytes.is_empty() {
        let stream = body
            .write()
            .map_err(|()| "the body cannot be sent".to_owned())?;
        for piece in bytes.chunks(WRITE) {
            stream.blocking_write_and_flush(piece).map_err(told)?;
        }
    }
    OutgoingBody::finish(body, None).map_err(|code| name(&code))
}

fn read(body: &IncomingBody, most: usize) -> Result<Vec<u8>, String> {
    let stream = body
        .stream()
        .map_err(|()| "the answer has no body".to_owned())?;
    let mut read = Vec::new();
    loop {
        match stream.blocking_read(READ) {
            Ok(bytes) => read.extend_from_slice(&bytes),
            Err(StreamError::Closed) => return Ok(read),
            Err(error) => return Err(told(error)),
        }
        if read.len() > most {
            return Err(format!(
                "the answer has more than {most} bytes: raise it with `at_most`"
            ));
        }
    }
}

fn told(error: StreamError) -> String {
    match error {
        StreamError::Closed => "the connection was closed".to_owned(),
        StreamError::LastOperationFailed(error) => match http_error_code(&error) {
            Some(code) => name(&code),
            None => error.to_debug_string(),
        },
    }
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "OPTIONS" => Method::Options,
        "PATCH" => Method::Patch,
        other => Method::Other(other.to_owned()),
    }
}

/// `http-request-denied` for `ErrorCode::HttpRequestDenied`, whatever it carries.
fn name(code: &ErrorCode) -> String {
    let shown = format!("{code:?}");
    let variant = shown
        .rsplit_once("ErrorCode::")
        .map_or(shown.as_str(), |(_, name)| name);
    let word = variant.split(|c: char| !c.is_ascii_alphanumeric()).next();
    let mut name = String::new();
    for letter in word.unwrap_or_default().chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}
