//! What an operator grants of the network, proxies, and ranges of addresses.

use std::error::Error;

use pipefitter_egress::{NetworkGrant, Proxy, parse_range};

/// A grant is refused with words, or is what its own text says again; and so are a proxy and a range. No fault repeats
/// what may be a password.
pub fn grants(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
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

fn refused(text: &str, error: &impl Error) {
    let told = format!("{error} {error:?}");
    assert!(!error.to_string().is_empty());
    let Some((user, _)) = text.rsplit_once('@') else {
        return;
    };
    let user = user.split_once("://").map_or(user, |(_, user)| user);
    // A short one may be a word of ours.
    if user.len() >= 12 && !user.contains("://") {
        assert!(!told.contains(user), "{told}");
    }
}
