//! How much of the network one job may use.

use std::fmt;
use std::time::Duration;

use crate::EgressError;

/// What one job may use; times are the most that a guest may ask for, and what it gets where it asks for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkLimits {
    /// Requests, and connections, at the same time; further requests wait. 1 to 256.
    pub in_flight: u32,
    /// Requests in all.
    pub requests: u64,
    /// Bytes of a head or of trailers, of a request or a response: the URI, and each header's name and value. At
    /// least 8 KiB, which is the least that HTTP/1 can be read with, and at most 256 KiB.
    pub header_bytes: u32,
    /// Headers of one head. 1 to 4,096.
    pub headers: u32,
    /// Bytes of one request's body.
    pub request_bytes: u64,
    /// Bytes of one response's body, as they come (compressed, if they are).
    pub response_bytes: u64,
    /// Bytes of all requests' bodies.
    pub total_request_bytes: u64,
    /// Bytes of all responses' bodies.
    pub total_response_bytes: u64,
    /// Resolving, connecting and the TLS handshake.
    pub connect: Duration,
    /// From the last byte of the request that was passed on to the response's head.
    pub first_byte: Duration,
    /// A server's pause within the response's body; a guest that reads slowly does not run it down.
    pub between_bytes: Duration,
    /// A whole exchange, waiting for its turn included.
    pub whole: Duration,
}

impl Default for NetworkLimits {
    /// Wide enough for calls of an API and for fetching release files, and for nothing that lasts.
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            in_flight: 16,
            requests: 10_000,
            header_bytes: 64 * 1024,
            headers: 128,
            request_bytes: 64 * MIB,
            response_bytes: 256 * MIB,
            total_request_bytes: 256 * MIB,
            total_response_bytes: 1024 * MIB,
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(60),
            between_bytes: Duration::from_secs(30),
            whole: Duration::from_secs(600),
        }
    }
}

/// The most requests in flight: each costs a stream, a socket and their windows.
const MOST_IN_FLIGHT: u32 = 256;
/// The least that hyper reads HTTP/1 with.
const LEAST_HEADER_BYTES: u32 = 8 * 1024;
/// Half of what the broker's own HTTP/2 accepts, so that this limit is the one that is hit and named.
const MOST_HEADER_BYTES: u32 = 256 * 1024;
const MOST_HEADERS: u32 = 4_096;

impl NetworkLimits {
    /// Whether a broker can keep these; one that was not asked takes the nearest that it can keep.
    ///
    /// # Errors
    /// [`EgressError::Limit`] for the first that is nothing, or outside what its field says.
    pub fn check(&self) -> Result<(), EgressError> {
        let between = |limit, value: u32, least: u32, most: u32| {
            if (least..=most).contains(&value) {
                return Ok(());
            }
            Err(EgressError::Limit {
                limit,
                value: value.into(),
                reason: format!("it may be from {least} to {most}"),
            })
        };
        between(EgressLimit::IN_FLIGHT, self.in_flight, 1, MOST_IN_FLIGHT)?;
        between(
            EgressLimit::RequestHeaderBytes.name(),
            self.header_bytes,
            LEAST_HEADER_BYTES,
            MOST_HEADER_BYTES,
        )?;
        between(
            EgressLimit::RequestHeaders.name(),
            self.headers,
            1,
            MOST_HEADERS,
        )?;
        for limit in EgressLimit::ALL {
            if self.value(*limit) == 0 {
                return Err(EgressError::Limit {
                    limit: limit.name(),
                    value: 0,
                    reason: "it must be more than nothing; to grant no network at all, leave the grant empty"
                        .to_owned(),
                });
            }
        }
        Ok(())
    }

    /// The nearest limits that can be kept.
    pub(crate) fn kept(mut self) -> Self {
        self.in_flight = self.in_flight.clamp(1, MOST_IN_FLIGHT);
        self.header_bytes = self
            .header_bytes
            .clamp(LEAST_HEADER_BYTES, MOST_HEADER_BYTES);
        self.headers = self.headers.clamp(1, MOST_HEADERS);
        self
    }

    /// The value of a limit: a number, bytes, or milliseconds.
    #[must_use]
    pub fn value(&self, limit: EgressLimit) -> u64 {
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        match limit {
            EgressLimit::Requests => self.requests,
            EgressLimit::RequestHeaderBytes | EgressLimit::ResponseHeaderBytes => {
                self.header_bytes.into()
            }
            EgressLimit::RequestHeaders | EgressLimit::ResponseHeaders => self.headers.into(),
            EgressLimit::RequestBytes => self.request_bytes,
            EgressLimit::ResponseBytes => self.response_bytes,
            EgressLimit::TotalRequestBytes => self.total_request_bytes,
            EgressLimit::TotalResponseBytes => self.total_response_bytes,
            EgressLimit::Connect => milliseconds(self.connect),
            EgressLimit::FirstByte => milliseconds(self.first_byte),
            EgressLimit::BetweenBytes => milliseconds(self.between_bytes),
            EgressLimit::Whole => milliseconds(self.whole),
        }
    }
}

/// A limit that a request can hit. Requests in flight are not among them: those wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EgressLimit {
    /// [`NetworkLimits::requests`].
    Requests,
    /// [`NetworkLimits::header_bytes`], of a request.
    RequestHeaderBytes,
    /// [`NetworkLimits::headers`], of a request.
    RequestHeaders,
    /// [`NetworkLimits::header_bytes`], of a response.
    ResponseHeaderBytes,
    /// [`NetworkLimits::headers`], of a response.
    ResponseHeaders,
    /// [`NetworkLimits::request_bytes`].
    RequestBytes,
    /// [`NetworkLimits::response_bytes`].
    ResponseBytes,
    /// [`NetworkLimits::total_request_bytes`].
    TotalRequestBytes,
    /// [`NetworkLimits::total_response_bytes`].
    TotalResponseBytes,
    /// [`NetworkLimits::connect`].
    Connect,
    /// [`NetworkLimits::first_byte`].
    FirstByte,
    /// [`NetworkLimits::between_bytes`].
    BetweenBytes,
    /// [`NetworkLimits::whole`].
    Whole,
}

impl EgressLimit {
    const IN_FLIGHT: &str = "network-requests-in-flight";

    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Requests,
        Self::RequestHeaderBytes,
        Self::RequestHeaders,
        Self::ResponseHeaderBytes,
        Self::ResponseHeaders,
        Self::RequestBytes,
        Self::ResponseBytes,
        Self::TotalRequestBytes,
        Self::TotalResponseBytes,
        Self::Connect,
        Self::FirstByte,
        Self::BetweenBytes,
        Self::Whole,
    ];

    /// Its name, as a job's failure tells it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Requests => "network-requests",
            Self::RequestHeaderBytes => "network-request-header-bytes",
            Self::RequestHeaders => "network-request-headers",
            Self::ResponseHeaderBytes => "network-response-header-bytes",
            Self::ResponseHeaders => "network-response-headers",
            Self::RequestBytes => "network-request-bytes",
            Self::ResponseBytes => "network-response-bytes",
            Self::TotalRequestBytes => "network-total-request-bytes",
            Self::TotalResponseBytes => "network-total-response-bytes",
            Self::Connect => "network-connect-time",
            Self::FirstByte => "network-first-byte-time",
            Self::BetweenBytes => "network-between-bytes-time",
            Self::Whole => "network-request-time",
        }
    }

    /// Whether it is of time, which a slow server runs down, and not of what the guest does. In milliseconds then.
    #[must_use]
    pub const fn is_time(self) -> bool {
        matches!(
            self,
            Self::Connect | Self::FirstByte | Self::BetweenBytes | Self::Whole
        )
    }
}

impl fmt::Display for EgressLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_can_be_kept() {
        let limits = NetworkLimits::default();
        limits.check().unwrap();
        assert_eq!(limits.kept(), limits);
    }

    #[test]
    fn a_limit_of_nothing_is_refused_by_name() {
        let limits = NetworkLimits {
            requests: 0,
            ..NetworkLimits::default()
        };
        let fault = limits.check().unwrap_err().to_string();
        assert!(fault.contains("`network-requests` is 0"), "{fault}");
        let limits = NetworkLimits {
            whole: Duration::ZERO,
            ..NetworkLimits::default()
        };
        let fault = limits.check().unwrap_err().to_string();
        assert!(fault.contains("`network-request-time` is 0"), "{fault}");
    }

    #[test]
    fn what_cannot_be_kept_is_refused_and_brought_near() {
        for (limits, name) in [
            (
                NetworkLimits {
                    in_flight: 0,
                    ..Default::default()
                },
                "in-flight",
            ),
            (
                NetworkLimits {
                    in_flight: 257,
                    ..Default::default()
                },
                "from 1 to 256",
            ),
            (
                NetworkLimits {
                    header_bytes: 8191,
                    ..Default::default()
                },
                "header-bytes",
            ),
            (
                NetworkLimits {
                    header_bytes: 1 << 20,
                    ..Default::default()
                },
                "header-bytes",
            ),
            (
                NetworkLimits {
                    headers: 0,
                    ..Default::default()
                },
                "request-headers",
            ),
        ] {
            let fault = limits.check().unwrap_err().to_string();
            assert!(fault.contains(name), "{fault}");
            limits.kept().check().unwrap();
        }
    }
}
