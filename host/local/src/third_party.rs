//! Third-party (partner) action types, and the customers that are connected to them.
//!
//! On AWS such a type is made by the CodePipeline team for its partner, and a customer who presses
//! Connect makes a pair of client id and client token, which the partner is told. None of that is an
//! operation of the API, so here both are settings: the types, and the pairs.
//!
//! A customer is an AWS account there. There is one account here, so a pair may be bound to
//! pipelines by name: an action belongs to the client that names its pipeline, else to the one that
//! names none. A type that nobody is connected to in a pipeline cannot be used in it.

mod check;

use std::time::Duration;

use secrecy::SecretString;

/// What partners have brought.
#[derive(Clone, Debug, Default)]
pub struct ThirdParty {
    /// Their action types.
    pub action_types: Vec<ThirdPartyActionType>,
    /// What the ids of third-party jobs look like.
    pub job_ids: JobIds,
}

/// What the ids of third-party jobs look like. In the model of the service a poll gives a UUID, and
/// every other operation takes 1 to 512 characters of any kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JobIds {
    /// UUIDs, as AWS makes them.
    #[default]
    Uuid,
    /// Any text of up to 512 characters: slashes, dots, quotes, spaces, line ends, letters of any
    /// alphabet. For workers that must bear them.
    FreeText,
}

/// An action type of a partner; its owner is `ThirdParty`, its executor a job worker.
#[derive(Clone, Debug)]
pub struct ThirdPartyActionType {
    /// Source, Build, Deploy, Test or Invoke.
    pub category: String,
    /// 1 to 35 letters, digits, `-` and `_`.
    pub provider: String,
    /// 1 to 9 letters, digits, `-` and `_`.
    pub version: String,
    /// 1 to 1,024 characters.
    pub description: Option<String>,
    /// How long one job may take until its result, from where [`crate::Switches::job_timeout_from`] says: 1 minute
    /// to 12 hours, in whole seconds. None: only the action's own timeout bounds it.
    pub job_timeout: Option<Duration>,
    /// At most 10.
    pub properties: Vec<ThirdPartyProperty>,
    /// Input artifacts.
    pub inputs: ArtifactCounts,
    /// Output artifacts.
    pub outputs: ArtifactCounts,
    /// Links.
    pub urls: ThirdPartyUrls,
    /// Who is connected.
    pub clients: Vec<ThirdPartyClient>,
}

/// How many artifacts an action may have: 0 to 10.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ArtifactCounts {
    /// At least.
    pub minimum: usize,
    /// At most.
    pub maximum: usize,
}

/// A configuration property.
#[derive(Clone, Debug, Default)]
pub struct ThirdPartyProperty {
    /// 1 to 50 characters.
    pub name: String,
    /// Whether an action must have it (the opposite of the model's `optional`).
    pub required: bool,
    /// Whether it identifies the action's work.
    pub key: bool,
    /// Whether it is shown to nobody but the worker (the model's `noEcho`).
    pub secret: bool,
    /// Without effect: PollForThirdPartyJobs has no query.
    pub queryable: bool,
    /// 1 to 250 characters.
    pub description: Option<String>,
}

/// Links of an action type: 1 to 2,048 characters, with `{Config:NAME}` and `{ExternalExecutionId}`.
#[derive(Clone, Debug, Default)]
pub struct ThirdPartyUrls {
    /// Where a customer signs up. No placeholders.
    pub configuration: Option<String>,
    /// What the action works on.
    pub entity: Option<String>,
    /// One execution of it.
    pub execution: Option<String>,
    /// A revision.
    pub revision: Option<String>,
}

/// A customer's connection to an action type.
#[derive(Clone, Debug)]
pub struct ThirdPartyClient {
    /// Named by a poll: a UUID in lower case.
    pub id: String,
    /// Proves that a worker may have the client's jobs: 1 to 256 characters.
    pub token: SecretString,
    /// The pipelines that are this customer's. Empty: all that no other client of the type names.
    pub pipelines: Vec<String>,
}

/// Something in [`ThirdParty`] that is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThirdPartyFault {
    /// Where: keys, and positions from 0, as in the file that `pipefitter dev --third-party` reads
    /// (`action-type`, `0`, `client`, `1`, `token`).
    pub path: Vec<String>,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

/// The categories that a partner's job worker can serve.
pub const CATEGORIES: [&str; 5] = ["Source", "Build", "Deploy", "Test", "Invoke"];

impl ThirdParty {
    /// The client whose jobs the actions of a pipeline are.
    pub(crate) fn client(&self, action_type: &str, pipeline: &str) -> Option<&ThirdPartyClient> {
        let kind = self.action_type(action_type)?;
        let names = |client: &&ThirdPartyClient| client.pipelines.iter().any(|p| p == pipeline);
        kind.clients.iter().find(names).or_else(|| {
            kind.clients
                .iter()
                .find(|client| client.pipelines.is_empty())
        })
    }

    /// The type that is called `category/provider/version`.
    pub(crate) fn action_type(&self, name: &str) -> Option<&ThirdPartyActionType> {
        self.action_types.iter().find(|kind| kind.name() == name)
    }
}

impl ThirdPartyActionType {
    /// `Deploy/Partner/1`.
    pub(crate) fn name(&self) -> String {
        format!("{}/{}/{}", self.category, self.provider, self.version)
    }
}
