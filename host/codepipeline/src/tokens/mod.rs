//! Where a partner's worker has its customers' tokens.
//!
//! The pair of client id and client token is made when a customer connects to the partner's action and is sent
//! to the partner's own sign-up page. So the partner keeps it, and customers come at any time, while the worker
//! runs: [`FileTokens`] looks at its file again with each job, [`ExecTokens`] asks a program and keeps its
//! answers for five minutes. [`GivenTokens`] are those of an environment variable, which stay as they are.

mod exec;
mod file;
mod given;
mod pairs;
mod source;

pub use exec::ExecTokens;
pub use file::FileTokens;
pub use given::GivenTokens;
pub use source::{ClientTokens, ClientTokensError};
