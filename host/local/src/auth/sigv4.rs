//! Signature version 4, verified.
//!
//! What is signed: method, path, query, the headers that the signature names, a hash of the body.
//! The signer must have signed `host` and every `x-amz-` header, so that nothing that steers the
//! request (its target, its session token) can be put in by somebody else. The body is always
//! hashed here, whatever `x-amz-content-sha256` claims. Refusals have the names and texts of AWS.

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use http::request::Parts;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{Identity, ROOT_KEY, Registry};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// How far a signature's time may be from ours, seconds. AWS: five minutes.
const SKEW: i64 = 300;

/// What `UriEncode` of the specification leaves alone.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');
const UNRESERVED_OR_SLASH: &AsciiSet = &UNRESERVED.remove(b'/');

/// Why a request is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("Missing Authentication Token")]
    Anonymous,
    #[error("{0}")]
    Incomplete(String),
    #[error("The security token included in the request is invalid{0}")]
    UnknownKey(&'static str),
    #[error("The security token included in the request is expired")]
    Expired,
    #[error("{0}")]
    Signature(String),
}

impl Refusal {
    /// The exception's name.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Anonymous => "MissingAuthenticationTokenException",
            Self::Incomplete(_) => "IncompleteSignatureException",
            Self::UnknownKey(_) => "UnrecognizedClientException",
            Self::Expired => "ExpiredTokenException",
            Self::Signature(_) => "InvalidSignatureException",
        }
    }
}

/// The credential scope that a request names, whoever signed it: from the `Authorization` header or
/// the query of a presigned URL.
pub(crate) fn scope_service(parts: &Parts) -> Option<String> {
    let from_header = || {
        let header = parts
            .headers
            .get(http::header::AUTHORIZATION)?
            .to_str()
            .ok()?;
        let start = header.find("Credential=")? + "Credential=".len();
        header[start..].split([',', ' ']).next().map(str::to_owned)
    };
    let from_query = || {
        let pairs = url::form_urlencoded::parse(parts.uri.query()?.as_bytes());
        let mut credentials = pairs.filter(|(name, _)| name == "X-Amz-Credential");
        credentials.next().map(|(_, value)| value.into_owned())
    };
    let credential = from_header().or_else(from_query)?;
    // Counted from the end: an access key may hold anything, a slash too.
    credential.rsplit('/').nth(1).map(str::to_owned)
}

/// Verifies that a request for `service` was signed by somebody the registry knows.
///
/// # Errors
/// The refusal, to be answered as it is.
pub(crate) fn verify(
    parts: &Parts,
    body: &[u8],
    registry: &Registry,
    (region, service): (&str, &str),
) -> Result<Identity, Refusal> {
    let claim = Claim::parse(&parts.headers)?;
    check_scope(&claim, region, service)?;
    let time = signed_at(&parts.headers)?;
    if !time.stamp.starts_with(&claim.date) {
        return Err(Refusal::Signature(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from \
             HTTP: '{}' != '{}'",
            claim.date,
            time.stamp.get(..8).unwrap_or_default()
        )));
    }
    let identity = registry
        .lookup(&claim.access_key_id)
        .ok_or(Refusal::UnknownKey("."))?;
    check_signed_headers(&claim, &parts.headers)?;
    let secret = match &identity {
        Identity::Root => ROOT_KEY,
        Identity::Job(access) => &access.secret,
    };
    let expected = claim.signature(secret, &time.stamp, parts, body);
    if !bool::from(expected.as_bytes().ct_eq(claim.signature.as_bytes())) {
        return Err(Refusal::Signature(
            "The request signature we calculated does not match the signature you provided. Check \
             your AWS Secret Access Key and signing method. Consult the service documentation for \
             details."
                .into(),
        ));
    }
    check_skew(&time, registry.clock().wall())?;
    check_session(&identity, &parts.headers, registry)?;
    Ok(identity)
}

fn check_scope(claim: &Claim, region: &str, service: &str) -> Result<(), Refusal> {
    if claim.region != region {
        return Err(Refusal::Signature(format!(
            "Credential should be scoped to a valid region, not '{}'. There is only {region} here: \
             set AWS_REGION={region}.",
            claim.region
        )));
    }
    if claim.service != service {
        return Err(Refusal::Signature(format!(
            "Credential should be scoped to correct service: '{service}'."
        )));
    }
    Ok(())
}

fn check_signed_headers(claim: &Claim, headers: &HeaderMap) -> Result<(), Refusal> {
    let must = headers
        .keys()
        .map(http::HeaderName::as_str)
        .filter(|name| name.starts_with("x-amz-"));
    match must
        .chain(["host"])
        .find(|name| !claim.signed_headers.iter().any(|s| s == name))
    {
        Some(missing) => Err(Refusal::Signature(format!(
            "'{missing}' must be a 'SignedHeader' in the signature."
        ))),
        None => Ok(()),
    }
}

fn check_skew(time: &SignedAt, now: Timestamp) -> Result<(), Refusal> {
    let age = now.as_second() - time.at.as_second();
    let bound = |seconds| {
        let at = Timestamp::from_second(now.as_second() + seconds).unwrap_or(now);
        (
            at.strftime("%Y%m%dT%H%M%SZ").to_string(),
            now.strftime("%Y%m%dT%H%M%SZ").to_string(),
        )
    };
    if age > SKEW {
        let (bound, now) = bound(-SKEW);
        return Err(Refusal::Signature(format!(
            "Signature expired: {} is now earlier than {bound} ({now} - 5 min.)",
            time.stamp
        )));
    }
    if age < -SKEW {
        let (bound, now) = bound(SKEW);
        return Err(Refusal::Signature(format!(
            "Signature not yet current: {} is still later than {bound} ({now} + 5 min.)",
            time.stamp
        )));
    }
    Ok(())
}

fn check_session(
    identity: &Identity,
    headers: &HeaderMap,
    registry: &Registry,
) -> Result<(), Refusal> {
    let token = headers.get("x-amz-security-token");
    match identity {
        Identity::Root if token.is_some() => Err(Refusal::UnknownKey(
            ": the access key 'local' takes no session token; unset AWS_SESSION_TOKEN.",
        )),
        Identity::Root => Ok(()),
        Identity::Job(access) => {
            let is_its_own = token.is_some_and(|token| {
                token
                    .as_bytes()
                    .ct_eq(access.session_token.as_bytes())
                    .into()
            });
            if !is_its_own {
                Err(Refusal::UnknownKey("."))
            } else if registry.is_expired(access) {
                Err(Refusal::Expired)
            } else {
                Ok(())
            }
        }
    }
}

/// The `Authorization` header, taken apart.
#[derive(Debug)]
struct Claim {
    access_key_id: String,
    /// YYYYMMDD.
    date: String,
    region: String,
    service: String,
    signed_headers: Vec<String>,
    signature: String,
}

impl Claim {
    fn parse(headers: &HeaderMap) -> Result<Self, Refusal> {
        let header = headers
            .get(http::header::AUTHORIZATION)
            .ok_or(Refusal::Anonymous)?;
        let incomplete = |what: &str| Refusal::Incomplete(what.to_owned());
        let header = header
            .to_str()
            .map_err(|_| incomplete("Authorization header is not text."))?;
        let fields = header.strip_prefix(ALGORITHM).ok_or_else(|| {
            incomplete(
                "Unsupported AWS 'algorithm' in the Authorization header; use AWS4-HMAC-SHA256.",
            )
        })?;
        let field = |name: &str| {
            fields
                .split(',')
                .find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='))
                .ok_or_else(|| {
                    Refusal::Incomplete(format!(
                        "Authorization header requires '{name}' parameter."
                    ))
                })
        };
        let credential = field("Credential")?;
        let mut scope = credential.rsplitn(5, '/');
        let mut next = || {
            scope
                .next()
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .ok_or_else(|| {
                    incomplete(
                        "Credential must have exactly 5 slash-delimited elements: \
                     access-key-id/date/region/service/aws4_request.",
                    )
                })
        };
        if next()? != "aws4_request" {
            return Err(incomplete(
                "Credential should be scoped with a valid terminator: 'aws4_request'.",
            ));
        }
        let (service, region, date, access_key_id) = (next()?, next()?, next()?, next()?);
        Ok(Self {
            access_key_id,
            date,
            region,
            service,
            signed_headers: field("SignedHeaders")?
                .split(';')
                .map(str::to_owned)
                .collect(),
            signature: field("Signature")?.to_owned(),
        })
    }

    /// The signature that the holder of `secret` makes for this request.
    fn signature(&self, secret: &str, stamp: &str, parts: &Parts, body: &[u8]) -> String {
        let request = self.canonical_request(parts, body);
        let Self {
            date,
            region,
            service,
            ..
        } = self;
        let to_sign = format!(
            "{ALGORITHM}\n{stamp}\n{date}/{region}/{service}/aws4_request\n{}",
            hex::encode(Sha256::digest(request))
        );
        let mut key = hmac(format!("AWS4{secret}").as_bytes(), date.as_bytes());
        for part in [region.as_str(), service.as_str(), "aws4_request"] {
            key = hmac(&key, part.as_bytes());
        }
        hex::encode(hmac(&key, to_sign.as_bytes()))
    }

    fn canonical_request(&self, parts: &Parts, body: &[u8]) -> String {
        let mut headers = String::new();
        for name in &self.signed_headers {
            let values: Vec<_> = parts
                .headers
                .get_all(name.as_str())
                .iter()
                .map(|value| {
                    let text = String::from_utf8_lossy(value.as_bytes());
                    text.split_whitespace().collect::<Vec<_>>().join(" ")
                })
                .collect();
            headers.push_str(&format!("{name}:{}\n", values.join(",")));
        }
        format!(
            "{}\n{}\n{}\n{headers}\n{}\n{}",
            parts.method,
            canonical_path(parts.uri.path()),
            canonical_query(parts.uri.query().unwrap_or_default()),
            self.signed_headers.join(";"),
            hex::encode(Sha256::digest(body))
        )
    }
}

/// The path without dot segments and double slashes, encoded once more than it came.
fn canonical_path(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let is_directory =
        !segments.is_empty() && ["/", "/.", "/.."].iter().any(|end| path.ends_with(end));
    let joined = format!(
        "/{}{}",
        segments.join("/"),
        if is_directory { "/" } else { "" }
    );
    utf8_percent_encode(&joined, UNRESERVED_OR_SLASH).to_string()
}

fn canonical_query(query: &str) -> String {
    let encode = |text: &str| {
        let raw: Vec<u8> = percent_decode_str(text).collect();
        percent_encoding::percent_encode(&raw, UNRESERVED).to_string()
    };
    let mut pairs: Vec<_> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encode(name), encode(value))
        })
        .collect();
    pairs.sort();
    pairs
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect::<Vec<_>>()
        .join("&")
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

/// When a request says that it was signed.
struct SignedAt {
    /// As it came, `20150830T123600Z`.
    stamp: String,
    at: Timestamp,
}

fn signed_at(headers: &HeaderMap) -> Result<SignedAt, Refusal> {
    let stamp = headers
        .get("x-amz-date")
        .and_then(|value| value.to_str().ok())
        .ok_or_else(|| {
            Refusal::Incomplete(
                "Authorization header requires existence of a 'X-Amz-Date' header.".into(),
            )
        })?;
    let at = DateTime::strptime("%Y%m%dT%H%M%SZ", stamp)
        .and_then(|time| time.to_zoned(TimeZone::UTC))
        .map_err(|_| {
            Refusal::Incomplete(
                "Date must be in ISO-8601 'basic format', as in 20150830T123600Z.".into(),
            )
        })?
        .timestamp();
    Ok(SignedAt {
        stamp: stamp.to_owned(),
        at,
    })
}

#[cfg(test)]
#[path = "sigv4_tests.rs"]
mod tests;
