//! Outgoing wasi:http: each request goes, as HTTP/2 over a stream of bytes, to a broker of the worker's, which decides
//! about it, dials, and answers. No socket is ever made on this side.
//!
//! What a request needs besides itself travels in headers that begin with `pipefitter-`: times that the guest asks
//! for, and, in an answer, why there is none. The broker takes them out of what guests and servers send.
//!
//! What this side holds for a guest has bounds, since in `shared` isolation it is the worker's memory: two pieces of each
//! body that is being written, a window of each answer, and headers up to their limit.

mod errors;
mod gather;
mod hooks;

pub use errors::NAMES;
pub(crate) use errors::code_of;
pub(crate) use hooks::Network;
