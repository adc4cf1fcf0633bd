//! The way out of a plugin to the network.
//!
//! A guest never holds a socket. What stands in for its `wasi:http` client speaks HTTP/2 over a stream of
//! bytes, and a [`Broker`] of this crate serves that stream: one for each job, made by the worker's one
//! [`Egress`]. The peer may be a guest that has escaped from wasm, so it can write any bytes: everything
//! that it can make the broker hold has a bound.
//!
//! ```text
//! request -> method, URI, grant -> limits -> headers -> resolve -> check every address -> dial that very
//!            address -> TLS by name -> our own HTTP client -> response, filtered and metered, streamed back
//! ```
//!
//! Two checks, not one: a [`NetworkGrant`] names scheme, host and port, and after resolution the address
//! itself is judged, since whoever is granted a name does not thereby control where that name points. A name
//! is resolved once for each connection, and what was checked is what is dialled. Redirects are answers like
//! any other: they go to the guest, and what it asks for next is checked again.
//!
//! What a peer must know of the stream is in [`protocol`].

#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        reason = "a test says what it expects by failing"
    )
)]

mod address;
mod attach;
mod broker;
mod connect;
mod dial;
mod download;
mod egress;
mod error;
mod event;
mod exchange;
mod failure;
mod grant;
mod headers;
mod host;
mod job;
mod join;
mod ledger;
mod limits;
mod lookups;
mod outgoing;
mod pool;
pub mod protocol;
mod proxy;
mod range;
mod resolve;
mod sender;
mod target;
mod tasks;
mod timeouts;
mod tls;
mod upload;

pub use address::AddressClass;
pub use attach::AttachedHeader;
pub use broker::Broker;
pub use dial::{ByteStream, Dial, TcpDialler};
pub use egress::{Egress, EgressConfig};
pub use error::EgressError;
pub use event::{EgressEvent, EgressUsage, LimitHit, Observe};
pub use grant::{NetworkGrant, NetworkGrants};
pub use limits::{EgressLimit, NetworkLimits};
pub use protocol::ErrorCode;
pub use proxy::Proxy;
pub use range::parse_range;
pub use resolve::{Resolve, SystemResolver};
