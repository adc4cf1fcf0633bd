//! Following links.

use percent_encoding::percent_decode_str;
use serde::Serialize;

use crate::base::Address;
use crate::config::Config;
use crate::glob;
use crate::html::{Link, Page};
use crate::site::{Found, Site};

/// A link that goes nowhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Broken {
    pub(crate) page: String,
    pub(crate) line: usize,
    pub(crate) link: String,
    pub(crate) problem: String,
}

/// What became of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Good,
    /// To another host: not checked.
    External,
    /// As the configuration says.
    Ignored,
    /// Why it goes nowhere.
    Broken(String),
}

/// Follows a link of `page`, which is at `path`.
pub(crate) fn follow(
    config: &Config,
    site: &Site,
    path: &str,
    page: &Page,
    link: &Link,
) -> Verdict {
    let verdict = resolve(config, site, path, page, link);
    let ignored = |link: &str| {
        config
            .ignore
            .iter()
            .any(|pattern| glob::matches(pattern, link))
    };
    if ignored(&link.address) {
        Verdict::Ignored
    } else {
        verdict
    }
}

fn resolve(config: &Config, site: &Site, path: &str, page: &Page, link: &Link) -> Verdict {
    if link.address.is_empty() {
        return if link.may_be_empty {
            Verdict::Good
        } else {
            Verdict::Broken("the address is empty".to_owned())
        };
    }
    let mut directory = path
        .rsplit_once('/')
        .map_or("", |(directory, _)| directory)
        .to_owned();
    let relative = match config.base.classify(&link.address) {
        Address::External => return Verdict::External,
        Address::Host(address) => return from_host(config, site, address),
        Address::Relative(relative) => relative,
    };
    let (to, fragment) = split(relative);
    if to.is_empty() && page.base.is_none() {
        return anchored(site, path, fragment);
    }
    match page.base.as_deref().map(|base| config.base.classify(base)) {
        None => {}
        Some(Address::External) => return Verdict::External,
        Some(Address::Host(base)) => match config.base.inside(split(base).0) {
            Some(base) => directory = parent(base),
            None => return outside(),
        },
        Some(Address::Relative(base)) => match join(&directory, split(base).0) {
            Some(base) => directory = parent(&base),
            None => return outside(),
        },
    }
    at(site, &directory, to, fragment)
}

fn from_host(config: &Config, site: &Site, address: &str) -> Verdict {
    let (path, fragment) = split(address);
    config
        .base
        .inside(path)
        .map_or_else(outside, |path| at(site, "", path, fragment))
}

fn at(site: &Site, directory: &str, to: &str, fragment: Option<&str>) -> Verdict {
    let Ok(to) = percent_decode_str(to).decode_utf8() else {
        return Verdict::Broken("the address is not UTF-8".to_owned());
    };
    let Some(target) = join(directory, &to) else {
        return outside();
    };
    match site.find(&target) {
        Found::File(file) => anchored(site, file, fragment),
        Found::Nothing(why) => Verdict::Broken(why),
    }
}

fn outside() -> Verdict {
    Verdict::Broken("leaves the site".to_owned())
}

/// Whether the page has the anchor. Other files' fragments mean what their readers make of them.
fn anchored(site: &Site, file: &str, fragment: Option<&str>) -> Verdict {
    // What follows `:~:` tells a browser what to mark.
    let fragment = fragment
        .and_then(|fragment| fragment.split(":~:").next())
        .unwrap_or("");
    let Some(anchors) = site.anchors.get(file) else {
        return Verdict::Good;
    };
    if fragment.is_empty() || fragment.eq_ignore_ascii_case("top") || anchors.contains(fragment) {
        return Verdict::Good;
    }
    let decoded = percent_decode_str(fragment).decode_utf8_lossy();
    if anchors.contains(decoded.as_ref()) {
        return Verdict::Good;
    }
    let other = anchors
        .iter()
        .filter(|anchor| anchor.to_lowercase() == decoded.to_lowercase())
        .min();
    Verdict::Broken(match other {
        Some(other) => format!("`{file}` has no anchor `{decoded}`, but `{other}`: capitals count"),
        None => format!("`{file}` has no anchor `{decoded}`"),
    })
}

/// The path before `?` and `#`, and the fragment.
fn split(address: &str) -> (&str, Option<&str>) {
    let (address, fragment) = address
        .split_once('#')
        .map_or((address, None), |(address, rest)| (address, Some(rest)));
    (
        address.split_once('?').map_or(address, |(path, _)| path),
        fragment,
    )
}

/// The directory that relative addresses count from at `path`.
fn parent(path: &str) -> String {
    path.rsplit_once('/')
        .map_or("", |(directory, _)| directory)
        .to_owned()
}

/// `path` as seen from `directory`; none where it leaves the root. A `/` at its end stays: it tells a
/// directory from a file.
fn join(directory: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = directory
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    let mut joined = parts.join("/");
    let of_directory = path.ends_with('/') || matches!(path.rsplit('/').next(), Some("." | ".."));
    if of_directory && !joined.is_empty() {
        joined.push('/');
    }
    Some(joined)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::html;
    use pipefitter_sdk::testing;

    fn config(keys: &[(&str, &str)]) -> Config {
        let job = keys
            .iter()
            .fold(testing::job(), |job, (key, value)| job.config(*key, value));
        Config::of(&job.build()).unwrap()
    }

    fn site() -> Site {
        let mut site = Site::default();
        for (file, html) in [
            ("index.html", "<h1 id=Top-of-it>"),
            ("guide/index.html", "<h2 id=start>"),
            ("guide/two words.html", "<h2 id='größe'>"),
        ] {
            site.add(file.to_owned());
            site.anchors
                .insert(file.to_owned(), html::read(html.as_bytes()).anchors);
        }
        site.add("img/x.svg".to_owned());
        site
    }

    fn verdict_on(config: &Config, page: &str, address: &str) -> Verdict {
        let link = Link {
            line: 1,
            address: address.to_owned(),
            may_be_empty: true,
        };
        follow(config, &site(), page, &Page::default(), &link)
    }

    #[test]
    fn links_that_work_in_a_browser_are_good() {
        let config = config(&[]);
        for link in [
            "",
            "#",
            "#top",
            "#start",
            ".",
            "./",
            "..",
            "../",
            "../guide",
            "/guide/#start",
            "/",
            "two%20words.html#gr%C3%B6%C3%9Fe",
            "two words.html#größe",
            "/img/x.svg#part",
            "?q=1#start",
            "../index.html?x#Top-of-it",
            "#start:~:text=x",
        ] {
            assert_eq!(
                verdict_on(&config, "guide/index.html", link),
                Verdict::Good,
                "{link}"
            );
        }
    }

    #[test]
    fn links_that_go_nowhere_say_why() {
        let config = config(&[]);
        for (link, why) in [
            ("gone.html", "there is no such file"),
            ("#gone", "`guide/index.html` has no anchor `gone`"),
            (
                "/#top-OF-it",
                "`index.html` has no anchor `top-OF-it`, but `Top-of-it`: capitals count",
            ),
            ("../../x", "leaves the site"),
            ("/img/", "the directory has no index.html"),
            ("%ff", "the address is not UTF-8"),
        ] {
            let broken = Verdict::Broken(why.to_owned());
            assert_eq!(
                verdict_on(&config, "guide/index.html", link),
                broken,
                "{link}"
            );
        }
    }

    #[test]
    fn the_sites_own_address_is_internal() {
        let config = config(&[("base-url", "https://a.example/docs/")]);
        let good = [
            "/docs/guide/",
            "https://a.example/docs/guide/#start",
            "//a.example/docs",
        ];
        assert!(
            good.iter()
                .all(|link| verdict_on(&config, "index.html", link) == Verdict::Good)
        );
        assert_eq!(verdict_on(&config, "index.html", "/guide/"), outside());
        let gone = verdict_on(&config, "index.html", "https://a.example/docs/gone");
        assert!(matches!(gone, Verdict::Broken(_)));
        assert_eq!(
            verdict_on(&config, "index.html", "https://a.example/blog/"),
            Verdict::External
        );
    }

    #[test]
    fn a_pages_base_moves_its_relative_links() {
        let config = config(&[]);
        let follow_from = |base: &str, address: &str| {
            let page = Page {
                base: Some(base.to_owned()),
                ..Page::default()
            };
            let link = Link {
                line: 1,
                address: address.to_owned(),
                may_be_empty: true,
            };
            follow(&config, &site(), "index.html", &page, &link)
        };
        assert_eq!(follow_from("/guide/", "two words.html"), Verdict::Good);
        assert_eq!(follow_from("guide/x.html", "#start"), Verdict::Good);
        assert!(matches!(follow_from("/img/", "guide/"), Verdict::Broken(_)));
        assert_eq!(
            follow_from("https://cdn.example/", "any"),
            Verdict::External
        );
    }

    #[test]
    fn what_the_configuration_ignores_is_not_broken() {
        let config = config(&[("ignore", "/api/*, *.pdf")]);
        for link in ["/api/v1", "gone.pdf"] {
            assert_eq!(verdict_on(&config, "index.html", link), Verdict::Ignored);
        }
        assert!(matches!(
            verdict_on(&config, "index.html", "/apx/v1"),
            Verdict::Broken(_)
        ));
    }

    proptest! {
        #[test]
        fn any_link_has_a_verdict(link in "([a-z/.#?%:]|\\PC){0,24}", page in "(guide/)?index.html") {
            verdict_on(&config(&[("base-url", "https://a.example/docs/")]), &page, &link);
        }

        #[test]
        fn joined_paths_have_no_dots_and_stay_inside(path in "([a-c]|/|\\.|\\.\\.){0,12}") {
            if let Some(joined) = join("x/y", &path) {
                prop_assert!(!joined.starts_with('/'));
                prop_assert!(joined.split('/').all(|part| part != "." && part != ".."), "{joined}");
            }
        }
    }
}
