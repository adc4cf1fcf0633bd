//! Why there is no answer: the broker's names, and what they are in wasi:http.

use wasmtime_wasi_http::Error;
use wasmtime_wasi_http::p2::bindings::http::types::TlsAlertReceivedPayload;
use wasmtime_wasi_http::p2::bindings::http::types::{DnsErrorPayload, ErrorCode};

/// The first of the RST_STREAM codes that stand for a name.
const RESET_BASE: u32 = 0x5046_0000;

/// The broker's names, in the order of their RST_STREAM codes. A test of the worker's sees that they are the broker's.
pub const NAMES: &[&str] = &[
    "dns-timeout",
    "dns-error",
    "destination-unavailable",
    "destination-ip-prohibited",
    "destination-ip-unroutable",
    "connection-refused",
    "connection-terminated",
    "connection-timeout",
    "connection-read-timeout",
    "tls-protocol-error",
    "tls-certificate-error",
    "tls-alert-received",
    "http-request-denied",
    "http-request-body-size",
    "http-request-method-invalid",
    "http-request-uri-invalid",
    "http-request-header-section-size",
    "http-request-trailer-section-size",
    "http-response-incomplete",
    "http-response-header-section-size",
    "http-response-body-size",
    "http-response-trailer-section-size",
    "http-response-transfer-coding",
    "http-response-timeout",
    "http-upgrade-failed",
    "http-protocol-error",
    "configuration-error",
];

fn code(name: &str) -> ErrorCode {
    match name {
        "dns-timeout" => ErrorCode::DnsTimeout,
        "dns-error" => ErrorCode::DnsError(DnsErrorPayload {
            rcode: None,
            info_code: None,
        }),
        "destination-unavailable" => ErrorCode::DestinationUnavailable,
        "destination-ip-prohibited" => ErrorCode::DestinationIpProhibited,
        "destination-ip-unroutable" => ErrorCode::DestinationIpUnroutable,
        "connection-refused" => ErrorCode::ConnectionRefused,
        "connection-terminated" => ErrorCode::ConnectionTerminated,
        "connection-timeout" => ErrorCode::ConnectionTimeout,
        "connection-read-timeout" => ErrorCode::ConnectionReadTimeout,
        "tls-protocol-error" => ErrorCode::TlsProtocolError,
        "tls-certificate-error" => ErrorCode::TlsCertificateError,
        "tls-alert-received" => ErrorCode::TlsAlertReceived(TlsAlertReceivedPayload {
            alert_id: None,
            alert_message: None,
        }),
        "http-request-denied" => ErrorCode::HttpRequestDenied,
        "http-request-body-size" => ErrorCode::HttpRequestBodySize(None),
        "http-request-method-invalid" => ErrorCode::HttpRequestMethodInvalid,
        "http-request-uri-invalid" => ErrorCode::HttpRequestUriInvalid,
        "http-request-header-section-size" => ErrorCode::HttpRequestHeaderSectionSize(None),
        "http-request-trailer-section-size" => ErrorCode::HttpRequestTrailerSectionSize(None),
        "http-response-incomplete" => ErrorCode::HttpResponseIncomplete,
        "http-response-header-section-size" => ErrorCode::HttpResponseHeaderSectionSize(None),
        "http-response-body-size" => ErrorCode::HttpResponseBodySize(None),
        "http-response-trailer-section-size" => ErrorCode::HttpResponseTrailerSectionSize(None),
        "http-response-transfer-coding" => ErrorCode::HttpResponseTransferCoding(None),
        "http-response-timeout" => ErrorCode::HttpResponseTimeout,
        "http-upgrade-failed" => ErrorCode::HttpUpgradeFailed,
        "http-protocol-error" => ErrorCode::HttpProtocolError,
        "configuration-error" => ErrorCode::ConfigurationError,
        _ => ErrorCode::InternalError(None),
    }
}

pub(super) fn error(name: &str) -> Error {
    Error::from(code(name))
}

/// wasi:http's code for an error of a body. wasmtime-wasi-http hands a body's error to guests without one.
pub(crate) fn code_of(error: &Error) -> ErrorCode {
    let kind = std::mem::discriminant(error);
    let mut codes = NAMES.iter().map(|name| code(name));
    codes
        .find(|code| std::mem::discriminant(&Error::from(code.clone())) == kind)
        .unwrap_or(ErrorCode::ConnectionTerminated)
}

/// What a broken stream stands for: the broker puts an error code of its own there. Anything else broke between here
/// and the broker.
pub(super) fn of_reset(broken: hyper::Error) -> Error {
    let mut source = std::error::Error::source(&broken);
    while let Some(cause) = source {
        if let Some(reason) = cause
            .downcast_ref::<h2::Error>()
            .and_then(h2::Error::reason)
        {
            let place = u32::from(reason).checked_sub(RESET_BASE);
            let name = place.and_then(|place| NAMES.get(usize::try_from(place).ok()?));
            if let Some(name) = name {
                return error(name);
            }
        }
        source = cause.source();
    }
    tracing::debug!(error = %broken, "the way to the network broke");
    Error::ConnectionTerminated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_an_error_of_its_own_that_leads_back() {
        for name in NAMES {
            let error = error(name);
            assert!(!matches!(error, Error::InternalError(_)), "{name}");
            let there = format!("{:?}", code(name));
            assert_eq!(format!("{:?}", code_of(&error)), there, "{name}");
        }
    }
}
