//! The action's configuration.

use pipefitter_sdk::{Failure, Job};
use serde::Deserialize;

/// The configuration, checked.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Config {
    pub(crate) title: String,
    pub(crate) base_url: Option<String>,
    pub(crate) source_folder: Option<String>,
    pub(crate) description: Option<String>,
    #[serde(default = "english")]
    pub(crate) language: String,
    #[serde(default)]
    pub(crate) drafts: bool,
    #[serde(default = "yes")]
    pub(crate) fail_on_empty: bool,
}

fn english() -> String {
    "en".to_owned()
}

fn yes() -> bool {
    true
}

impl Config {
    pub(crate) fn of(job: &Job) -> Result<Self, Failure> {
        let mut config: Self = job.config()?;
        if config.title.trim().is_empty() {
            return Err(Failure::configuration_key("title", "a text is required"));
        }
        if let Some(url) = &mut config.base_url {
            *url = checked_base(url)?;
        }
        if let Some(folder) = &mut config.source_folder {
            *folder = checked_folder(folder)?;
        }
        let of_tag = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if config.language.is_empty() || !config.language.chars().all(of_tag) {
            let problem = format!(
                "`{}` is not a language tag such as en or de-CH",
                config.language
            );
            return Err(Failure::configuration_key("language", problem));
        }
        Ok(config)
    }

    /// The path that the site will be at on its host, with `/` at both ends.
    pub(crate) fn base_path(&self) -> &str {
        self.base_url
            .as_deref()
            .and_then(|url| url.split_once("://"))
            .and_then(|(_, rest)| rest.find('/').map(|slash| &rest[slash..]))
            .unwrap_or("/")
    }
}

/// With exactly one `/` at its end.
fn checked_base(url: &str) -> Result<String, Failure> {
    let url = url.trim();
    let host = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"))
        .unwrap_or("");
    let bad = host.is_empty()
        || host.starts_with('/')
        || host.contains(|c: char| matches!(c, '?' | '#' | '"' | '<' | '>') || c.is_whitespace());
    if bad {
        return Err(Failure::configuration_key(
            "base-url",
            format!("`{url}` is not an address such as https://docs.example.com/guide/"),
        ));
    }
    Ok(format!("{}/", url.trim_end_matches('/')))
}

/// Without `/` at its ends; relative, and inside the artifact.
fn checked_folder(folder: &str) -> Result<String, Failure> {
    let parts: Vec<&str> = folder
        .split('/')
        .filter(|part| !part.is_empty() && *part != ".")
        .collect();
    if parts.contains(&"..") {
        return Err(Failure::configuration_key(
            "source-folder",
            format!("`{folder}` leaves the input artifact: give a folder inside it, without `..`"),
        ));
    }
    Ok(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipefitter_sdk::testing;

    #[test]
    fn defaults_are_for_a_site_in_english_that_has_pages() {
        let config = Config::of(&testing::job().config("title", "T").build()).unwrap();
        assert_eq!(
            (
                config.language.as_str(),
                config.drafts,
                config.fail_on_empty
            ),
            ("en", false, true)
        );
        assert_eq!(config.base_path(), "/");
    }

    #[test]
    fn the_base_url_ends_with_one_slash_and_has_a_path() {
        for (given, url, path) in [
            ("https://a.example", "https://a.example/", "/"),
            ("http://a.example/x//", "http://a.example/x/", "/x/"),
        ] {
            let job = testing::job()
                .config("title", "T")
                .config("base-url", given)
                .build();
            let config = Config::of(&job).unwrap();
            assert_eq!(
                (config.base_url.as_deref(), config.base_path()),
                (Some(url), path)
            );
        }
        for bad in [
            "a.example",
            "ftp://x",
            "https://",
            "https:///x",
            "https://a/?q",
            "https://a b",
        ] {
            let job = testing::job()
                .config("title", "T")
                .config("base-url", bad)
                .build();
            let failure = Config::of(&job).unwrap_err();
            assert!(
                failure.message.starts_with("configuration `base-url`: "),
                "{failure}"
            );
        }
    }

    #[test]
    fn the_source_folder_stays_inside_the_artifact() {
        let of = |folder: &str| {
            Config::of(
                &testing::job()
                    .config("title", "T")
                    .config("source-folder", folder)
                    .build(),
            )
        };
        assert_eq!(
            of("/docs/./user/").unwrap().source_folder.as_deref(),
            Some("docs/user")
        );
        assert!(of("docs/../..").is_err());
    }
}
