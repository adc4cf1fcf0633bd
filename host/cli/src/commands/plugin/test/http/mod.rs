//! The HTTP server of a case: what a plugin asks is answered from http.toml, and compared with it afterwards.

mod compare;
mod exchange;
mod server;

pub(super) use server::Server;
