//! `pipefitter iam`: the least policy for a configuration.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use pipefitter_codepipeline::{ActionTypeId, iam_policy};
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
    let mut served = Vec::new();
    let mut problems = Vec::new();
    for file in plugin_files(dir)? {
        match load_manifest(&file) {
            Ok(manifest) => served.push(manifest.key().clone()),
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
    let mut regions: BTreeMap<&str, Vec<ActionTypeId>> = BTreeMap::new();
    for source in &config.sources {
        let action_types = regions.entry(&source.region).or_default();
        let of_source = served.iter().filter(|key| source.serves(key));
        action_types.extend(of_source.map(|key| ActionTypeId {
            category: key.category.clone(),
            owner: source.owner,
            provider: key.provider.clone(),
            version: key.version.clone(),
        }));
    }
    for (region, action_types) in regions {
        print::line(format_args!(
            "{:#}",
            iam_policy(&action_types, region, account)
        ))?;
    }
    Ok(Exit::Success)
}
