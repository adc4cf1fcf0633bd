//! Requests by wasi:http, with nothing in between.

use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody,
    OutgoingRequest, Scheme, http_error_code,
};
use wasip2::io::streams::StreamError;

use crate::answer::{Job, configured};

/// The server that every guest here is granted.
pub(crate) fn server(job: &Job) -> String {
    configured(job, "server").to_owned()
}

/// The status and the body.
pub(crate) fn get(server: &str, path: &str) -> Result<(u16, Vec<u8>), String> {
    let response = answer(&begin(server, path, &[])?)?;
    Ok((response.status(), read(&response)?))
}

/// The status, and where it leads.
pub(crate) fn location(server: &str, path: &str) -> Result<(u16, String), String> {
    let response = answer(&begin(server, path, &[])?)?;
    let places = response.headers().get("location");
    let place = places.first().ok_or("it leads nowhere")?;
    Ok((
        response.status(),
        String::from_utf8_lossy(place).into_owned(),
    ))
}

/// The body of what was asked for.
pub(crate) fn body(future: &FutureIncomingResponse) -> Result<Vec<u8>, String> {
    read(&answer(future)?)
}

/// A GET whose answer nobody waits for yet.
pub(crate) fn begin(
    server: &str,
    path: &str,
    headers: &[(&str, Vec<u8>)],
) -> Result<FutureIncomingResponse, String> {
    begin_by(&Method::Get, server, path, headers)
}

/// The same by another method.
pub(crate) fn begin_by(
    method: &Method,
    server: &str,
    path: &str,
    headers: &[(&str, Vec<u8>)],
) -> Result<FutureIncomingResponse, String> {
    let (request, body) = request(method, server, path, headers)?;
    let future = handle(request, None).map_err(|code| name(&code))?;
    OutgoingBody::finish(body, None).map_err(|code| name(&code))?;
    Ok(future)
}

/// POST, until somebody ends it.
pub(crate) fn send_without_end(server: &str, path: &str) -> Result<(), String> {
    let (request, body) = request(&Method::Post, server, path, &[])?;
    let _future = handle(request, None).map_err(|code| name(&code))?;
    let stream = body.write().map_err(|()| "the body has no stream")?;
    loop {
        stream
            .blocking_write_and_flush(&[b'u'; 4096])
            .map_err(ended)?;
    }
}

fn request(
    method: &Method,
    server: &str,
    path: &str,
    headers: &[(&str, Vec<u8>)],
) -> Result<(OutgoingRequest, OutgoingBody), String> {
    let authority = server.strip_prefix("http://").ok_or("it is not http")?;
    let fields = Fields::new();
    for (name, value) in headers {
        let appended = fields.append(name, value);
        appended.map_err(|error| format!("{error:?}"))?;
    }
    let request = OutgoingRequest::new(fields);
    let set = [
        request.set_method(method),
        request.set_scheme(Some(&Scheme::Http)),
        request.set_authority(Some(authority)),
        request.set_path_with_query(Some(path)),
    ];
    if set.iter().any(Result::is_err) {
        return Err("no request can be made of it".to_owned());
    }
    let body = request.body().map_err(|()| "the request has no body")?;
    Ok((request, body))
}

fn answer(future: &FutureIncomingResponse) -> Result<IncomingResponse, String> {
    loop {
        match future.get() {
            None => future.subscribe().block(),
            Some(Ok(Ok(response))) => return Ok(response),
            Some(Ok(Err(code))) => return Err(name(&code)),
            Some(Err(())) => return Err("the answer was taken".to_owned()),
        }
    }
}

fn read(response: &IncomingResponse) -> Result<Vec<u8>, String> {
    let body = response.consume().map_err(|()| "the body was taken")?;
    let stream = body.stream().map_err(|()| "the stream was taken")?;
    let mut kept = Vec::new();
    loop {
        match stream.blocking_read(64 * 1024) {
            // Of one without an end, the beginning.
            Ok(bytes) if kept.len() < 1 << 20 => kept.extend(bytes),
            Ok(_) => {}
            Err(StreamError::Closed) => return Ok(kept),
            Err(error) => return Err(ended(error)),
        }
    }
}

fn ended(error: StreamError) -> String {
    match error {
        StreamError::Closed => "closed".to_owned(),
        StreamError::LastOperationFailed(error) => match http_error_code(&error) {
            Some(code) => name(&code),
            None => error.to_debug_string(),
        },
    }
}

/// `HttpRequestDenied` for `ErrorCode::HttpRequestDenied`, whatever it carries.
fn name(code: &ErrorCode) -> String {
    let shown = format!("{code:?}");
    let variant = shown.rsplit("ErrorCode::").next().unwrap_or_default();
    variant
        .chars()
        .take_while(char::is_ascii_alphanumeric)
        .collect()
}
