//! What an operator grants of the network, and ranges of addresses.

use pipefitter_egress::{NetworkGrant, parse_range};

/// A grant is refused with words, or is what its own text says again; and so is a range.
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
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    if let Ok(range) = parse_range(text) {
        assert_eq!(parse_range(&range.to_string()).ok(), Some(range));
    }
}
