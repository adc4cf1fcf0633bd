//! What travels between a broker and its peer, beside plain HTTP/2.
//!
//! - A request is given with scheme, authority and path. The times that the guest asks for stand in three
//!   private headers, in whole milliseconds; what is absent or longer than the limit is the limit.
//! - A request that was refused or failed before a response came is answered by a response with the private
//!   header [`ERROR_HEADER`], whose value is an [`ErrorCode`]'s name. No server can make one: every header and
//!   trailer whose name starts with [`RESERVED_PREFIX`] is taken out of what servers send, as it is of what
//!   guests send.
//! - A response that fails later ends with RST_STREAM, which may overtake its head; the error code is
//!   [`ErrorCode::reset`] of what failed. HTTP/2 lets error codes be anything, and a server's own never come through.
//! - Interim (1xx) responses are not passed on.
//!
//! A peer keeps to the broker's SETTINGS_MAX_CONCURRENT_STREAMS, which is the limit of requests in flight:
//! further ones wait on the peer's side. It opens no stream before it has seen that setting, or no more than
//! one (hyper: `initial_max_send_streams(1)`), since the broker refuses what is over it. It joins
//! small writes of one body: HTTP/2 libraries, the broker's too, end a connection on which thousands of small frames lie
//! unread. And it may be answered 431 without any private header, by the broker's HTTP/2 itself, if it sends three
//! times the headers that any limit allows.

/// How every private header's name starts.
pub const RESERVED_PREFIX: &str = "pipefitter-";
/// On a response: the [`ErrorCode`] that stands for it.
pub const ERROR_HEADER: &str = "pipefitter-egress-error";
/// On a request: how long resolving, connecting and the TLS handshake may take, in milliseconds.
pub const CONNECT_TIMEOUT_HEADER: &str = "pipefitter-connect-timeout-ms";
/// On a request: how long the response's head may take after the last byte of the request, in milliseconds.
pub const FIRST_BYTE_TIMEOUT_HEADER: &str = "pipefitter-first-byte-timeout-ms";
/// On a request: how long the server may pause within the response's body, in milliseconds.
pub const BETWEEN_BYTES_TIMEOUT_HEADER: &str = "pipefitter-between-bytes-timeout-ms";

/// The first of the RST_STREAM error codes that stand for an [`ErrorCode`]: `PF` and zeroes, far from those
/// that RFC 9113 and its registry assign.
const RESET_BASE: u32 = 0x5046_0000;

macro_rules! codes {
    ($($variant:ident = $name:literal, $doc:literal;)*) => {
        /// Why a request failed, in the words of wasi:http's `error-code`, lower-case.
        ///
        /// The order fixes the RST_STREAM codes: new ones go to the end.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(#[doc = $doc] $variant,)*
        }

        impl ErrorCode {
            /// All of them, in the order of their RST_STREAM codes.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name, which is wasi:http's in lower case.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

codes! {
    DnsTimeout = "dns-timeout", "The name was not resolved in time.";
    DnsError = "dns-error", "The name could not be resolved.";
    DestinationUnavailable = "destination-unavailable", "The server, or the proxy before it, cannot be reached.";
    DestinationIpProhibited = "destination-ip-prohibited", "The name points at no address that may be dialled.";
    DestinationIpUnroutable = "destination-ip-unroutable", "No route leads to the address.";
    ConnectionRefused = "connection-refused", "The server refuses connections.";
    ConnectionTerminated = "connection-terminated", "The connection ended early.";
    ConnectionTimeout = "connection-timeout", "Connecting took too long.";
    ConnectionReadTimeout = "connection-read-timeout", "The server paused too long within the body.";
    TlsProtocolError = "tls-protocol-error", "The TLS handshake failed.";
    TlsCertificateError = "tls-certificate-error", "The server's certificate is not to be trusted.";
    TlsAlertReceived = "tls-alert-received", "The server refused the TLS handshake.";
    HttpRequestDenied = "http-request-denied", "No grant covers the request, or a limit of the job is used up.";
    HttpRequestBodySize = "http-request-body-size", "The request's body is over a limit.";
    HttpRequestMethodInvalid = "http-request-method-invalid", "The method is not allowed.";
    HttpRequestUriInvalid = "http-request-uri-invalid", "The URI is not one that can be asked for.";
    HttpRequestHeaderSectionSize = "http-request-header-section-size", "The request's headers are over a limit.";
    HttpRequestTrailerSectionSize = "http-request-trailer-section-size", "The request's trailers are over a limit.";
    HttpResponseIncomplete = "http-response-incomplete", "The response's body ended early.";
    HttpResponseHeaderSectionSize = "http-response-header-section-size", "The response's headers are over a limit.";
    HttpResponseBodySize = "http-response-body-size", "The response's body is over a limit.";
    HttpResponseTrailerSectionSize = "http-response-trailer-section-size", "The response's trailers are over a limit.";
    HttpResponseTransferCoding = "http-response-transfer-coding", "The response has a transfer coding other than chunked.";
    HttpResponseTimeout = "http-response-timeout", "The response, or the whole exchange, took too long.";
    HttpUpgradeFailed = "http-upgrade-failed", "The server switches protocols, which is not offered.";
    HttpProtocolError = "http-protocol-error", "What came is not HTTP.";
    ConfigurationError = "configuration-error", "The worker's proxy wants other credentials.";
}

impl ErrorCode {
    /// The RST_STREAM error code that stands for it.
    #[must_use]
    pub fn reset(self) -> u32 {
        let place = Self::ALL.iter().position(|code| *code == self);
        RESET_BASE + u32::try_from(place.unwrap_or_default()).unwrap_or_default()
    }

    /// What an RST_STREAM error code of a broker stands for; none where it is one of HTTP/2's own.
    #[must_use]
    pub fn from_reset(reset: u32) -> Option<Self> {
        let place = usize::try_from(reset.checked_sub(RESET_BASE)?).ok()?;
        Self::ALL.get(place).copied()
    }

    /// The code of a name; none where it is not one of them.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.name() == name)
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_comes_back_from_its_name_and_its_reset() {
        for code in ErrorCode::ALL {
            assert_eq!(ErrorCode::from_name(code.name()), Some(*code));
            assert_eq!(ErrorCode::from_reset(code.reset()), Some(*code));
        }
        let names: HashSet<_> = ErrorCode::ALL.iter().map(|code| code.name()).collect();
        assert_eq!(names.len(), ErrorCode::ALL.len());
    }

    #[test]
    fn what_http2_itself_says_is_no_code_of_ours() {
        for reset in (0..=0xff).chain([RESET_BASE - 1, RESET_BASE + 27, u32::MAX]) {
            assert_eq!(ErrorCode::from_reset(reset), None, "{reset:#x}");
        }
    }
}
