//! The embedded CodePipeline and S3: a real server on one loopback port, for ordinary AWS SDKs and
//! the AWS CLI.
//!
//! ```text
//!   server     one listener
//!   router     each request goes to the service that its signature names
//!   control    moves time and makes things go wrong, for whoever tests a worker
//!   auth       who signs: one registry and one clock for both services
//!   pipeline   CodePipeline: the protocol, the engine, the job operations
//!   s3         S3: the protocol over a store of ours
//! ```
//!
//! The worker meets this crate over HTTP only, through the AWS SDK that it uses in production.
//! `docs/LOCAL.md` says what is built, what is not, and what differs from AWS.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod auth;
mod config;
mod control;
mod error;
mod pipeline;
mod router;
mod s3;
mod server;
mod switches;
mod third_party;

pub use config::LocalConfig;
pub use control::{Command, Control, ControlError, ControlToken, Slow, TokenError, Where};
pub use error::LocalError;
pub use pipeline::{
    ActionEvent, ArtifactLocation, ErrorDetails, Event, EventKind, Phase, Status, Trigger,
};
pub use server::{ACCESS_KEY_ID, SECRET_ACCESS_KEY, Server};
pub use switches::{
    EndedDetails, EndedThirdPartyDetails, JobTimeoutFrom, LateResult, SwitchError, Switches,
};
pub use third_party::{
    ArtifactCounts, CATEGORIES, JobIds, ThirdParty, ThirdPartyActionType, ThirdPartyClient,
    ThirdPartyFault, ThirdPartyProperty, ThirdPartyUrls,
};
