//! One job's way out: what it may do, and what it has done.

use std::sync::Arc;

use http::HeaderMap;
use http::header::HeaderName;
use tokio::sync::Semaphore;

use crate::attach::AttachedHeader;
use crate::connect::Connector;
use crate::event::{EgressEvent, LimitHit, Observe};
use crate::failure::{Cause, Failure};
use crate::grant::NetworkGrants;
use crate::headers;
use crate::ledger::Ledger;
use crate::limits::{EgressLimit, NetworkLimits};
use crate::lookups::JobLookups;
use crate::pool::Pool;
use crate::protocol::ErrorCode;
use crate::target::Target;
use crate::tasks::Tasks;

/// How many denials of a job are told in the log, so that a guest that tries everything does not fill it.
const LOGGED_DENIALS: u64 = 20;

/// What all requests of a job share.
pub(crate) struct Job {
    pub(crate) plugin: String,
    pub(crate) connector: Arc<Connector>,
    pub(crate) grants: NetworkGrants,
    pub(crate) attached: Vec<AttachedHeader>,
    /// Names of attached headers, which no trailer may have.
    pub(crate) attached_names: Vec<HeaderName>,
    pub(crate) limits: NetworkLimits,
    pub(crate) slots: Arc<Semaphore>,
    pub(crate) ledger: Ledger,
    pub(crate) pool: Pool,
    pub(crate) lookups: JobLookups,
    pub(crate) tasks: Tasks,
    pub(crate) observer: Option<Arc<dyn Observe>>,
}

impl Job {
    /// A failure by a limit.
    pub(crate) fn limit(&self, limit: EgressLimit, code: ErrorCode) -> Failure {
        Failure::limit(
            code,
            LimitHit {
                limit,
                value: self.limits.value(limit),
            },
        )
    }

    /// Whether a head or trailers are within the limits; `more` are the bytes of what is not a header.
    pub(crate) fn measure(
        &self,
        more: u64,
        map: &HeaderMap,
        (bytes, count): (EgressLimit, EgressLimit),
        code: ErrorCode,
    ) -> Result<(), Failure> {
        if map.len() as u64 > self.limits.value(count) {
            return Err(self.limit(count, code));
        }
        if more + headers::bytes(map) > self.limits.value(bytes) {
            return Err(self.limit(bytes, code));
        }
        Ok(())
    }

    /// Tell of a request that failed.
    pub(crate) fn note(&self, target: &dyn std::fmt::Display, failure: &Failure) {
        let (plugin, code) = (&self.plugin, failure.code);
        let named = target.to_string();
        match &failure.cause {
            Cause::Denied(why) => {
                self.tell(EgressEvent::Denied {
                    target: named.clone(),
                    why: why.clone(),
                });
                let (target, why) = (self.shown(&named), self.shown(why));
                if self.ledger.denied() < LOGGED_DENIALS {
                    tracing::warn!(%plugin, %target, %code, %why, "a plugin's request was refused");
                } else {
                    tracing::debug!(%plugin, %target, %code, %why, "a plugin's request was refused");
                }
            }
            Cause::Limit(hit) => self.hit(target, *hit),
            Cause::Failed(why) => {
                let (target, why) = (self.shown(&named), self.shown(why));
                tracing::debug!(%plugin, %target, %code, %why, "a plugin's request failed");
            }
        }
    }

    /// Tell of a limit that was hit.
    pub(crate) fn hit(&self, target: &dyn std::fmt::Display, hit: LimitHit) {
        let (plugin, limit, value) = (&self.plugin, hit.limit, hit.value);
        let target = self.shown(&target.to_string());
        if self.ledger.limit(hit) {
            tracing::warn!(%plugin, %target, %limit, value, "a plugin's request hit a limit");
        } else {
            tracing::debug!(%plugin, %target, %limit, value, "a plugin's request hit a limit again");
        }
        self.tell(EgressEvent::LimitHit(hit));
    }

    /// What would allow a target, as a line of the worker's configuration.
    pub(crate) fn advice(&self, target: &Target) -> String {
        format!(
            "no grant covers it: to allow it, add \"{target}\" to `network` of [plugins.{}.grant]",
            key(&self.plugin)
        )
    }

    /// A text as a log may have it.
    pub(crate) fn shown(&self, text: &str) -> String {
        match &self.observer {
            Some(observer) => observer.shown(text),
            None => text.to_owned(),
        }
    }

    fn tell(&self, event: EgressEvent) {
        if let Some(observer) = &self.observer {
            observer.observe(event);
        }
    }
}

/// As TOML's key: with a dot in it the name would be two.
fn key(plugin: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if plugin.chars().all(bare) {
        plugin.to_owned()
    } else {
        format!("{plugin:?}")
    }
}

// The rest holds other people's secrets.
impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job")
            .field("plugin", &self.plugin)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn a_name_with_a_dot_is_quoted() {
        assert_eq!(key("my-plugin_2"), "my-plugin_2");
        assert_eq!(key("my.plugin"), "\"my.plugin\"");
    }
}
