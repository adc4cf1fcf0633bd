//! The least that a worker's role must be allowed to read secrets.
//!
//! A name is not an ARN: Secrets Manager ends each with a hyphen and six characters of its own, for which `??????`
//! stands. Which KMS key encrypts a value is known to the stores alone, so every key of the account is named and the
//! conditions tie it to these values: decrypting counts only when the store asks for it, and for them. Where they have
//! no key of their own, AWS managed keys allow as much by themselves.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::arn::Service;

/// A secret that AWS keeps, and who asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needed<'a> {
    /// Which.
    pub what: NeededSecret<'a>,
    /// The partition, such as `aws`, where no ARN says it.
    pub partition: &'a str,
    /// The Region that is asked, where no ARN says it.
    pub region: &'a str,
    /// The account that holds it, 12 digits, where no ARN says it; whichever the policy is attached in without one.
    pub account: Option<&'a str>,
}

/// In which store, by name or ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeededSecret<'a> {
    /// Of Secrets Manager.
    Secret(&'a str),
    /// Of Parameter Store.
    Parameter {
        /// With `:version` or `:label`, if it has one.
        name: &'a str,
        /// Whether a SecureString is decrypted.
        with_decryption: bool,
    },
}

/// What is allowed of one store.
#[derive(Default)]
struct Allowed {
    read: BTreeSet<String>,
    decrypt: BTreeSet<String>,
    keys: BTreeSet<String>,
    via: BTreeSet<String>,
}

/// The statements of an IAM policy with which these, and no others, can be read. The same for the same set.
#[must_use]
pub fn iam_statements(needed: &[Needed<'_>]) -> Vec<Value> {
    let mut stores: BTreeMap<Service, Allowed> = BTreeMap::new();
    for needed in needed {
        let (service, id, decrypts) = match needed.what {
            NeededSecret::Secret(id) => (Service::SecretsManager, id, true),
            NeededSecret::Parameter {
                name,
                with_decryption,
            } => (Service::Ssm, name, with_decryption),
        };
        let arn = Arn::of(service, id, needed);
        let allowed = stores.entry(service).or_default();
        allowed.read.insert(arn.to_string());
        if decrypts {
            allowed.decrypt.insert(arn.to_string());
            allowed.keys.insert(format!(
                "arn:{}:kms:{}:{}:key/*",
                arn.partition, arn.region, arn.account
            ));
            // The end is the partition's.
            allowed
                .via
                .insert(format!("{}.{}.*", service.name(), arn.region));
        }
    }
    stores
        .iter()
        .flat_map(|(service, allowed)| statements(*service, allowed))
        .collect()
}

fn statements(service: Service, allowed: &Allowed) -> Vec<Value> {
    let (read, action, decrypt, context) = match service {
        Service::SecretsManager => (
            "ReadSecrets",
            "secretsmanager:GetSecretValue",
            "DecryptSecrets",
            "kms:EncryptionContext:SecretARN",
        ),
        Service::Ssm => (
            "ReadParameters",
            "ssm:GetParameter",
            "DecryptParameters",
            "kms:EncryptionContext:PARAMETER_ARN",
        ),
    };
    let mut statements = vec![json!({
        "Sid": read,
        "Effect": "Allow",
        "Action": [action],
        "Resource": allowed.read,
    })];
    if !allowed.decrypt.is_empty() {
        statements.push(json!({
            "Sid": decrypt,
            "Effect": "Allow",
            "Action": ["kms:Decrypt"],
            "Resource": allowed.keys,
            "Condition": { "StringLike": {
                "kms:ViaService": allowed.via,
                context: allowed.decrypt,
            }},
        }));
    }
    statements
}

struct Arn<'a> {
    service: Service,
    partition: &'a str,
    region: &'a str,
    account: &'a str,
    resource: String,
}

impl<'a> Arn<'a> {
    fn of(service: Service, id: &'a str, needed: &Needed<'a>) -> Arn<'a> {
        let account = needed.account.unwrap_or("*");
        let parts: Vec<&str> = id.splitn(6, ':').collect();
        let (partition, region, account, name) = match parts[..] {
            ["arn", partition, _, region, account, resource] => {
                let start = service.resource();
                let name = resource.strip_prefix(start).unwrap_or(resource);
                (partition, region, account, name)
            }
            _ => (needed.partition, needed.region, account, id),
        };
        let resource = match service {
            Service::SecretsManager if id.starts_with("arn:") && has_suffix(name) => {
                name.to_owned()
            }
            Service::SecretsManager => format!("{name}-??????"),
            Service::Ssm => {
                let name = name.split_once(':').map_or(name, |(name, _)| name);
                name.strip_prefix('/').unwrap_or(name).to_owned()
            }
        };
        Arn {
            service,
            partition,
            region,
            account,
            resource,
        }
    }
}

impl std::fmt::Display for Arn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "arn:{}:{}:{}:{}:{}{}",
            self.partition,
            self.service.name(),
            self.region,
            self.account,
            self.service.resource(),
            self.resource
        )
    }
}

/// Whether a secret's ARN is whole: ends as Secrets Manager ends them.
fn has_suffix(name: &str) -> bool {
    name.rsplit_once('-').is_some_and(|(_, end)| {
        end.len() == 6 && end.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}
