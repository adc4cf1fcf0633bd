//! `[[source]]`: where jobs come from.

use std::path::Path;
use std::time::Duration;

use pipefitter_codepipeline::Owner;
use pipefitter_plugins::toml_table::Table;
use pipefitter_worker::SourceSettings;

use super::environment;
use super::model::{ClientTokensConfig, SourceConfig};
use super::news;
use super::read::{action_type, path};

/// How long a program for client tokens may take: a call to a service of secrets and a retry of it.
const EXEC_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn read(root: &Table<'_>, base: &Path) -> Vec<SourceConfig> {
    let mut sources: Vec<SourceConfig> = Vec::new();
    root.tables("source", |table| {
        let source = read_source(table, base);
        if sources
            .iter()
            .any(|other| other.id == source.id && !source.id.is_empty())
        {
            table.problem(
                "id",
                format!("two sources are called `{}`", source.id),
                "give each source a name of its own: journal and logs tell them apart by it",
            );
        }
        let queue = |source: &SourceConfig| Some(source.news.events.as_ref()?.queue.clone());
        if queue(&source).is_some() && sources.iter().any(|other| queue(other) == queue(&source)) {
            table.problem(
                "events",
                "two sources have the same queue, and each would take the other's events",
                "give each source a queue and a rule of its own: `pipefitter events` prints them",
            );
        }
        sources.push(source);
    });
    sources
}

fn read_source(table: &Table<'_>, base: &Path) -> SourceConfig {
    table.require("id", "add a line such as `id = \"main\"`");
    table.require("region", "add a line such as `region = \"eu-central-1\"`");
    // Of one that is misspelt nothing more is known.
    let owner = match table.get("owner") {
        None => Some(Owner::Custom),
        Some(entry) => {
            entry.choice(&[("Custom", Owner::Custom), ("ThirdParty", Owner::ThirdParty)])
        }
    };
    let endpoint_url = table.text("endpoint-url");
    let source = SourceConfig {
        id: table.text("id").unwrap_or_default(),
        region: table.text("region").unwrap_or_default(),
        owner: owner.unwrap_or(Owner::Custom),
        account: read_account(table),
        settings: read_settings(table),
        profile: table.text("profile"),
        role_arn: table.text("role-arn"),
        external_id: table.text("external-id"),
        endpoint_url: endpoint_url
            .clone()
            .or_else(|| environment::endpoint("CODEPIPELINE")),
        s3_endpoint_url: endpoint_url.or_else(|| environment::endpoint("S3")),
        client_tokens: read_client_tokens(table, base),
        static_keys: None,
        news: news::read(table),
    };
    if source.external_id.is_some() && source.role_arn.is_none() {
        table.problem(
            "external-id",
            "`external-id` is for assuming a role, and there is no `role-arn`",
            "add `role-arn`, or take `external-id` out",
        );
    }
    let simple = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !source.id.chars().all(simple) || source.id.len() > 64 {
        table.problem(
            "id",
            format!("source id `{}` is not a plain name", source.id),
            "use up to 64 letters, digits, `-` and `_`",
        );
    }
    if owner == Some(Owner::ThirdParty) && source.news.check_executions.is_some() {
        table.problem(
            "check-executions",
            "`check-executions` asks about executions, and a partner's job has no execution id",
            "take it out: such a job is noticed when its credentials are renewed",
        );
    }
    let given = table.get("client-tokens").is_some();
    match owner {
        Some(Owner::ThirdParty) if !given => table.problem(
            "client-tokens",
            "a source of partners' jobs needs its customers' tokens, and there is no `client-tokens`",
            REMEDY,
        ),
        Some(Owner::Custom) if given => table.problem(
            "client-tokens",
            "`client-tokens` are for partners' jobs, and the source has the account's own",
            "add `owner = \"ThirdParty\"`, or take `client-tokens` out",
        ),
        _ => {}
    }
    source
}

fn read_account(table: &Table<'_>) -> Option<String> {
    let account = table.text("account")?;
    if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
        table.problem(
            "account",
            format!("`{account}` is not an account"),
            "give its 12 digits, in quotes",
        );
    }
    Some(account)
}

fn read_settings(table: &Table<'_>) -> SourceSettings {
    let action_types = table.get("action-types").and_then(|entry| {
        let names = entry.texts()?;
        if names.is_empty() {
            entry.problem(
                "`action-types` is empty, so that the source is polled for nothing",
                "name some, or leave it out for all that plugins serve",
            );
        }
        let keys = names
            .into_iter()
            .filter_map(|name| action_type(&entry, name));
        Some(keys.collect())
    });
    SourceSettings {
        slots: table.count("slots", 1..=1024),
        action_types,
    }
}

const PLACES: [&str; 3] = ["file", "env", "exec"];

const REMEDY: &str = "add `client-tokens = { file = \"tokens.json\" }`, `{ env = \"VARIABLE\" }` or \
                      `{ exec = [\"program\", \"{client-id}\"] }`";

fn read_client_tokens(table: &Table<'_>, base: &Path) -> Option<ClientTokensConfig> {
    table.table("client-tokens", |tokens| {
        let given: Vec<&str> = PLACES
            .into_iter()
            .filter(|key| tokens.get(key).is_some())
            .collect();
        match given[..] {
            [] => tokens.problem("file", "`client-tokens` names no place", REMEDY),
            [_] => {}
            [_, second, ..] => {
                tokens.problem(second, "`client-tokens` names more than one place", REMEDY);
            }
        }
        let timeout = tokens.duration("timeout");
        if timeout.is_some() && !given.contains(&"exec") {
            tokens.problem(
                "timeout",
                "`timeout` is for a program, and there is no `exec`",
                "take it out",
            );
        }
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            tokens.problem(
                "timeout",
                "`timeout` is zero, so that no program is ever waited for",
                "give it some seconds",
            );
        }
        let file = path(tokens, "file", base).map(ClientTokensConfig::File);
        let environment = tokens.text("env").map(|variable| {
            let value = environment::secret(&variable);
            ClientTokensConfig::Environment { variable, value }
        });
        let exec = tokens.get("exec").and_then(|entry| {
            let mut command: Vec<String> =
                entry.texts()?.into_iter().map(str::to_owned).collect();
            if !command.iter().skip(1).any(|word| word.contains("{client-id}")) {
                entry.problem(
                    "no argument of `exec` has `{client-id}` in it",
                    "write it where the program takes the client's id, such as [\"/usr/local/bin/token-of\", \
                     \"{client-id}\"]",
                );
                return None;
            }
            // As every path; a plain name is looked for where every command is.
            if let Some(program) = command.first_mut().filter(|program| program.contains('/')) {
                *program = base.join(&*program).display().to_string();
            }
            Some(ClientTokensConfig::Exec {
                command,
                timeout: timeout.unwrap_or(EXEC_TIMEOUT),
            })
        });
        file.or(environment).or(exec)
    })?
}
