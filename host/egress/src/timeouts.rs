//! The times that a guest asks for, brought within the limits.

use std::time::Duration;

use http::HeaderMap;

use crate::event::LimitHit;
use crate::failure::Failure;
use crate::limits::{EgressLimit, NetworkLimits};
use crate::protocol::{
    BETWEEN_BYTES_TIMEOUT_HEADER, CONNECT_TIMEOUT_HEADER, ErrorCode, FIRST_BYTE_TIMEOUT_HEADER,
};

/// One time, and whether it is the guest's own or the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timeout {
    pub(crate) after: Duration,
    hit: Option<LimitHit>,
}

impl Timeout {
    /// What a request fails with when this runs out: a limit only where it was the limit.
    pub(crate) fn failure(&self, code: ErrorCode, what: &str) -> Failure {
        match self.hit {
            Some(hit) => Failure::limit(code, hit),
            None => {
                let asked = self.after.as_millis();
                Failure::failed(
                    code,
                    format!("{what} took longer than the {asked} ms that the guest asked for"),
                )
            }
        }
    }
}

/// The times of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timeouts {
    pub(crate) connect: Timeout,
    pub(crate) first_byte: Timeout,
    pub(crate) between_bytes: Timeout,
}

impl Timeouts {
    pub(crate) fn read(headers: &HeaderMap, limits: &NetworkLimits) -> Result<Self, Failure> {
        let read = |header, limit, most| read(headers, header, limit, limits.value(limit), most);
        Ok(Self {
            connect: read(CONNECT_TIMEOUT_HEADER, EgressLimit::Connect, limits.connect)?,
            first_byte: read(
                FIRST_BYTE_TIMEOUT_HEADER,
                EgressLimit::FirstByte,
                limits.first_byte,
            )?,
            between_bytes: read(
                BETWEEN_BYTES_TIMEOUT_HEADER,
                EgressLimit::BetweenBytes,
                limits.between_bytes,
            )?,
        })
    }
}

fn read(
    headers: &HeaderMap,
    header: &str,
    limit: EgressLimit,
    value: u64,
    most: Duration,
) -> Result<Timeout, Failure> {
    let mut values = headers.get_all(header).iter();
    let longest = Timeout {
        after: most,
        hit: Some(LimitHit { limit, value }),
    };
    let asked = match (values.next(), values.next()) {
        (None, _) => return Ok(longest),
        (Some(asked), None) => asked.to_str().ok(),
        (Some(_), Some(_)) => None,
    };
    let milliseconds = asked
        .filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|text| text.parse::<u64>().ok())
        .ok_or_else(|| {
            let why = format!("the header {header} is not one whole number of milliseconds");
            Failure::denied(ErrorCode::HttpProtocolError, why)
        })?;
    // wasi:http allows none at all, which no request could keep: one millisecond is as good and can be told.
    let after = Duration::from_millis(milliseconds.max(1));
    Ok(if after < most {
        Timeout { after, hit: None }
    } else {
        longest
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn connect(values: &[&str]) -> Result<Timeout, Failure> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(
                CONNECT_TIMEOUT_HEADER,
                HeaderValue::from_str(value).unwrap(),
            );
        }
        Timeouts::read(&headers, &NetworkLimits::default()).map(|timeouts| timeouts.connect)
    }

    #[test]
    fn a_guest_shortens_and_never_lengthens() {
        let limit = NetworkLimits::default().connect;
        for (asked, after, is_limit) in [
            ("250", Duration::from_millis(250), false),
            ("0", Duration::from_millis(1), false),
            ("9999", Duration::from_millis(9999), false),
            ("10000", limit, true),
            ("600000", limit, true),
            ("18446744073709551615", limit, true),
        ] {
            let timeout = connect(&[asked]).unwrap();
            assert_eq!(
                (timeout.after, timeout.hit.is_some()),
                (after, is_limit),
                "{asked}"
            );
        }
        assert_eq!(connect(&[]).unwrap().after, limit);
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for values in [
            &["-1"][..],
            &["+1"],
            &["1.5"],
            &["soon"],
            &[""],
            &["18446744073709551616"],
            &["1", "1"],
        ] {
            let failure = connect(values).unwrap_err();
            assert_eq!(failure.code, ErrorCode::HttpProtocolError, "{values:?}");
        }
    }
}
