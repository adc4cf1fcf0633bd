//! `[secrets.NAME]`: where the secrets are that can be granted.

use std::collections::BTreeMap;
use std::path::Path;

use pipefitter_plugins::toml_table::Table;

use super::environment;
use super::model::{SecretPlace, SecretTable};
use super::read::path;

pub(super) fn read(root: &Table<'_>, base: &Path) -> BTreeMap<String, SecretTable> {
    root.named("secrets")
        .into_iter()
        .filter_map(|(name, entry)| {
            let secret = entry.table(|table| read_secret(table, base))??;
            Some((name, secret))
        })
        .collect()
}

const PLACES: [&str; 4] = ["environment", "file", "secrets-manager", "ssm-parameter"];

fn read_secret(table: &Table<'_>, base: &Path) -> Option<SecretTable> {
    let given = PLACES.into_iter().filter(|key| table.get(key).is_some());
    let given: Vec<&str> = given.collect();
    let remedy = "give one of `environment = \"VARIABLE\"`, `file = \"path\"`, `secrets-manager = \"name or ARN\"` and \
                  `ssm-parameter = \"name or ARN\"`";
    match given[..] {
        [] => table.problem("environment", "the secret has no place", remedy),
        [_] => {}
        [_, second, ..] => table.problem(second, "the secret has more than one place", remedy),
    }
    let from = if let Some(variable) = table.text("environment") {
        let value = environment::secret(&variable);
        SecretPlace::Environment { variable, value }
    } else if let Some(file) = path(table, "file", base) {
        SecretPlace::File(file)
    } else if let Some(id) = table.text("secrets-manager") {
        SecretPlace::SecretsManager {
            id,
            json_key: table.text("json-key"),
            version_stage: table.text("version-stage"),
        }
    } else {
        SecretPlace::SsmParameter {
            parameter: table.text("ssm-parameter")?,
            with_decryption: table.flag("with-decryption").unwrap_or(true),
        }
    };
    Some(SecretTable {
        from,
        source: table.text("source"),
        region: table.text("region"),
        endpoint_url: table.text("endpoint-url"),
    })
}
