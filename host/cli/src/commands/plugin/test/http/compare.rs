//! Requests that came, beside those that were expected.

use bytes::Bytes;
use http::request::Parts;
use serde_json::Value;

use super::exchange::{Body, Exchange};
use crate::commands::plugin::test::diff::Difference;
use crate::commands::plugin::test::result::value_seen_as;

const FILE: &str = "http.toml";

/// A request that came.
pub(super) struct Request {
    pub(super) head: Parts,
    pub(super) body: Bytes,
    /// Which exchange it was answered by.
    pub(super) exchange: Option<usize>,
}

impl Request {
    fn named(&self) -> String {
        format!("{} {}", self.head.method, self.head.uri)
    }
}

/// What is different of headers and bodies, and what came or stayed away.
pub(super) fn differences(
    exchanges: &[Exchange],
    requests: &[Request],
    replace: &dyn Fn(&str) -> String,
) -> Vec<Difference> {
    let mut found = Vec::new();
    for request in requests {
        let name = request.named();
        match request.exchange.and_then(|at| exchanges.get(at)) {
            None => found.push(Difference::in_words(
                FILE,
                format!(
                    "{name} was asked, and no exchange was left for it: it was answered with 501"
                ),
            )),
            Some(exchange) => compare(exchange, request, &name, replace, &mut found),
        }
    }
    for (at, exchange) in exchanges.iter().enumerate() {
        if !requests.iter().any(|request| request.exchange == Some(at)) {
            let words = format!("{} {} was never asked", exchange.method, exchange.path);
            found.push(Difference::in_words(FILE, words));
        }
    }
    found
}

fn compare(
    exchange: &Exchange,
    request: &Request,
    name: &str,
    replace: &dyn Fn(&str) -> String,
    found: &mut Vec<Difference>,
) {
    for (header, expected) in &exchange.headers {
        let values = request.head.headers.get_all(header).iter();
        let values: Vec<String> = values
            .map(|value| replace(&String::from_utf8_lossy(value.as_bytes())))
            .collect();
        if values.is_empty() {
            let words = format!("{name} has no header `{header}`");
            found.push(Difference::in_words(FILE, words));
            continue;
        }
        let actual = Value::from(values.join(", "));
        found.extend(of_values(&format!("{name}, `{header}`"), expected, &actual));
    }
    let text = replace(&String::from_utf8_lossy(&request.body));
    let place = format!("{name}, the body");
    match &exchange.body {
        None => {}
        Some(Body::Text(expected)) => {
            found.extend(of_values(&place, expected, &Value::from(text)));
        }
        Some(Body::Json(expected)) => match serde_json::from_str(&text) {
            Ok(actual) => found.extend(of_values(&place, expected, &actual)),
            Err(error) => found.push(Difference::in_words(
                FILE,
                format!("{place} is not JSON ({error}): {text}"),
            )),
        },
    }
}

fn of_values(place: &str, expected: &Value, actual: &Value) -> Option<Difference> {
    let seen = value_seen_as(expected, actual);
    if seen == *expected {
        return None;
    }
    Difference::of_texts(&format!("{FILE}: {place}"), &shown(expected), &shown(&seen))
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{text}\n"),
        other => format!("{other:#}\n"),
    }
}
