//! `pipefitter plugin sign FILE --key KEY`: writes `FILE.minisig`, which minisign's own tools verify too.
//!
//! What is signed are the bytes of the .wasm; the trusted comment binds the manifest that counts for it now, so
//! that another one beside it later is refused.

use std::path::PathBuf;

use anyhow::{Context, Result};
use pipefitter_plugins::{Custody, SigningKey, SupplyPolicy, inspect_plugin};

use super::password;
use super::whole::write_whole;
use crate::args::SignArgs;
use crate::exit::Exit;
use crate::plugin_files::{one_plugin_file, report_plugin_problems};
use crate::print;
use crate::wiring::Looking;

pub(crate) fn main(args: &SignArgs) -> Result<Exit> {
    let file = one_plugin_file(&args.plugin)?;
    let policy = SupplyPolicy {
        custody: Custody::Advised,
        max_plugin_bytes: super::LARGEST_READ,
        ..SupplyPolicy::default()
    };
    let plugin = match inspect_plugin(&file, &policy, &Looking::start()?) {
        Ok(plugin) => plugin,
        Err(problems) => {
            report_plugin_problems(&problems);
            return Ok(Exit::Failure);
        }
    };
    let password = match &args.password_file {
        _ if !SigningKey::is_encrypted(&args.key)? => None,
        Some(file) => Some(password::from_file(file)?),
        None => Some(password::asked(&args.key)?),
    };
    let key = SigningKey::read(&args.key, password)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let signature = key.sign(&name, &plugin.wasm, &plugin.manifest_digest)?;
    let mut target = file.clone().into_os_string();
    target.push(".minisig");
    let target = PathBuf::from(target);
    write_whole(&target, signature.as_bytes()).context("could not keep the signature")?;
    let manifest = match &plugin.manifest_file {
        Some(beside) => format!(", together with {}", beside.display()),
        None => String::new(),
    };
    print::line(format_args!(
        "Signed {}{manifest}, with key {}: {}",
        file.display(),
        key.trusted().id(),
        target.display()
    ))?;
    Ok(Exit::Success)
}
