//! The broker through its public doors: a guest's end of the stream on one side, servers on the other.
//!
//! Nothing is sent to any address but loopback. Names resolve to what a test says and the dialler connects to servers
//! of the test, whatever address it is given; what it is given is recorded, so that what must be refused is shown never
//! to have been dialled.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test says what it expects by failing"
)]

mod support;

mod addresses;
mod endings;
mod framing;
mod grants;
mod hostile;
mod limits;
mod proxies;
mod requests;
mod secrets;
mod times;
mod tls;
