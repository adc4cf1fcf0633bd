//! `pipefitter check --online`: what the services say of each source.
//!
//! ```text
//!   GetCallerIdentity -> whose credentials | ListActionTypes -> registered, as the manifest says
//!   a poll that takes nothing -> may be polled
//! ```
//!
//! A real poll would hand out somebody's job, which nobody would acknowledge. So the right to poll is asked for
//! by a poll for a value that no job has, or, where a type has no queryable property, by one of an invalid size:
//! a refusal is certain then, and its absence is told as what it is.

use anyhow::{Context, Result};
use futures::future::join_all;
use pipefitter_codepipeline::{
    ActionTypeId, Connection, ErrorClass, Owner, PollRight, RegisteredActionType, ServiceError,
};
use pipefitter_plugins::{Catalogue, Plugin};
use tokio::time::timeout;

use super::check::{problem, warning};
use super::registered::{differences, remedy};
use crate::config::{Config, ConfigProblem, Place, SourceConfig};
use crate::print;
use crate::sources::{self, STS_TIME};

/// Ask for every source at once; lines on standard output, and what is wrong.
pub(crate) fn check(config: &Config, catalogue: &Catalogue) -> Result<Vec<ConfigProblem>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("could not start the runtime")?;
    let asked = config
        .sources
        .iter()
        .enumerate()
        .map(|(at, source)| async move {
            let mut report = Report::new(config, at, source);
            report.ask(catalogue).await;
            report
        });
    let reports = runtime.block_on(join_all(asked));
    let mut problems = Vec::new();
    for report in reports {
        print::line(report.lines.join("\n"))?;
        problems.extend(report.problems);
    }
    Ok(problems)
}

struct Report<'a> {
    source: &'a SourceConfig,
    place: Place,
    lines: Vec<String>,
    problems: Vec<ConfigProblem>,
}

impl<'a> Report<'a> {
    fn new(config: &Config, at: usize, source: &'a SourceConfig) -> Report<'a> {
        let title = format!(
            "source `{}`: {}, {}",
            source.id, source.owner, source.region
        );
        Report {
            source,
            place: config.places.value(&["source", &at.to_string()]),
            lines: vec![title],
            problems: Vec::new(),
        }
    }

    fn says(&mut self, of: &str, what: impl std::fmt::Display) {
        self.lines.push(format!("  {of}: {what}"));
    }

    fn wrong(&mut self, message: &str, remedy: &str) {
        let message = format!("source `{}`: {message}", self.source.id);
        self.problems
            .push(problem(self.place.clone(), message, remedy));
    }

    fn doubtful(&mut self, message: &str, remedy: &str) {
        let message = format!("source `{}`: {message}", self.source.id);
        self.problems
            .push(warning(self.place.clone(), message, remedy));
    }

    async fn ask(&mut self, catalogue: &Catalogue) {
        let connection = match sources::connect(self.source).await {
            Ok(connection) => connection,
            // Told of already, with the key that is wrong.
            Err(_) => return self.says("not asked", "its table has to be corrected first"),
        };
        if let Some(endpoint) = connection.endpoint() {
            self.says("endpoint", endpoint);
        }
        if !self.credentials(&connection).await {
            return;
        }
        let registered = self.registered(&connection).await;
        let served = catalogue
            .plugins()
            .filter(|plugin| self.source.serves(plugin.manifest.key()));
        for plugin in served {
            let registered = registered.as_deref();
            self.action_type(&connection, plugin, registered).await;
        }
    }

    /// Whether there are any that the service takes.
    async fn credentials(&mut self, connection: &Connection) -> bool {
        if !connection.has_sts() {
            self.says(
                "credentials",
                "not asked about: the endpoint is on this machine, and no STS is",
            );
            return true;
        }
        let account = match timeout(STS_TIME, connection.caller_account()).await {
            Ok(Ok(account)) => account,
            Ok(Err(error)) if error.class == ErrorClass::Denied => {
                self.says("credentials", "refused");
                self.wrong(
                    &format!("its credentials are not taken: {}", error.message),
                    "give it others by `profile`, `role-arn` or the environment, or renew them",
                );
                return false;
            }
            Ok(Err(error)) => return self.no_sts(&error.message),
            Err(_) => return self.no_sts("it does not answer"),
        };
        self.says("credentials", format_args!("of account {account}"));
        if let Some(wanted) = &self.source.account
            && *wanted != account
        {
            self.wrong(
                &format!("it has `account = \"{wanted}\"`, and its credentials are of {account}"),
                "give it the credentials of that account, or correct the line",
            );
        }
        true
    }

    fn no_sts(&mut self, why: &str) -> bool {
        self.says("credentials", "STS was not reached");
        self.doubtful(
            &format!("nobody tells which account its credentials are of: {why}"),
            "let STS be reached, or write `account = \"...\"` into the source: the journal is bound to it",
        );
        true
    }

    async fn registered(&mut self, connection: &Connection) -> Option<Vec<RegisteredActionType>> {
        match connection.list_action_types(self.source.owner).await {
            Ok(registered) => Some(registered),
            Err(error) => {
                self.doubtful(
                    &format!("its action types cannot be compared with the plugins: {error}"),
                    "allow it codepipeline:ListActionTypes on resource *, which only `check --online` needs",
                );
                None
            }
        }
    }

    async fn action_type(
        &mut self,
        connection: &Connection,
        plugin: &Plugin,
        registered: Option<&[RegisteredActionType]>,
    ) {
        let manifest = &plugin.manifest;
        let key = manifest.key();
        let id = ActionTypeId {
            category: key.category.clone(),
            owner: self.source.owner,
            provider: key.provider.clone(),
            version: key.version.clone(),
        };
        let found = registered.map(|types| types.iter().find(|found| found.id == id));
        let compared = match found {
            None => "not compared".to_owned(),
            Some(None) => {
                self.says(&id.to_string(), "not registered");
                let remedy = match self.source.owner {
                    Owner::Custom => {
                        "create it with the JSON of `pipefitter action-type json`, or name those that the source serves in \
                         its `action-types`"
                    }
                    Owner::ThirdParty => {
                        "a partner's action type is registered by CodePipeline's team: correct the manifest, or name those \
                         that the source serves in its `action-types`"
                    }
                };
                self.wrong(&format!("action type {id} is not registered"), remedy);
                return;
            }
            Some(Some(found)) => self.compare(&id, plugin, found),
        };
        let queryable = match self.source.owner {
            Owner::Custom => manifest.queryable_property(),
            Owner::ThirdParty => None,
        };
        let queryable = queryable.map(|property| property.name.as_str());
        let right = connection.poll_right(&id, queryable).await;
        let may = self.poll_right(&id, right);
        self.says(&id.to_string(), format_args!("{compared}; {may}"));
    }

    fn compare(
        &mut self,
        id: &ActionTypeId,
        plugin: &Plugin,
        registered: &RegisteredActionType,
    ) -> String {
        let found = differences(&plugin.manifest, registered);
        for difference in &found {
            let message = format!("action type {id}: {}", difference.message);
            let remedy = remedy(self.source.owner);
            match difference.warning {
                true => self.doubtful(&message, remedy),
                false => self.wrong(&message, remedy),
            }
        }
        match found.len() {
            0 => "registered as the manifest says".to_owned(),
            1 => "registered with 1 difference".to_owned(),
            many => format!("registered with {many} differences"),
        }
    }

    fn poll_right(
        &mut self,
        id: &ActionTypeId,
        right: Result<PollRight, ServiceError>,
    ) -> &'static str {
        let error = match right {
            Ok(PollRight::Granted) => return "may be polled",
            Ok(PollRight::NotDenied) => {
                return "polling is not denied (asked with a batch size of 0, which hands out no job)";
            }
            Err(error) => error,
        };
        match error.class {
            ErrorClass::Denied => {
                self.wrong(
                    &format!("action type {id} may not be polled: {error}"),
                    "attach the policy that `pipefitter iam` prints to what the credentials are of",
                );
                "may not be polled"
            }
            ErrorClass::Gone => {
                self.wrong(
                    &format!("action type {id} cannot be polled: {error}"),
                    "look at the source's Region and account, and whether the type was deleted",
                );
                "cannot be polled"
            }
            _ => {
                self.doubtful(
                    &format!("whether action type {id} may be polled is not known: {error}"),
                    "ask again later",
                );
                "whether it may be polled is not known"
            }
        }
    }
}
