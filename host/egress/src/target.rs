//! What a request asks for: scheme, host and port, and no more than may be told in a log.

use std::fmt;

use crate::host::{Host, split_port};

/// The schemes that are spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "http" => Some(Self::Http),
            "https" => Some(Self::Https),
            _ => None,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    pub(crate) const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    pub(crate) scheme: Scheme,
    pub(crate) host: Host,
    pub(crate) port: u16,
}

impl Target {
    /// Read it from the URI of a request; the error says what is wrong with the URI.
    pub(crate) fn of(uri: &http::Uri) -> Result<Self, String> {
        let scheme = uri.scheme_str().ok_or("the URI has no scheme")?;
        let scheme =
            Scheme::parse(scheme).ok_or("the scheme is neither http nor https".to_owned())?;
        let authority = uri.authority().ok_or("the URI has no host")?.as_str();
        if authority.contains('@') {
            return Err("the URI carries a user: send an authorization header instead".to_owned());
        }
        let (host, port) = split_port(authority).map_err(|reason| format!("the URI {reason}"))?;
        let host = Host::parse(host).map_err(|reason| format!("the host {reason}"))?;
        Ok(Self {
            scheme,
            host,
            port: port.unwrap_or(scheme.default_port()),
        })
    }

    /// Host and port as a Host header has them: without the scheme's own port.
    pub(crate) fn authority(&self) -> String {
        if self.port == self.scheme.default_port() {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme.name(), self.authority())
    }
}

/// What an operator wrote as an address, without what may be a user and password: for faults, which must not
/// repeat one.
pub(crate) fn without_user(text: &str) -> String {
    let Some((before, host)) = text.rsplit_once('@') else {
        return text.to_owned();
    };
    // What stands before `://` is shown where it is a scheme for sure: else it may be a password with these in it.
    match before.split_once("://") {
        Some((scheme, _)) if Scheme::parse(scheme).is_some() => format!("{scheme}://...@{host}"),
        _ => format!("...@{host}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &str) -> Result<String, String> {
        Target::of(&uri.parse().unwrap()).map(|target| target.to_string())
    }

    #[test]
    fn a_user_and_password_are_left_out() {
        for (text, shown) in [
            ("https://a.example:8443", "https://a.example:8443"),
            ("https://me:hunter22@a.example", "https://...@a.example"),
            (
                "https://me:hun@ter/22@a.example/x",
                "https://...@a.example/x",
            ),
            ("me:hunter22@a.example", "...@a.example"),
            ("me:hunter://22@a.example", "...@a.example"),
        ] {
            assert_eq!(without_user(text), shown);
        }
    }

    #[test]
    fn a_target_tells_neither_path_nor_query() {
        for (uri, target) in [
            (
                "https://api.example.com/secret?token=x",
                "https://api.example.com",
            ),
            ("https://API.example.com.:443/", "https://api.example.com"),
            ("http://a.example:8080/", "http://a.example:8080"),
            ("http://[2606:4700::1111]:80/", "http://[2606:4700::1111]"),
        ] {
            assert_eq!(read(uri).unwrap(), target);
        }
    }

    #[test]
    fn what_is_no_target_is_told_why() {
        for (uri, why) in [
            ("/path", "no scheme"),
            ("ftp://a.example/", "neither http nor https"),
            ("https://user:pw@a.example/", "carries a user"),
            ("https://granted.example@evil.example/", "carries a user"),
            ("https://127.1/", "write 127.0.0.1"),
            ("https://[::ffff:10.0.0.1]/", "write 10.0.0.1"),
        ] {
            let reason = read(uri).unwrap_err();
            assert!(reason.contains(why), "{uri}: {reason}");
        }
    }
}
