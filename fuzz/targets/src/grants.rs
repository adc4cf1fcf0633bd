//! What an operator grants of the network, proxies, and ranges of addresses.

use std::error::Error;
use std::net::IpAddr;

use pipefitter_egress::{NetworkGrant, NetworkGrants, Proxy, parse_range};
use url::Url;

/// A grant is refused with words, or is what its own text says again; and so are a proxy and a range. No fault repeats
/// what may be a password.
pub fn grants(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Some((grant, uri)) = text.split_once('\n') {
        asked(grant, uri);
    }
    match NetworkGrant::parse(text) {
        Ok(grant) => {
            let written = grant.to_string();
            let again = NetworkGrant::parse(&written).expect("what was written by us can be read");
            assert_eq!(again, grant, "{written}");
            assert!(grant.includes(&again));
            assert!(written.starts_with("http"), "{written}");
        }
        Err(error) => refused(text, &error),
    }
    match Proxy::parse(text) {
        Ok(proxy) => {
            let written = proxy.to_string();
            let again = Proxy::parse(&written).expect("what was written by us can be read");
            assert_eq!(again.to_string(), written);
        }
        Err(error) => refused(text, &error),
    }
    if let Ok(range) = parse_range(text) {
        assert_eq!(parse_range(&range.to_string()).ok(), Some(range));
    }
}

/// What a grant lets out goes where it says, as another library reads the address: a name that one reads as this and the
/// other as that is how a guest gets where it may not.
fn asked(grant: &str, uri: &str) {
    let (Ok(grant), Ok(uri)) = (NetworkGrant::parse(grant), uri.parse::<http::Uri>()) else {
        return;
    };
    let granted = NetworkGrants::from_iter([grant.clone()]);
    if !granted.covers(&uri) {
        return;
    }
    // What it cannot read it leads nowhere.
    let Ok(read) = Url::parse(&uri.to_string()) else {
        return;
    };
    let written = grant.to_string();
    let (scheme, rest) = written.split_once("://").expect("a grant has a scheme");
    let (host, port) = match rest.rsplit_once(':').filter(|_| !rest.ends_with(']')) {
        Some((host, port)) => (host, port.parse().ok()),
        None => (rest, None),
    };
    let usual = if scheme == "https" { 443 } else { 80 };
    assert_eq!(read.scheme(), scheme, "{uri} by {written}");
    assert_eq!(
        read.port_or_known_default(),
        port.or(Some(usual)),
        "{uri} by {written}"
    );
    let address = |host: &str| host.trim_matches(['[', ']']).parse::<IpAddr>().ok();
    let asked = read.host_str().unwrap_or_default().trim_end_matches('.');
    let same = match host.strip_prefix("*.") {
        Some(below) => asked.ends_with(&format!(".{below}")),
        None => asked == host || address(asked).is_some_and(|at| address(host) == Some(at)),
    };
    assert!(same, "{uri} leads to {asked}, by the grant {written}");
}

fn refused(text: &str, error: &impl Error) {
    let told = format!("{error} {error:?}");
    assert!(!error.to_string().is_empty());
    let Some((user, rest)) = text.rsplit_once('@') else {
        return;
    };
    let user = user.split_once("://").map_or(user, |(_, user)| user);
    // What comes after it may be told, and may have a part of it.
    let is_told_besides = |part: &[u8]| rest.as_bytes().windows(part.len()).any(|of| of == part);
    let is_alike = user.as_bytes().windows(6).any(is_told_besides);
    // A short one may be a word of ours.
    if user.len() >= 12 && !user.contains("://") && !is_alike {
        assert!(!told.contains(user), "{told}");
    }
}
