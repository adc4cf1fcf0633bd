//! What is wrong with `[secrets]` and what asks for them, as far as it shows without asking anybody.

use std::collections::BTreeSet;

use aws_config::{Region, SdkConfig};
use pipefitter_secrets::{AwsAccess, SecretConfig, SecretFrom};

use crate::config::{Config, ConfigProblem, Place, SecretPlace, SecretTable, SourceConfig};

/// The names of the secrets that something of the configuration uses.
pub(crate) fn used(config: &Config) -> BTreeSet<&str> {
    let granted = config.plugins.values().flat_map(|plugin| {
        let attached = plugin.grant.attach.iter().map(|grant| &grant.secret);
        plugin.grant.secrets.iter().chain(attached)
    });
    let login = config.network.proxy_login.iter();
    granted
        .chain(login.map(|login| &login.password))
        .map(String::as_str)
        .collect()
}

/// The source whose credentials and Region AWS is asked with: the one that the secret names, else the first.
pub(crate) fn source_of<'a>(config: &'a Config, secret: &SecretTable) -> Option<&'a SourceConfig> {
    match &secret.source {
        Some(id) => config.sources.iter().find(|source| source.id == *id),
        None => config.sources.first(),
    }
}

/// Secrets that are used and nowhere, and tables that cannot be right.
pub(crate) fn secret_faults(config: &Config) -> Vec<ConfigProblem> {
    let mut found = nowhere(config);
    for (name, secret) in &config.secrets {
        found.extend(fault_of(config, name, secret));
    }
    found
}

fn problem(place: Place, message: String, remedy: String) -> ConfigProblem {
    ConfigProblem {
        place,
        message,
        remedy,
        warning: false,
    }
}

fn nowhere(config: &Config) -> Vec<ConfigProblem> {
    let places = &config.places;
    let mut found = Vec::new();
    for (plugin, settings) in &config.plugins {
        let grant = &settings.grant;
        let read = grant.secrets.iter().map(|name| ("secrets", name));
        let attached = grant.attach.iter().map(|grant| ("attach", &grant.secret));
        for (key, name) in read.chain(attached) {
            if !config.secrets.contains_key(name) {
                found.push(problem(
                    places.value(&["plugins", plugin, "grant", key]),
                    format!("the secret `{name}` that is granted to `{plugin}` is nowhere"),
                    format!("add [secrets.{name}] with where its value is, or correct the name"),
                ));
            }
        }
    }
    if let Some(login) = &config.network.proxy_login
        && !config.secrets.contains_key(&login.password)
    {
        // What stands there may be the password itself, by mistake: the line is not shown.
        let place = places.file().map(|file| Place::File(file.into()));
        found.push(problem(
            place.unwrap_or(Place::Nowhere),
            "the secret that `proxy-password` names is nowhere".to_owned(),
            "it is the name of a secret, not the password: add [secrets.NAME] with where the value is, and give NAME"
                .to_owned(),
        ));
    }
    found
}

/// What AWS need not be asked to know.
fn fault_of(config: &Config, name: &str, secret: &SecretTable) -> Option<ConfigProblem> {
    let places = &config.places;
    let key = match &secret.from {
        SecretPlace::SecretsManager { .. } => "secrets-manager",
        SecretPlace::SsmParameter { .. } => "ssm-parameter",
        // Where `check` runs, what the worker is given later need not be there.
        SecretPlace::Environment { .. } | SecretPlace::File(_) => return None,
    };
    let source = match (&secret.source, source_of(config, secret)) {
        (_, Some(source)) => source,
        (Some(id), None) => {
            return Some(problem(
                places.value(&["secrets", name, "source"]),
                format!(
                    "secret `{name}` is asked for as the source `{id}`, and there is none of that id"
                ),
                "correct the id, or add that [[source]]".to_owned(),
            ));
        }
        // That there is no source at all is told by itself.
        (None, None) => return None,
    };
    let region = Region::new(source.region.clone());
    let access = AwsAccess {
        sdk: SdkConfig::builder().region(region).build(),
        region: secret.region.clone(),
        endpoint_url: secret.endpoint_url.clone(),
    };
    let from = match &secret.from {
        SecretPlace::SecretsManager {
            id,
            json_key,
            version_stage,
        } => SecretFrom::SecretsManager {
            id: id.clone(),
            json_key: json_key.clone(),
            version_stage: version_stage.clone(),
            access,
        },
        SecretPlace::SsmParameter {
            parameter,
            with_decryption,
        } => SecretFrom::SsmParameter {
            parameter: parameter.clone(),
            with_decryption: *with_decryption,
            access,
        },
        SecretPlace::Environment { .. } | SecretPlace::File(_) => return None,
    };
    let config = SecretConfig {
        name: name.to_owned(),
        from,
    };
    let fault = config.check().err()?;
    Some(problem(
        places.value(&["secrets", name, key]),
        fault.to_string(),
        format!("correct it in [secrets.{name}]"),
    ))
}
