//! A guest, a network and servers of the test's own.

mod guest;
mod net;
mod servers;
pub(crate) mod wire;

pub(crate) use guest::{Body, Guest, Reply, body_of, channel_body, empty, full};
pub(crate) use net::{Endpoint, Net, Setup};
pub(crate) use servers::{
    Authority, RawServer, TextService, describe, http1_over, read_head, tcp_server, tls_server,
};

/// An address that is public, and never reached: the dialler of the tests connects elsewhere.
pub(crate) const PUBLIC: &str = "93.184.216.34";
/// Another one.
pub(crate) const OTHER: &str = "93.184.216.35";
