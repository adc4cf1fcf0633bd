//! Ranges of addresses as an operator writes them.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::EgressError;

/// Read a range: `10.1.0.0/16`, `fd12:3456::/32`, or one address.
///
/// # Errors
/// [`EgressError::Range`] where it is none, has bits set after its prefix, or is an IPv4 range in an IPv6
/// spelling (which no address would ever match).
pub fn parse_range(text: &str) -> Result<IpNet, EgressError> {
    let fault = |reason: String| EgressError::Range {
        range: text.to_owned(),
        reason,
    };
    let range = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse::<IpNet>().map_err(|_| {
            fault("is neither a range such as 10.1.0.0/16 nor an address".to_owned())
        })?,
    };
    if range.trunc() != range {
        return Err(fault(format!(
            "has bits set after its prefix: write {}",
            range.trunc()
        )));
    }
    if let IpNet::V6(v6) = range
        && let Some(v4) = v6.addr().to_ipv4_mapped()
        && let Some(prefix) = v6.prefix_len().checked_sub(96)
    {
        return Err(fault(format!(
            "is an IPv4 range written as an IPv6 one: write {v4}/{prefix}"
        )));
    }
    Ok(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_single_addresses_are_read() {
        for (written, read) in [
            ("10.1.0.0/16", "10.1.0.0/16"),
            ("10.1.2.3", "10.1.2.3/32"),
            ("fd00::/8", "fd00::/8"),
            ("::1", "::1/128"),
        ] {
            assert_eq!(parse_range(written).unwrap().to_string(), read);
        }
    }

    #[test]
    fn faults_say_what_to_write() {
        for (written, advice) in [
            ("10.1.2.3/16", "write 10.1.0.0/16"),
            ("::ffff:10.0.0.0/104", "write 10.0.0.0/8"),
            ("10.0.0.0/33", "such as 10.1.0.0/16"),
            ("internal", "such as 10.1.0.0/16"),
            ("10.0.0.0 - 10.0.0.9", "such as 10.1.0.0/16"),
        ] {
            let fault = parse_range(written).unwrap_err().to_string();
            assert!(fault.contains(advice), "{fault}");
        }
    }
}
