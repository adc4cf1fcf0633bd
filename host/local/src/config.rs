//! How a local service is set up.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::{ControlToken, Switches, ThirdParty};

/// What a [`crate::Server`] is started with; [`LocalConfig::default`] is AWS's behaviour where that
/// is known, but for `start_on_create`.
#[derive(Clone, Debug)]
pub struct LocalConfig {
    /// Where to listen: a loopback address; port 0 takes any free one.
    pub bind: SocketAddr,
    /// Where objects and CodePipeline's state live. None: objects in a directory that goes away with
    /// the server, the rest in memory.
    pub state_dir: Option<PathBuf>,
    /// The one Region there is.
    pub region: String,
    /// The one account there is: twelve digits.
    pub account: String,
    /// From a result with a continuation token to the next job. AWS: 30 seconds.
    pub continuation_delay: Duration,
    /// Whether CreatePipeline begins a first execution, as on AWS.
    pub start_on_create: bool,
    /// How often source objects are looked at, besides at each upload.
    pub source_poll: Duration,
    /// What nothing public settles about AWS.
    pub switches: Switches,
    /// How many seconds the clock that CodePipeline dates signatures against is ahead of the machine's;
    /// below zero, behind. More than five minutes, and a client that does not correct its clock by the
    /// answer's `Date` is refused.
    pub clock_skew: i64,
    /// Opens the control path. None: there is no such path.
    pub control: Option<ControlToken>,
    /// The action types of partners, and who is connected to them. None by default.
    pub third_party: ThirdParty,
}

impl Default for LocalConfig {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 4510)),
            state_dir: None,
            region: "us-east-1".into(),
            account: "000000000000".into(),
            continuation_delay: Duration::from_secs(30),
            start_on_create: false,
            source_poll: Duration::from_secs(30),
            switches: Switches::default(),
            clock_skew: 0,
            control: None,
            third_party: ThirdParty::default(),
        }
    }
}
