//! Whether a journal is the configuration's.
//!
//! A source may be added at any time and dropped once its jobs are reported; one that stays must be the same
//! service: the same owner, partition, account, Region and endpoint. An account that was not known when the
//! journal was written is filled in when it is; one that cannot be told now is the old one, unless there are
//! jobs of it.
//!
//! Format 1 described a source in words, `<owner> <Region> at <endpoint or AWS> as <role, profile or default>`.
//! What it says of a source without jobs is of no interest. Of one with jobs it is enough where it names a role,
//! whose ARN has the account; any other is refused.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::record::{Identity, JournalError, ServiceIdentity};

/// As format 1 wrote it.
#[derive(Deserialize)]
pub(crate) struct OldIdentity {
    sources: Vec<(String, String)>,
}

/// The identity to write, if it is another than the one in the file.
pub(crate) fn reconcile(
    found: &Identity,
    wanted: &Identity,
    in_use: &BTreeSet<String>,
) -> Result<Option<Identity>, JournalError> {
    let mut merged = wanted.clone();
    for (id, old) in &found.sources {
        let has_jobs = in_use.contains(id);
        match merged.sources.get_mut(id) {
            Some(now) => same(id, old, now, has_jobs)?,
            None if has_jobs => {
                return Err(JournalError::SourceGone {
                    source_id: id.clone(),
                });
            }
            None => {}
        }
    }
    Ok((*found != merged).then_some(merged))
}

/// The identity to write in place of an old one.
pub(crate) fn migrate(
    old: &OldIdentity,
    wanted: &Identity,
    in_use: &BTreeSet<String>,
) -> Result<Identity, JournalError> {
    for (id, text) in old.sources.iter().filter(|(id, _)| in_use.contains(id)) {
        let Some(now) = wanted.sources.get(id) else {
            return Err(JournalError::SourceGone {
                source_id: id.clone(),
            });
        };
        let unknown = || JournalError::OldIdentity {
            source_id: id.clone(),
            found: text.clone(),
        };
        let known = old_service(text, &now.partition).ok_or_else(unknown)?;
        if now.account.is_none() {
            return Err(unknown());
        }
        same(id, &known, &mut now.clone(), true)?;
    }
    Ok(wanted.clone())
}

/// Of another kind of source, or of one whose account nobody can tell, nothing.
fn old_service(text: &str, partition: &str) -> Option<ServiceIdentity> {
    let (owner, rest) = text.split_once(' ')?;
    let (region, rest) = rest.split_once(" at ")?;
    let (endpoint, who) = rest.rsplit_once(" as ")?;
    let mut arn = who.strip_prefix("arn:")?.split(':');
    let (arn_partition, account) = (arn.next()?, arn.nth(2)?);
    (arn_partition == partition).then(|| ServiceIdentity {
        owner: owner.to_owned(),
        partition: partition.to_owned(),
        account: Some(account.to_owned()),
        region: region.to_owned(),
        endpoint: (endpoint != "AWS").then(|| endpoint.to_owned()),
    })
}

fn same(
    id: &str,
    old: &ServiceIdentity,
    now: &mut ServiceIdentity,
    has_jobs: bool,
) -> Result<(), JournalError> {
    const AWS: &str = "of AWS itself";
    let endpoint =
        |service: &ServiceIdentity| service.endpoint.clone().unwrap_or_else(|| AWS.to_owned());
    let parts = [
        ("owner", old.owner.clone(), now.owner.clone()),
        ("partition", old.partition.clone(), now.partition.clone()),
        ("Region", old.region.clone(), now.region.clone()),
        ("endpoint", endpoint(old), endpoint(now)),
    ];
    let account = match (&old.account, &now.account) {
        (Some(old), Some(now)) => Some(("account", old.clone(), now.clone())),
        _ => None,
    };
    for (what, found, wanted) in parts.into_iter().chain(account) {
        if found != wanted {
            return Err(JournalError::Identity {
                source_id: id.to_owned(),
                what,
                found,
                wanted,
            });
        }
    }
    if let (Some(account), None) = (&old.account, &now.account) {
        if has_jobs {
            return Err(JournalError::AccountUnknown {
                source_id: id.to_owned(),
                account: account.clone(),
            });
        }
        now.account = Some(account.clone());
    }
    Ok(())
}
