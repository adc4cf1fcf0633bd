//! http.toml: requests that are expected, and their answers.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use pipefitter_plugins::units::parse_duration;
use serde::Deserialize;
use serde_json::Value;

use crate::commands::plugin::test::result::check_patterns;

/// One request and its answer.
pub(super) struct Exchange {
    pub(super) method: Method,
    /// With the query.
    pub(super) path: String,
    /// Those that are compared, lower-case.
    pub(super) headers: BTreeMap<String, Value>,
    pub(super) body: Option<Body>,
    pub(super) answer: Answer,
}

/// What the body of a request is to be.
pub(super) enum Body {
    /// A text, or a pattern.
    Text(Value),
    Json(Value),
}

#[derive(Clone)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
    pub(super) delay: Duration,
    pub(super) close: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HttpFile {
    #[serde(default)]
    exchange: Vec<ExchangeFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExchangeFile {
    request: RequestFile,
    #[serde(default)]
    response: ResponseFile,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestFile {
    method: Option<String>,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, Value>,
    body: Option<Value>,
    json: Option<Value>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ResponseFile {
    status: Option<u16>,
    headers: BTreeMap<String, String>,
    body: Option<String>,
    json: Option<Value>,
    file: Option<String>,
    delay: Option<String>,
    close: bool,
}

/// Read a text; files that it names are below `base`.
pub(super) fn read(text: &str, base: &Path) -> Result<Vec<Exchange>> {
    let file: HttpFile = toml::from_str(text).context("http.toml cannot be read")?;
    let exchanges = file.exchange.into_iter().enumerate().map(|(at, exchange)| {
        read_exchange(exchange, base).with_context(|| format!("http.toml, exchange {}", at + 1))
    });
    exchanges.collect()
}

fn read_exchange(file: ExchangeFile, base: &Path) -> Result<Exchange> {
    let request = file.request;
    if !request.path.starts_with('/') {
        bail!("the path `{}` has to begin with `/`", request.path);
    }
    let method = request.method.as_deref().unwrap_or("GET");
    let method = Method::from_bytes(method.as_bytes())
        .with_context(|| format!("`{method}` is no method"))?;
    let body = match (request.body, request.json) {
        (Some(_), Some(_)) => bail!("a request has `body` or `json`, not both"),
        (Some(body), None) if !body.is_string() && body.get("matches").is_none() => {
            bail!("`body` is a text or {{ matches = \"REGEX\" }}: for JSON there is `json`")
        }
        (Some(body), None) => Some(Body::Text(body)),
        (None, json) => json.map(Body::Json),
    };
    match &body {
        Some(Body::Text(value) | Body::Json(value)) => check_patterns(value)?,
        None => {}
    }
    let headers = request.headers.into_iter();
    let headers: BTreeMap<String, Value> = headers
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect();
    headers.values().try_for_each(check_patterns)?;
    Ok(Exchange {
        method,
        path: request.path,
        headers,
        body,
        answer: read_answer(file.response, base)?,
    })
}

fn read_answer(file: ResponseFile, base: &Path) -> Result<Answer> {
    let status = file.status.unwrap_or(200);
    let status = StatusCode::from_u16(status)
        .ok()
        .filter(|status| !status.is_informational())
        .with_context(|| format!("`{status}` is no status of a response: it is from 200 to 999"))?;
    let mut headers = Vec::new();
    for (name, value) in &file.headers {
        headers.push((
            HeaderName::from_bytes(name.as_bytes())
                .with_context(|| format!("`{name}` is no header's name"))?,
            HeaderValue::from_str(value)
                .with_context(|| format!("the header `{name}` cannot have this value"))?,
        ));
    }
    let body = match (file.body, file.json, file.file) {
        (None, None, None) => Bytes::new(),
        (Some(body), None, None) => body.into(),
        (None, Some(json), None) => {
            if !file
                .headers
                .keys()
                .any(|name| name.eq_ignore_ascii_case("content-type"))
            {
                let json = HeaderValue::from_static("application/json");
                headers.push((http::header::CONTENT_TYPE, json));
            }
            json.to_string().into()
        }
        (None, None, Some(file)) => std::fs::read(base.join(&file))
            .with_context(|| format!("could not read the answer {file}"))?
            .into(),
        _ => bail!("a response has one of `body`, `json` and `file`"),
    };
    let delay = file.delay.as_deref().map(parse_duration).transpose();
    Ok(Answer {
        status,
        headers,
        body,
        delay: delay.context("`delay`")?.unwrap_or_default(),
        close: file.close,
    })
}
