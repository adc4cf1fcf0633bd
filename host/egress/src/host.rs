//! A host as grants and requests name it, in one spelling.
//!
//! Everything that could be spelled twice is made one (case, a trailing dot, internationalised names) or
//! refused (numbers that some resolvers take for an IPv4 address, IPv6 addresses that mean an IPv4 one), so
//! that a grant and a request agree exactly when they mean the same host.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A host: a name in lower-case ASCII without a trailing dot, or an address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Host {
    /// A DNS name.
    Name(String),
    /// An address written out; never an IPv4 one in IPv6 clothes.
    Address(IpAddr),
}

/// The longest name that DNS can carry, in characters (RFC 1035, 2.3.4, less the root's dot).
const NAME_CHARACTERS: usize = 253;
/// The longest label of a name (RFC 1035, 2.3.4).
const LABEL_CHARACTERS: usize = 63;

impl Host {
    /// Read a host; the error says what is wrong, to stand after "the host ...".
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Some(inside) = text.strip_prefix('[') {
            let inside = inside
                .strip_suffix(']')
                .ok_or("has an opening bracket without its closing one")?;
            return parse_v6(inside);
        }
        if text.parse::<Ipv6Addr>().is_ok() {
            return Err(format!("is an IPv6 address: write it as [{text}]"));
        }
        // url would decode percent signs first, and nobody spells a host so who means well.
        if let Some(odd) = text
            .chars()
            .find(|c| "%@/\\?#:".contains(*c) || c.is_whitespace())
        {
            return Err(format!("contains {odd:?}"));
        }
        let bare = text.strip_suffix('.').unwrap_or(text);
        if bare.is_empty() {
            return Err("is empty".to_owned());
        }
        match url::Host::parse(bare) {
            Ok(url::Host::Domain(name)) => parse_name(name),
            Ok(url::Host::Ipv4(address)) => parse_v4(bare, address),
            Ok(url::Host::Ipv6(_)) | Err(_) => Err("is neither a name nor an address".to_owned()),
        }
    }
}

fn parse_name(name: String) -> Result<Host, String> {
    if name.len() > NAME_CHARACTERS {
        return Err(format!("is longer than {NAME_CHARACTERS} characters"));
    }
    for label in name.split('.') {
        if label.is_empty() {
            return Err("has two dots in a row, or starts with one".to_owned());
        }
        if label.len() > LABEL_CHARACTERS {
            return Err(format!(
                "has a part longer than {LABEL_CHARACTERS} characters"
            ));
        }
        let odd = |c: &char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(*c));
        if let Some(odd) = label.chars().find(odd) {
            return Err(format!("contains {odd:?}"));
        }
    }
    Ok(Host::Name(name))
}

fn parse_v4(written: &str, address: Ipv4Addr) -> Result<Host, String> {
    if written.parse() == Ok(address) {
        Ok(Host::Address(IpAddr::V4(address)))
    } else {
        Err(format!(
            "is an odd spelling of an IPv4 address: write {address}"
        ))
    }
}

fn parse_v6(inside: &str) -> Result<Host, String> {
    if inside.contains('%') {
        return Err("names a network interface: leave out the % and what follows".to_owned());
    }
    let address: Ipv6Addr = inside
        .parse()
        .map_err(|_| "is not an IPv6 address between its brackets".to_owned())?;
    match address.to_ipv4_mapped() {
        Some(v4) => Err(format!(
            "is an IPv4 address written as an IPv6 one: write {v4}"
        )),
        None => Ok(Host::Address(IpAddr::V6(address))),
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => write!(f, "{address}"),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// Host and port of an authority, each as it was written; the error stands after "the grant ...".
pub(crate) fn split_port(authority: &str) -> Result<(&str, Option<u16>), String> {
    let (host, port) = match authority.rfind(']') {
        Some(end) => match &authority[end + 1..] {
            "" => (authority, None),
            rest => match rest.strip_prefix(':') {
                Some(port) => (&authority[..=end], Some(port)),
                None => return Err("has something after the closing bracket".to_owned()),
            },
        },
        // A bare IPv6 address has several colons: Host::parse says how to write it.
        None if authority.matches(':').count() > 1 => (authority, None),
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port = port.map(parse_port).transpose()?;
    Ok((host, port))
}

fn parse_port(text: &str) -> Result<u16, String> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse::<u16>() {
        Ok(port) if digits && port > 0 => Ok(port),
        _ => Err(format!(
            "has the port `{text}`: a port is a number from 1 to 65535"
        )),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spelled(text: &str) -> String {
        Host::parse(text).unwrap().to_string()
    }

    #[test]
    fn one_host_has_one_spelling() {
        for (written, read) in [
            ("api.example.com", "api.example.com"),
            ("API.Example.COM", "api.example.com"),
            ("api.example.com.", "api.example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("BÜCHER.example", "xn--bcher-kva.example"),
            ("xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("a_b.example", "a_b.example"),
            ("localhost", "localhost"),
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7.", "192.0.2.7"),
            ("[2001:DB8:0:0::1]", "[2001:db8::1]"),
            ("[::1]", "[::1]"),
        ] {
            assert_eq!(spelled(written), read, "{written}");
        }
    }

    #[test]
    fn what_could_mean_an_address_in_disguise_is_refused() {
        for written in [
            "127.1",
            "0x7f.1",
            "0x7f000001",
            "2130706433",
            "0177.0.0.1",
            "127.0.0.01",
            "１２７.0.0.1",
            "127。0。0。1",
            "0",
            "1.2.3",
        ] {
            let reason = Host::parse(written).unwrap_err();
            assert!(reason.contains("odd spelling"), "{written}: {reason}");
        }
        for written in [
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:ffff:7f00:1]",
        ] {
            let reason = Host::parse(written).unwrap_err();
            assert!(reason.contains("write 127.0.0.1"), "{written}: {reason}");
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for written in [
            "",
            ".",
            "..",
            "a..b",
            ".a",
            "a b",
            "a/b",
            "a@b",
            "a%2eb",
            "%31",
            "a:b",
            "a\\b",
            "a#b",
            "a?b",
            "[::1",
            "::1",
            "[::1%eth0]",
            "[1.2.3.4]",
            "[]",
            "1.2.3.4.5",
            "256.1.1.1",
            "a\u{0}b",
            "a\nb",
            "*",
            "a*b",
            "exa<mple",
            "a\u{ad}\u{200b}..",
            "999999999999",
        ] {
            assert!(Host::parse(written).is_err(), "{written:?}");
        }
        assert!(Host::parse(&format!("{}.example", "a".repeat(64))).is_err());
        assert!(Host::parse(&["a"; 128].join(".")).is_err());
    }

    #[test]
    fn ports_are_numbers_without_ornament() {
        assert_eq!(split_port("a:8080"), Ok(("a", Some(8080))));
        assert_eq!(split_port("[::1]:443"), Ok(("[::1]", Some(443))));
        assert_eq!(split_port("[::1]"), Ok(("[::1]", None)));
        for written in [
            "a:", "a:0", "a:65536", "a:+80", "a:-1", "a:8o", "[::1]80", "[::1]:",
        ] {
            assert!(split_port(written).is_err(), "{written}");
        }
    }

    proptest! {
        #[test]
        fn what_was_read_reads_back_the_same(text in "\\PC{0,40}") {
            if let Ok(host) = Host::parse(&text) {
                prop_assert_eq!(Host::parse(&host.to_string()), Ok(host));
            }
        }

        #[test]
        fn a_name_never_stands_for_an_address(text in "[0-9a-fA-FxX.]{1,24}") {
            if let Ok(Host::Name(name)) = Host::parse(&text) {
                prop_assert!(name.parse::<IpAddr>().is_err());
                let last = name.rsplit('.').next().unwrap();
                prop_assert!(!last.bytes().all(|b| b.is_ascii_digit()), "{}", name);
            }
        }
    }
}
