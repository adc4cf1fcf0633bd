//! `pipefitter iam`: the least policies for a configuration.
//!
//! ```text
//!   the worker's own credentials --sts:AssumeRole--> the role of a source, in its own account
//!             |                                          |
//!             polls for sources without a role           polls for its sources
//! ```

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, bail};
use pipefitter_codepipeline::{
    ActionTypeId, account_of, executions_statement, iam_policy, partition,
};
use pipefitter_events::receive_statement;
use pipefitter_plugins::{ActionTypeKey, load_manifest};
use pipefitter_secrets::{Needed, NeededSecret, iam_statements};
use serde_json::{Value, json};

use crate::args::IamArgs;
use crate::config::{Config, SecretPlace, SecretTable, SourceConfig, load, print_problems};
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
    let policies = policies(&config, &served, account);
    let all = policies.len();
    for (at, policy) in policies.into_iter().enumerate() {
        // Beside the output, which stays JSON.
        print::error_line(format_args!("Policy {} of {all}: {}", at + 1, policy.title));
        print::line(format_args!("{:#}", policy.document))?;
    }
    Ok(Exit::Success)
}

/// A policy, and whose it is.
struct Policy {
    title: String,
    document: Value,
}

/// What a policy is attached to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Holder<'a> {
    /// The credentials that the worker finds, of a profile or where every AWS tool looks.
    Own(Option<&'a str>),
    /// A role that those assume.
    Role(&'a str),
}

impl<'a> Holder<'a> {
    fn of(source: &'a SourceConfig) -> Self {
        match &source.role_arn {
            Some(role) => Self::Role(role),
            None => Self::Own(source.profile.as_deref()),
        }
    }
}

impl std::fmt::Display for Holder<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Own(None) => f.write_str("the worker's own credentials"),
            Self::Own(Some(profile)) => write!(f, "the credentials of the profile `{profile}`"),
            Self::Role(arn) => write!(f, "the role {arn}"),
        }
    }
}

/// Whose account a source's things are in, as far as that is known.
fn account_of_source<'a>(source: &'a SourceConfig, account: Option<&'a str>) -> Option<&'a str> {
    let of_role = source.role_arn.as_deref().and_then(account_of);
    of_role.or(source.account.as_deref()).or(account)
}

/// Sources that one policy is for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Group<'a> {
    holder: Holder<'a>,
    account: Option<&'a str>,
    region: &'a str,
}

impl<'a> Group<'a> {
    fn of(source: &'a SourceConfig, account: Option<&'a str>) -> Self {
        Self {
            holder: Holder::of(source),
            account: account_of_source(source, account),
            region: &source.region,
        }
    }
}

/// One policy for each holder and Region that jobs come from, and one for whoever assumes roles; a holder of several may
/// merge them. A secret is in that of the source that asks for it.
fn policies(config: &Config, served: &[ActionTypeKey], account: Option<&str>) -> Vec<Policy> {
    let mut groups: BTreeMap<Group<'_>, Vec<&SourceConfig>> = BTreeMap::new();
    for source in &config.sources {
        let group = Group::of(source, account);
        groups.entry(group).or_default().push(source);
    }
    let used = used(config);
    let secrets = || used.iter().filter_map(|name| config.secrets.get(*name));
    let policy = |(group, sources): (Group<'_>, Vec<&SourceConfig>)| {
        let Group {
            holder,
            account: of_group,
            region,
        } = group;
        let action_types: Vec<ActionTypeId> = sources
            .iter()
            .flat_map(|source| action_types(source, served))
            .collect();
        let needed: Vec<Needed<'_>> = secrets()
            .filter_map(|secret| needed(config, secret, account))
            .filter_map(|(source, needed)| (Group::of(source, account) == group).then_some(needed))
            .collect();
        let mut document = iam_policy(&action_types, region, of_group);
        if let Some(statements) = document["Statement"].as_array_mut() {
            statements.extend(iam_statements(&needed));
            statements.extend(news_statements(&sources, region, of_group));
        }
        let ids: Vec<String> = sources
            .iter()
            .map(|source| format!("`{}`", source.id))
            .collect();
        let source = if ids.len() == 1 { "source" } else { "sources" };
        let title = format!("for {holder} in {region}, {source} {}", ids.join(", "));
        Policy { title, document }
    };
    let assuming = assuming(config);
    assuming
        .into_iter()
        .chain(groups.into_iter().map(policy))
        .collect()
}

fn action_types(source: &SourceConfig, served: &[ActionTypeKey]) -> Vec<ActionTypeId> {
    let of_source = served.iter().filter(|key| source.serves(key));
    let id = |key: &ActionTypeKey| ActionTypeId {
        category: key.category.clone(),
        owner: source.owner,
        provider: key.provider.clone(),
        version: key.version.clone(),
    };
    of_source.map(id).collect()
}

/// What the credentials need that roles are assumed with: one policy for each.
fn assuming(config: &Config) -> Vec<Policy> {
    type Roles<'a> = BTreeMap<Option<&'a str>, BTreeSet<&'a str>>;
    let mut holders: BTreeMap<Holder<'_>, Roles<'_>> = BTreeMap::new();
    for source in &config.sources {
        if let Some(role) = &source.role_arn {
            let holder = Holder::Own(source.profile.as_deref());
            let roles = holders.entry(holder).or_default();
            let roles = roles.entry(source.external_id.as_deref());
            roles.or_default().insert(role);
        }
    }
    let statement = |(external_id, roles): (Option<&str>, BTreeSet<&str>)| {
        let mut statement = json!({
            "Effect": "Allow",
            "Action": ["sts:AssumeRole"],
            "Resource": roles,
        });
        if let Some(id) = external_id {
            statement["Condition"] = json!({ "StringEquals": { "sts:ExternalId": id } });
        }
        statement
    };
    let policy = |(holder, roles): (Holder<'_>, Roles<'_>)| {
        let statements: Vec<Value> = roles.into_iter().map(statement).collect();
        Policy {
            title: format!("for {holder}, to assume roles, each of which must trust them"),
            document: json!({ "Version": "2012-10-17", "Statement": statements }),
        }
    };
    holders.into_iter().map(policy).collect()
}

/// What a secret needs of AWS, if anything, and the source that asks.
fn needed<'a>(
    config: &'a Config,
    secret: &'a SecretTable,
    account: Option<&'a str>,
) -> Option<(&'a SourceConfig, Needed<'a>)> {
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
    let needed = Needed {
        what,
        partition: partition(region),
        region,
        // What a role asks for by name is its own account's.
        account: account_of_source(source, account),
    };
    Some((source, needed))
}

/// What `events` and `check-executions` of the sources of a Region need besides.
fn news_statements(sources: &[&SourceConfig], region: &str, account: Option<&str>) -> Vec<Value> {
    let queues: BTreeSet<String> = sources
        .iter()
        .filter_map(|source| source.news.events.as_ref())
        .map(|events| events.queue.arn(partition(region), region))
        .collect();
    let mut checks = sources.iter().map(|source| source.news.check_executions);
    let checks = checks.any(|interval| interval.is_some());
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

    fn shown<'a>(policies: impl IntoIterator<Item = &'a Policy>) -> String {
        let shown = |policy: &Policy| {
            format!(
                "{}:
{:#}
",
                policy.title, policy.document
            )
        };
        policies.into_iter().map(shown).collect()
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
        insta::assert_snapshot!(shown(&policies(&config, &[], Some("111122223333"))));
    }

    #[test]
    fn without_an_account_it_is_the_one_that_the_policy_is_attached_in() {
        let config = config(&format!(
            "{SOURCES}[secrets.npm]\nsecrets-manager = \"ci/npm\"\n[plugins.a.grant]\nsecrets = [\"npm\"]\n"
        ));
        let text = shown(&policies(&config, &[], None));
        let arn = "arn:aws:secretsmanager:eu-central-1:*:secret:ci/npm-??????";
        assert!(text.contains(arn), "{text}");
    }

    #[test]
    fn each_role_has_a_policy_of_its_account_and_who_assumes_it_the_right_to() {
        let config = config(
            "[[source]]\nid = \"own\"\nregion = \"eu-central-1\"\n\
             [[source]]\nid = \"far\"\nregion = \"us-east-1\"\ncheck-executions = \"1m\"\n\
             role-arn = \"arn:aws:iam::444455556666:role/worker\"\nexternal-id = \"one\"\n\
             [[source]]\nid = \"same\"\nregion = \"us-east-1\"\n\
             role-arn = \"arn:aws:iam::444455556666:role/worker\"\nexternal-id = \"one\"\n\
             [[source]]\nid = \"farther\"\nregion = \"us-east-1\"\n\
             role-arn = \"arn:aws:iam::777788889999:role/worker\"\n\
             [[source]]\nid = \"built\"\nregion = \"eu-central-1\"\nprofile = \"build\"\n\
             role-arn = \"arn:aws:iam::777788889999:role/builder\"\nexternal-id = \"two\"\n\
             [[source]]\nid = \"said\"\nregion = \"eu-central-1\"\nprofile = \"build\"\n\
             account = \"222233334444\"\n",
        );
        let site = ActionTypeKey {
            category: "Build".into(),
            provider: "Site".into(),
            version: "1".into(),
        };
        let policies = policies(&config, &[site], Some("111122223333"));
        let titles: Vec<&str> = policies
            .iter()
            .map(|policy| policy.title.as_str())
            .collect();
        insta::assert_snapshot!("whose_the_policies_are", titles.join("\n"));
        let of = |title: &str| {
            let mut with = policies
                .iter()
                .filter(|policy| policy.title.contains(title));
            let found = with.next().map(|policy| policy.document.to_string());
            assert!(with.next().is_none(), "{title}");
            found.unwrap_or_else(|| panic!("{title}: {titles:?}"))
        };
        for (title, account) in [
            ("own credentials in", "111122223333"),
            ("444455556666:role/worker", "444455556666"),
            ("777788889999:role/worker", "777788889999"),
            ("777788889999:role/builder", "777788889999"),
            ("profile `build` in", "222233334444"),
        ] {
            let document = of(title);
            let arn = format!(":{account}:actiontype:Custom/Build/Site/1");
            assert!(document.contains(&arn), "{title}: {document}");
            assert_eq!(document.matches(":actiontype:").count(), 1, "{document}");
            assert!(!document.contains("sts:"), "{title}: {document}");
        }
        let checks = of("444455556666:role/worker");
        assert!(
            checks.contains("codepipeline:us-east-1:444455556666:*"),
            "{checks}"
        );
        let assuming = policies
            .iter()
            .filter(|policy| policy.title.contains("assume"));
        insta::assert_snapshot!("who_assumes_which_role", shown(assuming));
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
