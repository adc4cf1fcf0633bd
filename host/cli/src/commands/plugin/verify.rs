//! `pipefitter plugin verify FILE`: what a plugin's files are, and whether keys or a configuration accept them.

use std::path::Path;

use anyhow::Result;
use pipefitter_plugins::toml_table::key;
use pipefitter_plugins::{Custody, PluginFiles, SupplyPolicy, TrustedKey, inspect_plugin};

use crate::args::VerifyArgs;
use crate::config::{load, print_problems};
use crate::exit::Exit;
use crate::plugin_files::{one_plugin_file, report_plugin_problems};
use crate::print;
use crate::wiring::Looking;

pub(crate) fn main(args: &VerifyArgs) -> Result<Exit> {
    let policy = match &args.config {
        Some(file) => match load(file) {
            Ok(config) => config.supply.policy,
            Err(problems) => {
                print_problems(&problems);
                return Ok(Exit::Config);
            }
        },
        None => SupplyPolicy {
            custody: Custody::Advised,
            max_plugin_bytes: super::LARGEST_READ,
            require_signature: !args.keys.is_empty(),
            trusted_keys: args
                .keys
                .iter()
                .map(|key| trusted(key))
                .collect::<Result<_>>()?,
            ..SupplyPolicy::default()
        },
    };
    let file = one_plugin_file(&args.plugin)?;
    match inspect_plugin(&file, &policy, &Looking::start()?) {
        Ok(plugin) => {
            print::line(described(&file, &plugin))?;
            Ok(Exit::Success)
        }
        Err(problems) => {
            report_plugin_problems(&problems);
            Ok(Exit::Failure)
        }
    }
}

/// The key itself, or a file that holds it.
fn trusted(text: &str) -> Result<TrustedKey> {
    let key = match TrustedKey::parse(text) {
        Ok(key) => key,
        Err(_) => TrustedKey::read(Path::new(text), Custody::Advised)?,
    };
    Ok(key)
}

fn described(file: &Path, plugin: &PluginFiles) -> String {
    let manifest = match &plugin.manifest_file {
        Some(beside) => format!("{} {}", beside.display(), plugin.manifest_digest),
        None => "embedded".to_owned(),
    };
    let signature = match &plugin.signature {
        None => "none".to_owned(),
        Some(seen) if seen.verified => format!("good, by key {} ({})", seen.key_id, seen.comment),
        Some(seen) => format!(
            "says key {}, and was not verified: give --key or --config",
            seen.key_id
        ),
    };
    let pin = match &plugin.manifest_file {
        Some(_) => format!("\nmanifest-digest = \"{}\"", plugin.manifest_digest),
        None => String::new(),
    };
    format!(
        "{}: {}\n  digest     {}\n  manifest   {manifest}\n  signature  {signature}\n\n\
         To serve exactly this file, put into pipefitter.toml:\n\
         [plugins.{}]\ndigest = \"{}\"{pin}",
        file.display(),
        plugin.manifest.key(),
        plugin.wasm_digest,
        key(&plugin.name),
        plugin.wasm_digest,
    )
}
