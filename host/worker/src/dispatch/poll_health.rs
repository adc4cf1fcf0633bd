//! What is said of pollers that do not get what they poll for.

use pipefitter_codepipeline::{ErrorClass, Owner, ServiceError};
use pipefitter_sandbox::Level;

use super::core::Dispatcher;
use super::polls::PollerKey;

/// Why nothing is polled for.
pub(super) fn no_values(property: &str) -> String {
    format!(
        "its property `{property}` is queryable, so the worker needs values to poll for, under \
         `[worker.query-values]` of its configuration"
    )
}

impl Dispatcher {
    pub(super) fn poll_worked(&mut self, key: &PollerKey) {
        let source = self.parts.sources[key.source].source.id().clone();
        let Some(poller) = self.pollers.all.get_mut(key) else {
            return;
        };
        if poller.problem.take().is_some() {
            self.notice(
                Level::Info,
                format!("polling {source} for {} works again", key.action_type),
            );
        }
    }

    /// Said once, not with each poll.
    pub(super) fn poll_failed(&mut self, key: &PollerKey, error: &ServiceError) {
        let source = &self.parts.sources[key.source].source;
        let (source, owner) = (source.id().clone(), source.owner());
        let advice = match (error.class, owner) {
            (ErrorClass::Denied, Owner::ThirdParty) => {
                ": its credentials need codepipeline:PollForThirdPartyJobs on resource * (see `pipefitter iam`), of an \
                 account that may poll for this action type; polled slowly until then"
            }
            (ErrorClass::Gone, Owner::ThirdParty) => {
                ": there is no such partner's action type in this Region; polled slowly until then"
            }
            (ErrorClass::Denied, Owner::Custom) => {
                ": its credentials need codepipeline:PollForJobs on this action type (see `pipefitter \
                 iam`); polled slowly until then"
            }
            (ErrorClass::Gone, Owner::Custom) => {
                ": the action type is not there, create it with the JSON of `pipefitter action-type \
                 json`; polled slowly until then"
            }
            (ErrorClass::Invalid, _) => ": polled slowly until the configuration is corrected",
            _ => "",
        };
        let problem = format!("{error}{advice}");
        let Some(poller) = self.pollers.all.get_mut(key) else {
            return;
        };
        if poller.problem.as_ref() == Some(&problem) {
            return;
        }
        poller.problem = Some(problem.clone());
        let level = match error.class {
            ErrorClass::Denied | ErrorClass::Gone | ErrorClass::Invalid => Level::Error,
            _ => Level::Warn,
        };
        self.notice(
            level,
            format!("polling {source} for {} failed: {problem}", key.action_type),
        );
    }
}
