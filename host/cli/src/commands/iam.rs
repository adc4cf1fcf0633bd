//! `pipefitter iam`: the least policy for a configuration.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use pipefitter_codepipeline::{ActionTypeId, Owner, iam_policy};
use pipefitter_plugins::load_manifest;

use crate::args::IamArgs;
use crate::config::{load, print_problems};
use crate::exit::Exit;
use crate::plugin_files::{plugin_files, report_plugin_problems};
use crate::print;

pub(crate) fn main(args: &IamArgs) -> Result<Exit> {
    let config = match load(&args.config) {
        Ok(config) => config,
        Err(problems) => {
            print_problems(&problems);
            return Ok(Exit::Config);
        }
    };
    let account = match args.account.as_str() {
        "*" => None,
        account if account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()) => {
            Some(account)
        }
        other => bail!("`{other}` is not an account: give its 12 digits, or leave --account out"),
    };
    let Some(dir) = &config.plugins_dir else {
        bail!(
            "{} names no `plugins-dir`: the policy follows the plugins",
            args.config.display()
        );
    };
    let mut action_types = Vec::new();
    let mut problems = Vec::new();
    for file in plugin_files(dir)? {
        match load_manifest(&file) {
            Ok(manifest) => {
                let key = manifest.key();
                action_types.push(ActionTypeId {
                    category: key.category.clone(),
                    owner: Owner::Custom,
                    provider: key.provider.clone(),
                    version: key.version.clone(),
                });
            }
            Err(found) => problems.extend(found),
        }
    }
    if !problems.is_empty() {
        report_plugin_problems(&problems);
        return Ok(Exit::Failure);
    }
    if config.sources.is_empty() {
        bail!(
            "{} has no [[source]]: the policy follows its Region",
            args.config.display()
        );
    }
    // One policy for each Region; a role that serves several may merge them.
    let regions: BTreeMap<&str, ()> = config
        .sources
        .iter()
        .map(|source| (source.region.as_str(), ()))
        .collect();
    for region in regions.keys() {
        print::line(format_args!(
            "{:#}",
            iam_policy(&action_types, region, account)
        ))?;
    }
    Ok(Exit::Success)
}
