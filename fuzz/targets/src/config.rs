//! The operator's configuration: the binary's own files, without the binary.

use std::path::PathBuf;

use tempfile::TempDir;

#[path = "../../../host/cli/src/config/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the binary has more uses for it")]
mod cli_config;

/// A text is refused with problems that say what is wrong and what to do, or is a configuration that is read the
/// same again.
pub fn config(data: &[u8]) {
    thread_local! {
        static HOME: TempDir = tempfile::tempdir().unwrap();
    }
    HOME.with(|home| {
        let file: PathBuf = home.path().join("pipefitter.toml");
        std::fs::write(&file, data).unwrap();
        match cli_config::load(&file) {
            Ok(config) => {
                let again = cli_config::load(&file).expect("what was good is good");
                assert_eq!(
                    format!("{:?}", again.sources),
                    format!("{:?}", config.sources)
                );
                assert_eq!(again.plugins.len(), config.plugins.len());
            }
            Err(problems) => {
                assert!(!problems.is_empty());
                for problem in problems {
                    assert!(!problem.message.is_empty() && !problem.remedy.is_empty());
                }
            }
        }
    });
}
