//! The action's configuration.

use pipefitter_sdk::{Failure, Job};
use serde::Deserialize;

/// The configuration, checked.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Config {
    /// Relative, without `.` and `..`; empty for the granted directory itself.
    pub(crate) target: String,
    #[serde(default = "three")]
    pub(crate) keep: usize,
    pub(crate) url: Option<String>,
}

fn three() -> usize {
    3
}

impl Config {
    pub(crate) fn of(job: &Job) -> Result<Self, Failure> {
        let mut config: Self = job.config()?;
        let parts: Vec<&str> = config
            .target
            .split('/')
            .filter(|part| !part.is_empty() && *part != ".")
            .collect();
        if parts
            .iter()
            .any(|part| *part == ".." || part.contains(['\\', '\0']))
        {
            return Err(Failure::configuration_key(
                "target",
                format!(
                    "`{}` may leave the granted directory: give a folder inside it, such as docs",
                    config.target
                ),
            ));
        }
        config.target = parts.join("/");
        if config.keep == 0 {
            return Err(Failure::configuration_key(
                "keep",
                "at least 1, the release itself, is kept",
            ));
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipefitter_sdk::testing;

    #[test]
    fn the_target_stays_in_the_granted_directory() {
        let of = |target: &str| Config::of(&testing::job().config("target", target).build());
        for (given, target) in [
            ("docs", "docs"),
            (".", ""),
            ("/a//b/./", "a/b"),
            ("..x", "..x"),
        ] {
            assert_eq!(of(given).unwrap().target, target);
        }
        for bad in ["..", "a/../..", "a\\..\\b"] {
            assert!(
                of(bad)
                    .unwrap_err()
                    .message
                    .starts_with("configuration `target`: ")
            );
        }
    }

    #[test]
    fn the_release_itself_is_always_kept() {
        let job = testing::job()
            .config("target", "x")
            .config("keep", 0)
            .build();
        assert!(
            Config::of(&job)
                .unwrap_err()
                .message
                .starts_with("configuration `keep`: ")
        );
    }
}
