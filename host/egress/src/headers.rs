//! Which headers pass between a guest and a server.
//!
//! Framing and routing are the broker's own: what speaks of one connection, of proxies, of the body's length or of
//! the host is taken out and written anew from what is known. What is left are the headers of the message itself,
//! whose names and values the HTTP library has checked, so that none can end a line.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};

use crate::protocol::RESERVED_PREFIX;

/// Headers of one connection (RFC 9110, 7.6.1), and of upgrades.
static CONNECTION: [HeaderName; 6] = [
    header::CONNECTION,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("http2-settings"),
];

/// Fields that mean something before the body, so that none may come after it (RFC 9110, 6.5.1).
static NEVER_TRAILERS: [HeaderName; 27] = [
    header::AUTHORIZATION,
    header::AGE,
    header::CACHE_CONTROL,
    header::CONTENT_ENCODING,
    header::CONTENT_LENGTH,
    header::CONTENT_RANGE,
    header::CONTENT_TYPE,
    header::COOKIE,
    header::DATE,
    header::EXPECT,
    header::EXPIRES,
    header::HOST,
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::IF_UNMODIFIED_SINCE,
    header::LOCATION,
    header::MAX_FORWARDS,
    header::PRAGMA,
    header::RANGE,
    header::RETRY_AFTER,
    header::SET_COOKIE,
    header::TRAILER,
    header::VARY,
    header::WARNING,
    header::WWW_AUTHENTICATE,
];

/// Whether the host alone says this header.
pub(crate) fn is_ours(name: &HeaderName) -> bool {
    CONNECTION.contains(name)
        || matches!(
            *name,
            header::HOST | header::CONTENT_LENGTH | header::EXPECT | header::TRAILER
        )
        || is_between_hosts(name)
}

/// Whether this is for proxies, or of our own protocol.
fn is_between_hosts(name: &HeaderName) -> bool {
    name.as_str().starts_with("proxy-") || name.as_str().starts_with(RESERVED_PREFIX)
}

/// Take out of a guest's request what is not the guest's to say.
pub(crate) fn clean_request(headers: &mut HeaderMap) {
    let wants_trailers = headers
        .get(header::TE)
        .is_some_and(|te| te.as_bytes().eq_ignore_ascii_case(b"trailers"));
    clean(headers);
    headers.remove(header::HOST);
    headers.remove(header::CONTENT_LENGTH);
    // Nothing here waits for a 100, so nothing may promise to.
    headers.remove(header::EXPECT);
    if wants_trailers {
        headers.insert(header::TE, HeaderValue::from_static("trailers"));
    }
    join_cookies(headers);
}

/// Take out of a server's response what is not for the guest.
pub(crate) fn clean_response(headers: &mut HeaderMap) {
    clean(headers);
}

/// Take out of trailers what may not be one, and what `never` names beside that.
pub(crate) fn clean_trailers(trailers: &mut HeaderMap, never: &[HeaderName]) {
    clean(trailers);
    for name in NEVER_TRAILERS.iter().chain(never) {
        trailers.remove(name);
    }
}

fn clean(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|names| names.split(','))
        .filter_map(|name| HeaderName::from_bytes(name.trim().as_bytes()).ok())
        .collect();
    for name in named.iter().chain(&CONNECTION) {
        headers.remove(name);
    }
    let between: Vec<HeaderName> = headers
        .keys()
        .filter(|name| is_between_hosts(name))
        .cloned()
        .collect();
    for name in between {
        headers.remove(name);
    }
}

/// HTTP/2 splits cookies for the sake of compression; HTTP/1 servers want one header (RFC 9113, 8.2.3).
fn join_cookies(headers: &mut HeaderMap) {
    let crumbs: Vec<&[u8]> = headers
        .get_all(header::COOKIE)
        .iter()
        .map(HeaderValue::as_bytes)
        .collect();
    if crumbs.len() > 1
        && let Ok(mut joined) = HeaderValue::from_bytes(&crumbs.join(&b"; "[..]))
    {
        joined.set_sensitive(true);
        headers.insert(header::COOKIE, joined);
    }
}

/// Bytes of all names and values.
pub(crate) fn bytes(headers: &HeaderMap) -> u64 {
    headers
        .iter()
        .map(|(name, value)| (name.as_str().len() + value.len()) as u64)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        headers
    }

    fn left(headers: &HeaderMap) -> Vec<String> {
        headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect()
    }

    #[test]
    fn a_guest_says_nothing_of_connection_host_length_or_proxy() {
        let mut headers = map(&[
            ("accept", "*/*"),
            ("connection", "keep-alive, X-Hop"),
            ("connection", "x-other-hop"),
            ("x-hop", "1"),
            ("x-other-hop", "1"),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("transfer-encoding", "identity"),
            ("content-length", "3"),
            ("content-length", "4"),
            ("host", "metadata.internal"),
            ("expect", "100-continue"),
            ("upgrade", "websocket"),
            ("http2-settings", "AAMAAABk"),
            ("te", "gzip"),
            ("proxy-authorization", "Basic eDp5"),
            ("proxy-connection", "keep-alive"),
            ("pipefitter-connect-timeout-ms", "5"),
            ("pipefitter-egress-error", "dns-error"),
            ("authorization", "Bearer t"),
        ]);
        clean_request(&mut headers);
        assert_eq!(left(&headers), ["accept: */*", "authorization: Bearer t"]);
    }

    #[test]
    fn te_passes_only_for_trailers() {
        for (te, passes) in [
            ("trailers", true),
            ("Trailers", true),
            ("trailers, gzip", false),
            ("gzip", false),
        ] {
            let mut headers = map(&[("te", te)]);
            clean_request(&mut headers);
            assert_eq!(headers.contains_key("te"), passes, "{te}");
        }
    }

    #[test]
    fn cookies_that_were_split_are_joined() {
        let mut headers = map(&[("cookie", "a=1"), ("cookie", "b=2"), ("cookie", "c=3")]);
        clean_request(&mut headers);
        assert_eq!(left(&headers), ["cookie: a=1; b=2; c=3"]);
    }

    #[test]
    fn a_server_cannot_speak_for_the_broker() {
        let mut headers = map(&[
            ("content-type", "text/plain"),
            ("content-length", "3"),
            ("pipefitter-egress-error", "http-request-denied"),
            ("pipefitter-anything", "1"),
            ("connection", "close, set-cookie"),
            ("set-cookie", "a=1"),
            ("proxy-authenticate", "Basic"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
        ]);
        clean_response(&mut headers);
        assert_eq!(
            left(&headers),
            ["content-type: text/plain", "content-length: 3"]
        );
    }

    #[test]
    fn trailers_are_filtered_like_headers_and_more() {
        let mut trailers = map(&[
            ("grpc-status", "0"),
            ("x-checksum", "abc"),
            ("content-length", "3"),
            ("transfer-encoding", "chunked"),
            ("host", "a"),
            ("authorization", "Bearer t"),
            ("set-cookie", "a=1"),
            ("pipefitter-egress-error", "dns-error"),
            ("proxy-authorization", "x"),
            ("x-api-key", "the guest's own"),
        ]);
        clean_trailers(&mut trailers, &[HeaderName::from_static("x-api-key")]);
        assert_eq!(left(&trailers), ["grpc-status: 0", "x-checksum: abc"]);
    }
}
