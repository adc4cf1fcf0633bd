//! The world that a plugin is built for: `action`, and what its manifest asks for besides.
//!
//! The manifest decides, so that there is one place to say what a plugin touches. Rust needs no text of it: the
//! SDK's imports are there if they are called, and [`asks`](super::asks) compares. Other languages' tools keep
//! every import of a world, used or not: for them it is written, with all that it depends on, into a folder.

use std::fmt;
use std::path::Path;

use anyhow::{Context, Result, bail};
use include_dir::{Dir, include_dir};
use pipefitter_plugins::Manifest;

use super::whole::write_whole;

static CONTRACT: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/action.wit"));
static WASI: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/wit/wasi-0.2.12");
const WASI_VERSION: &str = "0.2.12";

/// The file functions and random numbers, for languages that bring none, and what they refer to.
const FILES: &[&str] = &["clocks", "filesystem", "io", "random"];
/// What the package wasi:http refers to besides.
const NETWORK: &[&str] = &["cli", "http", "sockets"];

/// How a file of ours begins; one that does not is the author's.
const HEADER: &str = "// Made by `pipefitter plugin build --wit`";

/// A plugin's world, by what is in it besides `action`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct World {
    secrets: bool,
    network: bool,
}

impl World {
    pub(super) fn asked_by(manifest: &Manifest) -> World {
        World {
            secrets: !manifest.capabilities.secrets.is_empty(),
            network: !manifest.capabilities.network.is_empty(),
        }
    }

    /// Writes `world.wit` and `deps` into a folder, which is made if it is not there.
    pub(super) fn write(self, manifest: &Manifest, folder: &Path) -> Result<()> {
        let world = folder.join("world.wit");
        match std::fs::read_to_string(&world) {
            Ok(text) if !text.starts_with(HEADER) => bail!(
                "{} is not of this command's making: give another folder, or remove it",
                world.display()
            ),
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("could not read {}", world.display()));
            }
            _ => {}
        }
        let deps = folder.join("deps");
        write_whole(
            &deps.join("pipefitter-action/action.wit"),
            CONTRACT.as_bytes(),
        )?;
        let network: &[&str] = if self.network { NETWORK } else { &[] };
        for package in FILES.iter().chain(network) {
            let name = format!("{package}.wit");
            let file = WASI
                .get_file(&name)
                .with_context(|| format!("this program was built without wasi:{package}"))?;
            let to = deps.join(format!("wasi-{package}")).join(&name);
            write_whole(&to, file.contents())?;
        }
        write_whole(&world, self.text(manifest).as_bytes())
    }

    fn text(self, manifest: &Manifest) -> String {
        let secrets = if self.secrets {
            "    include pipefitter:action/needs-secrets@0.1.0;\n"
        } else {
            ""
        };
        let network = if self.network {
            format!("    import wasi:http/outgoing-handler@{WASI_VERSION};\n")
        } else {
            String::new()
        };
        format!(
            "{HEADER} from action.toml: make it again when [capabilities] change.\n\
             package pipefitter:plugin;\n\
             \n\
             /// The plugin for {key}, with what its manifest asks for.\n\
             world plugin {{\n    \
                 include pipefitter:action/action@0.1.0;\n\
             {secrets}{network}\
             }}\n\
             \n\
             /// The same for languages that bring neither file functions nor random numbers of their own, such as JavaScript.\n\
             world plugin-with-files {{\n    \
                 include plugin;\n    \
                 import wasi:filesystem/types@{WASI_VERSION};\n    \
                 import wasi:filesystem/preopens@{WASI_VERSION};\n    \
                 import wasi:random/random@{WASI_VERSION};\n\
             }}\n",
            key = manifest.key()
        )
    }
}

impl fmt::Display for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("action")?;
        if self.secrets {
            f.write_str(" + needs-secrets")?;
        }
        if self.network {
            f.write_str(" + wasi:http/outgoing-handler")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "[action]\ncategory = \"Build\"\nprovider = \"Hello\"\nversion = \"1\"\n";

    fn manifest(capabilities: &str) -> Manifest {
        let text = format!("{LEAST}[capabilities]\n{capabilities}");
        Manifest::parse(&text, "action.toml").unwrap()
    }

    #[test]
    fn the_world_is_what_is_asked_for() {
        let all = manifest(
            "network = [{ to = \"https://api.example.com\" }]\nsecrets = [{ name = \"token\" }]\n",
        );
        let world = World::asked_by(&all);
        assert_eq!(
            world.to_string(),
            "action + needs-secrets + wasi:http/outgoing-handler"
        );
        insta::assert_snapshot!(world.text(&all));
        let none = manifest("scratch = true\n");
        assert_eq!(World::asked_by(&none).to_string(), "action");
        let text = World::asked_by(&none).text(&none);
        assert!(
            !text.contains("wasi:http") && !text.contains("secrets"),
            "{text}"
        );
    }

    #[test]
    fn every_file_of_wasi_is_of_the_version_that_is_named() {
        for package in FILES.iter().chain(NETWORK) {
            let file = WASI.get_file(format!("{package}.wit")).unwrap();
            let first = format!("package wasi:{package}@{WASI_VERSION};");
            assert!(
                file.contents_utf8().unwrap().starts_with(&first),
                "{package}"
            );
        }
        assert_eq!(WASI.files().count(), FILES.len() + NETWORK.len());
    }

    #[test]
    fn a_folder_is_written_again_and_a_file_of_the_authors_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let wit = folder.path().join("wit");
        let asks = manifest("network = [{ to = \"https://api.example.com\" }]\n");
        World::asked_by(&asks).write(&asks, &wit).unwrap();
        let none = manifest("");
        World::asked_by(&none).write(&none, &wit).unwrap();
        let text = std::fs::read_to_string(wit.join("world.wit")).unwrap();
        assert_eq!(text, World::asked_by(&none).text(&none));

        std::fs::write(wit.join("world.wit"), "package my:own;\n").unwrap();
        let refused = World::asked_by(&none).write(&none, &wit).unwrap_err();
        assert!(
            refused.to_string().contains("give another folder"),
            "{refused}"
        );
    }
}
