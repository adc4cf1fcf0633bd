//! The address that a site will be at.

use pipefitter_sdk::Failure;

/// Host and path of a site. Without a configured address: no host, path `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Base {
    /// Host and port, in lower case.
    host: Option<String>,
    /// With `/` at both ends.
    path: String,
}

/// What an address in a page points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Address<'a> {
    /// Another host, or a scheme that is no page.
    External,
    /// A path on this host, with `/` in front; the site may not reach as far up as it.
    Host(&'a str),
    /// A path as seen from the page. It may be empty.
    Relative(&'a str),
}

impl Base {
    /// Reads the key `base-url`.
    pub(crate) fn new(url: Option<&str>) -> Result<Self, Failure> {
        let Some(url) = url else {
            return Ok(Self {
                host: None,
                path: "/".to_owned(),
            });
        };
        let rest = url.trim();
        let rest = rest
            .strip_prefix("https://")
            .or_else(|| rest.strip_prefix("http://"));
        let (host, path) = rest.map_or(("", ""), |rest| {
            rest.find('/').map_or((rest, ""), |at| rest.split_at(at))
        });
        if host.is_empty() || rest.is_some_and(|rest| rest.contains(['?', '#', ' '])) {
            return Err(Failure::configuration_key(
                "base-url",
                format!("`{url}` is not an address such as https://docs.example.com/guide/"),
            ));
        }
        let path = path.trim_matches('/');
        let path = if path.is_empty() {
            "/".to_owned()
        } else {
            format!("/{path}/")
        };
        Ok(Self {
            host: Some(host.to_ascii_lowercase()),
            path,
        })
    }

    /// Sorts an address.
    pub(crate) fn classify<'a>(&self, address: &'a str) -> Address<'a> {
        if let Some(rest) = address.strip_prefix("//") {
            return self.on_host(rest);
        }
        match scheme(address) {
            Some((scheme, rest)) if matches!(scheme.as_str(), "http" | "https") => rest
                .strip_prefix("//")
                .map_or(Address::External, |rest| self.on_host(rest)),
            Some(_) => Address::External,
            None if address.starts_with('/') => Address::Host(address),
            None => Address::Relative(address),
        }
    }

    /// The part of a path on the host that is in the site: relative to its root.
    pub(crate) fn inside<'a>(&self, path: &'a str) -> Option<&'a str> {
        let inside = path.strip_prefix(self.path.as_str());
        inside.or_else(|| (path == self.path.trim_end_matches('/')).then_some(""))
    }

    fn on_host<'a>(&self, rest: &'a str) -> Address<'a> {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(end);
        let ours = self
            .host
            .as_ref()
            .is_some_and(|ours| *ours == host.to_ascii_lowercase());
        // Another site may share the host: what is not below the path is not ours to check.
        let up_to = path.find(['?', '#']).unwrap_or(path.len());
        match ours
            && (path[..up_to].is_empty() && self.path == "/"
                || self.inside(&path[..up_to]).is_some())
        {
            true if path.starts_with('/') => Address::Host(path),
            true => Address::Host("/"),
            false => Address::External,
        }
    }
}

fn scheme(address: &str) -> Option<(String, &str)> {
    let (scheme, rest) = address.split_once(':')?;
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    named.then(|| (scheme.to_ascii_lowercase(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_sorted() {
        let base = Base::new(Some("https://Docs.example.com/guide")).unwrap();
        for (address, expected) in [
            ("a.html", Address::Relative("a.html")),
            ("", Address::Relative("")),
            ("#x", Address::Relative("#x")),
            ("a/b:c", Address::Relative("a/b:c")),
            ("/guide/a", Address::Host("/guide/a")),
            ("/other", Address::Host("/other")),
            (
                "https://docs.example.com/guide/a#x",
                Address::Host("/guide/a#x"),
            ),
            ("HTTP://DOCS.example.com/guide", Address::Host("/guide")),
            ("//docs.example.com/guide/", Address::Host("/guide/")),
            ("https://docs.example.com/elsewhere", Address::External),
            ("https://docs.example.com", Address::External),
            ("https://other.example/guide/", Address::External),
            ("mailto:a@b.example", Address::External),
            ("javascript:void(0)", Address::External),
            ("data:image/png;base64,x", Address::External),
        ] {
            assert_eq!(base.classify(address), expected, "{address}");
        }
        assert_eq!(base.inside("/guide/a/b"), Some("a/b"));
        assert_eq!(
            (base.inside("/guide"), base.inside("/guidebook")),
            (Some(""), None)
        );
    }

    #[test]
    fn without_an_address_every_host_is_another() {
        let base = Base::new(None).unwrap();
        assert_eq!(
            base.classify("https://docs.example.com/"),
            Address::External
        );
        assert_eq!(
            (base.classify("/a"), base.inside("/a")),
            (Address::Host("/a"), Some("a"))
        );
    }

    #[test]
    fn the_root_of_a_host_is_the_site() {
        let base = Base::new(Some("https://a.example")).unwrap();
        assert_eq!(base.classify("https://a.example"), Address::Host("/"));
        assert_eq!(base.classify("https://a.example?q"), Address::Host("/"));
    }

    #[test]
    fn what_is_no_address_is_a_configuration_error() {
        for url in ["docs.example.com", "https://", "ftp://x/", "https://a/?x"] {
            let failure = Base::new(Some(url)).unwrap_err();
            assert!(
                failure.message.starts_with("configuration `base-url`: "),
                "{failure}"
            );
        }
    }
}
