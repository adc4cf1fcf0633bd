//! How a local service is set up.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::ThirdParty;

/// What a [`crate::Server`] is started with; [`LocalConfig::default`] is AWS's behaviour where that
/// is known.
#[derive(Clone, Debug)]
pub struct LocalConfig {
    /// Where to listen: a loopback address; port 0 takes any free one.
    pub bind: SocketAddr,
    /// Where objects live. None: a directory that goes away with the server. CodePipeline's own
    /// state (types, pipelines, executions) is in memory either way.
    pub state_dir: Option<PathBuf>,
    /// The one Region there is.
    pub region: String,
    /// The one account there is: twelve digits.
    pub account: String,
    /// From a result with a continuation token to the next job. AWS: 30 seconds.
    pub continuation_delay: Duration,
    /// From handing a job out to offering it again, where nobody acknowledges it. AWS does not
    /// document its interval; here it is 60 seconds.
    pub reoffer_after: Duration,
    /// How long a job's credentials work. On AWS: 15 minutes.
    pub credential_lifetime: Duration,
    /// How often source objects are looked at, besides at each upload.
    pub source_poll: Duration,
    /// How long an action may take with all its jobs. AWS: 24 hours for custom actions.
    pub action_timeout: Duration,
    /// What becomes of jobs that ended without their worker: by a timeout, or because their execution
    /// was stopped with abandon or their pipeline updated. AWS does not document it.
    pub lost_jobs: LostJobs,
    /// The action types of partners, and who is connected to them. None by default.
    pub third_party: ThirdParty,
}

/// How the service answers for a job that ended without its worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LostJobs {
    /// It is known: a result is an `InvalidJobStateException`, and its details have no credentials.
    #[default]
    Known,
    /// It is forgotten: every operation on it is a `JobNotFoundException`.
    Forgotten,
}

impl Default for LocalConfig {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 4510)),
            state_dir: None,
            region: "us-east-1".into(),
            account: "000000000000".into(),
            continuation_delay: Duration::from_secs(30),
            reoffer_after: Duration::from_secs(60),
            credential_lifetime: Duration::from_secs(15 * 60),
            source_poll: Duration::from_secs(30),
            action_timeout: Duration::from_secs(24 * 60 * 60),
            lost_jobs: LostJobs::default(),
            third_party: ThirdParty::default(),
        }
    }
}
