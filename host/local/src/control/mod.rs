//! The control path: time, faults and other people's doings at the push of a button.
//!
//! ```text
//!   token     who may use the path
//!   command   what can be asked for
//!   faults    what will go wrong with which requests: a list that both services ask
//!   api       the path: JSON in, JSON out
//! ```
//!
//! It is for tests and demonstrations of workers. The path is off unless a token was set; the handle
//! ([`Control`]) is its owner's anyway. Nothing here is a part of AWS, and no client of AWS can call
//! it by accident: the path is none that a bucket could have.

mod api;
mod command;
mod faults;
mod handle;
mod token;

pub use command::{Command, Slow, Where};
pub use handle::{Control, ControlError};
pub use token::{ControlToken, TokenError};

pub(crate) use api::{PATH, serve};
pub(crate) use faults::{Faults, Meeting, Mishap};
