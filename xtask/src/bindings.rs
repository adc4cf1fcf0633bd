//! `cargo xtask bindings`: the C bindings that the SDKs for C, C++ and Zig stand on, made from the contract.
//!
//! They are checked in, so that whoever writes a plugin needs a compiler and nothing else, and are for one world with
//! everything: what a plugin does not call falls out when it is linked. The generator is the library of the very version
//! whose macro makes the bindings of the SDK for Rust.

use std::path::PathBuf;

use anyhow::{Context, Result};
use wit_bindgen_core::Files;
use wit_bindgen_core::wit_parser::Resolve;

use crate::{guests, paths};

/// Packages of WASI that the world refers to, each after those that it refers to itself.
const WASI: &[&str] = &[
    "io",
    "clocks",
    "random",
    "filesystem",
    "sockets",
    "cli",
    "http",
];

/// Everything that a plugin can import.
const WORLD: &str = "package pipefitter:plugin;\n\
                     \n\
                     world plugin {\n\
                     \x20   include pipefitter:action/action@0.1.0;\n\
                     \x20   include pipefitter:action/needs-secrets@0.1.0;\n\
                     \x20   import wasi:http/outgoing-handler@0.2.12;\n\
                     }\n";

/// What names and files begin with: apart from a plugin's own.
const PREFIX: &str = "pf-wire";

fn folder() -> PathBuf {
    paths::root().join("guest-sdk/c/gen")
}

/// Write the bindings.
pub(crate) fn run() -> Result<()> {
    for (name, bytes) in made()?.iter() {
        guests::write(&folder().join(name), bytes)?;
    }
    Ok(())
}

fn made() -> Result<Files> {
    let mut resolve = Resolve::default();
    let wasi = paths::root().join("host/cli/wit/wasi-0.2.12");
    for package in WASI {
        resolve.push_file(wasi.join(format!("{package}.wit")))?;
    }
    resolve.push_file(paths::root().join("wit/action.wit"))?;
    let package = resolve.push_str("plugin.wit", WORLD)?;
    let world = resolve.select_world(&[package], Some("plugin"))?;
    let mut files = Files::default();
    let options = wit_bindgen_c::Opts {
        rename_world: Some(PREFIX.to_owned()),
        ..Default::default()
    };
    options
        .build()
        .generate(&mut resolve, world, &mut files)
        .context("could not make the C bindings")?;
    Ok(files)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_bindings_are_those_of_the_contract() {
        let mut names = Vec::new();
        for (name, bytes) in made().unwrap().iter() {
            let kept = fs::read(folder().join(name)).unwrap_or_default();
            assert!(
                kept == bytes,
                "guest-sdk/c/gen/{name} does not fit wit/action.wit: run `cargo xtask bindings`"
            );
            names.push(name.to_owned());
        }
        let mut there: Vec<String> = fs::read_dir(folder())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        there.sort();
        names.sort();
        assert_eq!(
            names, there,
            "guest-sdk/c/gen holds what the generator makes"
        );
    }
}
