//! Secrets that the host adds to requests, so that the guest never holds them.

use http::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};

use crate::EgressError;
use crate::grant::NetworkGrant;
use crate::headers::is_ours;
use crate::target::Target;

/// A header that is added to every request for what `target` covers, in place of the guest's own of that name.
///
/// The guest neither names nor sees its value, unless the server repeats it in an answer. It goes to no other host:
/// where a server redirects is asked for by the guest, as a request of its own.
#[derive(Clone, Debug)]
pub struct AttachedHeader {
    target: NetworkGrant,
    name: HeaderName,
    value: HeaderValue,
}

impl AttachedHeader {
    /// A header for what `target` covers; its ranges mean nothing here.
    ///
    /// # Errors
    /// [`EgressError::AttachedHeader`] where the name is none, is one that only the broker writes, or the value holds
    /// what no header can (control characters, a line's end).
    pub fn new(
        target: NetworkGrant,
        name: &str,
        value: &SecretString,
    ) -> Result<Self, EgressError> {
        let fault = |reason| EgressError::AttachedHeader {
            name: name.to_owned(),
            reason,
        };
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| fault("that is not a header's name"))?;
        if is_ours(&header) {
            return Err(fault(
                "it belongs to the connection, and is written for each request",
            ));
        }
        let mut value = HeaderValue::from_str(value.expose_secret()).map_err(|_| {
            fault("its value holds a line's end or another character that no header can hold")
        })?;
        // Keeps it out of Debug, and out of HPACK's tables.
        value.set_sensitive(true);
        Ok(Self {
            target,
            name: header,
            value,
        })
    }

    pub(crate) fn name(&self) -> &HeaderName {
        &self.name
    }

    /// Name and value, if they are for this target.
    pub(crate) fn for_target(&self, target: &Target) -> Option<(HeaderName, HeaderValue)> {
        self.target
            .covers(target)
            .then(|| (self.name.clone(), self.value.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attach(name: &str, value: &str) -> Result<AttachedHeader, EgressError> {
        let target = NetworkGrant::parse("https://api.example.com").unwrap();
        AttachedHeader::new(target, name, &SecretString::from(value))
    }

    #[test]
    fn only_what_the_pattern_covers_gets_it() {
        let header = attach("Authorization", "Bearer hunter22").unwrap();
        let sent = |uri: &str| header.for_target(&Target::of(&uri.parse().unwrap()).unwrap());
        assert!(sent("https://api.example.com/").is_some());
        for uri in [
            "http://api.example.com/",
            "https://api.example.com:8443/",
            "https://b.example.com/",
        ] {
            assert!(sent(uri).is_none(), "{uri}");
        }
    }

    #[test]
    fn a_value_is_in_no_text() {
        let header = attach("authorization", "Bearer hunter22").unwrap();
        assert!(!format!("{header:?}").contains("hunter22"));
        let fault = attach("authorization", "hunter22\r\nx: y").unwrap_err();
        assert!(!format!("{fault} {fault:?}").contains("hunter22"));
    }

    #[test]
    fn what_the_broker_writes_cannot_be_attached() {
        for name in [
            "host",
            "Content-Length",
            "connection",
            "te",
            "proxy-authorization",
            "pipefitter-x",
            "a b",
            "",
        ] {
            assert!(attach(name, "v").is_err(), "{name}");
        }
    }
}
