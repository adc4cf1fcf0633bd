//! Who may sign requests: the one list that CodePipeline and S3 both ask.
//!
//! There are two kinds of signer. The root pair (`local` / `local`) is whoever runs the service, and
//! may do anything. A job session is issued with a job's data, as CodePipeline does on AWS: it is
//! temporary, carries a session token, and reaches exactly the objects that the job reads and
//! writes. An expired session stays listed for a while, so that its owner is told that it expired
//! and not that it never was.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use jiff::Timestamp;
use rand::Rng;
use serde::{Deserialize, Serialize};

use super::clock::{self, Clock};

/// The access key id, and the secret key, of whoever runs the service.
pub(crate) const ROOT_KEY: &str = "local";

/// How long an expired session is remembered.
const REMEMBER_EXPIRED: Duration = Duration::from_secs(24 * 60 * 60);

/// Who signed a request.
#[derive(Clone, Debug)]
pub(crate) enum Identity {
    /// Access key `local`, secret `local`: may do everything.
    Root,
    /// A job's temporary credentials: may reach that job's artifacts and nothing else.
    Job(Arc<JobAccess>),
}

/// How uploads must be encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyRule {
    /// The key that `x-amz-server-side-encryption-aws-kms-key-id` must name, if one is fixed.
    pub(crate) key_id: Option<String>,
}

/// An object: bucket and key.
pub(crate) type ObjectRef = (String, String);

/// What a session may reach.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    /// Objects that may be read.
    pub(crate) reads: Vec<ObjectRef>,
    /// Objects that may be written.
    pub(crate) writes: Vec<ObjectRef>,
    /// Set where writes must carry `x-amz-server-side-encryption: aws:kms`.
    pub(crate) require_kms: Option<KeyRule>,
}

/// The temporary credentials of one job, and what they reach.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct JobAccess {
    /// Starts with `ASIA`, as those of STS do.
    pub(crate) access_key_id: String,
    /// The key that requests are signed with.
    pub(crate) secret: String,
    /// Must come with every request.
    pub(crate) session_token: String,
    /// The moment from which the session is refused.
    #[serde(with = "super::instant")]
    pub(crate) expires_at: Timestamp,
    /// Objects that may be read.
    pub(crate) reads: Vec<ObjectRef>,
    /// Objects that may be written.
    pub(crate) writes: Vec<ObjectRef>,
    /// Set where writes must carry `x-amz-server-side-encryption: aws:kms`.
    pub(crate) require_kms: Option<KeyRule>,
}

impl std::fmt::Debug for JobAccess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JobAccess")
            .field("expires_at", &self.expires_at)
            .field("reads", &self.reads)
            .field("writes", &self.writes)
            .finish_non_exhaustive()
    }
}

/// The list of signers; a cheap clone shares it.
#[derive(Clone, Debug)]
pub(crate) struct Registry {
    sessions: Arc<RwLock<Sessions>>,
    clock: Clock,
}

#[derive(Debug, Default)]
struct Sessions {
    by_key: HashMap<String, Arc<JobAccess>>,
    /// Access keys whose session was made, changed or removed since [`Registry::take_changes`].
    changed: BTreeSet<String>,
}

impl Sessions {
    fn put(&mut self, access: Arc<JobAccess>) {
        self.changed.insert(access.access_key_id.clone());
        self.by_key.insert(access.access_key_id.clone(), access);
    }
}

impl Registry {
    /// A registry that knows the root pair only.
    pub(crate) fn new(clock: Clock) -> Self {
        Self {
            sessions: Arc::default(),
            clock,
        }
    }

    /// The clock that sessions expire by, and that signatures are dated against.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whose access key this is. An expired session is found too: ask [`Registry::is_expired`].
    pub(crate) fn lookup(&self, access_key_id: &str) -> Option<Identity> {
        if access_key_id == ROOT_KEY {
            return Some(Identity::Root);
        }
        let sessions = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
        sessions
            .by_key
            .get(access_key_id)
            .cloned()
            .map(Identity::Job)
    }

    /// Makes a session that lives for `lifetime`.
    pub(crate) fn issue(&self, scope: Scope, lifetime: Duration) -> Arc<JobAccess> {
        let now = self.clock.now();
        let access = Arc::new(JobAccess {
            access_key_id: format!("ASIA{}", random(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)),
            secret: random(ALPHANUMERIC, 40),
            session_token: random(ALPHANUMERIC, 120),
            expires_at: clock::later(now, lifetime),
            reads: scope.reads,
            writes: scope.writes,
            require_kms: scope.require_kms,
        });
        let mut guard = self.write();
        let Sessions { by_key, changed } = &mut *guard;
        by_key.retain(|id, old| {
            let stays = clock::later(old.expires_at, REMEMBER_EXPIRED) > now;
            if !stays {
                changed.insert(id.clone());
            }
            stays
        });
        guard.put(Arc::clone(&access));
        access
    }

    /// Ends sessions at once: they are unknown from here on.
    pub(crate) fn revoke<'a>(&self, access_key_ids: impl IntoIterator<Item = &'a str>) {
        let mut sessions = self.write();
        for id in access_key_ids {
            if sessions.by_key.remove(id).is_some() {
                sessions.changed.insert(id.to_owned());
            }
        }
    }

    /// Lets sessions expire now; how many did. Their owners are told that they expired.
    pub(crate) fn expire<'a>(&self, access_key_ids: impl IntoIterator<Item = &'a str>) -> usize {
        let now = self.clock.now();
        let mut sessions = self.write();
        let mut expired = 0;
        for id in access_key_ids {
            let Some(access) = sessions.by_key.get(id).filter(|a| a.expires_at > now) else {
                continue;
            };
            let mut access = JobAccess::clone(access);
            access.expires_at = now;
            sessions.put(Arc::new(access));
            expired += 1;
        }
        expired
    }

    /// The sessions that changed since the last call; None for one that is gone.
    pub(crate) fn take_changes(&self) -> Vec<(String, Option<Arc<JobAccess>>)> {
        let mut sessions = self.write();
        let changed = std::mem::take(&mut sessions.changed);
        let now = |id: String| {
            let access = sessions.by_key.get(&id).cloned();
            (id, access)
        };
        changed.into_iter().map(now).collect()
    }

    /// Counts every session as changed.
    #[cfg(test)]
    pub(crate) fn touch_all(&self) {
        let mut guard = self.write();
        let Sessions { by_key, changed } = &mut *guard;
        changed.extend(by_key.keys().cloned());
    }

    /// Puts back a session that was kept.
    pub(crate) fn restore(&self, access: JobAccess) {
        let id = access.access_key_id.clone();
        self.write().by_key.insert(id, Arc::new(access));
    }

    fn write(&self) -> RwLockWriteGuard<'_, Sessions> {
        self.sessions
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a session is past its end.
    pub(crate) fn is_expired(&self, access: &JobAccess) -> bool {
        self.clock.now() >= access.expires_at
    }
}

const ALPHANUMERIC: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A random string over `alphabet`, from the thread's cryptographic generator.
pub(crate) fn random(alphabet: &[u8], length: usize) -> String {
    let mut rng = rand::rng();
    (0..length)
        .map(|_| char::from(alphabet[rng.random_range(0..alphabet.len())]))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_expires_but_is_remembered_for_a_day() {
        let clock = Clock::manual(Timestamp::UNIX_EPOCH);
        let registry = Registry::new(clock.clone());
        let session = registry.issue(Scope::default(), Duration::from_secs(900));
        assert!(!registry.is_expired(&session));
        clock.advance(Duration::from_secs(900));
        assert!(registry.is_expired(&session));
        assert!(matches!(
            registry.lookup(&session.access_key_id),
            Some(Identity::Job(_))
        ));
        clock.advance(REMEMBER_EXPIRED);
        let other = registry.issue(Scope::default(), Duration::from_secs(900));
        assert!(registry.lookup(&session.access_key_id).is_none());
        registry.revoke([other.access_key_id.as_str()]);
        assert!(registry.lookup(&other.access_key_id).is_none());
        let third = registry.issue(Scope::default(), Duration::from_secs(900));
        assert_eq!(registry.expire([third.access_key_id.as_str(), "ASIA"]), 1);
        let Some(Identity::Job(third)) = registry.lookup(&third.access_key_id) else {
            panic!("an expired session is remembered");
        };
        assert!(registry.is_expired(&third));
        assert!(matches!(registry.lookup("local"), Some(Identity::Root)));
        assert!(registry.lookup("AKIDEXAMPLE").is_none());
    }
}
