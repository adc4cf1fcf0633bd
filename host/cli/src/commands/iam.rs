//! `pipefitter iam`: the least policy for a configuration.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use pipefitter_codepipeline::{
    ActionTypeId, account_of, executions_statement, iam_policy, partition,
};
use pipefitter_events::receive_statement;
use pipefitter_plugins::{ActionTypeKey, load_manifest};
use pipefitter_secrets::{Needed, NeededSecret, iam_statements};
use serde_json::Value;

use crate::args::IamArgs;
use crate::config::{Config, SecretPlace, SecretTable, load, print_problems};
use crate::exit::Exit;
use crate::plugin_files::{plugin_files, report_plugin_problems};
use crate::print;
use crate::secret_faults::{secret_faults, source_of, used};
use crate::wiring::Looking;

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
    let looking = Looking::start()?;
    for file in plugin_files(dir)? {
        match load_manifest(&file, &looking) {
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
    let faults = secret_faults(&config);
    if !faults.is_empty() {
        print_problems(&faults);
        return Ok(Exit::Config);
    }
    for policy in policies(&config, &served, account) {
        print::line(format_args!("{policy:#}"))?;
    }
    Ok(Exit::Success)
}

/// One policy for each Region that jobs come from; a role that serves several may merge them. A secret is in that of
/// the source that asks for it.
fn policies(config: &Config, served: &[ActionTypeKey], account: Option<&str>) -> Vec<Value> {
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
    let used = used(config);
    let secrets = || used.iter().filter_map(|name| config.secrets.get(*name));
    let policy = |(region, action_types): (&str, Vec<ActionTypeId>)| {
        let needed: Vec<Needed<'_>> = secrets()
            .filter_map(|secret| needed(config, secret, account))
            .filter_map(|(of, needed)| (of == region).then_some(needed))
            .collect();
        let mut policy = iam_policy(&action_types, region, account);
        if let Some(statements) = policy["Statement"].as_array_mut() {
            statements.extend(iam_statements(&needed));
            statements.extend(news_statements(config, region, account));
        }
        policy
    };
    regions.into_iter().map(policy).collect()
}

/// What a secret needs of AWS, if anything, and the Region of the source that asks.
fn needed<'a>(
    config: &'a Config,
    secret: &'a SecretTable,
    account: Option<&'a str>,
) -> Option<(&'a str, Needed<'a>)> {
    let what = match &secret.from {
        SecretPlace::SecretsManager { id, .. } => NeededSecret::Secret(id),
        SecretPlace::SsmParameter {
            parameter,
            with_decryption,
        } => NeededSecret::Parameter {
            name: parameter,
            with_decryption: *with_decryption,
        },
        SecretPlace::Environment { .. } | SecretPlace::File(_) => return None,
    };
    let source = source_of(config, secret)?;
    let region = secret.region.as_deref().unwrap_or(&source.region);
    // What a role asks for by name is its own account's.
    let of_role = source.role_arn.as_deref().and_then(account_of);
    let needed = Needed {
        what,
        partition: partition(region),
        region,
        account: of_role.or(account),
    };
    Some((&source.region, needed))
}

/// What `events` and `check-executions` of the sources of a Region need besides.
fn news_statements(config: &Config, region: &str, account: Option<&str>) -> Vec<Value> {
    let sources = || {
        config
            .sources
            .iter()
            .filter(|source| source.region == region)
    };
    let queues: BTreeSet<String> = sources()
        .filter_map(|source| source.news.events.as_ref())
        .map(|events| events.queue.arn(partition(region), region))
        .collect();
    let checks = sources().any(|source| source.news.check_executions.is_some());
    let mut statements = Vec::new();
    statements.extend(checks.then(|| executions_statement(region, account)));
    statements.extend((!queues.is_empty()).then(|| receive_statement(&queues)));
    statements
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{parse, render};

    fn config(text: &str) -> Config {
        match parse(Path::new("pipefitter.toml"), text) {
            Ok(config) => config,
            Err(problems) => panic!("{}", render(&problems, false)),
        }
    }

    const SOURCES: &str = "[[source]]\nid = \"main\"\nregion = \"eu-central-1\"\n\
                           [[source]]\nid = \"far\"\nregion = \"us-east-1\"\n\
                           role-arn = \"arn:aws:iam::444455556666:role/worker\"\n";

    #[test]
    fn secrets_are_in_the_policy_of_the_source_that_asks_for_them() {
        let config = config(&format!(
            "{SOURCES}\
             [secrets.npm]\nsecrets-manager = \"ci/npm\"\n\
             [secrets.token]\nssm-parameter = \"/ci/token\"\nsource = \"far\"\n\
             [secrets.plain]\nssm-parameter = \"/ci/plain\"\nregion = \"eu-west-1\"\nwith-decryption = false\n\
             [secrets.proxy]\nssm-parameter = \"proxy\"\n\
             [secrets.own]\nfile = \"Cargo.toml\"\n\
             [secrets.unused]\nsecrets-manager = \"nobody/asks\"\n\
             [network]\nproxy = \"http://proxy\"\nproxy-user = \"worker\"\nproxy-password = \"proxy\"\n\
             [plugins.a.grant]\nsecrets = [\"npm\", \"own\"]\n\
             [plugins.b.grant]\nsecrets = [\"npm\", \"plain\"]\n\
             attach = [{{ secret = \"token\", header = \"x-token\", to = \"https://a.example\" }}]\n"
        ));
        insta::assert_json_snapshot!(policies(&config, &[], Some("111122223333")));
    }

    #[test]
    fn without_an_account_it_is_the_one_that_the_policy_is_attached_in() {
        let config = config(&format!(
            "{SOURCES}[secrets.npm]\nsecrets-manager = \"ci/npm\"\n[plugins.a.grant]\nsecrets = [\"npm\"]\n"
        ));
        let text = policies(&config, &[], None)[0].to_string();
        let arn = "arn:aws:secretsmanager:eu-central-1:*:secret:ci/npm-??????";
        assert!(text.contains(arn), "{text}");
    }

    #[test]
    fn what_is_missing_or_wrong_is_told_with_its_line() {
        let config = config(&format!(
            "{SOURCES}\
             [secrets.lost]\nsecrets-manager = \"ci/npm\"\nsource = \"elsewhere\"\n\
             [secrets.other]\nssm-parameter = \"arn:aws:secretsmanager:us-east-1:444455556666:secret:x\"\n\
             [network]\nproxy = \"http://proxy\"\nproxy-user = \"worker\"\nproxy-password = \"hunter22\"\n\
             [plugins.a.grant]\nsecrets = [\"nowhere\"]\n"
        ));
        insta::assert_snapshot!(render(&secret_faults(&config), false));
    }
}
