//! What an operator lets a plugin reach.
//!
//! A grant is `scheme://host` or `scheme://host:port`. The host is exact, or `*.example.com`, which covers every
//! name below example.com at any depth and not example.com itself, as in the browsers' content security
//! policy. A host that is an address names that address; every other address that is not public stays refused
//! unless a range of a grant that covers the request names it, whatever the name resolves to.

use std::fmt;
use std::str::FromStr;

use ipnet::IpNet;

use crate::EgressError;
use crate::host::{Host, split_port};
use crate::target::{Scheme, Target, without_user};

/// One thing that a plugin may reach; displays as it is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkGrant {
    scheme: Scheme,
    pattern: Pattern,
    port: u16,
    ranges: Vec<IpNet>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Pattern {
    Exact(Host),
    /// Every name that ends with this, which starts with a dot.
    Below(String),
}

impl NetworkGrant {
    /// Read a grant.
    ///
    /// # Errors
    /// [`EgressError::Grant`], which says what to write instead.
    pub fn parse(text: &str) -> Result<Self, EgressError> {
        let parsed = match text.rsplit_once('@') {
            None => parse(text),
            // Nothing but the host is looked at: the rest may hold a password, which no fault repeats.
            Some((before, host)) => Err(with_a_user(before, host)),
        };
        parsed.map_err(|reason| EgressError::Grant {
            grant: without_user(text),
            reason,
        })
    }

    /// Let what this grant covers resolve to addresses of these ranges too, which would be refused otherwise.
    ///
    /// An address that hands out a cloud's credentials counts only where a range is that one address. An
    /// address behind NAT64 is named by the IPv4 address that it stands for.
    #[must_use]
    pub fn with_ranges(mut self, ranges: impl IntoIterator<Item = IpNet>) -> Self {
        self.ranges.extend(ranges);
        self
    }

    /// Whether everything that `other` covers is covered by this one.
    #[must_use]
    pub fn includes(&self, other: &NetworkGrant) -> bool {
        self.scheme == other.scheme
            && self.port == other.port
            && match (&self.pattern, &other.pattern) {
                (Pattern::Below(end), Pattern::Below(inner)) => inner.ends_with(end),
                (Pattern::Below(_), Pattern::Exact(host)) => self.covers(&Target {
                    scheme: other.scheme,
                    host: host.clone(),
                    port: other.port,
                }),
                (one, another) => one == another,
            }
    }

    /// Whether a request for this target is covered.
    pub(crate) fn covers(&self, target: &Target) -> bool {
        self.scheme == target.scheme
            && self.port == target.port
            && match (&self.pattern, &target.host) {
                (Pattern::Exact(host), asked) => host == asked,
                (Pattern::Below(suffix), Host::Name(name)) => {
                    name.len() > suffix.len() && name.ends_with(suffix)
                }
                (Pattern::Below(_), Host::Address(_)) => false,
            }
    }
}

fn parse(text: &str) -> Result<NetworkGrant, String> {
    if text.trim() == "*" {
        return Err(
            "would allow every host: name each one, as in https://api.example.com, or all \
                    below one domain, as in https://*.example.com"
                .to_owned(),
        );
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(format!("has no scheme: write https://{text}"));
    };
    let scheme = Scheme::parse(scheme)
        .ok_or_else(|| format!("has the scheme `{scheme}`: only http and https can be granted"))?;
    let name = scheme.name();
    if let Some(place) = rest.find(['/', '?', '#', '\\']) {
        return Err(format!(
            "has a path or query, and grants are for whole hosts: write {name}://{}",
            &rest[..place]
        ));
    }
    let (host, port) = split_port_of_grant(rest)?;
    let pattern = match host.strip_prefix("*.") {
        Some(parent) => {
            match Host::parse(parent).map_err(|why| format!("has a host that {why}"))? {
                Host::Name(parent) => Pattern::Below(format!(".{parent}")),
                Host::Address(address) => {
                    return Err(format!(
                        "puts `*.` before an address: write {name}://{address}"
                    ));
                }
            }
        }
        None if host == "*" => {
            return Err(format!(
                "would allow every host: name each one, as in {name}://api.example.com, or all below \
                 one domain, as in {name}://*.example.com"
            ));
        }
        None if host.contains('*') => {
            return Err(format!(
                "has a `*` inside a name, and it can only stand for everything before a dot, as in \
                 {name}://*.example.com"
            ));
        }
        None => Pattern::Exact(Host::parse(host).map_err(|why| format!("has a host that {why}"))?),
    };
    // Whoever writes an address out has named it: nothing else can be reached by it.
    let ranges = match &pattern {
        Pattern::Exact(Host::Address(address)) => vec![IpNet::from(*address)],
        Pattern::Exact(Host::Name(_)) | Pattern::Below(_) => Vec::new(),
    };
    Ok(NetworkGrant {
        scheme,
        pattern,
        port: port.unwrap_or(scheme.default_port()),
        ranges,
    })
}

fn with_a_user(before: &str, host: &str) -> String {
    let scheme = before.split_once("://");
    let scheme = scheme.and_then(|(scheme, _)| Scheme::parse(scheme));
    let name = scheme.unwrap_or(Scheme::Https).name();
    let host = host.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    format!(
        "carries a user or password, and a plugin gets none by its grant: write {name}://{host}, and see `attach` for \
         a secret that goes with its requests"
    )
}

fn split_port_of_grant(rest: &str) -> Result<(&str, Option<u16>), String> {
    if rest.ends_with(":*") {
        return Err("has `*` for a port: write one grant for each port".to_owned());
    }
    split_port(rest)
}

impl FromStr for NetworkGrant {
    type Err = EgressError;

    fn from_str(text: &str) -> Result<Self, EgressError> {
        Self::parse(text)
    }
}

impl fmt::Display for NetworkGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://", self.scheme.name())?;
        match &self.pattern {
            Pattern::Exact(host) => write!(f, "{host}")?,
            Pattern::Below(suffix) => write!(f, "*{suffix}")?,
        }
        if self.port == self.scheme.default_port() {
            Ok(())
        } else {
            write!(f, ":{}", self.port)
        }
    }
}

/// All that a plugin may reach; none where it is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworkGrants(Vec<NetworkGrant>);

impl NetworkGrants {
    /// Whether nothing is granted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These and another one.
    #[must_use]
    pub fn with(mut self, grant: NetworkGrant) -> Self {
        self.0.push(grant);
        self
    }

    /// Whether everything that `asked` covers is granted.
    #[must_use]
    pub fn include(&self, asked: &NetworkGrant) -> bool {
        self.0.iter().any(|grant| grant.includes(asked))
    }

    /// Whether a request for this is let out to be resolved.
    #[must_use]
    pub fn covers(&self, uri: &http::Uri) -> bool {
        Target::of(uri).is_ok_and(|target| self.permit(&target).is_some())
    }

    /// The otherwise refused ranges that a request for this target may reach, of all grants that cover it
    /// together; none where no grant does.
    pub(crate) fn permit(&self, target: &Target) -> Option<Vec<IpNet>> {
        let mut covering = self
            .0
            .iter()
            .filter(|grant| grant.covers(target))
            .peekable();
        covering.peek()?;
        Some(
            covering
                .flat_map(|grant| grant.ranges.iter().copied())
                .collect(),
        )
    }
}

impl FromIterator<NetworkGrant> for NetworkGrants {
    fn from_iter<I: IntoIterator<Item = NetworkGrant>>(grants: I) -> Self {
        Self(grants.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn covers(grant: &str, uri: &str) -> bool {
        let target = Target::of(&uri.parse().unwrap()).unwrap();
        let grants: NetworkGrants = [NetworkGrant::parse(grant).unwrap()].into_iter().collect();
        grants.permit(&target).is_some()
    }

    #[test]
    fn a_grant_covers_its_scheme_host_and_port_and_nothing_else() {
        for (grant, uri, covered) in [
            (
                "https://api.example.com",
                "https://api.example.com/any?thing",
                true,
            ),
            (
                "https://api.example.com",
                "https://API.EXAMPLE.com.:443/",
                true,
            ),
            ("HTTPS://API.example.com.", "https://api.example.com/", true),
            ("https://api.example.com", "http://api.example.com/", false),
            (
                "https://api.example.com",
                "http://api.example.com:443/",
                false,
            ),
            (
                "https://api.example.com",
                "https://api.example.com:8443/",
                false,
            ),
            (
                "https://api.example.com:8443",
                "https://api.example.com:8443/",
                true,
            ),
            (
                "https://api.example.com:8443",
                "https://api.example.com/",
                false,
            ),
            (
                "https://api.example.com",
                "https://v2.api.example.com/",
                false,
            ),
            (
                "https://api.example.com",
                "https://api.example.com.evil.test/",
                false,
            ),
            (
                "https://api.example.com",
                "https://evilapi.example.com/",
                false,
            ),
            ("https://*.example.com", "https://a.example.com/", true),
            ("https://*.example.com", "https://a.b.example.com/", true),
            ("https://*.example.com", "https://example.com/", false),
            ("https://*.example.com", "https://evilexample.com/", false),
            (
                "https://*.example.com",
                "https://a.example.com.evil.test/",
                false,
            ),
            ("https://*.example.com", "http://a.example.com/", false),
            (
                "https://bücher.example",
                "https://xn--bcher-kva.example/",
                true,
            ),
            ("http://10.1.2.3", "http://10.1.2.3/", true),
            ("http://10.1.2.3", "http://10.1.2.4/", false),
            ("http://[2606:4700:0::1]", "http://[2606:4700::1]/", true),
        ] {
            assert_eq!(covers(grant, uri), covered, "{grant} {uri}");
        }
    }

    #[test]
    fn an_empty_grant_grants_nothing() {
        let none = NetworkGrants::default();
        assert!(none.is_empty());
        for uri in [
            "https://a.example/",
            "http://localhost/",
            "http://127.0.0.1/",
        ] {
            assert_eq!(
                none.permit(&Target::of(&uri.parse().unwrap()).unwrap()),
                None
            );
        }
    }

    #[test]
    fn ranges_count_for_their_own_grant_only() {
        let range = "10.0.0.0/8".parse().unwrap();
        let grants: NetworkGrants = [
            NetworkGrant::parse("https://in.example.com")
                .unwrap()
                .with_ranges([range]),
            NetworkGrant::parse("https://*.example.com").unwrap(),
        ]
        .into_iter()
        .collect();
        let permit = |uri: &str| grants.permit(&Target::of(&uri.parse().unwrap()).unwrap());
        assert_eq!(permit("https://in.example.com/"), Some(vec![range]));
        assert_eq!(permit("https://out.example.com/"), Some(vec![]));
        assert_eq!(permit("https://example.com/"), None);
    }

    #[test]
    fn faults_say_what_to_write() {
        for (grant, advice) in [
            ("*", "https://*.example.com"),
            ("https://*", "https://*.example.com"),
            ("https://*:8443", "https://*.example.com"),
            ("https://a*.example.com", "https://*.example.com"),
            ("https://*.*.example.com", "contains '*'"),
            ("https://*.10.0.0.1", "write https://10.0.0.1"),
            ("https://*.", "is empty"),
            ("api.example.com", "write https://api.example.com"),
            ("ftp://a.example", "only http and https"),
            ("https://a.example/", "write https://a.example"),
            ("https://a.example/v1", "write https://a.example"),
            ("https://a.example?x=1", "write https://a.example"),
            ("https://u:p@a.example", "write https://a.example"),
            ("https://a.example:*", "one grant for each port"),
            ("https://a.example:0", "from 1 to 65535"),
            ("https://", "is empty"),
            ("http://0x7f.1", "write 127.0.0.1"),
            ("http://127.1:80", "write 127.0.0.1"),
            ("http://[::ffff:10.0.0.1]", "write 10.0.0.1"),
            ("http://::1", "write it as [::1]"),
            (" https://a.example", "only http and https"),
            ("https://a.example ", "contains ' '"),
        ] {
            let fault = NetworkGrant::parse(grant).unwrap_err().to_string();
            assert!(fault.contains(advice), "{fault}");
        }
    }

    #[test]
    fn a_password_is_in_no_fault() {
        for grant in [
            "https://me:hunter22@a.example",
            "https://me:hunter22@a.example/v1",
            "https://me:x/hunter22@a.example",
            "me:hunter22@a.example",
            "ftp://me:hunter22@a.example",
            "hunter22://x@a.example",
            "https://me:hunter22@",
            "https://me:hunter22@*",
        ] {
            let fault = NetworkGrant::parse(grant).unwrap_err();
            let told = format!("{fault} {fault:?}");
            assert!(!told.contains("hunter22"), "{told}");
            assert!(told.contains("carries a user or password"), "{told}");
        }
    }

    proptest! {
        #[test]
        fn a_grant_that_was_read_reads_back_the_same(text in "(https?://)?\\PC{0,30}") {
            if let Ok(grant) = NetworkGrant::parse(&text) {
                prop_assert_eq!(NetworkGrant::parse(&grant.to_string()).unwrap(), grant);
            }
        }

        #[test]
        fn only_what_is_below_is_covered(name in "[a-z0-9.-]{1,30}") {
            let uri = format!("https://{name}/");
            if let Ok(target) = uri.parse().map_err(|_| ()).and_then(|uri| Target::of(&uri).map_err(|_| ())) {
                let grant = NetworkGrant::parse("https://*.b.c").unwrap();
                let Host::Name(read) = &target.host else { return Ok(()); };
                let below = read.strip_suffix(".b.c").is_some_and(|rest| !rest.is_empty());
                prop_assert_eq!(grant.covers(&target), below);
            }
        }
    }
}
